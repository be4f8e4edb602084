"""Every page is accessible: axe, keyboard, print, and the reader's own settings."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from publish.page import places
from publish.page.source import Page as Note
from publish.page.source import notes
from publish.project import ROOT
from publish.site.audit import violations

from .play.tabs import change_scheme

NOTES = [f"notes/{page.slug}/" for page in notes()]
PAGES = ["", *NOTES, "claims/", "404.html"]
NARROW, WIDE = ({"width": width, "height": 900} for width in (390, 1440))
TRENCH = "notes/lr-trench/"
# The pictures: one that is played has a drawing of its own in its place.
FIGURE = "article a.figure:not(.played)"
# The styles of one element of each kind that the whole style sheets, `css`, change.
DIFFERENCES = """(css) => {
  const one = document.querySelector("link[rel=stylesheet]").sheet;
  const style = document.createElement("style");
  style.textContent = css;
  // Where the one style sheet is: what a figure that is played brings comes after both.
  one.ownerNode.after(style);
  const whole = style.sheet;
  const kind = (element) => element && `${element.localName}.${element.className}`;
  const kinds = new Map();
  for (const element of document.querySelectorAll("body, body *"))
    kinds.set(`${kind(element.parentElement)} > ${kind(element)}`, element);
  const looks = (sheet) => {
    for (const each of [one, whole]) each.disabled = each !== sheet;
    return [...kinds].flatMap(([kind, element]) =>
      [null, "::before", "::after"].flatMap((part) => {
        const computed = getComputedStyle(element, part);
        const shown = !part || computed.content !== "none";
        const names = shown ? [...computed].filter((n) => !n.startsWith("--")) : [];
        return names.map((name) =>
          `${kind}${part ?? ""} ${name}: ${computed.getPropertyValue(name)}`);
      }));
  };
  const wanted = new Set(looks(whole));
  const found = looks(one);
  style.remove();
  if (found.length < 10_000 || wanted.size < 10_000) return ["no styles"];
  return found.filter((look) => !wanted.has(look));
}"""
SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => {
  for (const shift of list.getEntries())
    shifts.push([shift.value, ...shift.sources.map((s) => s.node?.outerHTML ?? "")]);
}).observe({ type: "layout-shift", buffered: true });"""
# One visible control of each kind that can have the focus, by its kind. A link that is
# broken between lines is taken only if there is no other.
CONTROLS = """(within) => {
  // A script of the theme's adds that class to what had the focus.
  const kind = ({ localName, className }) =>
    `${localName}.${className.replace(/ ?focus-visible/, "")}`;
  const own = "a[href], button, input, select, textarea, summary, [tabindex]";
  window.controls = new Map();
  for (const element of document.querySelectorAll(own)) {
    if (!element.closest(within)) continue;
    const shown = element.matches(".md-option") ? element.nextElementSibling : element;
    const seen = { opacityProperty: true, visibilityProperty: true };
    const rectangles = shown.getClientRects().length;
    const name = `${kind(element.parentElement)} > ${kind(element)}`;
    const other = controls.get(name);
    const better = !other || (other.rectangles > 1 && rectangles === 1);
    // What is found is reached by an arrow.
    const reached = element.tabIndex >= 0 || element.matches(".md-search__output a");
    if (reached && rectangles && shown.checkVisibility(seen) && better)
      controls.set(name, { element, shown, rectangles });
  }
  return [...controls.keys()];
}"""
# Where a control is, with a margin for what is drawn round it.
AROUND = """(kind) => {
  const { shown } = controls.get(kind);
  shown.scrollIntoView({ block: "center", behavior: "instant" });
  const { left, right, top, bottom, width, height } = shown.getBoundingClientRect();
  const [x, y] = [left, top].map((edge) => Math.max(0, edge - 6));
  const clip = { x, y,
    width: Math.min(innerWidth, right + 6) - x,
    height: Math.min(innerHeight, bottom + 6) - y };
  // Of what is higher than the window, what is in it.
  return { perimeter: 2 * (width + Math.min(height, innerHeight)), clip };
}"""
# The visible text of an element, without spaces.
SEEN = """(element) => {
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let words = "";
  for (let text; (text = texts.nextNode()); ) {
    // Controls, and what a reader may fold away.
    const left =
      "details:not(.measured), button, .take, .headerlink, .md-content__button";
    const seen = { opacityProperty: true, visibilityProperty: true };
    const { parentElement: parent } = text;
    if (parent.closest(left) || !parent.checkVisibility(seen)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const boxes = [...range.getClientRects()];
    if (boxes.some((box) => box.width > 0 && box.height > 0 && box.right > 0))
      words += text.textContent.replace(/\\s+/g, "");
  }
  return words;
}"""
# What has the focus, and whether it is visible and marked.
FOCUS = """() => {
  const element = document.activeElement;
  const ring = (of) => getComputedStyle(of).outlineStyle !== "none";
  const box = element.matches(".md-option") ? element.nextElementSibling : element;
  const { left, right, top, bottom, width } = box.getBoundingClientRect();
  const { visibility } = getComputedStyle(box);
  const inside = right > 0 && bottom > 0 && left < innerWidth && top < innerHeight;
  const name = element.ariaLabel || element.innerText?.trim() || element.className;
  return {
    name: `${element.tagName.toLowerCase()} ${name.slice(0, 60)}`,
    seen: width > 0 && inside && visibility === "visible" &&
      (ring(box) || element.matches(".md-search__input")),
  };
}"""


