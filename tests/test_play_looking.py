"""Figures that are played to look inside: a cost, a loss, a dimension, a notebook."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from playwright.sync_api import Browser, Locator, expect
from playwright.sync_api import Page as Tab

from publish.project import ROOT

from .play.tabs import ended, layers, open_figure, press, said, type_in

ENTROPY = "notes/cross-entropy/"
LOSS = "notes/mle-loss/"
DIMENSION = "notes/batch-dimension/"
NOTEBOOKS = "notes/reproducible-init/"
CLOSE = 1e-9
NAMES = json.loads((ROOT / "docs/assets/play/words.json").read_text("utf-8"))
CHARS = [".", *sorted(set("".join(NAMES)))]
CENTRE = "box => box.scrollIntoView({block: 'center', behavior: 'instant'})"
CELLS = ".play svg.cells"


def published(slug: str, figure: str) -> dict[str, Any]:
    path = ROOT / "docs" / "published" / slug / f"{figure}.json"
    series = json.loads(path.read_text("utf-8"))["series"]
    return {name: about["values"] for name, about in series.items()}


def number(slug: str, name: str) -> float:
    path = ROOT / "docs" / "published" / slug / "numbers.json"
    return float(json.loads(path.read_text("utf-8"))["numbers"][name])


def printed(slug: str, cell: str) -> str:
    return (ROOT / "docs" / "published" / slug / f"{cell}.txt").read_text("utf-8")


def data() -> tuple[torch.Tensor, torch.Tensor]:
    rows = []
    for name in NAMES:
        ids = [CHARS.index(char) for char in f"...{name}."]
        rows += [ids[i : i + 4] for i in range(len(ids) - 3)]
    both = torch.tensor(rows)
    return both[:, :3], both[:, 3]


def start(seed: int) -> tuple[torch.Generator, list[torch.Tensor]]:
    g = torch.Generator().manual_seed(seed)
    shapes = [(len(CHARS), 10), (30, 200), (200,), (200, len(CHARS)), (len(CHARS),)]
    return g, [torch.randn(s, generator=g, dtype=torch.float64) for s in shapes]


def logits(params: list[torch.Tensor], X: torch.Tensor) -> torch.Tensor:
    C, W1, b1, W2, b2 = params
    return torch.tanh(C[X].flatten(1) @ W1 + b1) @ W2 + b2


def apart(ours: object, theirs: object) -> float:
    return float(np.abs(np.subtract(ours, theirs)).max())


def of(tab: Tab, kind: str, **wanted: object) -> dict[str, Any]:
    """The one layer of a kind."""
    found = [
        layer
        for layer in layers(tab)
        if layer["kind"] == kind and all(layer.get(k) == v for k, v in wanted.items())
    ]
    assert len(found) == 1, found
    return found[0]


def bars(tab: Tab) -> tuple[list[float], list[float]]:
    """Where both parts of the five bars end."""
    own, rest = (layer for layer in layers(tab) if layer["kind"] == "bars")
    return own["x"], rest["x"]


def drag(tab: Tab, box: Locator, *places: tuple[float, float]) -> None:
    """Drag over places in a box, as shares of its width and height."""
    box.evaluate(CENTRE)
    at = box.bounding_box()
    assert at
    (x, y), *rest = [
        (at["x"] + at["width"] * across, at["y"] + at["height"] * down)
        for across, down in places
    ]
    tab.mouse.move(x, y)
    tab.mouse.down()
    for place in rest:
        tab.mouse.move(*place, steps=4)
    tab.mouse.up()


# Cross-entropy


def after(char: str) -> np.ndarray[Any, Any]:
    """How often each character comes after one."""
    X, Y = data()
    followers = Y[X[:, 2] == CHARS.index(char)]
    return torch.bincount(followers, minlength=len(CHARS)).double().numpy()


def shares(tab: Tab) -> dict[str, float]:
    fields = tab.locator(".play-line label").all()
    return {f.inner_text(): float(f.locator("input").input_value()) for f in fields}


def test_the_four_published_bars_and_a_fifth(tab: Tab, address: str):
    open_figure(tab, address, ENTROPY)
    series = published("cross-entropy", "two-parts")
    own, ends = bars(tab)
    assert own == [series["H_p"]] * 5
    assert ends == [*series["H_pq"], series["H_pq"][0]]
    said_so = tab.locator(".play-stage svg").first.get_attribute("aria-label") or ""
    for name, cost in zip(series["names"], series["H_pq"], strict=True):
        assert (
            f"{name}: 1.46 + {cost - series['H_p']:.2f} = {cost:.2f} nats." in said_so
        )
    # Its own counts give the same numbers.
    tab.get_by_role("combobox", name="Your q").select_option("p itself")
    own, ends = bars(tab)
    assert apart(own, [series["H_p"]] * 5) < CLOSE
    assert apart(ends, [*series["H_pq"], series["H_p"]]) < CLOSE
    assert "Your q is p itself: no model costs less." in said(tab)
    assert shares(tab)["q(r)"] == pytest.approx(262 / 501, abs=1e-3)
    tab.get_by_label("Unit").select_option("bits")
    own, ends = bars(tab)
    assert apart(own, [series["H_p"] / math.log(2)] * 5) < CLOSE
    assert "2.11 bits" in said(tab)


def test_q_is_typed_dragged_and_moved_by_keys_and_sums_to_one(tab: Tab, address: str):
    open_figure(tab, address, ENTROPY)
    count = after("g")
    p = count / count.sum()
    type_in(tab, "q(r)", "0.5")
    q = np.full(30, 0.5 / 29)
    q[CHARS.index("r")] = 0.5
    some = p > 0
    cost = -(p * np.log(np.where(some, q, 1)))[some].sum()
    own, ends = bars(tab)
    assert abs(ends[4] - cost) < CLOSE
    assert own[4] == own[0]
    assert f"Your q costs {cost:.2f} nats" in said(tab)
    assert "so that q sums to one" in said(tab)
    assert sum(shares(tab).values()) == pytest.approx(1, abs=2e-3)
    slider = tab.get_by_label("q(h), by slider")
    drag(tab, slider, (0.1, 0.5), (0.3, 0.5), (0.5, 0.5))
    assert 0.25 < shares(tab)["q(h)"] < 0.35
    assert shares(tab)["q(r)"] < 0.4
    assert sum(shares(tab).values()) == pytest.approx(1, abs=2e-3)
    before = shares(tab)["q(h)"]
    slider.focus()
    for _ in range(10):
        tab.keyboard.press("ArrowLeft")
    assert shares(tab)["q(h)"] < before
    assert sum(shares(tab).values()) == pytest.approx(1, abs=2e-3)
    assert slider.get_attribute("aria-valuetext")
    assert tab.get_by_role("combobox", name="Your q").locator(
        "option:checked"
    ).inner_text() == ("given by hand")
    # The address has it, and gives it back.
    _, ends = bars(tab)
    open_figure(tab, "", tab.url.partition("#")[0])
    assert bars(tab)[1][4] == pytest.approx(ends[4], abs=1e-4)
    tab.get_by_role("button", name="Reset", exact=True).click()
    assert "?" not in tab.url
    assert bars(tab)[1][4] == pytest.approx(math.log(30))


def test_a_zero_costs_infinitely_much_and_says_so(tab: Tab, address: str):
    open_figure(tab, address, ENTROPY)
    type_in(tab, "q(h)", "0")
    assert "Your q costs infinitely much" in said(tab)
    assert "h (118 times)" in said(tab)
    assert np.isfinite(bars(tab)[1]).all()
    assert of(tab, "words", text="infinite")
    # A character that gets some again shares it with the rest as before.
    type_in(tab, "q(h)", "0.2")
    assert "infinitely" not in said(tab)
    type_in(tab, "q(r)", "1")
    assert "infinitely much" in said(tab)
    assert shares(tab)["q(r)"] == 1
    type_in(tab, "q(r)", "0.9")
    assert sum(shares(tab).values()) == pytest.approx(1, abs=2e-3)
    for typed in ("1.5", "-0.1", "half", ""):
        before = bars(tab)
        type_in(tab, "q(e)", typed)
        assert said(tab) == "q(e): give a number from 0 to 1."
        assert tab.get_by_label("q(e)", exact=True).input_value() == typed
        assert bars(tab) == before


def test_what_comes_after_another_character(tab: Tab, address: str):
    open_figure(tab, address, ENTROPY)
    tab.locator(".play-more summary").click()
    tab.get_by_label("What comes after").select_option("q")
    own, ends = bars(tab)
    assert own == [0] * 5  # only u follows
    assert abs(ends[0] - math.log(30)) < CLOSE
    assert ends[3] == 0
    assert next(iter(shares(tab))) == "q(u)"
    type_in(tab, "q(u)", "0.5")
    assert abs(bars(tab)[1][4] - math.log(2)) < CLOSE


# The loss in one line


def test_the_published_dots_and_their_mean(tab: Tab, address: str):
    open_figure(tab, address, LOSS)
    series = published("mle-loss", "curve")
    line, dots = of(tab, "line"), of(tab, "dots")
    assert line["x"] == series["line_p"]
    assert line["y"] == series["line_cost"]
    assert dots["x"] == series["dot_p"]
    assert apart(dots["y"], series["dot_cost"]) < 1e-13
    assert abs(of(tab, "level")["y"][0] - series["mean"]) < 1e-13
    words = [layer["text"] for layer in layers(tab) if layer["kind"] == "words"]
    assert words == [series["names"][i] for i in (0, 2, 18)]


def test_the_page_s_run_fills_in_prob(tab: Tab, address: str):
    open_figure(tab, address, LOSS)
    series = published("mle-loss", "curve")
    text = press(tab, "Train, and fill in prob")
    assert "This is the page's run" in text
    sliced = printed("mle-loss", "parts").splitlines()[1].split()[-1]
    assert f"The slice prob[:, Yb] would give {sliced}." in text
    dots = of(tab, "dots")
    assert apart(sorted(dots["x"]), series["dot_p"]) < CLOSE
    assert apart(sorted(dots["y"])[::-1], series["dot_cost"]) < CLOSE
    assert abs(of(tab, "level")["y"][0] - series["mean"]) < CLOSE
    grid = tab.locator(CELLS).evaluate(
        "svg => ({...svg.drawing, values: [...svg.drawing.values]})"
    )
    prob = np.reshape(grid["values"], (32, 30))
    assert apart(prob.sum(1), 1) < CLOSE
    # In each row the two index tensors pick one cell: what the dots show.
    rows, columns = zip(*grid["picked"], strict=True)
    assert rows == tuple(range(32))
    assert prob[list(rows), list(columns)].tolist() == dots["x"]
    # The batch of the last step, as PyTorch draws it after the parameters.
    X, Y = data()
    g, _ = start(0)
    for _ in range(500):
        ix = torch.randint(len(X), (32,), generator=g)
    assert list(columns) == Y[ix].tolist()
    # A row is picked in the grid, or typed.
    box = tab.locator(CELLS)
    at = box.bounding_box()
    assert at
    box.click(position={"x": at["width"] / 2, "y": 34 + (at["height"] - 36) * 5.5 / 32})
    assert tab.get_by_label("Row of prob", exact=True).input_value() == "5"
    type_in(tab, "Row of prob", "3")
    wanted = f"Yb[3] is {columns[3]}, the character {CHARS[columns[3]]}: "
    assert said(tab).startswith(f"{wanted}prob[3, {columns[3]}] gives p = ")


def test_a_dot_is_dragged_and_the_mean_follows(tab: Tab, address: str):
    open_figure(tab, address, LOSS)
    chart = tab.locator(".play-stage svg[role=img]").first
    before = of(tab, "dots")["x"]
    held = tab.locator(".play-stage .grip")
    box, ring = chart.bounding_box(), held.bounding_box()
    assert box
    assert ring
    place = (
        (ring["x"] + ring["width"] / 2 - box["x"]) / box["width"],
        (ring["y"] + ring["height"] / 2 - box["y"]) / box["height"],
    )
    drag(tab, chart, place, (0.2, 0.7), (0.5, 0.9))
    dots = of(tab, "dots")
    assert dots["x"][1:] == before[1:]
    p = dots["x"][0]
    assert 0.3 < p < 0.7
    assert dots["y"][0] == pytest.approx(-math.log(p))
    assert of(tab, "level")["y"][0] == pytest.approx(np.mean(dots["y"]))
    assert f"{np.mean(dots['y']):.2f} nats" in said(tab)
    assert float(tab.get_by_label("p of what came", exact=True).input_value()) == p
    # A press beside the curve moves nothing.
    drag(tab, chart, (0.8, 0.2), (0.5, 0.5))
    assert of(tab, "dots")["x"] == dots["x"]
    # By keyboard, and typed.
    tab.get_by_label("p of what came, by slider").focus()
    tab.keyboard.press("ArrowRight")
    assert of(tab, "dots")["x"][0] > p
    type_in(tab, "Row of prob", "18")
    assert said(tab).startswith("After lav came e, to which prob gives p = 0.655")
    type_in(tab, "p of what came", "0.1")
    assert of(tab, "dots")["x"][18] == 0.1
    assert "p=0.1" in tab.url
    open_figure(tab, "", tab.url.partition("#")[0])
    assert of(tab, "dots")["x"][18] == 0.1
    tab.get_by_role("button", name="Reset", exact=True).click()
    assert of(tab, "dots")["x"] == before
    assert "?" not in tab.url


def test_a_finger_drags_the_ring_and_the_page_stays(
    browser: Browser, site: object, address: str
):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True
    )
    tab = context.new_page()
    open_figure(tab, address, LOSS)
    tab.locator(".play-stage svg[role=img]").evaluate(CENTRE)
    ring = tab.locator(".play-stage .grip").bounding_box()
    assert ring
    x, y = ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2
    scrolled = tab.evaluate("scrollY")
    touch = context.new_cdp_session(tab)

    def finger(kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": left, "y": top} for left, top in points]
        about = {"type": kind, "touchPoints": touches}
        touch.send("Input.dispatchTouchEvent", about)

    finger("touchStart", (x, y))
    for i in range(1, 11):
        finger("touchMove", (x, y + 5 * i))
    finger("touchEnd")
    assert of(tab, "dots")["x"][0] > 1e-6
    assert tab.evaluate("scrollY") == scrolled
    context.close()


def test_a_probability_of_zero_and_one_too_small_to_store(tab: Tab, address: str):
    open_figure(tab, address, LOSS)
    type_in(tab, "p of what came", "0")
    assert "costs infinitely much" in said(tab)
    assert "The loss, the mean of all 32: infinite." in said(tab)
    described = tab.locator(".play-stage svg").first.get_attribute("aria-label") or ""
    assert "The loss is infinite." in described
    type_in(tab, "p of what came", "2")
    assert said(tab) == "p of what came: give a number from 0 to 1."
    tab.get_by_role("button", name="Train, and fill in prob").click()
    expect(tab.get_by_label("p of what came", exact=True)).to_be_focused()
    type_in(tab, "p of what came", "0.5")
    type_in(tab, "Learning rate", "1e6")
    type_in(tab, "Steps", "20")
    text = press(tab, "Train, and fill in prob")
    assert "are too small to store" in text or "overflowed" in text
    assert "NaN" not in tab.locator(".play").inner_html()
    assert "NaN" not in tab.locator(".play-stage").inner_html()


def test_the_loss_s_run_stops_at_once(tab: Tab, address: str):
    open_figure(tab, address, LOSS)
    before = of(tab, "dots")
    type_in(tab, "Steps", "20000")
    tab.get_by_role("button", name="Train, and fill in prob").click()
    stop = tab.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_enabled()
    stop.click()
    assert said(tab) == "Stopped."
    assert ended(tab)
    assert of(tab, "dots") == before
    type_in(tab, "Steps", "30")
    type_in(tab, "Batch size", "40")
    assert "The loss of the last batch is" in press(tab, "Train, and fill in prob")
    assert len(of(tab, "dots")["x"]) == 40


# The dimension of the examples


def sizes(tab: Tab) -> list[str]:
    """The sizes written over the boxes, in turn."""
    return [
        layer["text"]
        for layer in layers(tab)
        if layer["kind"] == "words" and layer["text"].replace(",", "").isdigit()
    ]


def versions(z: torch.Tensor, y: torch.Tensor) -> dict[str, torch.Tensor]:
    """The losses of each example, as the page works them out."""
    exps, rows = z.exp(), torch.arange(len(y))
    probs = {
        "right": exps / exps.sum(1, keepdim=True),
        "dim 0": exps / exps.sum(0, keepdim=True),
        "no keepdim": exps / exps.sum(1),
    }
    return {name: -prob[rows, y].log() for name, prob in probs.items()}


def test_the_published_shapes_and_another_batch_size(tab: Tab, address: str):
    open_figure(tab, address, DIMENSION)
    table = published("batch-dimension", "shapes")["sizes"]
    wanted = [f"{size:,}" for row in table for size in row if size]
    assert sizes(tab) == wanted
    boxes = [layer for layer in layers(tab) if layer["kind"] == "bars"]
    assert [len(layer["x"]) for layer in boxes] == [5, 5]
    type_in(tab, "Batch size", "32")
    assert sizes(tab) == [size.replace("10,705", "32") for size in wanted]
    shapes = printed("batch-dimension", "shapes").replace("10705", "32").split("\n")
    for name, shape in zip(
        published("batch-dimension", "shapes")["names"], shapes, strict=False
    ):
        assert f"{name} {shape}" in said(tab)
    slider = tab.get_by_label("Batch size, by slider")
    slider.focus()
    tab.keyboard.press("End")
    assert sizes(tab) == wanted
    tab.keyboard.press("Home")
    assert sizes(tab)[0] == "1"
    for typed in ("0", "10706", "2.5", "all"):
        type_in(tab, "Batch size", typed)
        expected = "Batch size: give a whole number from 1 to 10705."
        assert said(tab) == expected
    tab.get_by_role("button", name="Reset", exact=True).click()
    assert sizes(tab) == wanted
    assert ended(tab)


def test_each_bug_mixes_the_examples_as_pytorch_says(tab: Tab, address: str):
    open_figure(tab, address, DIMENSION)
    X, Y = data()
    g, params = start(0)
    ix = torch.randint(len(X), (len(CHARS),), generator=g)
    z, y = logits(params, X[ix]), Y[ix]
    means = dict(
        line.split("(30,), mean")
        for line in printed("batch-dimension", "two-bugs").splitlines()
    )
    means = {name.strip(): mean.strip() for name, mean in means.items()}
    press(tab, "Take 30 examples")
    for version, losses in versions(z, y).items():
        tab.get_by_label("Softmax").select_option(version)
        jacobian = torch.autograd.functional.jacobian(
            lambda z, version=version: versions(z, y)[version], z
        )
        wanted = jacobian.abs().amax(2).numpy()  # (30, 30)
        values = tab.locator(CELLS).evaluate("svg => [...svg.drawing.values]")
        found = np.reshape(values, (30, 30))
        assert apart(found, wanted) < CLOSE
        assert ((found > 0) == (wanted > 0)).all()
        shown = f"{losses.mean():.2f} nats"
        assert shown in said(tab)
        assert means[version] in f"{losses.mean():.1f}"
        if version != "right":
            assert f"the true one {versions(z, y)['right'].mean():.2f} nats" in said(
                tab
            )
            assert "Each loss depends on other examples' logits, too" in said(tab)


def test_other_batch_sizes_and_the_error_that_pytorch_raises(tab: Tab, address: str):
    open_figure(tab, address, DIMENSION)
    type_in(tab, "Batch size", "32")
    tab.get_by_label("Softmax").select_option("no keepdim")
    text = press(tab, "Send a batch through")
    assert "PyTorch raises an error" in text
    assert "Take 30 examples" in text
    tab.get_by_label("Softmax").select_option("dim 0")
    assert "The shapes are right." in said(tab)
    type_in(tab, "Batch size", "1")
    text = press(tab, "Send a batch through")
    assert "shown is 0.00 nats" in text
    values = tab.locator(CELLS).evaluate("svg => [...svg.drawing.values]")
    assert values == [0]
    tab.get_by_label("Softmax").select_option("no keepdim")
    assert "the bug does no harm" in said(tab)
    tab.get_by_role("button", name="Reset", exact=True).click()
    # All examples at once: the mean loss before training.
    text = press(tab, "Send a batch through")
    X, Y = data()
    loss = F.cross_entropy(logits(start(0)[1], X), Y)
    assert f"The loss is {loss:.2f} nats." in text
    tab.get_by_role("button", name="Send a batch through").click()
    tab.get_by_role("button", name="Stop", exact=True).click()
    assert said(tab) == "Stopped." or "The loss is" in said(tab)


# Notebooks


def cell(tab: Tab, what: str, notebook: int) -> Locator:
    """The Run button of a cell."""
    name = f"Run {what} in Notebook {notebook}"
    return tab.get_by_role("button", name=name, exact=True)


def run(tab: Tab, what: str, notebook: int) -> str:
    """Run a cell: its number and its output."""
    button = cell(tab, what, notebook)
    part = tab.locator(".play-cell").filter(has=button)
    before = part.locator("span").inner_text()
    button.click()
    expect(part.locator("span")).not_to_have_text(before, timeout=30_000)
    expect(part.locator("span")).not_to_have_text("[*]", timeout=30_000)
    output = part.locator("output")
    return f"{part.locator('span').inner_text()} {output.text_content()}"


def mine(tab: Tab, notebook: int) -> list[float]:
    return list(of(tab, "dots", label=f"your notebook {notebook}")["y"])


def memory(tab: Tab, notebook: int) -> str:
    return tab.locator(".play-memory").nth(notebook - 1).inner_text()


def trained(seed: int, runs: int, *, seeded: bool = False) -> list[float]:
    """The losses on all names after runs of the page's training cell, by PyTorch."""
    X, Y = data()
    g, params = start(seed)
    for p in params:
        p.requires_grad_()
    losses = []
    for _ in range(runs):
        if seeded:
            g = torch.Generator().manual_seed(seed)
        for _ in range(50):
            ix = torch.randint(len(X), (32,), generator=g)
            loss = F.cross_entropy(logits(params, X[ix]), Y[ix])
            grads = torch.autograd.grad(loss, params)
            with torch.no_grad():
                for p, grad in zip(params, grads, strict=True):
                    p -= 0.1 * grad
        losses.append(F.cross_entropy(logits(params, X), Y).item())
    return losses


