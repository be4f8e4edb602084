"""A page as a list of typed parts: prose, blocks with their output, figures, claims.

A page is read once, here; each of its forms (the site's Markdown, page.md, a notebook,
a script, the list of blocks to run) is a short walk over its parts.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from publish.page.cells import CELL, NUMBERS, Cell, file_stem
from publish.page.checks import check
from publish.page.claims import CLAIM, Claim
from publish.page.fences import (
    EXPECTED,
    FENCE,
    RUN_LANGUAGES,
    SHOWN_LANGUAGES,
    is_inside,
    ranges,
)
from publish.page.quotes import fill
from publish.page.source import FIGURE, IMAGE, Page
from publish.project import PageError

FOLD = re.compile(r'^\?\?\? (?P<kind>\w+) "(?P<title>.+)"$')
DRAWS = ("example", "The code that draws this figure")
MEASURED = "How this was measured"


@dataclass(frozen=True)
class Prose:
    """Markdown from `line` of its page on, with numbers and references filled in."""

    lines: list[str]
    line: int


@dataclass(frozen=True)
class Figure(Prose):
    """A published figure, alone in its lines."""

    name: str


@dataclass(frozen=True)
class Block:
    """A block of code: the page shows it at `line`, and it stands in `file`.

    `fold` is the kind and the title of the box that it is folded into; `output` what
    it printed when its page was published.
    """

    language: str
    code: str
    line: int
    file: Path
    file_line: int
    cell: Cell | None = None
    fold: tuple[str, str] | None = None
    output: str | None = None

    @property
    def name(self) -> str:
        return self.cell.name if self.cell else self.language


@dataclass(frozen=True)
class Stated:
    """A claim as its page states it, and the block that measures it.

    `measured` is what is published of it: its text and spread, the number of seeds.
    """

    claim: Claim
    said: list[str]
    block: Block
    measured: dict[str, Any] | None


Part = Prose | Block | Stated


def parts(page: Page, text: str | None = None, numbers: bool = True) -> list[Part]:
    """Read a page; raise PageError for what it must not have.

    `text` may be the end of the file alone, as builders drop the front matter. Without
    `numbers`, its prose is as it is written and needs nothing that is published.
    """
    text = page.text if text is None else text
    first = page.text.count("\n") - text.count("\n") + 1
    check(page, text, first, published=numbers)
    found: list[Part] = []
    lines = text.split("\n")
    expected = False  # whether what follows is what the block before it prints
    for start, stop, fence in ranges(lines):
        before = found[-1] if found else None
        if expected and isinstance(before, Block):
            printed = "\n".join(lines[start + 1 : stop - 1]) + "\n"
            found[-1] = replace(before, output=printed)
            expected = False
            continue
        expected = "".join(lines[start:stop]).strip() == EXPECTED
        if expected:
            continue
        if fence:
            fold = _take_fold(found, fence)
            found.append(_block(page, lines[start:stop], fence, first + start, fold))
            continue
        at = start
        while at < stop:
            if CLAIM.match(lines[at]):
                end = _end_of_claim(lines[:stop], at)
                said = lines[at + 1 : end]
                found.append(_stated(page, said, first + at, numbers))
            else:
                # All at once: code and mathematics, left as they are, may span lines.
                claims = (i for i in range(at, stop) if CLAIM.match(lines[i]))
                end = next(claims, stop)
                prose = "\n".join(lines[at:end])
                filled = fill(page, prose, first + at) if numbers else prose
                found += _prose(filled.split("\n"), first + at)
            at = end
    return found


def blocks(found: list[Part]) -> list[Block]:
    """The blocks of a page, in order, those of its claims as well."""
    own = (part.block if isinstance(part, Stated) else part for part in found)
    return [part for part in own if isinstance(part, Block)]


def program_blocks(found: list[Part]) -> list[Block]:
    """The blocks of a page's program: its Python."""
    return [block for block in blocks(found) if block.language == "python"]


def hidden(page: Page) -> Block | None:
    """The block of a note's numbers: it runs after those that are shown."""
    if not (cell := page.cells.get(NUMBERS)):
        return None
    line = page.text.count("\n")
    return Block("python", cell.code, line, cell.file, cell.line, cell)


def anchors(found: list[Part]) -> list[str]:
    """The anchors of a program's blocks on its page."""
    named = enumerate(program_blocks(found))
    return [f"code-{file_stem(b.cell.name) if b.cell else n}" for n, b in named]


