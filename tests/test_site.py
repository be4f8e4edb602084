"""The built site: complete, light, and served by itself alone."""

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path

from publish.pages import Page, notes
from publish.program import blocks_of

FETCHED = {
    "audio": "src",
    "embed": "src",
    "iframe": "src",
    "img": "src",
    "link": "href",
    "object": "data",
    "script": "src",
    "source": "src",
    "video": "src",
}
# Links that tell where a page is, and fetch nothing.
NOT_FETCHED = {"canonical", "next", "prev"}


class Html(HTMLParser):
    """What a page fetches, its images and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "img":
            self.images.append(found)
        if tag in FETCHED and found.get("rel") not in NOT_FETCHED:
            self.fetched.append(found.get(FETCHED[tag]) or "")


class Code(HTMLParser):
    """The Python blocks of a page, as text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.blocks: list[str] = []
        self.inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "div" and "language-python" in (dict(attrs).get("class") or ""):
            self.inside = True
            self.blocks.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "div":
            self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.blocks[-1] += data


def html_of(site: Path, note: Page) -> str:
    return (site / "notes" / note.slug / "index.html").read_text("utf-8")


def test_every_page_is_built(site: Path):
    sitemap = (site / "sitemap.xml").read_text("utf-8")
    for page in notes():
        assert f"/notes/{page.slug}/</loc>" in sitemap
    assert (site / "index.html").exists()


def test_no_page_and_no_style_asks_another_host(site: Path):
    for path in site.rglob("*.html"):
        remote = [u for u in Html(path.read_text("utf-8")).fetched if "//" in u]
        assert not remote, f"{path.relative_to(site)} fetches {remote}"
    for path in site.rglob("*.css"):
        fetch = r"(?:url\(|@import)[\s\"']*(?:https?:)?//[^)\s]+"
        remote = re.findall(fetch, path.read_text("utf-8"))
        assert not remote, f"{path.relative_to(site)} fetches {remote}"


def test_a_page_is_light_and_its_placeholders_are_filled(site: Path, note: Page):
    html = html_of(site, note)
    assert len(gzip.compress(html.encode())) < 30_000  # as a server sends it
    assert "{{" not in re.sub(r"<pre.*?</pre>", "", html, flags=re.DOTALL)
    assert "# %%" not in html
    assert "pytest-codeblocks" not in html


def test_a_figure_has_both_twins_a_size_and_alternative_text(site: Path, note: Page):
    images = [i for i in Html(html_of(site, note)).images if "published" in i["src"]]
    for name in note.figures:
        twins = [i for i in images if f"/{name}-" in i["src"]]
        assert [i["src"].rpartition("-")[2] for i in twins] == ["light", "dark"]
        for image in twins:
            path, _, scheme = image["src"].partition("#only-")
            assert path.endswith(f"-{scheme}.svg")
            assert (site / "notes" / note.slug / path).resolve().exists()
            assert int(image["width"]) > int(image["height"]) / 3
            assert len(image["alt"]) > 40, "say the finding, with its numbers"


def test_mathematics_is_mathml(site: Path, note: Page):
    html = html_of(site, note)
    tex = note.text.count("$")
    assert html.count("<math") >= (tex > 0)
    assert r"\(" not in re.sub(r"<pre.*?</pre>", "", html, flags=re.DOTALL)


def test_search_finds_each_note(site: Path):
    index = (site / "search" / "search_index.json").read_text("utf-8")
    for page in notes():
        assert f'"location":"notes/{page.slug}/"' in index


def test_the_code_on_a_page_is_its_program_s(site: Path, note: Page):
    # As a reader's copy button takes it, the notebook page's too.
    shown = Code(html_of(site, note)).blocks
    assert shown == [block.code for block in blocks_of(note)]
