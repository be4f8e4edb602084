"""A page: its file, its cells, its claims, and what it published.

What its text may hold beside plain Markdown: cells and figures, see parts.py; claims,
see claims.py; numbers and sources, see quotes.py.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from publish.page.cells import Cell, file_stem, read_cells
from publish.page.claims import CLAIM, Claim, read_head
from publish.page.fences import FENCE, is_inside, ranges
from publish.project import (
    ROOT,
    PageError,
    files,
    nav,
    read_text,
    setup_of,
)

IMAGE = re.compile(r"!\[(?P<alt>.*?)\]\((?P<target>[^)\s]+)\)", re.DOTALL)
FIGURE = re.compile(r"published/(?P<page>[\w-]+)/(?P<name>[\w-]+)-light\.svg$")
# Silent reading of English non-fiction: Brysbaert (2019), doi:10.1016/j.jml.2019.104047
WORDS_A_MINUTE = 238
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n+", re.DOTALL)


class Page:
    """One Markdown file and, for a note, the program and the run behind it."""

    def __init__(self, path: Path, root: Path = ROOT) -> None:
        self.path, self.root = path, root
        self.slug = path.stem
        self.is_note = path.parent == root / "docs" / "notes"
        self.snippet = root / "snippets" / f"{self.slug.replace('-', '_')}.py"
        self.published = root / "docs" / "published" / self.slug
        self.text = read_text(path)

    @cached_property
    def cells(self) -> dict[str, Cell]:
        """The cells that this page may show: the set-up, then its snippet's."""
        if not self.is_note:
            return {}
        if not self.snippet.exists():
            name = self.snippet.relative_to(self.root)
            raise PageError(self.path, 1, f"this note has no {name}.", "Add it.")
        setup = setup_of(self.root)
        if not setup.exists():
            name = setup.relative_to(self.root)
            remedy = "Add it, or name another under [tool.publish] in pyproject.toml."
            raise PageError(self.path, 1, f"its program begins with {name}.", remedy)
        return {
            "setup": Cell("setup", read_text(setup), setup, 1),
            **read_cells(self.snippet),
        }

    @property
    def figures(self) -> dict[str, Cell]:
        """The cells that draw, by the figure's name."""
        return {cell.figure: cell for cell in self.cells.values() if cell.figure}

    def output_file(self, cell: str) -> Path:
        """Where the text that a cell prints is published."""
        return self.published / f"{file_stem(cell)}.txt"

    def published_files(self) -> set[Path]:
        """The files published for the page, without those that editors keep there."""
        return {path for path in files(self.published, "*") if path.is_file()}

    def measurement(self, claim: Claim) -> dict[str, Any]:
        """What is published of a claim; raise PageError if nothing is."""
        if claim.variable not in self.measured:
            problem = f"the claim {claim.name!r} is not published."
            raise PageError(self.path, claim.line, problem, "Run `make figures`.")
        about: dict[str, Any] = self.measured[claim.variable]
        return about

    @property
    def body(self) -> str:
        """The page's text without its front matter."""
        return FRONT_MATTER.sub("", self.text)

    @property
    def title(self) -> str:
        """The page's first heading."""
        found = re.search(r"^# (.+)$", self.text, re.MULTILINE)
        return found[1] if found else self.slug

    @property
    def deeper(self) -> str | None:
        """The slug of the note that this page goes deeper into, or None."""
        head = FRONT_MATTER.match(self.text)
        found = re.search(r"^deeper: (.+)$", head[0], re.MULTILINE) if head else None
        return found[1] if found else None

    @property
    def minutes(self) -> int:
        """How long its prose takes to read, in minutes, rounded up."""
        prose = IMAGE.sub("", "\n".join(line for _, line in self.prose()))
        return math.ceil(len(prose.split()) / WORDS_A_MINUTE)

    @cached_property
    def claims(self) -> dict[str, Claim]:
        """The claims that this page makes, by name; PageError for a faulty one."""
        claims: dict[str, Claim] = {}
        lines = self.text.split("\n")
        for number, text in self.prose():
            found = CLAIM.match(text)
            if not found:
                continue
            try:
                name, bound = read_head(found["head"])
            except ValueError as error:
                remedy = 'Write !!! claim "name above 0", or below, or between.'
                problem = f"{found['head']!r} states no bound: {error}."
                raise PageError(self.path, number, problem, remedy) from None
            if f"claim: {name}" not in self.cells:
                where = self.snippet.relative_to(self.root)
                remedy = f"Add a cell '# %% claim: {name}' to {where}."
                raise PageError(
                    self.path, number, f"no cell measures {name!r}.", remedy
                )
            if name in claims:
                problem = f"a second claim {name!r}."
                raise PageError(self.path, number, problem, "Name it otherwise.")
            body = []
            for at, line in enumerate(lines[number:], number + 1):
                if not is_inside(line):
                    break
                if FENCE.match(line):
                    remedy = "A claim's statement is prose: move the block out of it."
                    raise PageError(self.path, at, "a block in a claim.", remedy)
                body.append(line.strip())
            statement = "\n".join(body).strip()
            if not statement:
                remedy = "Indent a sentence under it."
                raise PageError(self.path, number, f"{name!r} states nothing.", remedy)
            claims[name] = Claim(
                name, found["kind"], bound, statement, self.path, number
            )
        unsaid = {c.claim for c in self.cells.values() if c.claim} - set(claims)
        for name in sorted(unsaid):
            cell = self.cells[f"claim: {name}"]
            remedy = f'Say it in {self.path.name}: !!! claim "{name} above 0".'
            raise PageError(cell.file, cell.line - 1, f"no claim {name!r}.", remedy)
        return claims

    @cached_property
    def published_numbers(self) -> dict[str, Any]:
        """What this page published of its run: the machine, numbers, claims."""
        path = self.published / "numbers.json"
        return json.loads(path.read_text("utf-8")) if path.exists() else {}

    @property
    def numbers(self) -> dict[str, Any]:
        """The published numbers of this page's run, by variable."""
        numbers: dict[str, Any] = self.published_numbers.get("numbers", {})
        return numbers

    @property
    def measured(self) -> dict[str, Any]:
        """The published measurements of this page's claims, by variable."""
        claims: dict[str, Any] = self.published_numbers.get("claims", {})
        return claims

    def prose(self) -> Iterator[tuple[int, str]]:
        """The lines outside of fences, numbered from 1."""
        lines = self.text.split("\n")
        for start, stop, fence in ranges(lines):
            if not fence:
                yield from enumerate(lines[start:stop], start + 1)


