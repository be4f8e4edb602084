"""What search engines, link previews and language models get of the pages."""

import json
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path
from urllib.robotparser import RobotFileParser

import pytest
from PIL import Image

from publish.forms import page_md
from publish.page import places
from publish.page.cells import NUMBERS
from publish.page.quotes import fill
from publish.page.source import Page, pages
from publish.project import ROOT, configured

SHOWN = [page for page in pages() if page.path.parent.name in ("docs", "notes")]
page = pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.slug)


class Head(HTMLParser):
    """What a page's head says of it, by name."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.meta: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name.lower(): value or "" for name, value in attrs}
        if tag == "meta" and (name := found.get("property") or found.get("name")):
            self.meta[name] = found["content"]
        if tag == "link":
            self.links[found.get("type") or found["rel"]] = found["href"]


def head_of(site: Path, page: Page) -> Head:
    html = (site / places.site_folder(page) / "index.html").read_text("utf-8")
    return Head(html)


@page
def test_a_page_says_what_it_is_about_where_it_is_linked(
    site: Path, address: str, page: Page
):
    head = head_of(site, page)
    description = page_md.described(page)
    assert 50 <= len(description) <= 165
    assert head.meta["description"] == head.meta["og:description"] == description
    assert head.meta["twitter:description"] == description
    assert head.meta["og:title"] == head.meta["twitter:title"] == page.title
    url = f"{address}{places.site_folder(page)}"
    assert head.meta["og:url"] == head.links["canonical"] == url
    assert head.meta["twitter:card"] == "summary_large_image"


def test_no_two_pages_describe_themselves_alike():
    said = [page_md.described(page) for page in SHOWN]
    assert len(set(said)) == len(said)


@page
def test_a_page_is_shown_by_its_own_figure(site: Path, address: str, page: Page):
    meta = head_of(site, page).meta
    slug = page.slug if page.is_note else "lr-trench"
    picture = f"published/{slug}/card.png"
    assert meta["og:image"] == meta["twitter:image"] == address + picture
    with Image.open(site / picture) as image:
        size = str(image.width), str(image.height)
    assert size == (meta["og:image:width"], meta["og:image:height"])


@page
def test_a_page_is_there_as_markdown(site: Path, page: Page):
    link = head_of(site, page).links["text/markdown"]
    text = (site / places.site_folder(page) / link).read_text("utf-8")
    assert text.startswith(f"# {page.title}\n")
    # All that a reader of the page sees, and nothing that only the site understands.
    for cell in page.cells.values():
        assert (cell.code.strip() in text) == (cell.name != NUMBERS), cell.name
    for claim in page.claims.values():
        shown = fill(page, claim.statement, 1).split("](")[0].split("\n")[0]
        assert f"> {shown}" in text, claim.name
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert not re.search(r"\{\{|\{:|\{ ?[.#]|<div|\?\?\?|!!!|\[@", prose)
    assert re.findall(r"\]\((?!https?://)[^)]*\)", prose) == []


def test_the_list_for_language_models_leads_to_every_page(site: Path):
    text = (site / "llms.txt").read_text("utf-8")
    assert text.startswith("# Descent Notes\n\n> ")
    home = configured(ROOT, "site_url")
    links = re.findall(r"^- \[.+\]\((.+)\): .+$", text, re.MULTILINE)
    listed_files = [link.removeprefix(f"{home}/") for link in links]
    assert all((site / place).exists() for place in listed_files)
    expected = {f"{places.site_folder(p)}page.md" for p in SHOWN if p.slug != "index"}
    assert sorted(listed_files) == sorted(expected)
    # In the order of the navigation.
    assert (
        next(p for p in listed_files if "notes/" in p)
        == "notes/batch-dimension/page.md"
    )


def test_robots_may_read_all_and_learn_of_the_sitemap(site: Path, address: str):
    text = (site / "robots.txt").read_text("utf-8")
    robots = RobotFileParser()
    robots.parse(text.splitlines())
    folders = [places.site_folder(shown) for shown in SHOWN]
    for agent in ("*", "Googlebot", "Bingbot", "GPTBot", "ClaudeBot"):
        for place in [*folders, "llms.txt", *(f"{place}page.md" for place in folders)]:
            assert robots.can_fetch(agent, address + place), f"{agent}: {place}"
    assert re.search(r"^Sitemap: https://\S+/sitemap\.xml$", text, re.MULTILINE)
    root = ElementTree.fromstring((site / "sitemap.xml").read_text("utf-8"))
    listed = [node.text for node in root.iter() if node.tag.endswith("}loc")]
    assert sorted(listed) == sorted(address + place for place in folders)


def test_no_page_asks_not_to_be_found(site: Path):
    for path in site.rglob("*.html"):
        # Without such a line, a page may be indexed, followed and quoted. "robots" is
        # for all, "googlebot" for one.
        names = [name.lower() for name in Head(path.read_text("utf-8")).meta]
        assert not [name for name in names if name.endswith(("robots", "bot"))], path


def test_a_wrong_address_gets_a_page_that_helps(site: Path, address: str):
    html = (site / "404.html").read_text("utf-8")
    article = html.partition("<article")[2].partition("</article")[0]
    base = re.sub(r"^https?://[^/]+", "", address)
    for shown in SHOWN:
        # A wrong address has any depth, so the links start at the root.
        place = places.site_folder(shown) or "."
        assert f'href="{base}{place}"' in article, shown.slug
    assert "<title>Not found" in html


def test_the_search_index_has_each_page(site: Path):
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    found = {entry["location"].partition("#")[0] for entry in index["docs"]}
    assert found == {places.site_folder(shown) for shown in SHOWN}