@pytest.fixture(scope="module")
def tab(browser: Browser, site: Path) -> Iterator[Tab]:
    """A page that the tests share."""
    # Without transitions, colours have their final values at once.
    page = browser.new_page(viewport=NARROW, reduced_motion="reduce")
    page.add_init_script(SHIFTS)
    yield page
    page.close()


@pytest.fixture
def fresh(browser: Browser, site: Path) -> Iterator[Tab]:
    """A page whose settings a test may change."""
    page = browser.new_page(viewport=WIDE)
    yield page
    page.close()


def open_folds(page: Tab) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_and_nothing_moves(tab: Tab, address: str, path: str):
    tab.emulate_media(color_scheme="light")
    tab.set_viewport_size(NARROW)
    tab.goto(address + path, wait_until="networkidle")
    # Nothing moved while the page loaded.
    assert tab.evaluate("shifts") == []
    open_folds(tab)
    said = violations(tab)
    change_scheme(tab, "dark")
    tab.set_viewport_size(WIDE)
    said += violations(tab)
    assert said == []


def test_the_keyboard_reaches_every_control_and_shows_where_it_is(
    tab: Tab, address: str
):
    for size, wanted in (
        (NARROW, ["button Menu", "button Search"]),
        (WIDE, ["a Maximum likelihood in one line", "a What well-known rules"]),
    ):
        tab.set_viewport_size(size)
        visit(tab, address + TRENCH)
        stops = []
        for _ in range(400):
            tab.keyboard.press("Tab")
            stop = tab.evaluate(FOCUS)
            if stop["name"].startswith("body"):
                break
            stops.append(stop)
        assert [stop["name"] for stop in stops if not stop["seen"]] == []
        names = "\n".join(stop["name"] for stop in stops)
        wanted += [
            "a Skip to content",
            "input Switch to",
            "button Copy the whole program",
        ]
        wanted += ["summary Set-up", "button Copy this block as shown", "a Next: "]
        assert [name for name in wanted if name not in names] == []
        figures = [name for name in names.split("\n") if name.startswith("a figure")]
        assert len(figures) == tab.locator(FIGURE).count() > 0


def visit(tab: Tab, url: str) -> None:
    """Open a page and wait for the figure that is played, if it has one."""
    tab.goto(url, wait_until="networkidle")
    if tab.locator(".play").count():
        tab.locator(".play").scroll_into_view_if_needed()
        tab.locator(".play-panel").wait_for()
        tab.evaluate("scrollTo(0, 0)")
        tab.wait_for_load_state("networkidle")


def keep_pictures(tab: Tab) -> None:
    """Let no figure be played: paper has the pictures, and so has a page at first."""
    tab.route("**/assets/play.js", lambda route: route.fulfill(body=""))


def pixels(page: Tab, clip: dict[str, float]) -> np.ndarray:
    """How light each pixel of a part of the window is, as WCAG reckons it."""
    seen = page.screenshot(clip=clip, animations="disabled")
    srgb = matplotlib.image.imread(io.BytesIO(seen))[..., :3].astype(float)
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722] + 0.05


