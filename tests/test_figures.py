"""A figure that changed is told from one that did not, and how is said."""

import io
import itertools
import re
import warnings
from pathlib import Path

import matplotlib.legend
import matplotlib.pyplot as plt
import numpy as np
import pytest

from publish.check import drawing, figure_data, tolerance
from publish.check.figure_data import Series
from publish.page import places
from publish.page.cells import Cell
from publish.page.source import Page
from publish.project import ROOT, PageError

CODE = """\
fig, ax = plt.subplots()
ax.plot(steps, loss, label="loss")
ax.set_title("It falls")
ax.set_xlabel("step")
ax.set_ylabel("loss (nats)")
"""
DATA = {"steps": np.arange(4), "loss": np.array([3.0, 2.0, np.nan, 1.5])}


def cell(code: str = CODE) -> Cell:
    return Cell("figure: fall", code, drawing.STYLE, 1, "fall")


def draw(code: str = CODE, scheme: str = "light", **data: object) -> str:
    return drawing.draw(cell(code), {**DATA, **data}, scheme)[0]


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_scheme_has_its_ink_and_its_cycle_of_colours(scheme: str):
    default, file, colors = drawing.style(scheme)
    assert (default, file) == ("default", str(drawing.STYLE))
    cycle = colors.pop("axes.prop_cycle").by_key()
    assert cycle == {"color": drawing.CYCLE[scheme]}
    inked = "text.color axes.labelcolor axes.edgecolor axes.titlecolor"
    names = [*inked.split(), "xtick.color", "ytick.color"]
    assert colors == dict.fromkeys(names, drawing.INK[scheme])


def test_a_drawing_is_told_with_its_axes_and_without_a_date():
    svg, labels = drawing.draw(cell(), DATA, "light")
    assert svg.startswith("<?xml")
    for about in "date", "creator", "format", "type":
        assert f"<dc:{about}" not in svg
    axis = {"title": "It falls", "x": "step", "x_scale": "linear"}
    assert labels == [axis | {"y": "loss (nats)", "y_scale": "linear"}]


def test_each_panel_is_told_with_its_scales_and_its_title_wherever_that_is():
    code = """\
fig, (one, two) = plt.subplots(1, 2)
one.loglog([1, 2], [1, 2])
one.set_title("In the middle", loc="center")
two.semilogy([1, 2], [1, 2])
"""
    labels = drawing.draw(cell(code), {}, "light")[1]
    assert [(of["title"], of["x_scale"], of["y_scale"]) for of in labels] == [
        ("In the middle", "log", "log"),
        ("", "linear", "log"),
    ]


def pixels(png: bytes) -> np.ndarray:
    """The colours of a PNG, from 0 to 255."""
    return (plt.imread(io.BytesIO(png)) * 255).round().astype(int)


def has_color(picture: np.ndarray, color: str) -> bool:
    wanted = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
    return bool((picture[..., :3] == wanted).all(-1).any())


def test_a_notebook_s_picture_is_a_light_one_on_white():
    png = drawing.draw_png(cell(), DATA)
    picture = pixels(png)
    assert picture.shape == (374, 572, 4)  # 5.2 by 3.4 inches of 110 dots
    assert (picture[0, 0] == 255).all()
    assert has_color(picture, drawing.INK["light"])
    assert has_color(picture, drawing.CYCLE["light"][0])
    assert b"Software" not in png


def note_with_figures(root: Path, first_page: str) -> Page:
    """A note with a figure in its first colour and one in its second."""
    for folder in "docs/notes", "docs/published/fall", "snippets":
        (root / folder).mkdir(parents=True)
    (root / "docs" / "index.md").write_text(first_page, "utf-8")
    (root / "snippets" / "setup.py").write_text("import torch\n")
    cells = [
        f'# %% figure: {name}\nplt.axvspan(0, x, color="{color}")\n'
        'plt.axis("off")\nplt.margins(0)\n'
        for name, color in (("one", "C0"), ("the-two", "C1"))
    ]
    (root / "snippets" / "fall.py").write_text("\n".join(cells))
    data = figure_data.to_json({"x": Series(1.0)}, [])
    for name in "one", "the-two":
        (root / "docs" / "published" / "fall" / f"{name}.json").write_text(data)
    path = root / "docs" / "notes" / "fall.md"
    path.write_text("# Fall\n")
    return Page(path, root)