def _prose(lines: list[str], first: int) -> Iterator[Prose]:
    """Prose, and the figures that stand alone in its lines."""
    text = "\n".join(lines)
    done = 0
    for image in IMAGE.finditer(text):
        figure = FIGURE.search(image["target"])
        start, end = (text.count("\n", 0, at) for at in image.span())
        alone = "\n".join(lines[start : end + 1]) == image[0]
        if not figure or not alone:
            continue
        if start > done:
            yield Prose(lines[done:start], first + done)
        done = end + 1
        yield Figure(lines[start:done], first + start, figure["name"])
    if done < len(lines):
        yield Prose(lines[done:], first + done)


def _take_fold(found: list[Part], fence: re.Match[str]) -> tuple[str, str] | None:
    """The box that a block's fence is in, taken from the prose in front of it."""
    before = found[-1] if found else None
    if not fence["indent"] or not isinstance(before, Prose):
        return None
    lines = [*before.lines]
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines or not (fold := FOLD.match(lines[-1])):
        return None
    found[-1] = Prose(lines[:-1], before.line)
    return fold["kind"], fold["title"]


def _end_of_claim(lines: list[str], start: int) -> int:
    """The index after a claim's last line that is indented under its first."""
    end = start + 1
    while end < len(lines) and is_inside(lines[end]):
        end += 1
    while not lines[end - 1].strip():
        end -= 1
    return end


def _stated(page: Page, lines: list[str], number: int, numbers: bool) -> Stated:
    """The claim that is stated on line `number` of its page."""
    claim = next(c for c in page.claims.values() if c.line == number)
    said = [line.strip() for line in lines]
    cell = page.cells[f"claim: {claim.name}"]
    block = _of_cell(page, cell, number, None)
    if not numbers:
        return Stated(claim, said, block, None)
    filled = fill(page, "\n".join(said), number + 1).split("\n")
    return Stated(claim, filled, block, page.measurement(claim))


def _block(
    page: Page,
    lines: list[str],
    fence: re.Match[str],
    number: int,
    fold: tuple[str, str] | None,
) -> Block:
    """The block whose lines, both fences among them, begin at line `number`."""
    language = fence["info"].strip()
    if language not in RUN_LANGUAGES | SHOWN_LANGUAGES:
        known = ", ".join(sorted(RUN_LANGUAGES | SHOWN_LANGUAGES))
        problem = f"no one runs a block in {language!r}."
        remedy = f"Write one of these behind the fence, and no more: {known}."
        raise PageError(page.path, number, problem, remedy)
    body = lines[1:-1]
    marker = CELL.match(body[0]) if body and language == "python" else None
    if not marker:
        code = textwrap.dedent("\n".join(body)) + "\n"
        return Block(language, code, number, page.path, number + 1, fold=fold)
    if len(body) > 1:
        problem = "a block that names a cell holds other lines too."
        raise PageError(page.path, number, problem, "Move them to the snippet.")
    name = marker["name"]
    if name.startswith("claim: "):
        remedy = 'Its cell is shown under its claim: !!! claim "name above 0".'
        raise PageError(page.path, number + 1, "a claim's cell, alone.", remedy)
    if name == NUMBERS:
        remedy = "Give it another name, if readers are to see it."
        raise PageError(page.path, number + 1, f"no page shows {name!r}.", remedy)
    if name not in page.cells:
        where = page.snippet.relative_to(page.root)
        remedy = f"in {where}. Its cells: {', '.join(page.cells) or 'none'}."
        raise PageError(page.path, number + 1, f"there is no cell {name!r}", remedy)
    cell = page.cells[name]
    return _of_cell(page, cell, number, DRAWS if cell.figure else fold)


def _of_cell(
    page: Page, cell: Cell, number: int, fold: tuple[str, str] | None
) -> Block:
    """The block that shows a cell, and what it printed."""
    for at, text in enumerate(cell.code.split("\n"), cell.line):
        if FENCE.match(text):
            problem = f"the line {text.strip()!r} ends the block that it is in."
            raise PageError(cell.file, at, problem, "Begin it otherwise.")
    printed = page.output_file(cell.name)
    output = printed.read_text("utf-8") if printed.exists() else None
    return Block("python", cell.code, number, cell.file, cell.line, cell, fold, output)
