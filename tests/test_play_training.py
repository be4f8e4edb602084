"""The figures of training: a cut of the rate, the bounce, the mini-batch gradients."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from publish.project import ROOT

from .play.tabs import (
    PATIENCE,
    ended,
    layers,
    open_figure,
    overflow_above_50,
    press,
    said,
    type_in,
)

DECAY = "notes/lr-decay/"
NOISE = "notes/mini-batch-noise/"
GRADIENT = "notes/mini-batch-gradient/"
SMALL = ".play > svg[role=img]"
ROUNDING = 1e-9
SIZES = [8, 32, 256]


def published(slug: str, name: str) -> Any:
    path = ROOT / "docs" / "published" / slug / name
    return json.loads(path.read_text("utf-8"))


SMOOTH = published("lr-decay", "one-run.json")["series"]["smooth"]
HELD = published("mini-batch-noise", "held.json")["series"]
NUMBERS = published("mini-batch-noise", "numbers.json")["numbers"]
CLOUD = published("mini-batch-gradient", "cloud.json")["series"]


def labelled(found: list[dict[str, Any]], text: str) -> dict[str, Any]:
    """The layer whose entry in the key has a text."""
    return next(layer for layer in found if text in (layer.get("label") or ""))


def apart(ours: list[float], theirs: list[float]) -> float:
    return float(np.abs(np.subtract(ours, theirs)).max())


def shows_no_number(tab: Tab) -> bool:
    charts = tab.locator("svg[role=img]").all()
    texts = [chart.get_attribute("aria-label") or "" for chart in charts]
    return "NaN" in " ".join([*texts, tab.locator("article").inner_text()])


def stop_a_long_run(tab: Tab, button: str) -> None:
    tab.get_by_role("button", name=button, exact=True).click()
    stop = tab.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_enabled()
    stop.click()
    assert said(tab) == "Stopped."
    expect(stop).to_be_disabled()
    assert ended(tab)


@pytest.fixture
def overflowing(tab: Tab) -> Tab:
    """A tab in which losses overflow above a rate of 50, as no rate makes them do."""
    overflow_above_50(tab)
    return tab


# The learning rate, cut.


def test_the_cut_is_first_shown_as_published(tab: Tab, address: str):
    open_figure(tab, address, DECAY)
    line, cut, words = layers(tab)
    assert line["y"] == SMOOTH["values"]
    assert line["x"] == list(range(10, 1000, 20))
    assert cut["x"] == [800]
    assert words["text"] == "the rate is cut"


def test_the_run_with_a_cut_is_the_published_one(tab: Tab, address: str):
    open_figure(tab, address, DECAY)
    text = press(tab, "Run")
    found = layers(tab)
    old, low = (labelled(found, part) for part in ("at 0.2", "cut to 0.02"))
    assert old["x"][-1] == low["x"][-1] == 990
    mine = [*old["y"][:40], *low["y"][-10:]]
    # The published means are in float32; later, rounding grows at this rate.
    assert apart(mine[:20], SMOOTH["values"][:20]) < 1e-5
    tolerance = [value for times, value in SMOOTH["tolerance"] for _ in range(times)]
    assert (np.abs(np.subtract(mine, SMOOTH["values"])) <= tolerance).all()
    parted = re.search(r"Up to step (\d+) each mean", text)
    assert int(parted[1]) >= 400 if parted else "Each mean is the published" in text
    gain = labelled(layers(tab, SMALL), "cut at 800: now")
    assert gain["x"] == [800, 850, 900, 950, 1000]
    assert gain["y"][0] == 0
    ends = re.search(r"is (\S+) nats, and (\S+) at the old rate.* brings (\S+)\.", text)
    assert ends
    now, kept, brought = (float(number.rstrip(".")) for number in ends.groups())
    assert brought == pytest.approx(gain["y"][-1], abs=0.006)
    assert kept - now == pytest.approx(brought, abs=0.011)


def test_a_cut_can_come_too_early(tab: Tab, address: str):
    open_figure(tab, address, DECAY)
    press(tab, "Run")
    type_in(tab, "Cut at step", "200")
    text = press(tab, "Run")
    gain = labelled(layers(tab, SMALL), "cut at 200: now")
    assert max(gain["y"]) > 0.2
    assert gain["y"][-1] < -0.2
    assert (
        f"in the end the cut at step 200 costs {-gain['y'][-1]:.2f}. It came too early."
        in text
    )
    assert f"brought {max(gain['y']):.2f} nats by step" in text
    assert "Of your 2 cuts, that at step 800 ends lowest." in text
    # The fork alone: nothing is left of its beginning.
    tab.get_by_role("combobox", name="Show").select_option("the fork")
    assert min(x for layer in layers(tab) for x in layer["x"]) >= 100


def test_a_cut_during_a_live_run_is_the_same_cut(tab: Tab, address: str):
    open_figure(tab, address, f"{DECAY}?steps=400&pace=400")
    tab.get_by_role("button", name="Run live", exact=True).click()
    cut = tab.get_by_role("button", name="Cut to a tenth now")
    expect(cut).to_be_enabled()
    tab.wait_for_function(
        "() => document.querySelector('.play-stage svg').drawing.layers.length > 1"
    )
    cut.focus()
    tab.keyboard.press("Enter")
    expect(tab.locator(".play-said")).to_contain_text("Cut at step")
    step = tab.locator(".play-said").inner_text().split("step ")[1].split(".")[0]
    stop = tab.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_disabled(timeout=PATIENCE)
    live, by_hand = said(tab), layers(tab)
    assert tab.get_by_label("Cut at step", exact=True).input_value() == step
    assert f"cut at step {step}" in live
    # The step that was typed by the press of the button gives the very same run.
    assert press(tab, "Run") == live
    assert layers(tab) == by_hand


def test_a_cut_is_dragged_and_run_by_keyboard(tab: Tab, address: str):
    open_figure(tab, address, f"{DECAY}?steps=100&cut=50")
    chart = tab.locator(".play-stage svg[role=img]")
    chart.click(position={"x": 160, "y": 250})
    field = tab.get_by_label("Cut at step", exact=True)
    assert 150 < int(field.input_value()) < 300
    assert "Cut before the run ends: give a step below 100." in press(tab, "Run")
    field.fill("60")
    field.press("Enter")
    expect(tab.locator(".play-said")).to_contain_text("At step 100", timeout=PATIENCE)
    press(tab, "Reset")
    assert field.input_value() == "800"
    assert [layer["x"] for layer in layers(tab)][1] == [800]
    assert "?" not in tab.url
    assert tab.locator(SMALL).is_hidden()


def test_a_cut_run_that_overflows_or_is_stopped_says_so(overflowing: Tab, address: str):
    open_figure(overflowing, address, f"{DECAY}?rate=60&divisor=100&steps=20&cut=10")
    assert "At a rate of 60 the loss overflowed after 1 step" in press(
        overflowing, "Run"
    )
    type_in(overflowing, "Learning rate", "0.6")
    type_in(overflowing, "Divide it by", "0.01")
    assert "overflowed after 11 steps" in press(overflowing, "Run")
    assert not shows_no_number(overflowing)
    type_in(overflowing, "Steps", "20000")
    stop_a_long_run(overflowing, "Run live")
    stop_a_long_run(overflowing, "Run")


# The bounce.


def test_the_bounce_is_first_shown_as_published(tab: Tab, address: str):
    open_figure(tab, address, NOISE)
    learning, held = layers(tab)
    assert learning["x"] == list(range(60, 150))
    assert learning["y"] == HELD["losses"]["values"][60:]
    assert held["x"] == list(range(100, 150))
    assert held["y"] == HELD["held_losses"]["values"]


def test_the_bounce_s_run_is_the_published_one(tab: Tab, address: str):
    open_figure(tab, address, NOISE)
    text = press(tab, "Run")
    learning, held = layers(tab)
    assert apart(learning["y"], HELD["losses"]["values"][60:]) < ROUNDING
    assert apart(held["y"], HELD["held_losses"]["values"]) < ROUNDING
    assert "Each loss is PyTorch's, but for rounding." in text
    assert f"{NUMBERS['alike']} of {NUMBERS['n_changes']} changes" in text
    found = layers(tab, SMALL)
    for label, name in {"held": "bounce_held", "learning": "bounce_learning"}.items():
        point = labelled(found, label)
        assert point["x"] == [32]
        assert point["y"] == [pytest.approx(NUMBERS[name], abs=ROUNDING)]
        assert f"{NUMBERS[name]:.2f}" in text
    law = labelled(found, "theory")
    assert law["y"][0] == pytest.approx(100 * law["y"][1])
    # By the law, from all examples: what 49 changes measure lies near it.
    assert law["y"][0] / 32**0.5 == pytest.approx(NUMBERS["bounce_held"], rel=0.3)


def test_the_bounce_goes_by_the_law_while_the_parameters_are_held(
    tab: Tab, address: str
):
    open_figure(tab, address, f"{NOISE}?pace=1000")
    hold = tab.get_by_label("Hold the parameters")
    hold.focus()
    tab.keyboard.press("Space")
    assert "Press Go on, live" in said(tab)
    tab.get_by_role("button", name="Go on, live").click()
    for batch in (32, 8, 128):
        type_in(tab, "Batch size", str(batch))
        expect(tab.locator(".play-said")).to_contain_text(
            f"Batch {batch}, held", timeout=PATIENCE
        )
        numbers = re.findall(r"(\d+\.\d+)", said(tab))
        bounce, law = (float(number) for number in numbers)
        assert bounce == pytest.approx(law, rel=0.35)
    held = labelled(layers(tab, SMALL), "held")
    assert sorted(held["x"]) == [8, 32, 128]
    press(tab, "Stop")
    assert ended(tab)
    # What is held is dashed, and each change of the batch size is marked.
    assert all(
        layer.get("dashed")
        for layer in layers(tab)
        if layer["kind"] == "line" and layer["x"][0] > 150
    )


def test_the_same_batch_again_does_not_bounce(tab: Tab, address: str):
    open_figure(tab, address, f"{NOISE}?pace=500&rate=0.02")
    tab.get_by_role("button", name="Go on, live").click()
    expect(tab.locator(".play-said")).not_to_contain_text("Training")
    tab.get_by_label("Same batch again").check()
    expect(tab.locator(".play-said")).to_contain_text(
        "steps lower its loss", timeout=PATIENCE
    )
    downs, steps = map(int, re.findall(r"(\d+) of (\d+) steps", said(tab))[0])
    assert downs == steps
    tab.get_by_label("Hold the parameters").check()
    expect(tab.locator(".play-said")).to_contain_text(
        "the loss stays as it is", timeout=PATIENCE
    )
    press(tab, "Stop")
    last = [layer for layer in layers(tab) if layer["kind"] == "line"][-1]
    assert len(set(last["y"][1:])) == 1
    press(tab, "Reset")
    assert layers(tab)[0]["y"] == HELD["losses"]["values"][60:]
    assert not tab.get_by_label("Hold the parameters").is_checked()
    assert "?" not in tab.url


@pytest.mark.parametrize(
    ("label", "typed", "sentence"),
    [
        ("Batch size", "0", "Batch size: give a whole number from 1 to 10000."),
        ("Batch size", "many", "Batch size: give a whole number"),
        ("Learning rate", "-1", "Learning rate: give a number from 0.000001 to 100."),
        ("Hold a copy from step", "150", "Hold the copy before the run ends: give a"),
    ],
)
def test_a_wrong_setting_of_the_bounce_gets_a_sentence(
    tab: Tab, address: str, label: str, typed: str, sentence: str
):
    open_figure(tab, address, NOISE)
    type_in(tab, label, typed)
    before = layers(tab)
    assert sentence in press(tab, "Run")
    assert tab.get_by_label(label, exact=True).input_value() == typed
    assert layers(tab) == before


def test_a_bounce_that_overflows_or_is_stopped_says_so(overflowing: Tab, address: str):
    open_figure(overflowing, address, f"{NOISE}?rate=60")
    for button in ("Run", "Go on, live"):
        text = press(overflowing, button)
        assert "At a rate of 60 the loss overflowed after 1 step" in text
    assert not shows_no_number(overflowing)
    type_in(overflowing, "Learning rate", "0.1")
    overflowing.get_by_role("button", name="Go on, live").click()
    expect(overflowing.locator(".play-said")).to_contain_text("Going on")
    type_in(overflowing, "Learning rate", "70")
    expect(overflowing.locator(".play-said")).to_contain_text("At a rate of 70")
    assert not shows_no_number(overflowing)
    type_in(overflowing, "Learning rate", "0.1")
    stop_a_long_run(overflowing, "Go on, live")


# The mini-batch gradients.


def clouds(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {layer["label"]: layer for layer in found if layer["kind"] == "dots"}


def test_the_clouds_are_first_shown_as_published(tab: Tab, address: str):
    open_figure(tab, address, GRADIENT)
    found = clouds(layers(tab))
    assert list(found) == [f"batch {size}" for size in SIZES]
    assert [cloud["x"] for cloud in found.values()] == CLOUD["aside"]["values"]
    assert [cloud["y"] for cloud in found.values()] == CLOUD["along"]["values"]


def test_the_clouds_that_the_browser_draws_are_the_published_ones(
    tab: Tab, address: str
):
    open_figure(tab, address, GRADIENT)
    text = press(tab, "Draw the clouds")
    for i, cloud in enumerate(clouds(layers(tab)).values()):
        assert apart(cloud["x"], CLOUD["aside"]["values"][i]) < ROUNDING
        assert apart(cloud["y"], CLOUD["along"]["values"][i]) < ROUNDING
        aside = np.mean(CLOUD["aside"]["values"][i])
        assert f"Batch {SIZES[i]}: {aside:.2f} to the side on average" in text
    assert "Each dot is PyTorch's, but for rounding." in text
    # Angles are true: both axes have the same unit.
    width, height, x, y = tab.locator(".play-stage svg[role=img]").evaluate(
        "({ drawing: { x, y }, viewBox: { baseVal: box } }) =>"
        " [box.width, box.height, x.to - x.from, y.to - y.from]"
    )
    assert (width - 56) / x == pytest.approx((height - 50) / y)


def test_the_reader_s_cloud_follows_the_batch_size(tab: Tab, address: str):
    open_figure(tab, address, GRADIENT)
    type_in(tab, "Batch size", "8")
    expect(tab.locator(".play-said")).to_contain_text("Batch 8:", timeout=PATIENCE)
    # The first that are drawn after the parameters, as the page's own of this size are.
    own = clouds(layers(tab))["yours, batch 8"]
    assert apart(own["x"], CLOUD["aside"]["values"][0]) < ROUNDING
    assert apart(own["y"], CLOUD["along"]["values"][0]) < ROUNDING
    # A newer wish ends an older one.
    slider = tab.get_by_label("Batch size, by slider")
    slider.focus()
    for _ in range(60):
        tab.keyboard.press("ArrowRight")
    batch = int(tab.get_by_label("Batch size", exact=True).input_value())
    assert batch > 15
    expect(tab.locator(".play-said")).to_contain_text(
        f"Batch {batch}:", timeout=PATIENCE
    )
    found = clouds(layers(tab))
    assert list(found)[3:] == [f"yours, batch {batch}"]
    assert len(found[f"yours, batch {batch}"]["x"]) == 40
    aside = np.mean(found[f"yours, batch {batch}"]["x"])
    expected = np.mean(CLOUD["aside"]["values"][0]) * (8 / batch) ** 0.5
    assert aside == pytest.approx(expected, rel=0.1)


def test_two_walks_end_nearly_alike_at_very_different_cost(tab: Tab, address: str):
    open_figure(tab, address, GRADIENT)
    text = press(tab, "Walk both ways")
    full, mini = clouds(layers(tab, SMALL)).values()
    assert full["x"] == mini["x"] == list(range(0, 33, 2))
    assert full["y"][0] == mini["y"][0]
    # The page trains on all examples from the same start.
    printed = (ROOT / "docs/published/mini-batch-gradient/runs.txt").read_text("utf-8")
    end = printed.split()[-1]
    assert f"{full['y'][-1]:.2f}" == end
    assert f"On all examples they end at {end}, after 342,560: 83.6 times" in text
    assert f"batches of 128 end at {mini['y'][-1]:.2f} nats, after 4,096" in text
    assert mini["y"][-1] == pytest.approx(full["y"][-1], rel=0.1)
    assert "342,560" in full["label"]
    assert "4,096" in mini["label"]
    tab.locator(".play-more summary").click()
    tab.get_by_label("Draw the walk against").select_option("examples")
    full, mini = clouds(layers(tab, SMALL)).values()
    assert full["x"] == [step * 10705 for step in range(2, 33, 2)]
    assert mini["x"] == [step * 128 for step in range(2, 33, 2)]


def test_later_a_mini_batch_is_farther_off(tab: Tab, address: str):
    open_figure(tab, address, f"{GRADIENT}?before=200&draws=10&seed=5")
    text = press(tab, "Draw the clouds")
    assert "PyTorch" not in text
    for i, cloud in enumerate(clouds(layers(tab)).values()):
        assert len(cloud["x"]) == 10
        assert np.mean(cloud["x"]) > 1.3 * np.mean(CLOUD["aside"]["values"][i])


def test_a_wrong_batch_size_for_a_cloud_gets_a_sentence(tab: Tab, address: str):
    open_figure(tab, address, GRADIENT)
    before = layers(tab)
    type_in(tab, "Batch size", "1.5")
    assert "Batch size: give a whole number from 1 to 10000." in said(tab)
    tab.get_by_role("button", name="Draw the clouds").click()
    field = tab.get_by_label("Batch size", exact=True)
    expect(field).to_be_focused()
    assert field.input_value() == "1.5"
    assert layers(tab) == before
    assert ended(tab)


def test_a_walk_that_overflows_or_is_stopped_says_so(overflowing: Tab, address: str):
    open_figure(overflowing, address, f"{GRADIENT}?rate=60&steps=4&batch=8")
    text = press(overflowing, "Walk both ways")
    assert "At a rate of 60 the loss overflowed in the walk on batches of 8" in text
    assert not shows_no_number(overflowing)
    type_in(overflowing, "Train first, steps", "5")
    text = press(overflowing, "Draw the clouds")
    assert "overflowed in the training before" in text
    type_in(overflowing, "Learning rate", "0.1")
    for button in ("Draw the clouds", "Walk both ways"):
        stop_a_long_run(overflowing, button)
    press(overflowing, "Reset")
    found = clouds(layers(overflowing))
    assert [cloud["x"] for cloud in found.values()] == CLOUD["aside"]["values"]
    assert overflowing.locator(SMALL).is_hidden()
