"""A run is held against what its page published, and what differs is told."""

import base64
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from publish.check import differences, drawing, figure_data, measurements, report
from publish.check.differences import Difference
from publish.check.figure_data import Series
from publish.check.program import Done, Record, blocks_of
from publish.page import places
from publish.page.cells import Cell
from publish.page.claims import Bound, Claim
from publish.page.source import Page
from publish.project import ROOT

MACHINE = {"torch": "2.13.0", "threads": 1, "cpu": "one of these"}
SNIPPET = """\
# %% train
print("loss 2")

# %% figure: curve
plt.plot(steps, loss)
plt.title("3 → 1.5")

# %% claim: slope
slope = fall()

# %% claim: falls
falls = (fall() < 0).double()
"""
NOTE = """\
# It falls

```python
# %% setup
```

```python
# %% train
```

It ends at {{ last:.2f }}, or {{ last:.1f }}, of {{ other.last:.3f }} and {{ name }}.

```python
# %% figure: curve
```

![The loss falls.](../published/fall/curve-light.svg)

!!! claim "slope between -1 and 0"

    It goes down by {{ slope }}.

!!! claim "falls in at least 12 of 16"

    It goes down in {{ falls }} seeds.
"""
STEPS, LOSS = np.arange(4), np.array([3.0, 2.0, 1.5, 1.5])
SLOPE = np.linspace(-0.55, -0.45, 16)
FALLS = np.array([1.0] * 15 + [0.0])
CURVE = {
    "steps": Series(STEPS),
    "loss": Series(LOSS, np.array([0.1, 0.1, 0.1, 0.1]), 0.5),
}
MEASURED = {
    "slope": {
        **{"text": "−0.500 ± 0.017", "spread": "0.032", "decimals": 3},
        **{"mean_tolerance": 0.01, "spread_tolerance": 0.1},
        "values": SLOPE.tolist(),
    },
    "falls": {
        **{"text": "15 of 16", "spread": "", "decimals": None},
        **{"mean_tolerance": 0.125, "values": FALLS.tolist()},
    },
}
VALUES = {"last": 1.5, "loss": LOSS, "name": "a → b", "of": {"→": 7}}
# The mean and the root of the mean square, and what each may differ by.
STATE = {
    "last float64[]": [1.5, 1.5, 0.25, 0.5],
    "loss float64[4]": [2.0, 4.375**0.5, 1e-3, 1e-3],
    "of['→'] int64[]": [7.0, 7.0, 1e-9, 1e-9],
}


@pytest.fixture(scope="module")
def published_drawing() -> str:
    """The published drawing."""
    code = SNIPPET.split("# %% figure: curve\n")[1].split("\n\n")[0]
    cell = Cell("figure: curve", code, Path("fall.py"), 1, "curve")
    return drawing.draw(cell, figure_data.plain(CURVE), "light")[0]


@pytest.fixture
def page(
    tmp_path: Path, published_drawing: str, monkeypatch: pytest.MonkeyPatch
) -> Page:
    """A note that has published, and a first page that quotes it.

    Its tolerances are large, to be readable; that does not mean that its runs part.
    """
    monkeypatch.setattr(differences, "runs_part", lambda page: False)
    published = tmp_path / "docs" / "published" / "fall"
    for folder in published, tmp_path / "docs" / "notes", tmp_path / "snippets":
        folder.mkdir(parents=True)
    (tmp_path / "snippets" / "setup.py").write_text("import torch\n")
    (tmp_path / "snippets" / "fall.py").write_text(SNIPPET, "utf-8")
    path = tmp_path / "docs" / "notes" / "fall.md"
    path.write_text(NOTE, "utf-8")
    (tmp_path / "docs" / "index.md").write_text("# First\n\n{{ fall.last:.2f }}\n")
    page = Page(path, tmp_path)
    numbers = {"last": 1.5, "name": "a → b"}
    about = {"machine": MACHINE, "numbers": numbers, "claims": MEASURED}
    (published / "numbers.json").write_text(json.dumps(about), "utf-8")
    state = json.dumps({"state": STATE}, ensure_ascii=False)
    (published / "state.json").write_text(state, "utf-8")
    (published / "train.txt").write_text("loss 2\n")
    (published / "curve.json").write_text(figure_data.to_json(CURVE, []))
    (published / "curve-light.svg").write_text(published_drawing, "utf-8")
    return page