@pytest.mark.usefixtures("ascii_alone")
@pytest.mark.parametrize(
    ("first_page", "color"),
    [
        (
            "![](published/fall/the-two-light.svg) ![](published/fall/one-light.svg)",
            1,
        ),
        ("![It](published/other/the-two-light.svg)", 0),
        ("![It](published/fall/one-dark.svg) Much → more.", 0),
    ],
)
def test_a_card_is_the_figure_of_the_first_page_with_a_margin(
    tmp_path: Path, first_page: str, color: int
):
    png = drawing.draw_card(note_with_figures(tmp_path, first_page))
    picture = pixels(png)
    assert picture.shape == (630, 1200, 4)
    assert has_color(picture, drawing.CYCLE["light"][color])
    assert not has_color(picture, drawing.CYCLE["light"][1 - color])
    assert b"Software" not in png
    # The figure is 5.2 by 3.4, so it fills 94 % of the height and 75 % of the width.
    inked = (picture[..., :3] != 255).any(-1)
    rows, columns = np.flatnonzero(inked.any(1)), np.flatnonzero(inked.any(0))
    assert picture[..., 3].min() == 255
    assert 18 < rows[0] < 40
    assert 590 < rows[-1] < 612
    assert 147 < columns[0] < 170
    assert 1030 < columns[-1] < 1053


def test_a_cell_that_shows_its_figure_needs_no_screen():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert draw(f"{CODE}plt.show()\n") == draw()
    assert caught == []


def test_a_mistake_in_a_drawing_is_told_with_its_line():
    code = "ax = plt.gca()\nax.plot(absent)\n"
    faulty = Cell("figure: fall", code, drawing.STYLE, 7, "fall")
    with pytest.raises(
        PageError, match=r"figures\.mplstyle:7: drawing 'fall'"
    ) as error:
        drawing.draw(faulty, DATA, "light")
    at = error.value.__cause__.__traceback__.tb_next
    assert (at.tb_frame.f_code.co_filename, at.tb_lineno) == (str(drawing.STYLE), 8)
    assert plt.get_fignums() == []


def published(tolerance: float = 0.0, spread: float = 0.0) -> figure_data.Data:
    exact = {name: figure_data.Series(values) for name, values in DATA.items()}
    return exact | {"loss": figure_data.Series(DATA["loss"], tolerance, spread)}


def test_data_survive_their_file(tmp_path):
    path = tmp_path / "fall.json"
    odd = np.array([0.1, 1 / 3, np.pi * 1e-300], dtype=np.float32)
    values = {**DATA, "odd": odd, "rate": 0.2, "names": ["a", "b"]}
    data = {name: figure_data.Series(value) for name, value in values.items()}
    table = np.array([[1e-9, 2e-9], [1e-9, 3.0]])
    data["table"] = figure_data.Series(np.arange(4.0).reshape(2, 2), table, 0.5)
    path.write_text(figure_data.to_json(data, []))
    back = figure_data.from_json(path)
    assert figure_data.compare_data(data, figure_data.plain(back), exact=True) == {}
    assert (back["table"].tolerance == table).all()
    assert back["table"].spread == 0.5


