"""The files that are made of all pages together, and listed for reviewers.

The script of each note; the page of all claims; and texts that no notebook holds, so
that a reviewer sees each change of them in the diff: the first page, in
`docs/published/index/shown.txt`, and beside it in `words.txt` what pages show that is
not in their own lines: descriptions, glossary, references.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from click import ClickException

from publish.check.files import NotWrittenError, write
from publish.check.typed_numbers import DESCRIPTION
from publish.forms import page_md, script
from publish.forms.claims_page import CLAIMS, claims_page
from publish.page import glossary, references
from publish.page.places import script_of
from publish.page.source import Page, notes, pages
from publish.project import PageError

T = TypeVar("T")


def words(root: Path) -> str:
    """What pages say besides their lines: descriptions, meanings, references."""
    lines = []
    for page in pages(root):
        if page.path == root / CLAIMS:
            continue  # it is one of the lists itself
        if description := DESCRIPTION.search(page.text):
            lines.append(f"{page.path.relative_to(root)}: {description[1]}")
    for entry in glossary.entries(root):
        lines.append(f"{entry['terms']}: {entry['meaning']}")
    for key, reference in references.read(root).items():
        lines.append(f"[@{key}]: {reference.full}")
    return "\n".join(lines) + "\n"


def listings(root: Path) -> dict[Path, str | PageError]:
    """The text of each list by its file, or what is wrong with a page."""
    made: dict[Path, str | PageError] = {root / CLAIMS: _or_error(claims_page, root)}
    for page in notes(root):
        made[script_of(page)] = _or_error(script.of, page)
    first_page = Page(root / "docs" / "index.md", root)
    made[first_page.published / "shown.txt"] = _or_error(page_md.of, first_page)
    made[first_page.published / "words.txt"] = _or_error(words, root)
    return made


def _or_error(make: Callable[[T], str], argument: T) -> str | PageError:
    try:
        return make(argument)
    except PageError as error:
        return error


def rewrite(root: Path) -> tuple[list[str], list[ClickException]]:
    """Write the lists that changed; return their names, and what hindered others."""
    made: dict[Path, str | bytes] = {}
    failed: list[ClickException] = []
    for path, text in listings(root).items():
        if isinstance(text, PageError):
            failed.append(text)
        else:
            made[path] = text
    try:
        changed = write(made)
    except NotWrittenError as error:
        return [], [*failed, error]
    return [str(path.relative_to(root / "docs")) for path in changed], failed
