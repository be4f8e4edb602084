"""The trench figure, and what every figure that is played has in common."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, expect
from playwright.sync_api import Page as Tab

from publish.page.source import notes
from publish.project import ROOT
from publish.site.audit import violations

from .play.tabs import (
    PATIENCE,
    ended,
    layers,
    open_figure,
    overflow_above_50,
    press,
    said,
    training,
    type_in,
)

PLAY = ROOT / "docs" / "assets" / "play"
FIGURES = [note.slug for note in notes() if (PLAY / f"{note.slug}.js").exists()]
PUBLISHED = json.loads(
    (ROOT / "docs/published/lr-trench/one-run.json").read_text("utf-8")
)["series"]
TRENCH = "notes/lr-trench/"
PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1440, "height": 900}


def test_before_anything_is_run_it_shows_what_is_published(tab: Tab, address: str):
    open_figure(tab, address, TRENCH)
    each, smooth, rate = layers(tab)
    assert each["x"] == PUBLISHED["lre"]["values"]
    assert each["y"] == PUBLISHED["losses"]["values"]
    assert smooth["y"] == PUBLISHED["smooth"]["values"]
    assert smooth["x"] == PUBLISHED["lre"]["values"][50:950]
    assert rate["x"] == [pytest.approx(np.log10(0.3))]


def test_the_sweep_is_the_published_one_and_finds_the_trench(tab: Tab, address: str):
    open_figure(tab, address, TRENCH)
    text = press(tab, "Run the sweep")
    mine = next(layer for layer in layers(tab) if layer["color"] == 1)
    values = PUBLISHED["losses"]["values"]
    apart = np.abs(np.subtract(mine["y"], values))
    assert apart[:848].max() < 1e-9
    parted = int(np.argmax(apart > 1e-6))
    assert f"Up to step {parted} each loss is PyTorch's" in text
    # Its trench is the published smoothed line's, as that is read before they part.
    at = int(np.argmin(PUBLISHED["smooth"]["values"]))
    trench = 10 ** PUBLISHED["lre"]["values"][50 + at]
    assert float(text.split("about ")[1].split(",")[0]) == pytest.approx(trench, 0.01)
    assert tab.get_by_label("Learning rate", exact=True).input_value() in text


def test_a_rate_that_is_dragged_is_trained_at(tab: Tab, address: str):
    open_figure(tab, address, TRENCH)
    box = tab.locator(".play-stage svg[role=img]").first.bounding_box()
    assert box
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2)
    tab.mouse.up()
    rate = float(tab.get_by_label("Learning rate", exact=True).input_value())
    assert 0.03 < rate < 0.3
    text = press(tab, "Train at the rate")
    assert text.startswith(f"At a rate of {rate:g}, 500 steps end at ")
    type_in(tab, "Learning rate", "0.01")
    press(tab, "Train at the rate")
    _, dots = layers(tab, ".play > svg[role=img]")
    assert dots["x"] == [0.01, rate]
    assert dots["y"][0] > dots["y"][1] > 2
    assert f"end at {dots['y'][1]:.2f} nats" in text


def test_two_runs_that_differ_in_the_last_bit_part(tab: Tab, address: str):
    open_figure(tab, address, TRENCH)
    text = press(tab, "Run two, a last bit apart")
    step = int(text.split("together for ")[1].split()[0])
    assert 850 < step < 1000
    type_in(tab, "Sweep to 10 to the power of", "-2")
    assert "They stay together all the way." in press(tab, "Run two, a last bit apart")


@pytest.mark.parametrize(
    ("label", "typed", "sentence"),
    [
        ("Learning rate", "0", "Learning rate: give a number from 0.000001 to 100."),
        ("Learning rate", "1e6", "Learning rate: give a number from 0.000001 to 100."),
        ("Learning rate", "quick", "give a number"),
        ("Batch size", "1.5", "Batch size: give a whole number from 1 to 4096."),
        ("Steps", "", "Steps: give a whole number from 20 to 20000."),
        ("Seed", "-1", "Seed: give a whole number from 0 to 4294967295."),
    ],
)
def test_bad_input_gets_a_sentence_and_loses_nothing(
    tab: Tab, address: str, label: str, typed: str, sentence: str
):
    open_figure(tab, address, TRENCH)
    before = layers(tab)
    type_in(tab, label, typed)
    assert sentence in said(tab)
    field = tab.get_by_label(label, exact=True)
    assert field.input_value() == typed
    assert field.get_attribute("aria-invalid") == "true"
    tab.get_by_role("button", name="Run the sweep").click()
    expect(field).to_be_focused()
    assert layers(tab) == before


def test_a_run_that_overflows_says_so(tab: Tab, address: str):
    overflow_above_50(tab)
    open_figure(tab, address, TRENCH)
    type_in(tab, "Sweep to 10 to the power of", "3")
    text = press(tab, "Run the sweep")
    assert "the loss overflowed" in text
    assert "Sweep to a smaller exponent." in text
    type_in(tab, "Learning rate", "100")
    assert "the loss overflowed after" in press(tab, "Train at the rate")
    assert "NaN" not in tab.locator("article").inner_html()


def test_the_address_has_the_state_and_reset_takes_it_away(tab: Tab, address: str):
    open_figure(tab, address, TRENCH)
    type_in(tab, "Batch size", "64")
    type_in(tab, "Learning rate", "0.05")
    assert "batch=64" in tab.url
    assert "rate=0.05" in tab.url
    shared = tab.url
    tab.goto("about:blank")
    open_figure(tab, "", shared)
    assert tab.get_by_label("Batch size", exact=True).input_value() == "64"
    press(tab, "Reset")
    assert "?" not in tab.url
    assert tab.get_by_label("Batch size", exact=True).input_value() == "32"
    open_figure(tab, address, "notes/lr-trench/?batch=0&rate=0.2")
    assert "The address is wrong. Batch size: give a whole number" in said(tab)
    assert tab.get_by_label("Learning rate", exact=True).input_value() == "0.2"


def test_a_run_is_drawn_as_it_trains(browser: Browser, site: Path, address: str):
    page = browser.new_page(reduced_motion="no-preference")
    open_figure(page, address, TRENCH)
    type_in(page, "Steps", "2000")
    page.get_by_role("button", name="Run the sweep").click()
    drawn = """() => document.querySelector(".play-stage svg[role=img]")
      .drawing.layers.find(layer => layer.color === 1)?.y.length ?? 0"""
    page.wait_for_function(f"() => ({drawn})() > 0")
    assert page.evaluate(drawn) < 2000
    expect(page.locator(".play-said")).to_contain_text("The trench", timeout=PATIENCE)
    assert page.evaluate(drawn) == 2000
    page.close()


def test_stop_stops_at_once(tab: Tab, address: str):
    open_figure(tab, address, TRENCH)
    type_in(tab, "Steps", "20000")
    tab.get_by_role("button", name="Run the sweep").click()
    stop = tab.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_enabled()
    tab.wait_for_function("() => document.querySelector('.play-said').textContent")
    stop.click()
    assert said(tab) == "Stopped."
    assert ended(tab)
    # It can be run again.
    type_in(tab, "Steps", "100")
    assert "The trench" in press(tab, "Run the sweep")


def test_it_is_played_by_keyboard_alone(tab: Tab, address: str):
    open_figure(tab, address, TRENCH)
    type_in(tab, "Steps", "50")
    rate = tab.get_by_label("Learning rate", exact=True)
    rate.focus()
    rate.fill("0.2")
    tab.keyboard.press("Enter")  # runs the sweep
    expect(tab.locator(".play-said")).to_contain_text("The trench", timeout=PATIENCE)
    slider = tab.get_by_label("Learning rate, by slider")
    slider.focus()
    before = float(rate.input_value())
    for _ in range(5):
        tab.keyboard.press("ArrowRight")
    assert float(rate.input_value()) > before


@pytest.mark.parametrize("slug", FIGURES)
def test_nothing_is_fetched_before_the_figure_is_near(
    browser: Browser, site: Path, address: str, slug: str
):
    page = browser.new_page(viewport={"width": 390, "height": 300})
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    page.goto(f"{address}notes/{slug}/", wait_until="networkidle")
    assert not [url for url in asked if "/assets/play/" in url]
    assert training(page) == []
    page.locator(".play").first.scroll_into_view_if_needed()
    page.locator(".play-panel").wait_for()
    page.wait_for_load_state("networkidle")
    assert training(page) == [], "something runs before it is asked for"
    picture = page.locator(".figure.played")
    expect(picture).to_be_hidden()
    page.emulate_media(media="print")
    expect(picture).to_be_visible()
    expect(page.locator(".play-stage")).to_be_hidden()
    page.close()


@pytest.mark.parametrize("slug", FIGURES)
@pytest.mark.parametrize(
    ("viewport", "scheme"),
    [(PHONE, "dark"), (LAPTOP, "light")],
    ids=["phone", "laptop"],
)
def test_each_figure_is_accessible_and_fits(
    browser: Browser, site: Path, address: str, slug: str, viewport: Any, scheme: Any
):
    context = browser.new_context(
        viewport=viewport, color_scheme=scheme, reduced_motion="reduce"
    )
    tab = context.new_page()
    open_figure(tab, address, f"notes/{slug}/")
    for fold in tab.locator(".play-more summary").all():
        fold.click()
    assert violations(tab) == []
    for main in tab.locator(".play-buttons button.main").all():
        main.click()
        # As it trains, and after it: the page around stays as it is.
        assert violations(tab, ".play") == []
        main.and_(tab.locator(":enabled")).wait_for(timeout=PATIENCE)
        assert violations(tab, ".play") == []
    width = tab.evaluate("document.documentElement.scrollWidth")
    assert width <= viewport["width"]
    for control in tab.locator(".play :is(input, button, select, textarea)").all():
        box = control.bounding_box()
        assert box, "a control that cannot be seen"
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= viewport["width"]
    context.close()


def test_on_a_phone_a_finger_trains_and_finds_the_trench(
    browser: Browser, site: Path, address: str
):
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    tab = context.new_page()
    open_figure(tab, address, TRENCH)
    tab.get_by_role("button", name="Run the sweep").tap()
    expect(tab.locator(".play-said")).to_contain_text(
        "The trench: about", timeout=PATIENCE
    )
    rate = tab.get_by_label("Learning rate", exact=True)
    box = tab.get_by_label("Learning rate, by slider").bounding_box()
    assert box
    tab.touchscreen.tap(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    assert float(rate.input_value()) < 0.01
    tab.get_by_role("button", name="Train at the rate").tap()
    expect(tab.locator(".play-said")).to_contain_text(
        "500 steps end at", timeout=PATIENCE
    )
    context.close()


def test_without_scripts_the_published_figure_stands(
    browser: Browser, site: Path, address: str
):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + "notes/lr-trench/")
    assert page.locator(".figure").first.is_visible()
    assert not page.locator(".play").first.is_visible()
    context.close()


def test_leaving_the_page_ends_its_worker(tab: Tab, address: str):
    open_figure(tab, address, TRENCH)
    type_in(tab, "Steps", "20000")
    tab.get_by_role("button", name="Run the sweep").click()
    tab.wait_for_function("() => document.querySelector('.play-said').textContent")
    tab.locator(".md-footer__link--next").click()
    tab.wait_for_url("**/lr-decay/**")
    tab.wait_for_timeout(300)
    assert ended(tab)


def test_the_front_page_opens_with_the_trench_to_play(tab: Tab, address: str):
    open_figure(tab, address, "")
    assert "The trench: about" in press(tab, "Run the sweep")


def test_a_figure_that_cannot_be_fetched_leaves_the_picture(
    browser: Browser, site: Path, address: str
):
    page = browser.new_page()
    page.route("**/play/lr-trench.js", lambda route: route.abort())
    page.goto(address + "notes/lr-trench/")
    page.locator(".play").first.scroll_into_view_if_needed()
    expect(page.locator(".play")).to_contain_text("can't be played")
    assert page.locator(".figure").first.is_visible()
    page.close()


@pytest.mark.parametrize("missing", ["worker.js", "words.json"])
def test_what_cannot_be_fetched_is_told_and_can_be_tried_again(
    browser: Browser, site: Path, address: str, missing: str
):
    page = browser.new_page(reduced_motion="reduce")
    page.context.route(f"**/play/{missing}", lambda route: route.abort())
    open_figure(page, address, TRENCH)
    page.get_by_role("button", name="Run the sweep").click()
    expect(page.locator(".play-said")).to_contain_text("Press again")
    page.context.unroute(f"**/play/{missing}")
    type_in(page, "Steps", "50")
    assert "The trench" in press(page, "Run the sweep")
    page.close()


def test_a_link_to_a_place_on_the_page_keeps_the_run(tab: Tab, address: str):
    open_figure(tab, address, TRENCH)
    type_in(tab, "Steps", "50")
    press(tab, "Run the sweep")
    before = layers(tab)
    tab.locator(".md-sidebar--secondary a[href$='#measured']").click()
    tab.wait_for_url("**#measured")
    assert "steps=50" in tab.url
    assert layers(tab) == before


def test_all_scripts_of_a_figure_are_light():
    shared = ["chart", "data", "model", "panel", "random", "trainer", "worker"]
    sizes = {
        path.stem: len(gzip.compress(path.read_bytes())) for path in PLAY.glob("*.js")
    }
    common = sum(sizes[name] for name in shared)
    for slug in FIGURES:
        assert common + sizes[slug] < 60_000
