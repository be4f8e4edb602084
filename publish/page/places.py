"""Where what is made of a page is published, and where it is on the hosted site."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from publish.page.source import Page
from publish.project import configured

# The colour schemes of pages: a figure is drawn for both.
SCHEMES = ("light", "dark")
RELATIVE = re.compile(
    r"(?<=\]\()(?!\w+:|//)(?P<path>[^)#\s]*)(?P<anchor>#[^)\s]+)?(?=\))"
)


def script_of(page: Page) -> Path:
    """Where the page's script is published."""
    return page.published / f"{page.snippet.stem}.py"


def notebook_of(page: Page) -> Path:
    """Where the notebook to download is published."""
    return page.published / f"{page.snippet.stem}.ipynb"


def card_of(page: Page) -> Path:
    """Where the card is published, the picture beside links to the page elsewhere."""
    return page.published / "card.png"


def play_module(root: Path, slug: str) -> Path:
    """The script that lets readers play a note's first figure, where there is one."""
    return root / "docs" / "assets" / "play" / f"{slug}.js"


def site_folder(page: Page) -> str:
    """The page's folder on the site: "" for the first page."""
    inside = page.path.relative_to(page.root / "docs").with_suffix("").as_posix()
    return "" if inside == "index" else f"{inside}/"


def address(page: Page) -> str:
    """Where the page is on the hosted site."""
    return f"{configured(page.root, 'site_url')}/{site_folder(page)}"


def colab(page: Page) -> str:
    """Where Colab opens the page's notebook, or "" where no repository is known."""
    repository = configured(page.root, "repo_url")
    if not repository.startswith("https://github.com/"):
        return ""
    path = repository.removeprefix("https://github.com/")
    file = notebook_of(page).relative_to(page.root).as_posix()
    return f"https://colab.research.google.com/github/{path}/blob/main/{file}"


def absolute(page: Page, text: str) -> str:
    """Markdown whose links lead to the hosted site from wherever it is read."""
    site = configured(page.root, "site_url")
    here = page.path.parent.relative_to(page.root / "docs")

    def there(found: re.Match[str]) -> str:
        path, anchor = found["path"], found["anchor"] or ""
        if not path:
            return address(page) + anchor
        inside = posixpath.normpath(posixpath.join(here, path))
        stem, suffix = posixpath.splitext(inside)
        if suffix == ".md":
            inside = "" if stem == "index" else f"{stem}/"
        return f"{site}/{inside}{anchor}"

    return RELATIVE.sub(there, text)


def published_files(page: Page, name: str) -> dict[str, Path]:
    """Where a figure's data and its two drawings are published."""
    drawings = {s: page.published / f"{name}-{s}.svg" for s in SCHEMES}
    return {"data": page.published / f"{name}.json", **drawings}
