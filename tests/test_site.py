"""The built site is complete and light, and fetches nothing from elsewhere."""

import gzip
import re
from html import unescape
from html.parser import HTMLParser
from itertools import zip_longest
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase
from urllib.parse import unquote, urldefrag

import pytest
from fontTools.ttLib import TTFont

from publish.check.measurements import LEAST_SEEDS
from publish.check.program import blocks_of
from publish.forms import site_markdown
from publish.forms.notebook import is_notebook
from publish.page import cells
from publish.page.quotes import fill
from publish.page.source import IMAGE, Page, notes, pages
from publish.project import ROOT, configured

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
REMOTE = re.compile(r"(?:url\(|@import)[\s\"']*(?:https?:)?//[^)\s]+")
FONT = ROOT / "docs" / "assets" / "math.woff2"
# Links that tell where a page is, and fetch nothing.
NOT_FETCHED = {"canonical", "next", "prev"}


class Html(HTMLParser):
    """A page's text, what is in its <pre>, and what it fetches and links to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.code: list[str] = []
        self.text = ""
        self.inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids.add(found.get("id") or "")
        if tag == "img":
            self.images.append(found)
        if tag == "a" and found.get("href"):
            self.links.append(found["href"] or "")
        if tag in FETCHED and found.get("rel") not in NOT_FETCHED:
            self.fetched.append(found.get(FETCHED[tag]) or "")
        if tag in ("pre", "script", "style"):
            self.inside = tag
            if tag == "pre":
                self.code.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == self.inside:
            self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "pre":
            self.code[-1] += data
        elif self.inside == "style":
            self.fetched += REMOTE.findall(data)
        elif not self.inside:
            self.text += data


def path_of(site: Path, page: Page) -> Path:
    inside = page.path.relative_to(ROOT / "docs").with_suffix("")
    return site / ("" if inside.name == "index" else inside) / "index.html"


def html_of(site: Path, page: Page) -> str:
    return path_of(site, page).read_text("utf-8")


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
        remote = REMOTE.findall(path.read_text("utf-8"))
        assert not remote, f"{path.relative_to(site)} fetches {remote}"


def test_no_script_style_or_drawing_of_ours_names_a_host(site: Path):
    folders = ROOT / "docs" / "assets", ROOT / "publish" / "site" / "theme"
    inside = [path for folder in folders for path in folder.rglob("*")]
    ours = [path for path in inside if path.is_file() and path != FONT]
    for path in ours:
        named = re.findall(r"\b(?:https?|wss?):|[\"'`(]//", path.read_text("utf-8"))
        assert not named, f"{path.relative_to(ROOT)} names a host"
    for path in site.glob("published/**/*.svg"):
        text = path.read_text("utf-8")
        assert not re.search(r"href=\"(?!#)|<script|@import", text), path.name
        assert not re.search(r"url\((?!#)", text), path.name


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.slug)
def test_a_page_is_light_and_its_cells_are_in_place(site: Path, page: Page):
    html = html_of(site, page)
    assert len(gzip.compress(html.encode())) < 20_000  # as a server sends it
    assert "# %%" not in html


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.slug)
def test_no_word_is_explained_inside_a_link(site: Path, page: Page):
    controls = r"<(a|summary|button)\b[^>]*>(?:(?!</\1>).)*<abbr"
    assert not re.search(controls, html_of(site, page), re.DOTALL)


def test_the_notebook_page_is_as_light_as_others(site: Path):
    for page in filter(is_notebook, notes()):
        html = html_of(site, page)
        assert len(html.encode()) < 60_000
        assert "<style" not in html
        assert "jp-" not in html


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
        assert len({image["alt"] for image in twins}) == 1


def test_figures_and_scripts_are_light_and_wait_their_turn(site: Path):
    for path in site.glob("published/**/*.svg"):
        assert len(gzip.compress(path.read_bytes())) < 60_000, path.name
    own = [script.stat().st_size for script in (site / "assets").glob("*.js")]
    assert 0 < sum(own) < 30_000
    for path in site.rglob("*.html"):
        html = Html(path.read_text("utf-8"))
        # A browser fetches only the lazy images that it shows: one of each two.
        assert {i.get("loading") for i in html.images} <= {"lazy"}, path
        assert all(i.get("width") and i.get("height") for i in html.images), path
        assert len([f for f in html.fetched if f.endswith(".css")]) == 1, path


def test_mathematics_is_mathml(site: Path, note: Page):
    html = html_of(site, note)
    tex = note.text.count("$")
    assert html.count("<math") >= (tex > 0)
    assert "&amp;lt;" not in html, "escaped twice"
    assert r"\(" not in re.sub(r"<pre.*?</pre>", "", html, flags=re.DOTALL)


def test_the_mathematics_font_has_each_sign_that_formulas_need(site: Path):
    assert FONT.stat().st_size <= 30_000
    known = TTFont(FONT)
    assert "MATH" in known
    # Browsers take the italic one for a letter that stands alone in <mi>.
    italic = {chr(0x1D434 + i): a for i, a in enumerate(ascii_uppercase)}
    italic |= {chr(0x1D44E + i): a for i, a in enumerate(ascii_lowercase)}
    italic["ℎ"] = "h"
    alone = {letter: sign for sign, letter in italic.items()}
    for page in notes():
        for formula in re.findall(r"<math.*?</math>", html_of(site, page), re.DOTALL):
            for tag, text in re.findall(r"<(m\w+)[^>]*>([^<]+)</", formula):
                said = unescape(text)
                signs = {alone.get(said, said)} if tag == "mi" else {*said}
                missing = {c for sign in signs for c in sign} - {
                    chr(code) for code in known.getBestCmap()
                }
                assert not missing, f"{page.slug}: see docs/assets/math-font.txt"


def test_search_finds_each_note(site: Path):
    index = (site / "search" / "search_index.json").read_text("utf-8")
    for page in notes():
        assert f'"location":"notes/{page.slug}/"' in index


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.slug)
def test_all_code_on_a_page_was_run_and_all_output_checked(site: Path, page: Page):
    # The code as a copy button takes it, on the notebook page too.
    shown = Html(html_of(site, page)).code
    blocks = blocks_of(page)
    # No form shows the cell that only makes numbers.
    blocks = [b for b in blocks if not b.cell or b.cell.name != cells.NUMBERS]
    expected = [text for b in blocks for text in (b.code, b.output) if text]
    expected += [f"{site_markdown.bibtex(page)}\n"] * page.is_note
    for line, (now, then) in enumerate(zip_longest(shown, expected)):
        assert now == then, f"block {line + 1} of {page.path.name}"


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.slug)
def test_every_placeholder_is_filled_and_every_image_described(site: Path, page: Page):
    html = Html(html_of(site, page))
    for text in (html.text, *(image.get("alt") or "" for image in html.images)):
        assert not re.search(r"\{\{|\}\}", text)
        assert "pytest-codeblocks" not in text
    assert all((image.get("alt") or "").strip() for image in html.images)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.slug)
def test_every_internal_link_leads_somewhere(site: Path, page: Page):
    path = path_of(site, page)
    for link in Html(path.read_text("utf-8")).links:
        if re.match(r"\w+:|//", link):
            continue
        target, anchor = urldefrag(link)
        there = (path.parent / unquote(target)).resolve() if target else path
        there = there / "index.html" if there.is_dir() else there
        assert there.exists(), link
        if anchor and there.suffix == ".html":
            assert anchor in Html(there.read_text("utf-8")).ids, link


def test_the_readme_s_links_and_picture():
    text = (ROOT / "README.md").read_text("utf-8")
    targets = re.findall(r"\]\(([^)#]+)\)|(?:src|srcset)=\"([^\"]+)\"", text)
    for target in (a or b for a, b in targets):
        assert re.match(r"https?:", target) or (ROOT / target).exists(), target


def test_the_readme_s_picture_is_one_of_the_first_page_s():
    text = (ROOT / "README.md").read_text("utf-8")
    index = Page(ROOT / "docs" / "index.md")
    described = {
        image["target"]: fill(index, image["alt"], 1)
        for image in IMAGE.finditer(index.text)
    }
    (dark,) = re.findall(r'media="\(prefers-color-scheme: dark\)" srcset="(.*?)"', text)
    ((alt, light),) = re.findall(r'<img alt="(.*?)" src="docs/(.*?)"', text)
    assert dark == f"docs/{light}".replace("-light.svg", "-dark.svg")
    assert alt == described[light]


NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def test_the_readme_s_numbers():
    text = (ROOT / "README.md").read_text("utf-8")
    count = NUMBERS[len([page for page in notes() if not page.deeper])]
    assert f"\n{count.title()} study notes" in text
    config = (ROOT / "mkdocs.yml").read_text("utf-8")
    assert f"All {count} notes: index.md" in config
    assert f"over {LEAST_SEEDS} seeds or more" in text


def test_where_make_serve_puts_the_site():
    config = (ROOT / "mkdocs.yml").read_text("utf-8")
    (address,) = re.findall(r'"https://[^/"]+(/[^"]*)"', config)
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"<http://127.0.0.1:8000{address}>" in readme


def test_the_links_to_the_repository(site: Path):
    home = configured(ROOT, "repo_url")
    for page in pages():
        html = html_of(site, page)
        assert set(re.findall(r'<a href="([^"]*)"[^>]*class="md-source"', html)) == {
            home
        }
        (edit,) = re.findall(r'<a href="([^"]*)"[^>]*rel="edit"', html)
        assert edit == f"{home}/edit/main/{page.path.relative_to(ROOT)}"
