"""What prose quotes: numbers of runs, claims' values, references.

    {{ trench_lr:.2f }}               a number of this page's run
    {{ lr-trench.trench_lr:.2f }}     a number of another page's run
    {{ held_slope }}                  a claim's value with its interval
    [@smith2017]                      a source: see references.py

Code in a line and mathematics, `${{ github.ref }}` and $\\bar{{x}}$, stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from publish.page import references
from publish.page.source import Page
from publish.project import PageError

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


def placeholders(page: Page) -> Iterator[tuple[str, str, str, int]]:
    """Each number that the page quotes: its page, name, format and line."""
    prose = dict(page.prose())
    count = page.text.count("\n") + 1
    text = "\n".join(prose.get(number, "") for number in range(1, count + 1))
    for found in FILLED.finditer(text):
        if not found["literal"]:
            number = text.count("\n", 0, found.start()) + 1
            slug = found["page"] or page.slug
            yield slug, found["name"], found["spec"] or "", number


def fill(page: Page, text: str, number: int) -> str:
    """Put published numbers and references where a text names them.

    `number` is the text's first line on its page. PageError for an unknown name.
    """

    def quoted(found: re.Match[str]) -> str:
        if found["literal"]:
            return found[0]
        line = number + text.count("\n", 0, found.start())
        of = page
        if found["page"]:
            path = page.root / "docs" / "notes" / f"{found['page']}.md"
            if not path.exists():
                problem = f"{found[0]} names a note that does not exist."
                raise PageError(page.path, line, problem, "Correct its name.")
            of = Page(path, page.root)
        if found["name"] in of.measured and not found["spec"]:
            return str(of.measured[found["name"]]["text"])
        if found["name"] not in of.numbers:
            problem = f"the run of {of.slug} has no number {found['name']!r}."
            remedy = "Name a variable of its program, then run `make figures`."
            raise PageError(page.path, line, problem, remedy)
        value = of.numbers[found["name"]]
        try:
            return format(value, found["spec"] or "")
        except ValueError as error:
            problem = f"{found[0]} cannot format {value!r}: {error}."
            raise PageError(page.path, line, problem, "Mend it.") from None

    filled = FILLED.sub(quoted, text).split("\n")
    return "\n".join(
        references.CITED.sub(_cite(page, at), line)
        for at, line in enumerate(filled, number)
    )


def _cite(page: Page, number: int) -> Callable[[re.Match[str]], str]:
    """How a line's citations read: the item of a list has the whole reference."""

    def cite(found: re.Match[str]) -> str:
        known = references.read(page.root)
        if found["key"] not in known:
            problem = f"there is no reference {found['key']!r}."
            remedy = f"Add it to {references.FILE}, or correct the key."
            raise PageError(page.path, number, problem, remedy)
        reference = known[found["key"]]
        if item := found["item"]:
            return f"{item}{reference.full}"
        before = found["open"] or ""
        return before + reference.short(in_brackets=bool(before))

    return cite