def test_the_published_reruns(tab: Tab, address: str):
    open_figure(tab, address, NOTEBOOKS)
    series = published("reproducible-init", "reruns")
    for name, color in (("together", 1), ("reseeded", 2), ("separate", 0)):
        assert of(tab, "line", color=color)["y"] == series[f"{name}_mid"]
        assert of(tab, "band", color=color)["y"] == series[f"{name}_high"]
    assert ended(tab)


def test_a_cell_of_its_own_goes_on_as_the_page_s_does(tab: Tab, address: str):
    open_figure(tab, address, NOTEBOOKS)
    line = printed("reproducible-init", "train").strip()
    assert run(tab, "the first cell", 1) == "[1] "
    assert run(tab, "the training cell", 1) == f"[2] {line}"
    assert run(tab, "the training cell", 1)[:3] == "[3]"
    assert apart(mine(tab, 1), trained(1, 2)) < CLOSE
    assert abs(mine(tab, 1)[0] - number("reproducible-init", "on_screen")) < CLOSE
    # Out of order: the screen shows a model that is gone.
    assert run(tab, "the first cell", 1) == "[4] "
    screen, gone = mine(tab, 1)[1], number("reproducible-init", "in_memory")
    assert memory(tab, 1) == (
        f"On the screen: {screen:.2f} nats. In memory: a model at {gone:.2f} nats."
    )
    # In one cell with it, every run starts again.
    together = printed("reproducible-init", "together").strip()
    assert run(tab, "the cell", 2) == f"[1] {together}"
    assert run(tab, "the cell", 2) == f"[2] {together}"
    assert mine(tab, 2)[0] == mine(tab, 2)[1] == mine(tab, 1)[0]