def test_a_figure_s_file_has_a_line_for_each_series():
    table = Series(
        np.array([[1.0, 2.0], [3.0, np.nan]]),
        np.array([[0.5, 0.26], [0.5, 3.0]]),
        0.123,
    )
    data = {
        "table": table,
        "n": Series(7),
        "names": Series(["a", "bc"]),
        "rate": Series(0.5, 1e-9),
    }
    axes = [{"title": "Ten → one"}]
    assert figure_data.to_json(data, axes) == (
        """{
  "axes": [{"title": "Ten → one"}],
  "series": {
    "table": {"shape": [2, 2], "dtype": "float64", "spread": 0.12, "tolerance": """
        """[[2, 0.5], [1, 0.26], [1, 3.0]], "values": [[1.0, 2.0], [3.0, NaN]]},
    "n": {"shape": [], "dtype": "int64", "values": 7},
    "names": {"shape": [2], "dtype": "<U2", "values": ["a", "bc"]},
    "rate": {"shape": [], "dtype": "float64", "spread": 0.0, "tolerance": """
        """[[1, 1e-09]], "values": 0.5}
  }
}
"""
    )


def test_a_figure_s_file_is_read_by_types_and_shapes():
    text = """{"series": {
      "table": {"shape": [2, 2], "dtype": "float32", "spread": 0.25,
        "tolerance": [[2, 0.5], [1, 0.25], [1, 3.0]], "values": [[1, 2], [3, 4]]},
      "counts": {"shape": [3], "dtype": "int64", "values": [1, 2, 3]},
      "names": {"shape": [2], "dtype": "<U2", "values": ["a", "bc"]},
      "rate": {"shape": [], "dtype": "float64", "values": 0.5}
    }}"""
    data = figure_data.parse(text)
    assert list(data) == ["table", "counts", "names", "rate"]
    table, counts, names, rate = data.values()
    assert table.values.dtype == np.float32
    assert table.values.tolist() == [[1, 2], [3, 4]]
    assert table.tolerance.tolist() == [[0.5, 0.25], [0.5, 3.0]]
    assert table.spread == 0.25
    assert counts.values.dtype == np.int64
    assert counts.tolerance.tolist() == [0, 0, 0]
    assert (names.values, names.tolerance.tolist()) == (["a", "bc"], [0, 0])
    assert (rate.values, rate.tolerance.tolist(), rate.spread) == (0.5, 0, 0)
    assert type(rate.values) is float


@pytest.mark.usefixtures("ascii_alone")
def test_what_is_in_a_file_may_be_beyond_ascii(tmp_path):
    path = tmp_path / "fall.json"
    path.write_text(
        figure_data.to_json({"name": Series(["→d"])}, [{"x": "−1"}]), "utf-8"
    )
    assert figure_data.from_json(path)["name"].values == ["→d"]


def test_a_figure_has_data_and_a_drawing_for_each_scheme():
    note = Page(ROOT / "docs" / "notes" / "lr-decay.md")
    files = places.published_files(note, "cut")
    assert {kind: path.name for kind, path in files.items()} == {
        "data": "cut.json",
        "light": "cut-light.svg",
        "dark": "cut-dark.svg",
    }
    assert {path.parent for path in files.values()} == {note.published}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (Series(np.array([1.0, 2.0]), 0.5), [1.5, 1.5], None),
        (
            Series(np.array([1.0, 2.0]), 0.1, 0.5),
            [1.0, 3.0],
            "1 of 2 values moved, most at index 1: 2 → 3, 2 times its spread over "
            "seeds, 10.0 times its tolerance",
        ),
        (
            Series(
                np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1, 1], [0.1, 1]]), 10
            ),
            [[3.0, 2.0], [4.0, 4.0]],
            "2 of 4 values moved, most at index 1, 0: 3 → 4, 0.1 times its spread over "
            "seeds, 10.0 times its tolerance",
        ),
        # One value may not move at all: then the worst is the one that moved most.
        (
            Series(np.array([1.0, 2.0, 3.0]), np.array([0.0, 9.0, 1.0])),
            [1.5, 10.0, 1.0],
            "2 of 3 values moved, most at index 2: 3 → 1, 2.0 times its tolerance",
        ),
        (
            Series(np.array([1.0, 2.0]), 0.1, 0.5),
            [1.0, np.nan],
            "1 of 2 values moved, most at index 1: 2 → nan, inf times its tolerance",
        ),
        (Series(7), 8, "1 of 1 values moved, most at its only value: 7 → 8"),
        (
            Series(["a", "b"]),
            ["a", "bcd"],
            "1 of 2 values moved, most at index 1: b → bcd",
        ),
        (Series([1, 2]), [[1, 2]], "was int64[2], is int64[1, 2]"),
        (Series([1, 2]), [1.0, 2.0], "was int64[2], is float64[2]"),
        (Series(np.int32([1, 2])), np.int64([1, 2]), "was int32, is int64"),
    ],
)
def test_how_a_series_moved_is_said_by_its_worst_value(old, new, said):
    assert figure_data.moved(old, new, exact=False) == said


