"""A figure that changed is told from one that did not, and how is said."""

import itertools
import re

import matplotlib.legend
import numpy as np
import pytest

from publish import figures, tolerance
from publish.pages import Cell, PageError

CODE = """\
fig, ax = plt.subplots()
ax.plot(steps, loss, label="loss")
ax.set_title("It falls")
ax.set_xlabel("step")
ax.set_ylabel("loss (nats)")
"""
DATA = {"steps": np.arange(4), "loss": np.array([3.0, 2.0, np.nan, 1.5])}


def cell(code: str = CODE) -> Cell:
    return Cell("figure: fall", code, figures.STYLE, 1, "fall")


def draw(code: str = CODE, scheme: str = "light", **data: object) -> str:
    return figures.draw(cell(code), {**DATA, **data}, scheme)[0]


def test_the_same_data_give_the_same_drawing():
    assert draw() == draw()


def test_a_slow_machine_s_drawing_is_no_other(monkeypatch: pytest.MonkeyPatch):
    # Matplotlib warns where it took more than a second to place a legend.
    started = itertools.count(step=2)
    monkeypatch.setattr(matplotlib.legend.time, "perf_counter", lambda: next(started))
    labelled = f"{CODE}ax.legend()\n"
    slowly = draw(labelled)
    assert next(started) > 4, "no legend was placed"
    monkeypatch.undo()
    assert slowly == draw(labelled)


def published(tolerance: float = 0.0, spread: float = 0.0) -> figures.Data:
    exact = {name: figures.Series(values) for name, values in DATA.items()}
    return exact | {"loss": figures.Series(DATA["loss"], tolerance, spread)}


def test_data_survive_their_file(tmp_path):
    path = tmp_path / "fall.json"
    odd = np.array([0.1, 1 / 3, np.pi * 1e-300], dtype=np.float32)
    values = {**DATA, "odd": odd, "rate": 0.2, "names": ["a", "b"]}
    data = {name: figures.Series(value) for name, value in values.items()}
    table = np.array([[1e-9, 2e-9], [1e-9, 3.0]])
    data["table"] = figures.Series(np.arange(4.0).reshape(2, 2), table, 0.5)
    path.write_text(figures.to_json(data, []))
    back = figures.from_json(path)
    assert figures.compare_data(data, figures.plain(back), exact=True) == {}
    assert (back["table"].tolerance == table).all()
    assert back["table"].spread == 0.5


@pytest.mark.parametrize(
    ("series", "said"),
    [
        ([3.1, 2.0, np.nan, 1.9], r"2 of 4 values moved, most at index 3: 1.5 → 1.9"),
        ([3.0, 2.0, np.nan, 1.6], r"1 of 4 values moved, most at index 3: 1.5 → 1.6"),
        ([3.0, 2.0, 1.0, 1.5], r"1 of 4 values moved, most at index 2: nan → 1"),
        ([3.0, 2.0, np.nan], r"was float64\[4\], is float64\[3\]"),
        (np.float32([3.0, 2.0, np.nan, 1.5]), r"was float64, is float32"),
        (np.array([3, 2, 0, 1]), r"was float64\[4\], is int64\[4\]"),
    ],
)
@pytest.mark.parametrize("exact", [True, False])
def test_a_series_that_moved_is_named_with_how_far(series, said, exact):
    new = {**DATA, "loss": np.asarray(series)}
    (how,) = figures.compare_data(published(), new, exact).values()
    assert re.search(said, how)


@pytest.mark.parametrize(
    ("old", "new"), [([1, 2], [1, 3]), ([True], [False]), (["a"], ["b"]), (7, 8)]
)
def test_what_is_no_fraction_has_no_tolerance(old: object, new: object):
    before = {"counts": figures.Series(old, 10.0)}
    assert figures.compare_data(before, {"counts": old}, exact=False) == {}
    assert "counts" in figures.compare_data(before, {"counts": new}, exact=False)


def test_a_series_within_its_tolerance_did_not_move():
    new = {**DATA, "loss": DATA["loss"] + 1e-10}
    assert figures.compare_data(published(1e-9), new, exact=False) == {}
    assert "loss" in figures.compare_data(published(9e-11), new, exact=False)
    assert "loss" in figures.compare_data(published(1e-9), new, exact=True)


def test_how_far_a_series_moved_is_said_in_spreads():
    new = {**DATA, "loss": DATA["loss"] + 1}
    differences = figures.compare_data(published(0.1, 0.5), new, exact=False)
    assert "2 times its spread over seeds, 10.0 times its tol" in differences["loss"]
    exactly = figures.compare_data(published(0.1, 0.5), new, exact=True)
    assert "this kind of machine gives the published bits" in exactly["loss"]


