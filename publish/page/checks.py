"""What a page must not have: code that nobody runs, figures that nothing makes."""

from __future__ import annotations

import re

from publish.page.fences import EXPECTED, closes, ranges
from publish.page.source import FIGURE, IMAGE, Page
from publish.project import PageError

# Code that pytest-codeblocks does not find: a fence of tildes, one in the first line
# of a list's item or a quotation, or <pre>.
HIDDEN = re.compile(r"^[\s>]*(?:~{3}|(?:>|[-*+]\s|\d+\.\s)[\s>]*`{3})|<pre\b")
# What holds the indented lines under it: a list's item, an admonition, a definition
# or a footnote.
HOLDS = re.compile(r"(?:[-*+]|\d+\.|:)\s|(?:!!!|\?\?\?\+?) |\[\^[^\]]+\]:")
QUOTED = re.compile(r"^ {0,3}(?:> ?)+")


def check(page: Page, text: str, first: int, published: bool) -> None:
    """Raise PageError for what a page must not have.

    `text` is the page's from line `first` on. With `published`, its figures must exist.
    """
    _check_images(page, text, first, published)
    lines = text.split("\n")
    for start, stop, fence in ranges(lines):
        if not fence:
            for at in range(start, stop):
                _check_hidden(page, lines[at], first + at)
        elif stop - start < 2 or not closes(lines[stop - 1], fence):
            remedy = f"Close it with a line of {fence['ticks']}."
            problem = "this fence never ends."
            raise PageError(page.path, first + start, problem, remedy)
    _check_indented(page, text, first)
    _ = page.claims  # raises PageError for a faulty claim, or a cell without one


def _check_hidden(page: Page, line: str, number: int) -> None:
    """Refuse what readers see as code and pytest-codeblocks does not find."""
    if "<!--" in line and line.strip() != EXPECTED:
        problem = f"{line.strip()!r} may keep a block from being run or seen."
        raise PageError(page.path, number, problem, "Remove the comment.")
    if HIDDEN.search(line):
        problem = f"{line.strip()!r} shows code that no one runs."
        remedy = "Begin the block with ```python on a line of its own."
        raise PageError(page.path, number, problem, remedy)


def _check_indented(page: Page, text: str, first: int) -> None:
    """Refuse code that only its indentation marks, which no one runs.

    In Python-Markdown, that is a paragraph indented by four more than what holds it.
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
            raise PageError(page.path, first + at, problem, remedy)
        if begins or HOLDS.match(bare):
            held = min(depth, held) + bool(HOLDS.match(bare))
        # A paragraph may begin right under these lines, without a blank one.
        begins = bare.startswith(("#", "!!!", "???", "---"))


def _check_images(page: Page, text: str, first: int, published: bool) -> None:
    for image in IMAGE.finditer(text):
        line = first + text.count("\n", 0, image.start())
        if not image["alt"].strip():
            remedy = "Say in the brackets what the picture shows."
            raise PageError(
                page.path, line, "a figure without alternative text.", remedy
            )
        figure = FIGURE.search(image["target"])
        if figure is None:
            continue
        note = page.root / "docs" / "notes" / f"{figure['page']}.md"
        known = Page(note, page.root).figures if note.exists() else {}
        if figure["name"] not in known:
            problem = f"no code makes the figure {figure['name']!r}."
            remedy = f"Add a cell '# %% figure: {figure['name']}' to the snippet."
            raise PageError(page.path, line, problem, remedy)
        if published and not (page.root / "docs" / figure[0]).exists():
            problem = f"the figure {figure['name']!r} is not published."
            raise PageError(page.path, line, problem, "Run `make figures`.")