def test_on_the_same_kind_of_machine_each_bit_counts():
    old = Series(np.array([1.0, 2.0, 3.0]), 0.1, 0.5)
    assert figure_data.moved(old, old.values, exact=True) is None
    new = np.array([1.0, 2.0, np.nextafter(3.0, 4.0)])
    assert figure_data.moved(old, new, exact=True) == (
        "1 of 3 values moved, most at index 2: 3.0 → 3.0000000000000004, 8.9e-16 "
        "times its spread over seeds (this kind of machine gives the published bits)"
    )
    # The worst is the one that moved most: in tolerances, it would be the first.
    old = Series(np.array([1.0, 2.0]), np.array([1e-9, 1.0]))
    said = figure_data.moved(old, np.array([1.1, 2.5]), exact=True)
    assert said.startswith("2 of 2 values moved, most at index 1: 2 → 2.5 (this")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (1.0, 1.00001, ("1", "1.00001")),
        (3.14159, 2.0, ("3.142", "2")),
        (0.1, np.nextafter(0.1, 1.0), ("0.1", "0.10000000000000002")),
        (np.nan, 1.0, ("nan", "1")),
        (1234567, 1234568, ("1234567", "1234568")),
        (np.str_("a"), np.str_("b"), ("a", "b")),
    ],
)
def test_values_have_as_many_digits_as_tell_them_apart(old, new, said):
    assert figure_data._shortly(old, new) == said


def test_a_value_is_so_many_of_its_tolerances_away():
    old = Series(np.array([1.0, 2.0, 3.0, np.nan]), np.array([0.5, 0.0, 0.0, 0.1]))
    new = [2.0, 2.0, 2.0, 1.0]
    assert figure_data.in_tolerances(old, new).tolist() == [2, 0, np.inf, np.inf]


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
    (how,) = figure_data.compare_data(published(), new, exact).values()
    assert re.search(said, how)


@pytest.mark.parametrize(
    ("old", "new"), [([1, 2], [1, 3]), ([True], [False]), (["a"], ["b"]), (7, 8)]
)
def test_what_is_no_fraction_has_no_tolerance(old: object, new: object):
    before = {"counts": figure_data.Series(old, 10.0)}
    assert figure_data.compare_data(before, {"counts": old}, exact=False) == {}
    assert "counts" in figure_data.compare_data(before, {"counts": new}, exact=False)


def test_a_series_within_its_tolerance_did_not_move():
    new = {**DATA, "loss": DATA["loss"] + 1e-10}
    assert figure_data.compare_data(published(1e-9), new, exact=False) == {}
    assert "loss" in figure_data.compare_data(published(9e-11), new, exact=False)
    assert "loss" in figure_data.compare_data(published(1e-9), new, exact=True)


def test_how_far_a_series_moved_is_said_in_spreads():
    new = {**DATA, "loss": DATA["loss"] + 1}
    differences = figure_data.compare_data(published(0.1, 0.5), new, exact=False)
    assert "2 times its spread over seeds, 10.0 times its tol" in differences["loss"]
    exactly = figure_data.compare_data(published(0.1, 0.5), new, exact=True)
    assert "this kind of machine gives the published bits" in exactly["loss"]


