"""Every page for every reader: axe, keyboard, paper, and what a reader asks for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from publish.audit import violations
from publish.pages import ROOT, notes

NOTES = [f"notes/{page.slug}/" for page in notes()]
PAGES = ["", *NOTES, "claims/", "404.html"]
NARROW, WIDE = ({"width": width, "height": 900} for width in (390, 1440))
TRENCH = "notes/lr-trench/"
# Where one element of each kind looks other with the whole style sheets than with one.
DIFFERENCES = """(css) => {
  const one = document.querySelector("link[rel=stylesheet]").sheet;
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
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
# What has the focus, and whether its reader can see where that is.
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
    # Without motion, colours are what they are going to be at once.
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
    # While the page came, before anyone did anything.
    assert tab.evaluate("shifts") == []
    open_folds(tab)
    said = violations(tab)
    tab.emulate_media(color_scheme="dark")
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
        tab.goto(address + TRENCH, wait_until="networkidle")
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
        assert len(figures) == tab.locator("article a.figure").count() > 0


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
    figure = tab.locator("article a.figure").first
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
    # As the theme and the site's sheet have them, before publish/light.py.
    sheets = sorted((site / "assets" / "stylesheets").glob("*.css"))
    sheets.append(ROOT / "docs" / "assets" / "site.css")
    full = "\n".join(sheet.read_text("utf-8") for sheet in sheets)
    fresh.emulate_media(reduced_motion="reduce")
    fresh.goto(address + path, wait_until="networkidle")
    open_folds(fresh)
    fresh.get_by_role("textbox", name="Search").focus()
    fresh.keyboard.type("rate")
    fresh.locator(".md-search-result__item").first.wait_for(state="attached")
    for media, scheme, width in (
        ("screen", "light", 390),
        ("screen", "dark", 1440),
        ("print", "light", 800),
    ):
        fresh.emulate_media(media=media, color_scheme=scheme)
        fresh.set_viewport_size({"width": width, "height": 900})
        assert fresh.evaluate(DIFFERENCES, full) == []