def test_the_training_cell_before_the_first(tab: Tab, address: str):
    open_figure(tab, address, NOTEBOOKS)
    error = "NameError: name 'g' is not defined"
    assert run(tab, "the training cell", 1) == f"[1] Cell In[1], line 3\n{error}"
    assert error in said(tab)
    assert memory(tab, 1) == "In memory: no model."
    tab.locator(".play-more summary").click()
    tab.get_by_label("Seed the batches in notebook 1's training cell").check()
    output = run(tab, "the training cell", 1)
    assert output == "[2] Cell In[2], line 5\nNameError: name 'params' is not defined"
    run(tab, "the first cell", 1)
    for _ in range(2):
        run(tab, "the training cell", 1)
    assert apart(mine(tab, 1), trained(1, 2, seeded=True)) < CLOSE


def test_restart_and_run_all(tab: Tab, address: str):
    open_figure(tab, address, NOTEBOOKS)
    run_all = tab.get_by_role("button", name="Restart and run all: Notebook 1")
    run_all.focus()
    tab.keyboard.press("Enter")
    numbers = tab.locator("section[aria-label='Notebook 1'] .play-cell span")
    expect(numbers.nth(1)).to_have_text("[2]", timeout=30_000)
    assert numbers.all_inner_texts() == ["[1]", "[2]"]
    first = mine(tab, 1)
    # A new kernel knows nothing, and the screen keeps what it shows.
    tab.get_by_role("button", name="Restart Notebook 1", exact=True).click()
    assert numbers.all_inner_texts() == ["[1]", "[2]"]
    assert memory(tab, 1).endswith("In memory: no model.")
    assert "NameError" in run(tab, "the training cell", 1)
    run_all.click()
    expect(numbers.nth(1)).to_have_text("[2]", timeout=30_000)
    assert mine(tab, 1) == first
    press(tab, "Reset")
    assert numbers.all_inner_texts() == ["[ ]", "[ ]"]
    assert ended(tab)


