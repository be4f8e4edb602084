"""Every page in a real browser: nothing fails, nothing is cut off, all is legible."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from publish.pages import notes

PAGES = ["", *(f"notes/{page.slug}/" for page in notes())]
# Chromium must not call home, nor need a graphics card or a user of its own.
OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A headless Chromium."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
        yield running
        running.close()


@pytest.mark.parametrize("path", PAGES)
def test_a_page(browser: Browser, site: Path, address: str, path: str):
    page = browser.new_page()
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
    page.goto(address + path, wait_until="networkidle")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (320, 390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            # The page never scrolls sideways; code and tables do so inside themselves.
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        # Of each figure one twin shows, the one for the scheme, and it arrives.
        twins = page.locator(".figure img").all()
        shown = [twin for twin in twins if twin.is_visible()]
        assert len(shown) * 2 == len(twins) > 0
        for twin in shown:
            assert (twin.get_attribute("src") or "").endswith(f"#only-{scheme}")
            twin.scroll_into_view_if_needed()
            assert twin.evaluate("i => i.decode().then(() => i.naturalWidth > 0)")
    assert said == []
    page.close()


def test_switching_pages_without_a_reload(browser: Browser, site: Path, address: str):
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(address, wait_until="networkidle")
    page.evaluate("window.kept = true")
    page.locator("a.md-nav__link[href*='lr-trench']").first.click()
    page.wait_for_url("**/notes/lr-trench/")
    page.locator("h1", has_text="trench").wait_for()
    assert page.evaluate("window.kept"), "the page was loaded anew"
    buttons = page.locator("article .md-code__button, article .md-clipboard")
    assert buttons.count() > 0
