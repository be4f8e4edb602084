"""A page as its reader sees it: Markdown with cells, outputs and numbers in place.

What a page's source may hold beside plain Markdown:

    ```python            a fence that names a cell of the page's snippet
    # %% sweep           becomes the cell's code, and what it printed
    ```
    {{ trench_lr:.2f }}                  a number of this page's run
    {{ lr-trench.trench_lr:.2f }}        a number of another page's run
    {{ held_slope }}                     a claim's value with its interval
    !!! claim "held-slope above 0"       a claim: see publish/claims.py
    [@smith2017]                         a source: see publish/references.py
    ![What it shows](../published/lr-trench/sweep-light.svg)

Code in a line and mathematics, `${{ github.ref }}` and $\\bar{{x}}$, stay as they are.

Only the standard library and click are needed here: a site is built without torch.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from click import ClickException

from publish import effects, references
from publish.claims import CLAIM, Claim, read_head

ROOT = Path(__file__).resolve().parent.parent

FENCE = re.compile(r"^(?P<indent>\s*)(?P<ticks>`{3,})(?P<info>.*)$")
CELL = re.compile(r"^\s*# %% (?P<name>.+?)\s*$")
# What editors take for the beginning of a cell, and what it must be in a snippet.
MARKER = re.compile(r"\s*#\s*%%")
NAMED = re.compile(r"# %% (?:(?:figure|claim): )?[a-z0-9]+(?:-[a-z0-9]+)*\s*")
# Names whose files hold something else.
TAKEN = {"setup", "shown", "figure: numbers", "figure: state"}
NUMBER = re.compile(
    r"\{\{\s*(?:(?P<page>[\w-]+)\.)?(?P<name>\w+)(?::(?P<spec>[^{}]*?))?\s*\}\}"
)
# Code in a line and mathematics, as Python-Markdown and Arithmatex find them.
LITERAL = re.compile(
    r"(?<![\\`])(?P<ticks>`+)(?!`)(?:(?!\n\s*\n).)+?(?<!`)(?P=ticks)(?!`)"
    r"|(?<![\\$])\$\$(?:\\.|(?!\n\s*\n)[^\\])+?\$\$"
    r"|(?<![\\$])\$(?![\s$])(?:\\.|(?!\n\s*\n)[^\\$])+?(?<!\s)\$",
    re.DOTALL,
)
FILLED = re.compile(rf"(?P<literal>{LITERAL.pattern})|{NUMBER.pattern}", re.DOTALL)
IMAGE = re.compile(r"!\[(?P<alt>.*?)\]\((?P<target>[^)\s]+)\)", re.DOTALL)
FIGURE = re.compile(r"published/(?P<page>[\w-]+)/(?P<name>[\w-]+)-light\.svg$")
# Code that a reader sees as code, and pytest-codeblocks does not find: a fence of
# another kind, or one inside a list's or a quotation's first line.
HIDDEN = re.compile(r"^[\s>]*(?:~{3}|(?:>|[-*+]\s|\d+\.\s)[\s>]*`{3})|<pre\b")
# What holds the indented lines under it: a list's item, an admonition, a definition
# or a footnote.
HOLDS = re.compile(r"(?:[-*+]|\d+\.|:)\s|(?:!!!|\?\?\?\+?) |\[\^[^\]]+\]:")
QUOTED = re.compile(r"^ {0,3}(?:> ?)+")
# Of English non-fiction, silently: Brysbaert (2019), doi:10.1016/j.jml.2019.104047.
WORDS_A_MINUTE = 238
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n+", re.DOTALL)
EXPECTED = "<!--pytest-codeblocks:expected-output-->"
# What may stand behind a fence: anything else, a misspelt "py" or a title say, would
# be code that nobody ever runs.
RUN = {"python", "sh", "bash"}
NOT_RUN = {"text"}


class PageError(ClickException):
    """A mistake in a source file: where it is, what is wrong and what to do."""

    def __init__(self, path: Path, line: int, problem: str, remedy: str) -> None:
        self.path, self.line, self.problem = path, line, problem
        where = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        super().__init__(f"{where}:{line}: {problem} {remedy}")


def read_text(path: Path) -> str:
    """A source file's text; PageError for one that can't be read."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise PageError(path, line, "this is no UTF-8.", "Save it as UTF-8.") from None
    except OSError as error:
        problem = f"it can't be read: {error.strerror}."
        raise PageError(path, 1, problem, "Mend or remove it.") from None


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
    lines = read_text(path).split("\n")
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
        cells[name] = Cell(name, code, path, full[0] + 1, figure, claim)
    return cells


def _check_code(path: Path, line: int, code: str) -> None:
    """Raise PageError for what the top level of a note must not have."""
    with suppress(SyntaxError):  # running it says so
        tree = ast.parse(code)
        try:
            effects.check(tree)
        except effects.RefusedError as error:
            remedy = "Put it into a function, or do without it."
            raise PageError(path, line + error.line - 1, f"{error}.", remedy) from None