def notes(root: Path = ROOT) -> list[Page]:
    """The notes, in the order of their file names; each snippet must have its own."""
    found = [Page(path, root) for path in files(root, "docs/notes/*.md")]
    without = (
        {*files(root, "snippets/*.py")} - {setup_of(root)} - {p.snippet for p in found}
    )
    for snippet in sorted(without):
        page = f"docs/notes/{snippet.stem.replace('_', '-')}.md"
        problem = f"this snippet has no page {page}."
        raise PageError(snippet, 1, problem, "Write it, or remove the snippet.")
    return found


def pages(root: Path = ROOT) -> list[Page]:
    """All pages of the site: the notes and those about them."""
    return [Page(path, root) for path in files(root, "docs/**/*.md")]


def in_order(found: list[Page], root: Path = ROOT) -> list[Page]:
    """Pages in the order of the site's navigation; those that it lacks, last."""
    named = nav(root)
    first = {name: at for at, name in reversed([*enumerate(named)])}
    names = {p.path: p.path.relative_to(root / "docs").as_posix() for p in found}
    return sorted(found, key=lambda page: first.get(names[page.path], len(named)))


# By root, each page's path by its text, as `find_page` last saw them.
_FOUND: dict[Path, dict[str, Path]] = {}


def find_page(text: str, root: Path = ROOT) -> Page | None:
    """The page whose source is `text`, with or without its front matter.

    MkDocs, ProperDocs and Zensical all hand the text to Python-Markdown, and
    none says which file it is from.
    """
    if not text.strip():
        return None
    known = _FOUND.get(root, {}).get(text)
    if known and known.exists():
        page = Page(known, root)
        if page.text.endswith(text):
            return page
    every = pages(root)
    _FOUND[root] = {page.body: page.path for page in every}
    return next((page for page in every if page.text.endswith(text)), None)