def unmarked(page: Tab, known: set[str], within: str = "body") -> list[str]:
    """The controls, of kinds not yet `known`, whose look the focus hardly changes.

    At least as many pixels as a line round the control has must change, by a contrast
    of 3 to 1: what WCAG's success criterion 2.4.13 asks for, at half of its width, as
    a line may lie between two rows of pixels.
    """
    wrong = []
    kinds = [kind for kind in page.evaluate(CONTROLS, within) if kind not in known]
    for kind in kinds:
        around = page.evaluate(AROUND, kind)
        page.evaluate("document.activeElement.blur()")
        before = pixels(page, around["clip"])
        focus = "(kind) => controls.get(kind).element.focus({ preventScroll: true })"
        page.evaluate(focus, kind)
        after = pixels(page, around["clip"])
        contrast = np.maximum(before, after) / np.minimum(before, after)
        if (changed := (contrast >= 3).sum()) < around["perimeter"]:
            wrong.append(f"{kind}: {changed} pixels of {around['perimeter']:.0f}")
        if "md-search__input" in kind:  # the focus opens the search
            page.keyboard.press("Escape")
            page.locator(".md-search__output").wait_for(state="hidden")
    known.update(kinds)
    return wrong


@pytest.mark.parametrize(("scheme", "size"), [("light", NARROW), ("dark", WIDE)])
def test_the_focus_is_drawn_on_every_kind_of_control(
    tab: Tab, address: str, scheme: str, size: dict[str, int]
):
    tab.emulate_media(color_scheme=scheme)
    tab.set_viewport_size(size)
    known: set[str] = set()
    wrong = []
    for path in (TRENCH, "", "claims/", "glossary/", "404.html"):
        visit(tab, address + path)
        # Browsers show where the focus is after a key, but not after a click.
        tab.keyboard.press("Tab")
        wrong += unmarked(tab, known)
    visit(tab, address + TRENCH)
    tab.keyboard.press("Tab")
    # Scrolling up shows a button "Back to top".
    for place in (2000, 1500):
        tab.evaluate("(y) => scrollTo(0, y)", place)
        tab.wait_for_function("(y) => scrollY === y", arg=place)
        tab.evaluate("new Promise((done) => requestIdleCallback(done))")
    tab.locator(".md-top:not([hidden])").wait_for()
    wrong += unmarked(tab, known, ".md-top")
    tab.locator(FIGURE).last.press("Enter")
    wrong += unmarked(tab, known, "dialog")
    tab.keyboard.press("Escape")
    tab.goto(address, wait_until="networkidle")
    if size == NARROW:
        tab.get_by_role("button", name="Menu").press("Enter")
        wrong += unmarked(tab, known, ".md-sidebar--primary")
        tab.keyboard.press("Escape")
    tab.locator(".md-search__input").focus()
    tab.keyboard.type("trench")
    tab.locator(".md-search-result__link").first.wait_for()
    wrong += unmarked(tab, known, ".md-search__output")
    assert wrong == []
    looked_at = "\n".join(known)
    wanted = [
        "a.figure",
        "summary.",
        "md-option",
        "div.copy > button.",
        "a.md-nav__link",
    ]
    wanted += ["md-top", "form. > button.", "md-search-result__link", "p. > abbr."]
    wanted += ["md-search__input"] if size == WIDE else ["label.md-header__button"]
    assert [kind for kind in wanted if kind not in looked_at] == []


@pytest.mark.parametrize(
    "path", ["", TRENCH, "notes/reproducible-init/", "claims/", "404.html"]
)
def test_a_page_in_use_works_and_asks_no_other_host(
    fresh: Tab, address: str, path: str
):
    # Whether a page asks another host, tests/conftest.py checks in every test. The copy
    # buttons of all notes are pressed in tests/test_browser.py.
    said: list[str] = []
    fresh.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
    fresh.on("pageerror", lambda error: said.append(str(error)))
    fresh.context.grant_permissions(["clipboard-read", "clipboard-write"])
    fresh.emulate_media(reduced_motion="reduce")
    visit(fresh, address + path)
    # Switch the scheme, all the way round.
    for _ in range(3):
        fresh.locator("label[for^=__palette]:visible").click()
    for fold in fresh.locator("article summary").all():
        fold.click()
        assert fold.evaluate("summary => summary.parentElement.open")
    buttons = fresh.locator("article button:visible:not(.play button)").all()
    assert buttons or "notes/" not in path
    for button in buttons:
        button.click()
        said_so = fresh.locator("[data-md-component=dialog].md-dialog--active")
        said_so.get_by_text("Copied").wait_for()
    for figure in fresh.locator(FIGURE).all():
        figure.click()
        fresh.get_by_role("dialog", name="Figure, enlarged").locator("img").click()
    for word in fresh.locator("article abbr").all():
        word.hover()
    search = fresh.get_by_role("textbox", name="Search")
    search.focus()
    search.press_sequentially("trench")
    fresh.locator(".md-search-result__link").first.click()
    fresh.wait_for_url("**/notes/**")
    # Nor may the page fail that the result leads to, without a reload.
    fresh.locator("article h1[id]", has_text="trench").wait_for()
    for heading in fresh.locator(".md-sidebar--secondary a:visible").all():
        heading.click()
    assert said == []


