"""What pages show, listed for reviewers, and the other files made of all pages.

`docs/published/<page>/shown.txt` has a page's headings, alternative texts and, line by
line, its numbers and links: a change of one of them is then a difference that a
reviewer reads, and nobody makes it unawares. Of the first page it has each line; a
note's are in its notebook. What stands on no page's own lines is in
`docs/published/index/words.txt`: descriptions, glossary, references.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from click import ClickException

from publish.check.files import NotWrittenError, write
from publish.check.typed_numbers import DESCRIPTION, DIGITS, LINK
from publish.forms import script, site_markdown
from publish.forms.claims_page import CLAIMS, claims_page
from publish.page import glossary, references
from publish.page.fences import FENCE
from publish.page.names import script_of
from publish.page.parts import parts
from publish.page.source import IMAGE, Page, notes, pages
from publish.project import PageError

T = TypeVar("T")


def shown(page: Page) -> str:
    """The digest of a page as its reader sees it."""
    lines: list[str] = []
    inside = ""
    for text in site_markdown.to_lines(parts(page)):
        if fence := FENCE.match(text):
            inside = "" if inside == fence["ticks"] else inside or fence["ticks"]
            continue
        if inside or text.strip() in ("", "---"):
            continue
        if re.match(r"#+ |\s*(?:!!!|\?\?\?) ", text):
            lines.append(text.strip())
            continue
        if claim := re.match(r'<div class="admonition claim" id="([\w-]+)"', text):
            lines.append(f"claim {claim[1]}")
            continue
        for image in IMAGE.finditer(text):
            lines.append(f"figure {Path(image['target']).stem}: {image['alt']}")
        rest = IMAGE.sub("", text)
        if not page.is_note and rest.strip():
            lines.append(f"  {rest.strip()}")
            continue
        links = [found["target"] for found in LINK.finditer(rest)]
        numbers = [found[0] for found in DIGITS.finditer(LINK.sub("]", rest))]
        if links or numbers:
            lines.append("  " + " ".join([*numbers, *links]))
    return "\n".join(lines) + "\n"


def words(root: Path) -> str:
    """What pages say beside their lines: descriptions, meanings, references."""
    lines = []
    for page in pages(root):
        if description := DESCRIPTION.search(page.text):
            lines.append(f"{page.path.relative_to(root)}: {description[1]}")
    for entry in glossary.ENTRY.finditer((root / glossary.FILE).read_text("utf-8")):
        lines.append(f"{entry['terms']}: {entry['meaning']}")
    for key, reference in references.read(root).items():
        lines.append(f"[@{key}]: {reference.full}")
    return "\n".join(lines) + "\n"


def listings(root: Path) -> dict[Path, str | PageError]:
    """What is listed by file, or what is wrong with a page."""
    made: dict[Path, str | PageError] = {root / CLAIMS: _or_error(claims_page, root)}
    for page in notes(root):
        made[script_of(page)] = _or_error(script.of, page)
    first_page = Page(root / "docs" / "index.md", root)
    for page in [*notes(root), first_page]:
        made[page.published / "shown.txt"] = _or_error(shown, page)
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
