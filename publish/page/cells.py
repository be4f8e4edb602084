"""The cells of a snippet: each begins with a line `# %% name`."""

from __future__ import annotations

import ast
import functools
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from publish.inside import effects
from publish.project import PageError, read_text

CELL = re.compile(r"^\s*# %% (?P<name>.+?)\s*$")
# What editors take for the beginning of a cell, and what a snippet may have there.
MARKER = re.compile(r"\s*#\s*%%")
NAMED = re.compile(r"# %% (?:(?:figure|claim): )?[a-z0-9]+(?:-[a-z0-9]+)*\s*")
# The cell that makes what the text quotes and no reader needs: no form shows it.
NUMBERS = "numbers"
# Names that no cell may have: files of these names hold something else.
TAKEN = {"setup", "figure: numbers", "figure: state"}


@dataclass(frozen=True)
class Cell:
    """A piece of a program: `code` is what stands at `line` of `file`."""

    name: str
    code: str
    file: Path
    line: int
    figure: str | None = None  # the figure's name, if all that the cell does is draw
    claim: str | None = None  # the claim's name, if the cell measures one


def read_cells(path: Path) -> dict[str, Cell]:
    """The cells of a snippet by name; what stands before the first is left out."""
    return {**_cells_in(read_text(path), path)}


@functools.lru_cache(maxsize=1024)  # a page's forms each ask for its cells
def _cells_in(text: str, path: Path) -> dict[str, Cell]:
    lines = text.split("\n")
    starts = [i for i, line in enumerate(lines) if MARKER.match(line)]
    if not starts:
        remedy = "Begin each with a line '# %% name'."
        raise PageError(path, 1, "this snippet has no cells.", remedy)
    cells: dict[str, Cell] = {}
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
        name = _cell_name(path, lines[start], start + 1)
        # "figure: line" and "figure-line" would publish to the same files.
        if file_stem(name) in map(file_stem, cells):
            remedy = "Give each cell a name of its own."
            raise PageError(path, start + 1, f"a second cell {name!r}.", remedy)
        full = [i for i in range(start + 1, stop) if lines[i].strip()]
        if not full:
            remedy = "Write its code under it, or remove it."
            raise PageError(path, start + 1, f"the cell {name!r} is empty.", remedy)
        code = "\n".join(lines[full[0] : full[-1] + 1]).rstrip() + "\n"
        _check_code(path, full[0] + 1, code)
        kind, _, what = name.rpartition(": ")
        figure, claim = (what if kind == k else None for k in ("figure", "claim"))
        if NUMBERS in cells:
            remedy = f"Move the cell {NUMBERS!r} to the end."
            raise PageError(path, start + 1, f"a cell after {NUMBERS!r}.", remedy)
        cells[name] = Cell(name, code, path, full[0] + 1, figure, claim)
    return cells


def _check_code(path: Path, line: int, code: str) -> None:
    """Raise PageError for what the top level of a note must not have."""
    with suppress(SyntaxError):  # running the code reports it
        tree = ast.parse(code)
        try:
            effects.check(tree)
        except effects.RefusedError as error:
            remedy = "Put it into a function, or do without it."
            raise PageError(path, line + error.line - 1, f"{error}.", remedy) from None


def file_stem(cell: str) -> str:
    """The stem of a cell's output file, and the end of its anchor on the page."""
    return cell.replace(": ", "-")


def _cell_name(path: Path, line: str, number: int) -> str:
    """The name in a cell's first line; PageError if a cell can't be named so."""
    if line[0].isspace():
        problem = f"{line.strip()!r} begins a cell, indented."
        remedy = "Write the comment without %%, or begin the cell outside."
        raise PageError(path, number, problem, remedy)
    if not NAMED.fullmatch(line):
        problem = f"{line.strip()!r} names no cell."
        remedy = (
            "Write '# %% name', '# %% figure: name' or '# %% claim: name', the name in "
            "small letters and digits, with hyphens between words."
        )
        raise PageError(path, number, problem, remedy)
    name = line.removeprefix("# %% ").strip()
    if name in TAKEN:
        problem = f"{name!r} is the name of something else."
        raise PageError(path, number, problem, "Name the cell otherwise.")
    return name