def test_the_closest_call_is_the_value_that_is_furthest_in_its_tolerance():
    new = {**DATA, "loss": DATA["loss"] + np.array([0, 0.05, 0, -0.03])}
    assert figure_data.closest_call(published(0.1), new) == {"loss": pytest.approx(0.5)}
    gone = {**DATA, "loss": np.array([3.0, np.nan, np.nan, 1.5])}
    assert figure_data.closest_call(published(0.1), gone) == {"loss": np.inf}
    # A series without values is nowhere near its tolerance.
    none = {"loss": Series(np.zeros(0)), "steps": Series(np.arange(2))}
    assert figure_data.closest_call(none, {"loss": np.zeros(0)}) == {"loss": 0.0}


def test_a_series_gone_or_added_is_named():
    fewer = {"loss": DATA["loss"]}
    gone = figure_data.compare_data(published(), fewer, exact=True)
    assert gone == {"steps": "no longer drawn"}
    one = {"loss": published()["loss"]}
    assert figure_data.compare_data(one, DATA, exact=True) == {"steps": "new"}


def with_tolerance(*sizes: float, spread: float = 0.0) -> Series:
    return Series(np.zeros(len(sizes)), np.array(sizes), spread)


def test_a_tolerance_may_differ_from_that_of_other_machines_as_a_spread_does():
    most = tolerance.ratio(4)
    old = with_tolerance(3.0, 4.0)  # their root mean square is 3.54
    for factor in 0.98 * most, 1.02 * most:
        for change in factor, 1 / factor:
            new = {"loss": with_tolerance(3 * change, 4 * change)}
            said = figure_data.compare_tolerances({"loss": old}, new, 4)
            if factor < most:
                assert said == {}
            else:
                now = f"{np.sqrt(12.5) * change:.2g}"
                expected = f"tolerance 3.5 → {now}, more than {most:.1f} times"
                assert said == {"loss": expected}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (0.0, 0.0, None),
        (1.0, 1.19, None),
        (1.0, 1.21, "spread over seeds 1 → 1.2"),
        (1.0, 0.81, None),
        (1.0, 0.79, "spread over seeds 1 → 0.79"),
    ],
)
def test_a_spread_over_seeds_may_be_a_fifth_off(old, new, said):
    before, after = (with_tolerance(0.0, spread=spread) for spread in (old, new))
    found = figure_data.compare_tolerances({"loss": before}, {"loss": after}, 16)
    assert found == ({} if said is None else {"loss": said})


def test_a_spread_over_seeds_may_move_with_its_values():
    # It may move by sqrt(2) times the larger tolerance, and a fifth of itself.
    for far, differs in (0.34, False), (0.343, True):
        before = with_tolerance(0.05, spread=1.0)
        after = with_tolerance(0.1, spread=1.0 + far)
        found = figure_data.compare_tolerances({"loss": before}, {"loss": after}, 16)
        assert bool(found) == differs


def test_tolerances_are_compared_of_the_series_that_both_have():
    small, large = with_tolerance(1e-9), with_tolerance(1.0, spread=9.0)
    old = {"gone": small, "other": small, "loss": small}
    new = {"other": with_tolerance(1.0, 1.0), "loss": large, "new": large}
    most = f"{tolerance.ratio(16):.1f}"
    assert figure_data.compare_tolerances(old, new, 16) == {
        "loss": f"tolerance 1e-09 → 1, more than {most} times; spread over seeds 0 → 9"
    }


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def test_what_rounding_hardly_moves_is_held_closely():
    run = {"loss": np.linspace(3, 1, 100)}
    rounded = [{"loss": run["loss"] + 1e-12 * noise(seed, 100)} for seed in range(4)]
    reseeded = [{"loss": run["loss"] + 0.1 * noise(seed, 100)} for seed in (5, 6)]
    series = figure_data.measure(run, rounded, reseeded)["loss"]
    assert series.tolerance.max() < 1e-9
    assert series.tolerance.min() > 1e-13
    assert 0.05 < series.spread < 0.2


