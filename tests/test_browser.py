"""Every page in a real browser: nothing fails, nothing is cut off, all is legible."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urldefrag, urljoin

import matplotlib.image
import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, expect
from playwright.sync_api import Page as Tab

from publish.forms import script, site_markdown
from publish.page import glossary, places, slices
from publish.page.parts import anchors, parts, program_blocks
from publish.page.source import Page as Note
from publish.page.source import notes
from publish.project import ROOT

from .play.tabs import change_scheme

LINE = "\n"
# Of each figure that is shown: its drawing, its width and its height.
SIZES = """async () => {
  const images = document.querySelectorAll("article .figure img");
  const shown = [...images].filter((image) => image.offsetWidth);
  for (const image of shown) image.loading = "eager";
  await Promise.all(shown.map((image) => image.decode()));
  return shown.map((image) => {
    const { width, height } = image.getBoundingClientRect();
    return [new URL(image.src).pathname, width, height];
  });
}"""
# Press each copy button, and see what goes to the clipboard.
PRESS = """async () => {
  const copied = [];
  let label;
  navigator.clipboard.writeText = async (text) => copied.push([label, text]);
  const bars = [...document.querySelectorAll("article [data-needs], article .cite")];
  const take = document.querySelector("article .take button");
  const inside = bars.flatMap((bar) => [...bar.querySelectorAll("button")]);
  for (const button of [...inside, take]) {
    label = button.ariaLabel || button.textContent.trim();
    button.click();
  }
  return copied;
}"""
PAGES = ["", *(f"notes/{page.slug}/" for page in notes()), "claims/", "glossary/"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page(browser: Browser, site: Path, address: str, path: str):
    # Without transitions, colours have their final values at once.
    page = browser.new_page(reduced_motion="reduce")
    said: list[str] = []
    page.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda r: said.append(f"failed: {r.url}"))
    own = (address, "data:", "blob:")
    page.on(
        "request",
        lambda r: (
            None if r.url.startswith(own) else said.append(f"another host: {r.url}")
        ),
    )
    # All pictures stay: elsewhere, test_play_trench.py looks at those that are played.
    page.route("**/assets/play.js", lambda route: route.fulfill(body=""))
    page.goto(address + path, wait_until="networkidle")
    for scheme in ("light", "dark"):
        change_scheme(page, scheme)
        for width in (320, 390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            # The page never scrolls sideways; code and tables do so inside themselves.
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert stretched(page, site) == []
        # Of a figure's two drawings, the one for the scheme shows, and is loaded.
        twins = page.locator(".figure img").all()
        shown = [twin for twin in twins if twin.is_visible()]
        assert len(shown) * 2 == len(twins)
        assert twins or path in ("claims/", "glossary/")
        for twin in shown:
            assert (twin.get_attribute("src") or "").endswith(f"#only-{scheme}")
            twin.scroll_into_view_if_needed()
            assert twin.evaluate("i => i.decode().then(() => i.naturalWidth > 0)")
            assert ink_and_paper(twin) == scheme
    links = page.locator(".md-sidebar--primary a.md-nav__link:visible")
    targets = links.evaluate_all("all => all.map(link => link.href)")
    assert {urldefrag(target)[0] for target in targets} >= {address + p for p in PAGES}
    # At its end, a page leads to the next one.
    if path != PAGES[-1]:
        assert page.locator("a.md-footer__link--next").is_visible()
    if path.startswith("notes/"):
        words = page.locator("article abbr")
        meanings = words.evaluate_all("all => all.map(word => word.title)")
        assert len(meanings) >= 3
        # A page explains each word once.
        assert len({*meanings}) == len(meanings)
    assert said == []
    page.close()


def stretched(page: Tab, site: Path) -> list[str]:
    """The figures of a page that don't have the shape of their drawing."""
    found = []
    for place, width, height in page.evaluate(SIZES):
        svg = (site.parent / place.lstrip("/")).read_text("utf-8")
        box = re.search(r'<svg [^>]*viewBox="0 0 (\S+) (\S+)"', svg)
        assert box, place
        due = width * float(box[2]) / float(box[1])
        if abs(height - due) > 1:
            found.append(f"{place}: {width} × {height}, not × {due:.0f}")
    return found


def ink_and_paper(figure: Locator) -> str:
    """The scheme in which a figure can be read: dark on light, or light on dark."""
    seen = matplotlib.image.imread(io.BytesIO(figure.screenshot()))[..., :3].mean(2)
    darkest, paper, lightest = np.quantile(seen, [0.002, 0.5, 0.998])
    if paper > 0.9 and darkest < 0.5:
        return "light"
    return "dark" if paper < 0.25 and lightest > 0.6 else "neither"


