"""MkDocs, ProperDocs and Zensical build the same pages from the same sources."""

from __future__ import annotations

import difflib
import functools
import gzip
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

from publish.page.places import site_folder
from publish.page.source import Page, pages
from publish.project import ROOT

# What the site is made from.
SOURCES = (
    *("CITATION.cff", "mkdocs.yml", "pyproject.toml"),
    *("docs", "publish", "snippets"),
)
# How each names itself in a page's head.
OURS = f"mkdocs-{version('mkdocs')}"
THEIRS = f"mkdocs-ProperDocs {version('properdocs')}"
# What a theme adds to the article, by class or id. All else in it must be the same.
OF_THE_THEME = {
    "md-content__button",  # edit this page: each theme has its own icon
    "__skip",  # where Zensical's link past the navigation leads
}
VOID = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"}

# Not "page": what one note's tests are needn't build the site three ways.
every_page = pytest.mark.parametrize("shown", pages(), ids=lambda page: page.slug)


def build(name: str, *options: str, folder: Path, address: str) -> None:
    command = [sys.executable, "-m", name, "build", "--strict", *options]
    environment = {**os.environ, "SITE_URL": address}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"


@pytest.fixture(scope="module")
def properdocs(tmp_path_factory: pytest.TempPathFactory, address: str) -> Path:
    """The site as ProperDocs builds it."""
    target = tmp_path_factory.mktemp("properdocs")
    build("properdocs", "-d", str(target), folder=ROOT, address=address)
    return target


@pytest.fixture(scope="module")
def zensical(tmp_path_factory: pytest.TempPathFactory, address: str) -> Path:
    """The site as Zensical builds it: in a copy, as it builds beside its sources."""
    folder = tmp_path_factory.mktemp("zensical")
    for path in (ROOT / name for name in SOURCES):
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, folder / path.name)
    build("zensical", folder=folder, address=address)
    return folder / "site"


class Html(HTMLParser):
    """A page's article, tag by tag, and all that the page links to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.article: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.open: list[str] = []
        self.skipped: int | None = None  # depth of the theme's element
        self.feed(text)

    @property
    def recorded(self) -> bool:
        return "article" in self.open and self.skipped is None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.ids.add(found.get("id", ""))
        self.links += [found[name] for name in ("href", "src") if name in found]
        names = {*found.get("class", "").split(), found.get("id")}
        if self.skipped is None and names & OF_THE_THEME:
            self.skipped = len(self.open)
        if self.recorded:
            said = "".join(f' {name}="{found[name]}"' for name in sorted(found))
            self.article.append(f"<{tag}{said}>")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.open:
            return
        while self.open.pop() != tag:
            pass
        if self.skipped == len(self.open):
            self.skipped = None
        elif self.recorded:
            self.article.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self.recorded:
            return
        if "pre" not in self.open:
            # Our hook takes a theme's indentation out, and Zensical runs no hook.
            data = re.sub(r"\s+", " ", data)
        if data.strip():
            self.article.append(data)


@functools.cache
def read(path: Path) -> Html:
    return Html(path.read_text("utf-8"))


def built(site: Path, page: Page) -> Path:
    return site / site_folder(page) / "index.html"


def broken(site: Path, page: Page) -> Iterator[str]:
    """The links of a built page that lead to no file or anchor of the site."""
    here = built(site, page)
    for link in read(here).links:
        if re.match(r"\w+:|//", link):
            continue
        target, anchor = urldefrag(link)
        there = (here.parent / unquote(target)).resolve() if target else here
        there = there / "index.html" if there.is_dir() else there
        html = there.suffix == ".html" and there.exists()
        known = read(there).ids if html and anchor else {anchor}
        if not there.exists() or anchor not in known:
            yield link


def content(path: Path) -> bytes:
    raw = path.read_bytes()
    # A .gz file holds the time at which it was packed.
    return gzip.decompress(raw) if path.suffix == ".gz" else raw


@every_page
def test_properdocs_builds_the_same_page(site: Path, properdocs: Path, shown: Page):
    ours, theirs = (
        built(where, shown).read_text("utf-8") for where in (site, properdocs)
    )
    assert theirs.count(THEIRS) == 1
    assert theirs.replace(THEIRS, OURS) == ours


def test_properdocs_builds_the_same_site(site: Path, properdocs: Path):
    ours, theirs = (
        {path.relative_to(where): path for path in where.rglob("*") if path.is_file()}
        for where in (site, properdocs)
    )
    assert sorted(theirs) == sorted(ours)
    differ = [
        str(name)
        for name, path in ours.items()
        if content(path).replace(OURS.encode(), THEIRS.encode())
        != content(theirs[name])
    ]
    assert not differ


@every_page
def test_zensical_builds_the_same_article(site: Path, zensical: Path, shown: Page):
    ours, theirs = (read(built(where, shown)).article for where in (site, zensical))
    assert len(ours) > 50, "the article was not found"
    differences = list(difflib.unified_diff(ours, theirs, "MkDocs", "Zensical", n=1))
    assert not differences, "\n".join(differences[:40])


@every_page
def test_zensical_s_links_and_figures_lead_somewhere(zensical: Path, shown: Page):
    assert list(broken(zensical, shown)) == []


def test_zensical_lists_every_page(zensical: Path):
    sitemap = (zensical / "sitemap.xml").read_text("utf-8")
    found = set(zensical.rglob("index.html"))
    assert found == {built(zensical, page) for page in pages()}
    for page in pages():
        assert f"/{site_folder(page)}</loc>" in sitemap