LEFT = {
    "figure: curve": {"steps": STEPS, "loss": LOSS},
    "claim: slope": {"slope": SLOPE},
    "claim: falls": {"falls": FALLS},
}


def run_of(
    page: Page, values: dict = VALUES, output: str = "loss 2\n", **data
) -> Record:
    """A run that gives what is published, except for what the arguments change."""
    done = []
    for block in blocks_of(page):
        left = LEFT.get(block.name)
        if left:
            left = left | {name: data[name] for name in left.keys() & data.keys()}
        printed = output if block.name == "train" else ""
        done.append(Done(printed, None, [], left, {}, []))
    return Record(page, blocks_of(page), done, values, MACHINE, 1.0, 1.0, 100.0)


def with_block(record: Record, name: str, **changes) -> Record:
    """The run, with changes to the results of one block."""
    done = [
        replace(one, **changes) if block.name == name else one
        for block, one in zip(record.blocks, record.done, strict=True)
    ]
    return replace(record, done=done)


def line_of(text: str) -> int:
    """The line of the note on which a text begins."""
    return NOTE[: NOTE.index(text)].count("\n") + 1


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(differences.ENVIRONMENT, "DESCENT_EXACT", "1")


@pytest.mark.usefixtures("exact", "ascii_alone")
@pytest.mark.parametrize("held", [True, False, None])
def test_a_run_that_gives_what_is_published_does_not_differ(page: Page, held):
    assert differences.differences(run_of(page), held) == []


def test_a_note_s_own_files_do_not_differ_from_themselves():
    page = Page(ROOT / "docs" / "notes" / "reproducible-init.md")
    done = []
    for block in blocks_of(page):
        data, cell = None, block.cell
        if cell and cell.figure:
            path = places.published_files(page, cell.figure)["data"]
            data = figure_data.plain(figure_data.from_json(path))
        elif cell and cell.claim:
            variable = page.claims[cell.claim].variable
            data = {variable: np.array(page.measured[variable]["values"])}
        done.append(Done(block.output or "", None, [], data, {}, []))
    machine = page.published_numbers["machine"]
    numbers = page.numbers
    record = Record(page, blocks_of(page), done, numbers, machine, 1.0, 1.0, 100.0)
    state = json.loads((page.published / "state.json").read_text("utf-8"))["state"]
    vars(record)["digest"] = {name: about[:2] for name, about in state.items()}
    assert differences.differences(record, exact=True) == []
    calls = differences.closest_calls(record)
    assert len(calls) > 20
    assert max(calls.values()) == 0