def file_stem(cell: str) -> str:
    """What the file of a cell's output is called, and its place on the page."""
    return cell.replace(": ", "-")


def _cell_name(path: Path, line: str, number: int) -> str:
    """The name in the line that begins a cell; PageError where it is none."""
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
        setup = self.root / "snippets" / "color_names.py"
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
        """What is published of the page by now, but for what editors keep there."""
        return {path for path in files(self.published, "*") if path.is_file()}

    def placeholders(self) -> Iterator[tuple[str, str, str, int]]:
        """Each number that the page quotes: its page, name, format and line."""
        prose = dict(self.prose())
        count = self.text.count("\n") + 1
        text = "\n".join(prose.get(number, "") for number in range(1, count + 1))
        for found in FILLED.finditer(text):
            if not found["literal"]:
                number = text.count("\n", 0, found.start()) + 1
                page = found["page"] or self.slug
                yield page, found["name"], found["spec"] or "", number

    def measurement(self, claim: Claim) -> dict[str, Any]:
        """What is published of a claim; raise PageError if nothing is."""
        if claim.variable not in self.measured:
            problem = f"the claim {claim.name!r} is not published."
            raise PageError(self.path, claim.line, problem, "Run `make figures`.")
        about: dict[str, Any] = self.measured[claim.variable]
        return about

    @property
    def tests(self) -> str:
        """The file of its claims' tests, as a link where a repository is known."""
        repository = self.configured("repo_url")
        file = f"tests/claims/test_{self.snippet.stem}.py"
        link = f"[`{file}`]({repository}/blob/main/{file})"
        return link if repository else f"`{file}`"

    def configured(self, key: str) -> str:
        """An address in mkdocs.yml, without its last slash; "" where there is none."""
        config = self.root / "mkdocs.yml"
        text = config.read_text("utf-8") if config.exists() else ""
        found = re.search(rf"^{key}:.*?(https?://[^\s\"\]]+)", text, re.MULTILINE)
        return found[1].rstrip("/") if found else ""

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

    def fill(self, text: str, number: int) -> str:
        """Put published numbers and references where a text names them.

        `number` is the line at which it begins.
        """

        def fill(found: re.Match[str]) -> str:
            if found["literal"]:
                return found[0]
            line = number + text.count("\n", 0, found.start())
            page = self
            if found["page"]:
                path = self.root / "docs" / "notes" / f"{found['page']}.md"
                if not path.exists():
                    problem = f"{found[0]} names a note that does not exist."
                    raise PageError(self.path, line, problem, "Correct its name.")
                page = Page(path, self.root)
            if found["name"] in page.measured and not found["spec"]:
                return str(page.measured[found["name"]]["text"])
            if found["name"] not in page.numbers:
                problem = f"the run of {page.slug} has no number {found['name']!r}."
                remedy = "Name a variable of its program, then run `make figures`."
                raise PageError(self.path, line, problem, remedy)
            value = page.numbers[found["name"]]
            try:
                return format(value, found["spec"] or "")
            except ValueError as error:
                problem = f"{found[0]} cannot format {value!r}: {error}."
                raise PageError(self.path, line, problem, "Mend it.") from None

        filled = FILLED.sub(fill, text).split("\n")
        return "\n".join(
            references.CITED.sub(self._cite(at), line)
            for at, line in enumerate(filled, number)
        )

    def _cite(self, number: int) -> Callable[[re.Match[str]], str]:
        """How a line's citations read: the item of a list has the whole reference."""

        def cite(found: re.Match[str]) -> str:
            known = references.read(self.root)
            if found["key"] not in known:
                problem = f"there is no reference {found['key']!r}."
                remedy = f"Add it to {references.FILE}, or correct the key."
                raise PageError(self.path, number, problem, remedy)
            reference = known[found["key"]]
            if item := found["item"]:
                return f"{item}{reference.full}"
            before = found["open"] or ""
            return before + reference.short(in_brackets=bool(before))

        return cite

    def check(self, text: str, first: int, published: bool) -> None:
        """Raise PageError for what a page must not have.

        `text` is the page's from line `first` on; `published`: its figures must be.
        """
        self._check_images(text, first, published)
        lines = text.split("\n")
        for start, stop, fence in ranges(lines):
            if not fence:
                for at in range(start, stop):
                    self._check_hidden(lines[at], first + at)
            elif stop - start < 2 or not _closes(lines[stop - 1], fence):
                remedy = f"Close it with a line of {fence['ticks']}."
                problem = "this fence never ends."
                raise PageError(self.path, first + start, problem, remedy)
        self._check_indented(text, first)
        _ = self.claims  # each is as it must be, and none is left out

    def _check_hidden(self, line: str, number: int) -> None:
        """Refuse what looks like code to a reader, and is none to those who run it."""
        if "<!--" in line and line.strip() != EXPECTED:
            problem = f"{line.strip()!r} may keep a block from being run or seen."
            raise PageError(self.path, number, problem, "Remove the comment.")
        if HIDDEN.search(line):
            problem = f"{line.strip()!r} shows code that no one runs."
            remedy = "Begin the block with ```python on a line of its own."
            raise PageError(self.path, number, problem, remedy)

    def _check_indented(self, text: str, first: int) -> None:
        """Refuse code by indentation, which no one runs: by Python-Markdown's rule.

        A paragraph that is indented by four more than what holds it is code.
        """
        held = 0  # how many lists, admonitions and so on are open
        begins = True  # whether a paragraph may begin here
        lines = text.expandtabs(4).split("\n")
        fenced = (range(start, stop) for start, stop, fence in ranges(lines) if fence)
        blocks = {at for block in fenced for at in block}
        for at, line in enumerate(lines):
            line = "" if at in blocks else QUOTED.sub("", line)
            bare = line.lstrip()
            if not bare:
                begins = True
                continue
            depth = (len(line) - len(bare)) // 4
            if begins and depth > held:
                problem = f"{bare!r} is code by its indentation, which no one runs."
                remedy = "Begin the block with ```python, or indent the text less."
                raise PageError(self.path, first + at, problem, remedy)
            if begins or HOLDS.match(bare):
                held = min(depth, held) + bool(HOLDS.match(bare))
            # Under these, a paragraph begins without a blank line.
            begins = bare.startswith(("#", "!!!", "???", "---"))

    def _check_images(self, text: str, first: int, published: bool) -> None:
        for image in IMAGE.finditer(text):
            line = first + text.count("\n", 0, image.start())
            if not image["alt"].strip():
                remedy = "Say in the brackets what the picture shows."
                raise PageError(
                    self.path, line, "a figure without alternative text.", remedy
                )
            figure = FIGURE.search(image["target"])
            if figure is None:
                continue
            note = self.root / "docs" / "notes" / f"{figure['page']}.md"
            known = Page(note, self.root).figures if note.exists() else {}
            if figure["name"] not in known:
                problem = f"no code makes the figure {figure['name']!r}."
                remedy = f"Add a cell '# %% figure: {figure['name']}' to the snippet."
                raise PageError(self.path, line, problem, remedy)
            if published and not (self.root / "docs" / figure[0]).exists():
                problem = f"the figure {figure['name']!r} is not published."
                raise PageError(self.path, line, problem, "Run `make figures`.")