def test_menu_and_search_open_and_close_by_keyboard(tab: Tab, address: str):
    tab.set_viewport_size(NARROW)
    tab.goto(address + TRENCH, wait_until="networkidle")
    for key in ("Enter", " "):
        menu = tab.get_by_role("button", name="Menu")
        menu.focus()
        tab.keyboard.press(key)
        assert menu.get_attribute("aria-expanded") == "true"
        assert tab.evaluate("document.activeElement.closest('.md-sidebar') !== null")
        tab.keyboard.press("Escape")
        assert menu.get_attribute("aria-expanded") == "false"
        assert menu.evaluate("button => button === document.activeElement")
    search = tab.get_by_role("button", name="Search")
    search.focus()
    tab.keyboard.press("Enter")
    assert search.get_attribute("aria-expanded") == "true"
    tab.keyboard.type("trench")
    tab.locator(".md-search-result__item", has_text="trench").first.wait_for()
    tab.keyboard.press("ArrowDown")
    assert tab.evaluate("document.activeElement.matches('.md-search-result__link')")
    tab.keyboard.press("Escape")
    assert search.get_attribute("aria-expanded") == "false"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_figure_is_enlarged_and_put_back(tab: Tab, address: str, scheme: str):
    tab.emulate_media(color_scheme=scheme)
    tab.set_viewport_size(NARROW)
    tab.goto(address + TRENCH, wait_until="networkidle")
    figure = tab.locator(FIGURE).last
    figure.focus()
    tab.keyboard.press("Enter")
    dialog = tab.get_by_role("dialog", name="Figure, enlarged")
    image, shown = dialog.locator("img"), figure.locator("img:visible")
    assert image.get_attribute("alt") == shown.get_attribute("alt")
    assert (image.get_attribute("src") or "").endswith(f"-{scheme}.svg#only-{scheme}")
    small, large = (i.bounding_box() for i in (shown, image))
    assert small
    assert large
    assert large["width"] > 1.5 * small["width"]
    # The drawing is not stretched.
    natural = image.evaluate("i => i.naturalWidth / i.naturalHeight")
    assert large["width"] / large["height"] == pytest.approx(natural, rel=0.01)
    assert violations(tab) == []
    for closes in ("Escape", "Enter", "click"):
        if closes == "click":
            image.click(position={"x": 100, "y": 100})
        else:
            tab.keyboard.press(closes)
        assert dialog.count() == 0
        assert figure.evaluate("figure => figure === document.activeElement")
        tab.keyboard.press("Enter")
    tab.keyboard.press("Escape")


def test_without_scripts_a_figure_leads_to_its_drawing(browser: Browser, address: str):
    page = browser.new_page(java_script_enabled=False)
    page.goto(address + TRENCH)
    page.locator("article a.figure").first.click()
    page.wait_for_url("**/one-run-light.svg")
    page.close()


def test_paper_has_the_article_alone_with_light_figures(fresh: Tab, address: str):
    fresh.emulate_media(color_scheme="dark")
    fresh.goto(address + TRENCH, wait_until="networkidle")
    fresh.emulate_media(media="print", color_scheme="dark")
    for away in ("header", "footer", "nav", "button", ".headerlink", "[title^=Edit]"):
        assert fresh.locator(f"{away}:visible").count() == 0, away
    twins = fresh.locator("article .figure img").all()
    shown = [t.get_attribute("src") or "" for t in twins if t.is_visible()]
    assert len(shown) * 2 == len(twins) > 0
    assert all(src.endswith("#only-light") for src in shown)
    luminance = """selector => getComputedStyle(document.querySelector(selector))
      [selector === "body" ? "backgroundColor" : "color"].match(/[\\d.]+/g)
      .slice(0, 3).reduce((sum, part) => sum + +part / 765, 0)"""
    assert fresh.evaluate(luminance, "body") == 1
    for dark in (
        "article p",
        "article a",
        "article code",
        "article pre b",
        "article pre u",
    ):
        assert fresh.evaluate(luminance, dark) < 0.5, dark
    written = """selector => getComputedStyle(
      document.querySelector(`article ${selector}`), "::after").content"""
    assert "https://arxiv.org/" in fresh.evaluate(written, "a[href*='arxiv.org']")
    assert fresh.evaluate(written, "a[href*='mini-batch-noise']") == "none"