def test_the_closest_call_is_the_value_that_is_furthest_in_its_tolerance():
    new = {**DATA, "loss": DATA["loss"] + np.array([0, 0.05, 0, -0.03])}
    assert figures.closest_call(published(0.1), new) == {"loss": pytest.approx(0.5)}
    gone = {**DATA, "loss": np.array([3.0, np.nan, np.nan, 1.5])}
    assert figures.closest_call(published(0.1), gone) == {"loss": np.inf}


def test_a_series_gone_or_added_is_named():
    fewer = {"loss": DATA["loss"]}
    gone = figures.compare_data(published(), fewer, exact=True)
    assert gone == {"steps": "no longer drawn"}
    one = {"loss": published()["loss"]}
    assert figures.compare_data(one, DATA, exact=True) == {"steps": "new"}


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def test_what_rounding_hardly_moves_is_held_closely():
    run = {"loss": np.linspace(3, 1, 100)}
    rounded = [{"loss": run["loss"] + 1e-12 * noise(seed, 100)} for seed in range(4)]
    reseeded = [{"loss": run["loss"] + 0.1 * noise(seed, 100)} for seed in (5, 6)]
    series = figures.measure(run, rounded, reseeded)["loss"]
    assert series.tolerance.max() < 1e-9
    assert series.tolerance.min() > 1e-13
    assert 0.05 < series.spread < 0.2


def test_each_value_has_the_tolerance_of_its_own_differences():
    run = {"loss": np.array([3.0, 2.0])}
    rounded = [{"loss": run["loss"] + [1e-9 * i, 0.1 * i]} for i in (-1, 1) * 8]
    tolerances = figures.measure(run, rounded, [])["loss"].tolerance
    allowed = tolerance.quantile(16) * np.array([1e-9, 0.1])
    # What is published is rounded up to two digits.
    assert tolerances == pytest.approx(allowed, rel=0.1)
    assert (tolerances >= allowed).all()


def test_along_a_curve_the_largest_so_far_and_near_by_decides():
    run = {"loss": np.linspace(3, 1, 100)}
    gaps = np.full(100, 1e-9)
    gaps[60] = 0.1
    rounded = [{"loss": run["loss"] + sign * gaps} for sign in (-1, 1) * 8]
    tolerances = figures.measure(run, rounded, [])["loss"].tolerance
    assert (tolerances[55:] > 0.1).all()
    assert (tolerances[:55] < 1e-7).all()


def test_seeds_are_taken_together():
    # Only one of 16 moved here; elsewhere it may be another.
    run = {"trench": np.full(16, -0.7)}
    moved = np.zeros(16)
    moved[5] = 0.1
    rounded = [{"trench": run["trench"] + moved}]
    series = figures.measure(run, rounded, [], seeds=16)["trench"]
    assert (series.tolerance > 0.1).all()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("It falls", "It rises"),
        ("loss (nats)", "loss (bits)"),
        ('label="loss"', 'label="loss", color="C1"'),
        ('label="loss"', 'label="loss", linestyle="--"'),
        ('label="loss"', 'label="loss", linewidth=2.5'),
        ('ax.set_xlabel("step")', 'ax.set_xlabel("step"); ax.set_yscale("log")'),
    ],
)
def test_a_drawing_that_looks_otherwise_differs(old, new):
    assert figures.compare_svg(draw(), draw(CODE.replace(old, new)))


def test_light_differs_from_dark():
    assert figures.compare_svg(draw(scheme="light"), draw(scheme="dark"))


def test_a_drawing_of_other_data_differs_but_not_by_rounding():
    loss = DATA["loss"]
    assert figures.compare_svg(draw(), draw(loss=loss + np.array([0, 0.01, 0, 0])))
    assert figures.compare_svg(draw(), draw(loss=loss * (1 + 1e-12))) is None


def test_a_coordinate_may_differ_by_a_thousandth_of_a_point():
    line = '<path d="M 10.000 20.000"/>'
    assert figures.compare_svg(line, line.replace("10.000", "10.0009")) is None
    assert figures.compare_svg(line, line.replace("10.000", "10.0011"))


def test_a_drawing_that_needs_more_than_data_is_refused():
    with pytest.raises(PageError, match=r"name 'torch' is not defined.*data alone"):
        draw("ax = plt.gca()\nax.plot(torch.ones(3))\n")
