"""A figure that changed is told from one that did not, and how is said."""

import re

import numpy as np
import pytest

from publish import figures
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


def test_data_survive_their_file(tmp_path):
    path = tmp_path / "fall.json"
    odd = np.array([0.1, 1 / 3, np.pi * 1e-300], dtype=np.float32)
    data = {**DATA, "odd": odd, "rate": 0.2, "names": ["a", "b"]}
    path.write_text(figures.to_json(data, [], {"loss": 1e-9}))
    back, tolerance = figures.from_json(path)
    assert figures.compare_data(data, back, dict.fromkeys(data, 0.0)) == []
    assert tolerance["loss"] == 1e-9


@pytest.mark.parametrize(
    ("series", "said"),
    [
        ([3.0, 2.0, np.nan, 1.6], r"1 of 4 values moved, most at index 3: 1.5 -> 1.6"),
        ([3.0, 2.0, 1.0, 1.5], r"1 of 4 values moved, most at index 2: nan -> 1.0"),
        ([3.0, 2.0, np.nan], r"was float64\[4\], is float64\[3\]"),
        (np.float32([3.0, 2.0, np.nan, 1.5]), r"was float64, is float32"),
        (np.array([3, 2, 0, 1]), r"was float64\[4\], is int64\[4\]"),
    ],
)
def test_a_series_that_moved_is_named_with_how_far(series, said):
    new = {**DATA, "loss": np.asarray(series)}
    (line,) = figures.compare_data(DATA, new, {"loss": 0.0})
    assert "'loss'" in line
    assert re.search(said, line)


def test_a_series_within_its_tolerance_did_not_move():
    new = {**DATA, "loss": DATA["loss"] + 1e-10}
    assert figures.compare_data(DATA, new, {"loss": 1e-9}) == []
    assert figures.compare_data(DATA, new, {"loss": 0.0}) != []


def test_a_series_gone_or_added_is_named():
    fewer = {"loss": DATA["loss"]}
    assert figures.compare_data(DATA, fewer, {}) == [
        "series 'steps' is no longer drawn"
    ]
    assert figures.compare_data(fewer, DATA, {}) == ["series 'steps' is new"]


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


def test_a_drawing_that_needs_more_than_data_is_refused():
    with pytest.raises(PageError, match=r"name 'torch' is not defined.*data alone"):
        draw("ax = plt.gca()\nax.plot(torch.ones(3))\n")
