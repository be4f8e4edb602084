"""The shapes that a program's comments tell its reader are those of the run."""

import ast
import re
from collections.abc import Iterator

import numpy as np

from publish.check.program import Record
from publish.page.source import Page

SHAPE = r"\((?:\w+,|\w+(?:, \w+)+|)\)"  # (), (N,), (B, 30)
TOLD = re.compile(rf"  # ({SHAPE}(?:, {SHAPE})*)(?= each|\s*$|:)")


def told(page: Page) -> Iterator[tuple[str, str]]:
    """Names and the shapes that a comment gives them where they are last made."""
    lines: dict[str, str] = {}
    for cell in page.cells.values():
        code = cell.code.splitlines()
        for node in ast.parse(cell.code).body:
            for name in (n for n in ast.walk(node) if isinstance(n, ast.Name)):
                if isinstance(name.ctx, ast.Store):
                    lines.pop(name.id, None)
            if not isinstance(node, ast.Assign):
                continue
            comment = TOLD.search(code[(node.end_lineno or node.lineno) - 1])
            target = node.targets[0]
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            if not comment or not all(isinstance(n, ast.Name) for n in names):
                continue
            shapes = re.findall(SHAPE, comment[1])
            # One shape is for several names if all of them come from one value.
            if len(shapes) == 1 and not isinstance(node.value, ast.Tuple):
                shapes *= len(names)
            if len(shapes) == len(names):
                pairs = zip(names, shapes, strict=True)
                lines |= {n.id: shape for n, shape in pairs}
    yield from lines.items()


def test_comments_tell_the_shapes_of_the_run(note: Page, record: Record):
    checked = 0
    letters: dict[str, int] = {}
    for name, shape in told(note):
        value = record.values.get(name)
        if not isinstance(value, (bool, int, float, np.ndarray)):
            continue
        checked += 1
        sizes = re.findall(r"\w+", shape)
        found = np.shape(value)
        assert len(found) == len(sizes), f"{name} has the shape {found}, not {shape}"
        for size, said in zip(found, sizes, strict=True):
            meant = int(said) if said.isdigit() else size
            assert size == meant, f"{name} has the shape {found}, not {shape}"
            if said in "NK":  # these mean the same size throughout a page
                assert letters.setdefault(said, size) == size, name
    assert checked >= 8
