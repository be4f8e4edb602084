"""The files that are made of all pages together, and listed for reviewers.

The script of each note; the page of all claims; and texts that no notebook holds, so
that a reviewer sees each change of them in the diff: the first page, in
`docs/published/index/shown.txt`, and beside it in `words.txt` what pages show that is
not in their own lines: descriptions, glossary, references.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from click import ClickException

from publish.check.files import NotWrittenError, write
from publish.check.typed_numbers import DESCRIPTION
from publish.forms import page_md, script
from publish.forms.claims_page import CLAIMS, claims_page
from publish.page import glossary, references
from publish.page.places import script_of
from publish.page.source import Page, notes, pages
from publish.project import PageError


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


def listings(root: Path) -> dict[Path, Callable[[], str]]:
    """What makes the text of each list, by its file; it may raise PageError."""
    made: dict[Path, Callable[[], str]] = {root / CLAIMS: partial(claims_page, root)}
    for page in notes(root):
        made[script_of(page)] = partial(script.of, page)
    first_page = Page(root / "docs" / "index.md", root)
    made[first_page.published / "shown.txt"] = partial(page_md.of, first_page)
    made[first_page.published / "words.txt"] = partial(words, root)
    return made


def rewrite(root: Path) -> tuple[list[str], list[ClickException]]:
    """Write the lists that changed; return their names, and what hindered others."""
    made: dict[Path, str | bytes] = {}
    failed: list[ClickException] = []
    for path, make in listings(root).items():
        try:
            made[path] = make()
        except PageError as error:
            failed.append(error)
    try:
        changed = write(made)
    except NotWrittenError as error:
        return [], [*failed, error]
    return [str(path.relative_to(root / "docs")) for path in changed], failed
