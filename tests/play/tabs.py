"""A page as a test uses it: its scheme; a figure's controls, numbers, what it says."""

from __future__ import annotations

from typing import Any, Literal

from playwright.sync_api import Page as Tab
from playwright.sync_api import Route, expect

PATIENCE = 90_000  # milliseconds: on a busy machine, a long run takes its time


def change_scheme(tab: Tab, scheme: Literal["light", "dark"]) -> None:
    """Ask for a colour scheme, and wait until the page has it.

    The theme hears of the change with the browser's next frame, not at once.
    """
    tab.emulate_media(color_scheme=scheme)
    palette = {"light": "default", "dark": "slate"}[scheme]
    expect(tab.locator("body")).to_have_attribute("data-md-color-scheme", palette)


def open_figure(tab: Tab, address: str, path: str) -> None:
    tab.goto(address + path)
    tab.locator(".play").first.scroll_into_view_if_needed()
    tab.locator(".play-panel").first.wait_for()


def layers(tab: Tab, where: str = ".play-stage svg[role=img]") -> list[dict[str, Any]]:
    """What a chart draws, as numbers."""
    script = """chart => chart.drawing.layers.map(layer => ({
      ...layer, x: [...(layer.x ?? [])], y: [...(layer.y ?? [])]}))"""
    return list(tab.locator(where).first.evaluate(script))


def said(tab: Tab) -> str:
    return tab.locator(".play-said").first.inner_text()


def press(tab: Tab, name: str) -> str:
    """Press a button; what is said once nothing runs any more."""
    tab.get_by_role("button", name=name, exact=True).click()
    stop = tab.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_disabled(timeout=PATIENCE)
    return said(tab)


def type_in(tab: Tab, label: str, value: str) -> None:
    field = tab.get_by_label(label, exact=True)
    if not field.is_visible():
        tab.locator(".play-more summary").click()
    field.fill(value)
    field.press("Tab")


def training(tab: Tab) -> list[str]:
    """The workers that a figure has started."""
    return [it.url for it in tab.workers if it.url.endswith("/play/worker.js")]


def ended(tab: Tab) -> bool:
    """Whether no worker is left: the browser tells of an end a moment after it."""
    for _ in range(100):
        if not training(tab):
            return True
        tab.wait_for_timeout(50)
    return False


def overflow_above_50(tab: Tab) -> None:
    """Let losses overflow above a rate of 50: as tanh saturates, no rate makes them."""

    def change(route: Route) -> None:
        text = route.fetch().text()
        old = "const loss = this.gradient(ix);"
        assert old in text
        new = "const loss = lr > 50 ? Infinity : this.gradient(ix);"
        route.fulfill(body=text.replace(old, new), content_type="text/javascript")

    tab.context.route("**/play/model.js", change)