def clipboard(page: Tab) -> str:
    """What the clipboard holds, once the page has said that it copied something."""
    page.locator("[data-md-component=dialog].md-dialog--active").wait_for()
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_every_page_of_the_sitemap_is_looked_at(site: Path, address: str):
    listed = re.findall(r"<loc>(.*?)</loc>", (site / "sitemap.xml").read_text("utf-8"))
    assert {url.removeprefix(address) for url in listed} == {*PAGES}


def test_every_copy_button_gives_what_the_tests_have_run(
    browser: Browser, site: Path, address: str, note: Note
):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    here = f"{address}notes/{note.slug}/"
    page.goto(here, wait_until="networkidle")
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = parts(note)
    blocks, where = program_blocks(found), anchors(found)
    codes = [block.code for block in blocks]
    bars = page.locator("article [data-needs] .copy")
    bars.nth(len(blocks) - 1).wait_for()
    assert bars.count() == len(blocks)
    wanted = []
    for number, code in enumerate(codes):
        program = slices.program(codes, number, f"{here}#{where[number]}")
        wanted += [("Copy a program that runs alone", program)]
        wanted += [("Copy this block as shown", code)]
    whole = script.of(note).replace(places.address(note), here)
    wanted += [("Copy the BibTeX entry", site_markdown.bibtex(note) + "\n")]
    wanted += [("Copy the whole program", whole)]
    assert page.evaluate(PRESS) == [[label, text] for label, text in wanted]
    for path in (places.script_of(note), places.notebook_of(note)):
        with page.expect_download() as download:
            page.get_by_role("link", name=f"Download {path.suffix}").click()
        assert download.value.suggested_filename == path.name
        assert download.value.path().read_bytes() == path.read_bytes()
    colab = page.get_by_role("link", name="Open in Colab").get_attribute("href")
    assert colab == places.colab(note)
    context.close()


def test_what_is_copied_is_in_the_clipboard_and_said(
    browser: Browser, site: Path, address: str
):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    here = f"{address}notes/lr-trench/"
    page.goto(here, wait_until="networkidle")
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    (note,) = (one for one in notes() if one.slug == "lr-trench")
    found = parts(note)
    codes = [block.code for block in program_blocks(found)]
    dialog = page.locator("[data-md-component=dialog]")
    for number, code in enumerate(codes):
        bar = page.locator("article [data-needs] .copy").nth(number)
        # The first button by the keyboard, the second by a click.
        bar.get_by_role("button", name="Copy a program that runs alone").focus()
        page.keyboard.press("Enter")
        program = slices.program(codes, number, f"{here}#{anchors(found)[number]}")
        assert clipboard(page) == program
        said = f"Copied a program that runs alone, {program.count(LINE)} lines"
        assert dialog.inner_text() == said
        assert dialog.get_attribute("role") == "status"
        bar.get_by_role("button", name="Copy this block as shown").click()
        assert clipboard(page) == code
        said = f"Copied this block as shown, {code.count(LINE)} lines"
        assert dialog.inner_text() == said
    page.get_by_role("button", name="Copy the whole program").click()
    page.get_by_text("Copied the whole program").wait_for()
    page.get_by_role("button", name="Copy the BibTeX entry").click()
    page.get_by_text("Copied the BibTeX entry").wait_for()
    assert clipboard(page) == site_markdown.bibtex(note) + "\n"
    context.close()


def test_the_search_index_comes_when_someone_searches(
    browser: Browser, site: Path, address: str
):
    page = browser.new_page()
    fetched: list[str] = []
    page.on("request", lambda r: fetched.append(r.url.removeprefix(address)))
    index = "search/search_index.json"
    page.goto(f"{address}notes/lr-trench/", wait_until="networkidle")
    assert index not in fetched
    page.get_by_role("textbox", name="Search").focus()
    page.keyboard.type("keepdim")
    page.locator(".md-search-result__item", has_text="keepdim").first.wait_for()
    assert fetched.count(index) == 1
    fetched.clear()
    page.goto(f"{address}notes/lr-trench/?h=trench", wait_until="networkidle")
    page.locator("article mark", has_text="trench").first.wait_for()
    assert fetched.count(index) == 1
    page.close()


def test_words_that_are_pasted_are_searched_for(
    browser: Browser, site: Path, address: str
):
    tab = browser.new_page()
    tab.goto(f"{address}notes/lr-trench/", wait_until="networkidle")
    field = tab.get_by_role("textbox", name="Search")
    field.focus()
    tab.keyboard.type("keepdim")
    results = tab.locator(".md-search-result__item")
    results.locator("mark", has_text="keepdim").first.wait_for()
    field.select_text()
    # As a paste does: all at once, without a key event.
    tab.keyboard.insert_text("perplexity")
    results.locator("mark", has_text="perplexity").first.wait_for(timeout=10_000)
    tab.close()