def test_each_value_has_the_tolerance_of_its_own_differences():
    run = {"loss": np.array([3.0, 2.0])}
    rounded = [{"loss": run["loss"] + [1e-9 * i, 0.1 * i]} for i in (-1, 1) * 8]
    tolerances = figure_data.measure(run, rounded, [])["loss"].tolerance
    allowed = tolerance.quantile(16) * np.array([1e-9, 0.1])
    # What is published is rounded up to two digits.
    assert tolerances == pytest.approx(allowed, rel=0.1)
    assert (tolerances >= allowed).all()


def test_along_a_curve_the_largest_so_far_and_near_by_decides():
    run = {"loss": np.linspace(3, 1, 100)}
    gaps = np.full(100, 1e-9)
    gaps[60] = 0.1
    rounded = [{"loss": run["loss"] + sign * gaps} for sign in (-1, 1) * 8]
    tolerances = figure_data.measure(run, rounded, [])["loss"].tolerance
    assert (tolerances[55:] > 0.1).all()
    assert (tolerances[:55] < 1e-7).all()


@pytest.mark.parametrize(("n", "sooner"), [(20, 1), (39, 1), (40, 2), (100, 5)])
def test_runs_that_part_may_do_so_a_twentieth_of_a_curve_sooner(n: int, sooner: int):
    run = {"loss": np.ones((n, 2))}
    gaps = np.full((n, 2), 1e-9)
    gaps[12, 0] = 0.1
    rounded = [{"loss": run["loss"] + sign * gaps} for sign in (-1, 1) * 8]
    tolerances = figure_data.measure(run, rounded, [])["loss"].tolerance
    assert (tolerances[12 - sooner :, 0] > 0.1).all()
    assert (tolerances[: 12 - sooner, 0] < 1e-7).all()
    assert (tolerances[:, 1] < 1e-7).all()


def test_a_curve_that_parts_at_its_end_may_do_so_sooner():
    run = {"loss": np.ones(40)}
    gaps = np.full(40, 1e-9)
    gaps[39] = 0.1
    rounded = [{"loss": run["loss"] + sign * gaps} for sign in (-1, 1) * 8]
    tolerances = figure_data.measure(run, rounded, [])["loss"].tolerance
    assert (tolerances > 0.1).tolist() == [False] * 37 + [True] * 3


def test_fewer_values_than_a_curve_has_are_held_one_by_one():
    run = {"loss": np.ones(19)}
    rounded = [{"loss": 1 + sign * 0.1 * np.eye(19)[12]} for sign in (-1, 1) * 8]
    tolerances = figure_data.measure(run, rounded, [])["loss"].tolerance
    assert np.flatnonzero(tolerances > 0.1).tolist() == [12]


def test_a_spread_is_that_of_one_run():
    # The difference of two runs is sqrt(2) times the spread of one.
    run = {"n": 3, "loss": np.zeros(2)}
    reseeded = [{"loss": np.array([3.0, 5.0])}, {"loss": np.array([-5.0, -3.0])}]
    data = figure_data.measure(run, [run, run], reseeded)
    assert data["loss"].spread == pytest.approx(3.0)  # sqrt(17 / 2), rounded up
    assert data["loss"].values is run["loss"]
    assert data["n"] == Series(3)
    assert figure_data.measure(run, [run, run], [])["loss"].spread == 0.0


@pytest.mark.parametrize("seeds", [0, 16])
def test_a_single_value_has_a_tolerance_of_its_own(seeds: int):
    run = {"rate": 0.5}
    rounded = [{"rate": 0.5 + sign * 0.1} for sign in (-1, 1) * 8]
    series = figure_data.measure(run, rounded, [], seeds)["rate"]
    expected = tolerance.round_up(tolerance.quantile(16) * 0.1)
    assert series.tolerance == pytest.approx(float(expected), rel=1e-9)