def is_inside(line: str) -> bool:
    """Whether a line belongs to the admonition that begins above it."""
    return not line.strip() or line.startswith("    ")


def ranges(lines: list[str]) -> Iterator[tuple[int, int, re.Match[str] | None]]:
    """What is a fence with all in it, by its first match, and what stands between.

    (start, stop, fence) each; the last fence may never end.
    """
    at = 0
    while at < len(lines):
        start, fence = at, FENCE.match(lines[at])
        at += 1
        while at < len(lines) and not (
            _closes(lines[at], fence) if fence else FENCE.match(lines[at])
        ):
            at += 1
        at += bool(fence)
        yield start, min(at, len(lines)), fence


def _closes(line: str, fence: re.Match[str]) -> bool:
    return line.strip() == fence["ticks"]


def is_source(path: Path, root: Path = ROOT) -> bool:
    """Whether a file below `root` is the project's: hidden ones are an editor's."""
    return not any(part.startswith(".") for part in path.relative_to(root).parts)


def files(root: Path, pattern: str) -> list[Path]:
    """The project's files that match `pattern`, in the order of their names."""
    return sorted(path for path in root.glob(pattern) if is_source(path, root))


def notes(root: Path = ROOT) -> list[Page]:
    """The notes, in the order of their file names; each snippet must have its own."""
    found = [Page(path, root) for path in files(root, "docs/notes/*.md")]
    shared = root / "snippets" / "color_names.py"
    without = {*files(root, "snippets/*.py")} - {shared} - {p.snippet for p in found}
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
    config = root / "mkdocs.yml"
    text = config.read_text("utf-8") if config.exists() else ""
    nav = re.findall(r"[\w./-]+\.md\b", text)
    first = {name: at for at, name in reversed([*enumerate(nav)])}
    names = {p.path: p.path.relative_to(root / "docs").as_posix() for p in found}
    return sorted(found, key=lambda page: first.get(names[page.path], len(nav)))


# Where the text of each page was found last.
_FOUND: dict[Path, dict[str, Path]] = {}


def find_page(text: str, root: Path = ROOT) -> Page | None:
    """The page whose source is `text`, give or take its front matter.

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