def test_a_notebook_s_settings_its_bad_input_and_stop(tab: Tab, address: str):
    open_figure(tab, address, NOTEBOOKS)
    type_in(tab, "Learning rate", "fast")
    assert "Learning rate: give a number" in said(tab)
    cell(tab, "the first cell", 1).click()
    expect(tab.get_by_label("Learning rate", exact=True)).to_be_focused()
    assert ended(tab)
    type_in(tab, "Learning rate", "0.05")
    type_in(tab, "Seed", "7")
    type_in(tab, "Steps in a run", "20000")
    shown = tab.locator(".play-cell code").all_inner_texts()
    assert "manual_seed(7)" in shown[0]
    assert "lr = 0.05" in shown[1]
    assert "range(20000)" in shown[1]
    assert "lr=0.05" in tab.url
    run(tab, "the first cell", 1)
    cell(tab, "the training cell", 1).click()
    press(tab, "Stop")
    assert said(tab).startswith("Stopped, and the kernel with it")
    assert ended(tab)
    type_in(tab, "Steps in a run", "20")
    type_in(tab, "Learning rate", "1e6")
    output = run(tab, "the cell", 2)
    assert "loss on all names" in output or "overflowed" in output
    assert "NaN" not in tab.locator(".play-stage").inner_html()