def test_seeds_are_taken_together_in_each_row():
    moved = np.zeros((2, 16))
    moved[0, 3], moved[1, 5] = 0.1, 1e-6
    run = {"trench": np.full((2, 16), -0.7), "few": np.full(3, 1.0)}
    few = np.array([0.1, 0.0, 0.0])
    rounded = [
        {"trench": run["trench"] + sign * moved, "few": run["few"] + sign * few}
        for sign in (-1, 1) * 8
    ]
    data = figure_data.measure(run, rounded, [], seeds=16)
    assert (data["trench"].tolerance[0] > 0.1).all()
    assert (data["trench"].tolerance[1] > 1e-6).all()
    assert (data["trench"].tolerance[1] < 1e-4).all()
    assert (data["few"].tolerance > 0.1).tolist() == [True, False, False]


def test_seeds_are_taken_together():
    # Only one of 16 moved here; elsewhere it may be another.
    run = {"trench": np.full(16, -0.7)}
    moved = np.zeros(16)
    moved[5] = 0.1
    rounded = [{"trench": run["trench"] + moved}]
    series = figure_data.measure(run, rounded, [], seeds=16)["trench"]
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
    assert drawing.compare_svg(draw(), draw(CODE.replace(old, new)))


def test_light_differs_from_dark():
    assert drawing.compare_svg(draw(scheme="light"), draw(scheme="dark"))


def test_a_drawing_of_other_data_differs_but_not_by_rounding():
    loss = DATA["loss"]
    assert drawing.compare_svg(draw(), draw(loss=loss + np.array([0, 0.01, 0, 0])))
    assert drawing.compare_svg(draw(), draw(loss=loss * (1 + 1e-12))) is None


def test_a_coordinate_may_differ_by_a_thousandth_of_a_point():
    line = '<path d="M 10.000 20.000"/>'
    assert drawing.compare_svg(line, line.replace("10.000", "10.0009")) is None
    assert drawing.compare_svg(line, line.replace("10.000", "10.0011"))


def test_where_two_drawings_differ_is_said():
    text = "<svg><text>loss 5</text></svg>"
    assert drawing.compare_svg(text, text.replace("5", "6")) == (
        "was 'loss 5', is 'loss 6'"
    )
    assert drawing.compare_svg(text, f"{text}<g>") == "was 'the end', is '<g>'"
    assert drawing.compare_svg(f"{text}\n more ", text) == "was 'more', is 'the end'"
    path = '<path d="M 1.5 -20.25"/>'
    moved = path.replace("-20.25", "20.25")
    assert drawing.compare_svg(path, moved) == "was '-20.25', is '20.25'"
    assert drawing.compare_svg('<a x="0.000"/>', '<a x="0.001"/>') is None


@pytest.mark.parametrize(
    ("old", "new", "alike"),
    [
        ("m0123456789 m0123456789", "mabcdef9876 mabcdef9876", True),
        ("m0123456789 m0000000000", "mabcdef9876 p1111111111", True),
        ("m0123456789 m0123456789", "mabcdef9876 m0000000000", False),
        ("m0123456789", "mabcdef98765", False),  # such a name has one digit less
        ("a.m0123456789 M0123456789", "a.mabcdef9876 M0123456780", False),
    ],
)
def test_a_shape_is_the_same_by_whatever_name(old: str, new: str, alike: bool):
    drawings = (f'<use xlink:href="#{name}"/>' for name in (old, new))
    assert (drawing.compare_svg(*drawings) is None) == alike


def test_a_drawing_that_needs_more_than_data_is_refused():
    with pytest.raises(PageError, match=r"name 'torch' is not defined.*data alone"):
        draw("ax = plt.gca()\nax.plot(torch.ones(3))\n")