@pytest.mark.parametrize(
    ("machine", "descent_exact", "other"),
    [
        (MACHINE, "1", []),
        (MACHINE, None, []),
        (MACHINE, "0", ["DESCENT_EXACT=0"]),
        (MACHINE | {"cpu": "another", "torch": "3"}, "1", ["torch", "cpu"]),
        (MACHINE | {"cpu": "another"}, "0", ["cpu"]),
        (MACHINE | {"gpu": "new"}, "1", ["gpu"]),
        ({"threads": 1, "cpu": "one of these"}, "1", ["torch"]),
        ({"threads": 2, "a": 1}, "1", ["torch", "threads", "cpu", "a"]),
    ],
)
def test_another_machine_is_one_of_which_something_known_differs(
    page: Page, machine, descent_exact, other, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delitem(differences.ENVIRONMENT, "DESCENT_EXACT", raising=False)
    if descent_exact:
        monkeypatch.setitem(differences.ENVIRONMENT, "DESCENT_EXACT", descent_exact)
    record = replace(run_of(page), machine=machine)
    assert differences.machine_differences(record) == other
    assert differences.same_machine(record) == (not other)


@pytest.mark.usefixtures("exact")
def test_a_page_that_has_published_nothing_is_of_another_machine(page: Page):
    (page.published / "numbers.json").unlink()
    record = run_of(Page(page.path, page.root))
    assert sorted(differences.machine_differences(record)) == sorted(MACHINE)


@pytest.mark.usefixtures("exact")
def test_the_published_bits_are_asked_of_the_kind_of_machine_that_published(page: Page):
    record = run_of(page, loss=LOSS + 1e-9)
    assert [of.what for of in differences.differences(record)] == ["The figure 'curve'"]
    elsewhere = replace(record, machine=MACHINE | {"cpu": "another"})
    assert differences.differences(elsewhere) == []


@pytest.mark.parametrize(("exact", "differ"), [(True, 1), (False, 0)])
def test_a_run_can_be_held_to_the_bits_or_not_by_who_asks(page: Page, exact, differ):
    record = run_of(page, loss=LOSS + 1e-9)
    assert len(differences.differences(record, exact)) == differ


DIFF = "--- published\n+++ this run\n@@ -1 +1,2 @@\n-loss 2\n+loss 3\n+loss 4"


@pytest.mark.parametrize(
    ("output", "error", "lines"),
    [
        ("loss 3\nloss 4\n", None, {"output": DIFF}),
        ("loss 2\n", "ValueError: no", {"error": "ValueError: no"}),
        ("loss 3\nloss 4\n", "KeyError", {"output": DIFF, "error": "KeyError"}),
    ],
)
def test_an_output_that_changed_is_told_line_by_line(page: Page, output, error, lines):
    record = with_block(run_of(page, output=output), "train", error=error)
    line = line_of("```python\n# %% train")
    what = f"The block 'train', line {line}"
    assert differences.differences(record) == [Difference(what, lines)]


def test_an_output_that_is_new_is_told(page: Page):
    printed = with_block(run_of(page), "figure: curve", output="a\n")
    (found,) = differences.differences(printed)
    assert found.lines == {
        "output": "--- published\n+++ this run\n@@ -0,0 +1 @@\n+a",
    }


def test_a_figure_whose_data_moved_is_drawn_before_and_after(page: Page):
    moved = LOSS + np.array([0, 0, 0, 0.5])
    found = differences.differences(run_of(page, loss=moved), exact=False)
    before = (page.published / "curve-light.svg").read_text("utf-8")
    after, _ = drawing.draw(
        page.figures["curve"], {"steps": STEPS, "loss": moved}, "light"
    )
    said = (
        "1 of 4 values moved, most at index 3: 1.5 → 2, 1 times its spread over "
        "seeds, 5.0 times its tolerance"
    )
    assert found == [Difference("The figure 'curve'", {"loss": said}, (before, after))]


def test_data_that_moved_within_their_tolerance_are_not_drawn(page: Page):
    # The tolerance is 0.1; a drawing would show the move.
    near = LOSS + np.array([0, 0, 0, 0.09])
    assert differences.differences(run_of(page, loss=near), exact=False) == []


def test_a_drawing_that_changed_though_its_data_did_not_is_told(page: Page):
    path = page.published / "curve-light.svg"
    drawn = path.read_text("utf-8")
    path.write_text(drawn.replace("#0072b2", "#ff0000"), "utf-8")
    (found,) = differences.differences(run_of(page))
    assert (found.what, list(found.lines)) == ("The figure 'curve'", ["drawing"])
    assert "was" in found.lines["drawing"]
    assert "#ff0000" in found.lines["drawing"]
    assert found.drawings == (path.read_text("utf-8"), drawn)


def test_a_figure_that_cannot_be_compared_is_told_with_the_reason(page: Page):
    failed = with_block(run_of(page), "figure: curve", data=None)
    (found,) = differences.differences(failed)
    assert (found.what, found.drawings) == ("The figure 'curve'", None)
    assert "the run left no data of 'figure: curve'" in found.lines["error"]
    (page.published / "curve.json").unlink()
    (found,) = differences.differences(run_of(page))
    assert "curve.json" in found.lines["error"]


def test_a_number_that_changed_is_told_wherever_it_is_quoted(page: Page):
    line = line_of("It ends at")
    found = differences._numbers(run_of(page, VALUES | {"last": 1.54, "name": "a → c"}))
    assert found == Difference(
        "Numbers in the text",
        {
            "last": f"1.50 → 1.54 (index.md:3, fall.md:{line})",
            "name": f"a → b → a → c (fall.md:{line})",
        },
    )
    found = differences._numbers(run_of(page, VALUES | {"last": 1.66}))
    assert found.lines == {
        "last": (
            f"1.50 → 1.66 (index.md:3, fall.md:{line}); 1.5 → 1.7 (fall.md:{line})"
        )
    }


def test_a_number_is_told_that_a_run_no_longer_leaves(page: Page):
    line = line_of("It ends at")
    found = differences._numbers(run_of(page, {"name": "a → b"}))
    assert found.lines == {
        "last": f"1.50 → no number (index.md:3, fall.md:{line}); "
        f"1.5 → no number (fall.md:{line})"
    }


def test_a_number_that_is_shown_alike_did_not_change(page: Page):
    assert differences._numbers(run_of(page, VALUES | {"last": 1.5004})) is None


def test_claims_that_moved_or_are_false_are_told_by_name(page: Page):
    found = differences.differences(run_of(page, slope=SLOPE - 0.03, falls=FALLS * 0))
    assert [of.what for of in found] == ["Claims"]
    slope, falls = found[0].lines["slope"], found[0].lines["falls"]
    assert list(found[0].lines) == ["slope", "falls"]
    moved = "its mean over the seeds moved, -0.5 → -0.53, 3.0 times its tolerance"
    assert slope == moved
    # A claim that moved and is false is reported as false.
    assert "falls: true of 0 of 16 seeds, not of 12 seeds or more." in falls


def test_a_claim_is_told_that_nothing_was_published_of(page: Page):
    path = page.published / "numbers.json"
    about = json.loads(path.read_text("utf-8"))
    del about["claims"]["slope"]
    path.write_text(json.dumps(about), "utf-8")
    record = run_of(Page(page.path, page.root))
    assert differences.differences(record) == [Difference("Claims", {"slope": "new"})]


def test_a_claim_whose_cell_left_nothing_is_told(page: Page):
    failed = with_block(run_of(page), "claim: slope", data=None)
    (found,) = differences.differences(failed)
    assert list(found.lines) == ["slope"]
    assert "the run left no data of 'claim: slope'" in found.lines["slope"]


def test_variables_that_moved_came_or_went_are_told_in_order(page: Page):
    values = {"name": "a → b", "last": 2.25, "new": 1.0, "also": np.zeros(2)}
    found = differences._state(run_of(page, values))
    assert found == Difference(
        "Variables at the end",
        {
            "also float64[2]": "came or went",
            "last float64[]": "3.0 times its tolerance",
            "loss float64[4]": "came or went",
            "new float64[]": "came or went",
            "of['→'] int64[]": "came or went",
        },
    )
    assert list(found.lines) == sorted(found.lines)


def test_a_variable_may_move_by_its_tolerance(page: Page):
    assert differences._state(run_of(page, VALUES | {"last": 1.25})) is None
    found = differences._state(run_of(page, VALUES | {"last": 1.24}))
    assert list(found.lines) == ["last float64[]"]


def test_a_page_without_its_variables_is_told(page: Page):
    (page.published / "state.json").unlink()
    (found,) = differences.differences(run_of(page))
    assert found.what == "Variables"
    assert "state.json" in found.lines["error"]


@pytest.mark.parametrize(
    ("published", "value", "call"),
    [
        ([1.0, 1.0, 0.5, 0.25], 2.0, 4.0),  # by its root mean square
        ([1.0, 1.0, 0.25, 0.5], 2.0, 4.0),  # by its mean
        ([1.0, 1.0, 0.5, 0.5], 0.5, 1.0),
        ([1.0, 1.0, 0.5, 0.5], 1.0, 0.0),
        ([0.0, 0.0, 0.0, 0.0], 0.0, 0.0),
        ([0.0, 0.0, 0.0, 1.0], 2.0, math.inf),
        ([0.0, 2.0, 1.0, 0.0], 2.0, 2.0),
    ],
)
def test_a_variable_is_so_many_of_its_tolerances_away(
    page: Page, published: list[float], value: float, call: float
):
    state = json.dumps({"state": {"x float64[]": published}})
    (page.published / "state.json").write_text(state)
    calls = differences.state_calls(run_of(page, {"x": value}))
    assert calls == {"x float64[]": pytest.approx(call, rel=1e-12)}


def test_a_variable_has_a_tolerance_for_each_of_its_two_numbers(page: Page):
    state = json.dumps({"state": {"x float64[]": [1.0, 1.0, 0.5]}})
    (page.published / "state.json").write_text(state)
    with pytest.raises(ValueError, match="zip"):
        differences.state_calls(run_of(page, {"x": 1.0}))


def test_the_closest_calls_are_those_of_all_that_is_compared(page: Page):
    record = run_of(
        page,
        VALUES | {"last": 1.625},
        loss=LOSS + np.array([0, 0, -0.05, 0]),
        slope=SLOPE + 0.02,
        falls=np.ones(16),
    )
    assert differences.closest_calls(record) == {
        "figure curve/loss": pytest.approx(0.5),
        "claim slope, mean": pytest.approx(2.0),
        "claim slope, spread": pytest.approx(0.0, abs=1e-9),
        "claim falls, mean": pytest.approx(0.5),
        "variable last float64[]": pytest.approx(0.5),
        "variable loss float64[4]": pytest.approx(0.0, abs=1e-9),
        "variable of['→'] int64[]": pytest.approx(0.0, abs=1e-3),
    }


def test_closest_calls_need_values_that_a_claim_may_have(page: Page):
    with pytest.raises(measurements.ClaimError, match="isn't all finite floats"):
        differences.closest_calls(run_of(page, slope=SLOPE * np.nan))


def body(html: str) -> str:
    start = "<h1>What differs from what is published</h1>\n"
    assert html.startswith('<!doctype html>\n<html lang="en">')
    return html.partition(start)[2].removesuffix("\n</html>\n")


ACCEPT = (
    '<p class="accept">Accepting makes this run the truth that others are held to: '
    "<code>make figures NOTE={}</code></p>"
)


def test_a_report_has_what_differs_as_text():
    lines = {"output": "-a\n+<b>", "x & y": "1 → <2>"}
    assert body(report.to_html({"fall": [Difference("The 'a' < b", lines)]})) == (
        f'<h2 id="fall">fall</h2>\n{ACCEPT.format("fall")}\n'
        "<h3>The &#x27;a&#x27; &lt; b</h3>\n"
        "<table><tr><th>output</th><td><pre>-a\n+&lt;b&gt;</pre></td></tr>"
        "<tr><th>x &amp; y</th><td>1 → &lt;2&gt;</td></tr></table>"
    )


def test_a_report_shows_a_figure_before_and_after():
    figure = Difference("A figure", {"loss": "moved"}, ("<svg/>", "<svg>→</svg>"))
    before, after = (
        f'<img alt="" src="data:image/svg+xml;base64,{base64.b64encode(svg).decode()}">'
        for svg in (b"<svg/>", "<svg>→</svg>".encode())
    )
    assert body(report.to_html({"fall": [figure]})).splitlines()[2:] == [
        "<h3>A figure</h3>",
        f'<div class="pair"><figure><figcaption>published</figcaption>{before}</figure>'
        f"<figure><figcaption>this run</figcaption>{after}</figure></div>",
        "<table><tr><th>loss</th><td>moved</td></tr></table>",
    ]


def test_a_report_on_some_notes_begins_with_links_to_them():
    found = {"fall": [Difference("A")], "rise": [Difference("B"), Difference("C")]}
    assert body(report.to_html(found)).splitlines() == [
        '<p><a href="#fall">fall</a> (1) · <a href="#rise">rise</a> (2)</p>',
        '<h2 id="fall">fall</h2>',
        ACCEPT.format("fall"),
        *("<h3>A</h3>", "<table></table>"),
        '<h2 id="rise">rise</h2>',
        ACCEPT.format("rise"),
        *("<h3>B</h3>", "<table></table>", "<h3>C</h3>", "<table></table>"),
    ]


def test_a_report_on_nothing_says_so():
    assert body(report.to_html({})) == "<p>Nothing.</p>"


@pytest.mark.usefixtures("ascii_alone")
def test_a_report_is_written_where_something_differs_and_removed_where_not(
    page: Page, tmp_path: Path
):
    same = run_of(page)
    other = run_of(page, VALUES | {"name": "a → c"})
    assert report.write([same], tmp_path) is None
    path = report.write([other], tmp_path)
    assert path == tmp_path / "report" / "index.html"
    text = path.read_text("utf-8")
    assert "make figures NOTE=fall" in text
    assert "a → b → a → c" in text
    assert report.write([other], tmp_path) == path  # once more, in the same folder
    assert report.write([same], tmp_path) is None
    assert not path.exists()


def claim_of(name: str, kind: str) -> tuple[Claim, np.ndarray]:
    """A claim about a mean, or a count of yes and no, with the values of its seeds."""
    bound = Bound(10.0, math.inf, count=True) if kind == "count" else Bound(0.0, 9.0)
    claim = Claim(name, "claim", bound, "It is.", Path("page.md"), 1)
    return claim, np.arange(16) % 2.0 if kind == "count" else np.arange(16) / 3


class Claiming:
    """A page that published some claims' values with such tolerances."""

    def __init__(self, tolerance: float, *claims: tuple[Claim, np.ndarray]) -> None:
        self.measured = {
            claim.variable: {
                "values": values.tolist(),
                "decimals": None if claim.bound.count else 1,
                "mean_tolerance": tolerance,
                **({} if claim.bound.count else {"spread_tolerance": tolerance}),
            }
            for claim, values in claims
        }


@pytest.mark.parametrize("own", [0.0, 0.01, 10.0])
def test_where_runs_part_a_claim_is_held_by_what_its_seeds_leave_open(
    monkeypatch: pytest.MonkeyPatch, own: float
):
    rise, values = claim_of("rise", "mean")
    often, _ = count = claim_of("often", "count")
    page = Claiming(own, (rise, values), count)
    monkeypatch.setattr(differences, "runs_part", lambda page: False)
    for claim in (rise, often):
        held = differences.published_claim(page, claim)
        assert held == page.measured[claim.variable]
    monkeypatch.setattr(differences, "runs_part", lambda page: True)
    held = differences.published_claim(page, rise)
    half = measurements.interval(values)[1]
    assert held["mean_tolerance"] == pytest.approx(max(own, half / 3))
    # The standard error of a spread's logarithm is 1 / sqrt(2 (n - 1)).
    least = 1.96 / np.sqrt(30) / 3
    assert held["spread_tolerance"] == pytest.approx(max(own, least))
    assert set(held) == set(page.measured["rise"])
    # By three seeds of sixteen.
    held = differences.published_claim(page, often)
    assert held["mean_tolerance"] == pytest.approx(max(own, 3 / 16))
    assert "spread_tolerance" not in held


def test_where_runs_part_a_variable_only_stays_or_goes(
    page: Page, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(differences, "runs_part", lambda page: True)
    state = {"x float64[]": [1.0, 1.0, 0.5, 0.5], "gone float64[]": [0.0] * 4}
    (page.published / "state.json").write_text(json.dumps({"state": state}))
    calls = differences.state_calls(run_of(page, {"x": 900.0, "new": 1.0}))
    apart = {"gone float64[]": math.inf, "new float64[]": math.inf}
    assert calls == {"x float64[]": 0.0, **apart}


def test_where_runs_part_a_figure_is_held_by_what_its_seeds_change(
    page: Page, monkeypatch: pytest.MonkeyPatch
):
    for name in page.figures:
        path = places.published_files(page, name)["data"]
        alone = figure_data.from_json(path)
        monkeypatch.setattr(differences, "runs_part", lambda page: False)
        for key, series in differences.published_data(page, name).items():
            assert np.array_equal(series.tolerance, alone[key].tolerance)
        monkeypatch.setattr(differences, "runs_part", lambda page: True)
        for key, series in differences.published_data(page, name).items():
            least = np.maximum(alone[key].tolerance, alone[key].spread / 3)
            assert np.asarray(series.tolerance) == pytest.approx(least, rel=1e-12)
    assert page.figures


def test_a_page_whose_runs_part_is_told_from_its_tolerances(
    page: Page, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.undo()  # the fixture's page is said to be no such page
    (name, *_) = page.figures
    path = places.published_files(page, name)["data"]
    known = figure_data.from_json(path)
    assert differences.runs_part(page)
    for times, parts in ((0.009, False), (0.011, True)):
        for key, series in known.items():
            loose = np.full(np.shape(series.values), 50.0 * times)
            changed = replace(series, spread=50.0, tolerance=loose)
            still = {k: replace(s, tolerance=0.0 * loose[0]) for k, s in known.items()}
            path.write_text(figure_data.to_json({**still, key: changed}, []))
            if np.asarray(series.values).dtype.kind == "f":
                assert differences.runs_part(page) == parts
    path.unlink()
    assert not differences.runs_part(page)