def test_where_nothing_could_be_copied_the_page_says_so(
    browser: Browser, site: Path, address: str
):
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{address}notes/lr-trench/", wait_until="networkidle")
    refuse = "() => Promise.reject(Error('refused'))"
    page.evaluate(f"() => {{ navigator.clipboard.writeText = {refuse}; }}")
    page.locator("article .take button").click()
    dialog = page.locator("[data-md-component=dialog].md-dialog--active")
    dialog.wait_for()
    assert "won't let the page copy" in dialog.inner_text()
    page.close()


def test_without_scripts_the_downloads_remain(
    browser: Browser, site: Path, address: str
):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}notes/lr-trench/")
    assert not page.locator("article button").is_visible()
    assert page.get_by_role("link", name="Download .py").is_visible()
    context.close()


def test_switching_pages_without_a_reload(browser: Browser, site: Path, address: str):
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(address, wait_until="networkidle")
    page.evaluate("window.kept = true")
    page.locator("a.md-nav__link[href*='lr-trench']").first.click()
    page.wait_for_url("**/notes/lr-trench/")
    page.locator("h1", has_text="trench").wait_for()
    assert page.evaluate("window.kept"), "the page was loaded anew"
    page.locator(".take button").wait_for()
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    blocks = page.locator("article [data-needs]").count()
    assert blocks > 0
    page.locator("article [data-needs] .copy").nth(blocks - 1).wait_for()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#code-setup .copy button").nth(1).click()
    assert "words = " in clipboard(page)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("trench", "notes/lr-trench/"),
        ("cross entropy", "notes/cross-entropy/"),
        ("keepdim", "notes/batch-dimension/"),
        ("perplexity", "notes/counting/"),
        ("decay", "notes/lr-decay/"),
        ("edge of stability", "notes/trench-and-theory/"),
        ("learning rate", "notes/lr-trench/"),
        ("F.cross_entropy", "notes/cross-entropy/"),
    ],
)
def test_search_puts_the_right_page_first(
    searching: Tab, address: str, words: str, first: str
):
    assert found(searching, address, words)[0] == first


@pytest.fixture(scope="module")
def searching(browser: Browser, site: Path, address: str) -> Iterator[Tab]:
    """A page that searches one after the other are made on."""
    tab = browser.new_page(viewport={"width": 1440, "height": 900})
    tab.goto(f"{address}glossary/")
    yield tab
    tab.close()


def found(tab: Tab, address: str, words: str) -> list[str]:
    """The places that a search finds for pasted words, each once."""
    field, meta = tab.get_by_role("textbox", name="Search"), ".md-search-result__meta"
    field.focus()
    field.fill("")
    expect(tab.locator(meta)).not_to_contain_text("match")
    # As a paste does: all at once, without a key event.
    tab.keyboard.insert_text(words)
    tab.locator(meta, has_text="match").wait_for()
    links = tab.locator(".md-search-result__item > a").all()
    addresses = [urljoin(tab.url, link.get_attribute("href") or "") for link in links]
    return list(
        dict.fromkeys(re.split("[?#]", p.removeprefix(address))[0] for p in addresses)
    )


@pytest.mark.parametrize(
    "name",
    [
        "manual_seed",
        "randint",
        "torch.randint(",
        "linspace",
        "lr_scheduler",
        "CosineAnnealingLR",
        "F.cross_entropy",
        "reduction=",
        "XKCD_COLORS",
        "sgd_step(params",
    ],
)
def test_search_finds_the_notes_whose_code_has_a_name(
    searching: Tab, address: str, name: str
):
    wanted = {places.site_folder(n) for n in notes() if name in script.of(n)}
    assert wanted
    shown = {*found(searching, address, name)}
    # The list shows ten pages, and more of them as it is scrolled.
    said = searching.locator(".md-search-result__meta").inner_text()
    count = int(re.sub(r"\D", "", said))
    assert shown >= wanted if len(wanted) < 8 else count >= len(wanted)
    assert shown & wanted


def test_a_word_of_the_glossary_says_its_meaning_on_hover_and_on_focus(
    browser: Browser, site: Path, address: str
):
    tab = browser.new_page(viewport={"width": 1440, "height": 900})
    tab.goto(f"{address}notes/lr-trench/")
    words = tab.locator("article abbr")
    meanings = glossary.read(ROOT)
    word, bubble = words.first, tab.locator(".md-tooltip2--active")
    meaning = meanings[word.inner_text()]
    word.focus()
    bubble.get_by_text(meaning).wait_for()
    word.blur()
    bubble.wait_for(state="detached")
    word.hover()
    bubble.get_by_text(meaning).wait_for()
    tab.close()