@pytest.mark.parametrize("path", PAGES)
def test_paper_has_every_word_that_the_screen_shows(
    fresh: Tab, address: str, path: str
):
    fresh.emulate_media(color_scheme="dark", reduced_motion="reduce")
    keep_pictures(fresh)
    fresh.goto(address + path, wait_until="networkidle")
    article = fresh.locator("article")
    shown = article.evaluate(SEEN)
    assert len(shown) > 100
    fresh.emulate_media(media="print", color_scheme="dark", reduced_motion="reduce")
    assert article.evaluate(SEEN) == shown
    # The printed colours have enough contrast.
    assert violations(fresh, rules=["color-contrast"]) == []
    for note in notes():
        if places.site_folder(note) == path:
            has_its_claims(fresh, note)


def has_its_claims(printed: Tab, note: Note) -> None:
    """Hold that a printed note has each claim with its value and its bound."""
    for claim in note.claims.values():
        box = printed.locator(f".claim#{claim.name}")
        # The statement, and the mark that opens its evidence on a screen.
        said = box.locator(":scope > p, :scope > .measured > summary")
        written = "".join("".join(said.all_text_contents()).split())
        assert written == box.evaluate(SEEN), claim.name
        assert written.endswith(f"heldto:{claim.bound}".replace(" ", ""))


def test_paper_has_the_table_of_claims_with_their_values_and_bounds(
    tab: Tab, address: str
):
    tab.emulate_media(media="print")
    tab.goto(f"{address}claims/", wait_until="networkidle")
    for note in notes():
        for claim in note.claims.values():
            link = tab.locator(f"a[href$='{note.slug}/#{claim.name}']")
            row = tab.locator("article tr").filter(has=link).evaluate(SEEN)
            for cell in (note.measurement(claim)["text"], str(claim.bound)):
                assert cell.replace(" ", "") in row, claim.name
    tab.emulate_media(media="screen")


def test_less_motion_is_none(fresh: Tab, address: str):
    fresh.emulate_media(reduced_motion="reduce")
    fresh.goto(address + TRENCH, wait_until="networkidle")
    moving = """() => [...document.querySelectorAll("*")].filter((element) => {
      const style = getComputedStyle(element);
      return style.transitionProperty !== "none" && style.transitionDuration !== "0s"
        || style.animationName !== "none" || style.scrollBehavior === "smooth";
    }).map((element) => element.outerHTML.slice(0, 80))"""
    assert fresh.evaluate(moving) == []


def test_colours_of_the_reader_s_own_leave_nothing_invisible(fresh: Tab, address: str):
    fresh.emulate_media(forced_colors="active")
    fresh.goto(address + TRENCH, wait_until="networkidle")
    style = """([selector, part, name]) => getComputedStyle(
      document.querySelector(selector), part)[name]"""
    for selector in ("article pre > code", "article details", ".md-header"):
        width = fresh.evaluate(style, [selector, None, "borderTopWidth"])
        assert float(width.removesuffix("px")) > 0, selector
    canvas = fresh.evaluate(style, ["body", None, "backgroundColor"])
    for part in ("::before", "::after"):
        icon = fresh.evaluate(style, ["summary", part, "backgroundColor"])
        assert icon != canvas, f"summary{part}"
    figure = fresh.evaluate(style, [".figure img", None, "backgroundColor"])
    assert figure == "rgb(255, 255, 255)"


@pytest.mark.parametrize("path", [TRENCH, "claims/"])
def test_no_rule_is_missing_from_the_one_style_sheet(
    fresh: Tab, site: Path, address: str, path: str
):
    # All rules, before publish/site/style_sheet.py leaves some of them out.
    sheets = sorted((site / "assets" / "stylesheets").glob("*.css"))
    sheets.append(ROOT / "docs" / "assets" / "site.css")
    full = "\n".join(sheet.read_text("utf-8") for sheet in sheets)
    full = full.replace('url("math', f'url("{address}assets/math')
    fresh.emulate_media(reduced_motion="reduce")
    fresh.goto(address + path, wait_until="networkidle")
    if path == TRENCH:
        fresh.locator(".play").first.scroll_into_view_if_needed()
        fresh.locator(".play-panel").wait_for()
    open_folds(fresh)
    fresh.get_by_role("textbox", name="Search").focus()
    fresh.keyboard.type("rate")
    fresh.locator(".md-search-result__item").first.wait_for(state="attached")
    for media, scheme, width in (
        ("screen", "light", 390),
        ("screen", "dark", 1440),
        ("print", "light", 800),
    ):
        fresh.emulate_media(media=media)
        change_scheme(fresh, scheme)
        fresh.set_viewport_size({"width": width, "height": 900})
        assert fresh.evaluate(DIFFERENCES, full) == []
