"""What is published is what this session's runs give."""

import difflib
import gzip
import hashlib
import io
import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from publish.check import drawing, figure_data, lists, measurements, tolerance
from publish.check.differences import (
    LOOK,
    published_claim,
    published_data,
    same_machine,
    state_calls,
)
from publish.check.page_files import number, numbers_asked
from publish.check.program import ROUNDINGS, Record, run
from publish.check.running import ENVIRONMENT
from publish.page import places
from publish.page.parts import parts, program_blocks
from publish.page.source import Page, notes
from publish.project import ROOT

FIGURES = [(page, name) for page in notes() for name in page.figures]
figure = pytest.mark.parametrize(
    ("note", "name"), FIGURES, ids=lambda value: getattr(value, "slug", value)
)


def test_published_files_are_as_they_were_written(note: Page):
    # `make figures` writes them: nobody edits them by hand.
    lines = (note.published / "SHA256SUMS").read_text("utf-8").splitlines()
    taken_away = (places.script_of, places.notebook_of, places.card_of)
    by_other_means = {"SHA256SUMS", *(of(note).name for of in taken_away)}
    here = {path.name for path in note.published_files()}
    assert {line.split("  ")[1] for line in lines} == here - by_other_means
    for line in lines:
        expected, name = line.split("  ")
        path = note.published / name
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        where = path.relative_to(ROOT)
        assert found == expected, f"{where} was edited: undo that, or publish anew."


@pytest.mark.parametrize("path", lists.listings(ROOT), ids=lambda path: path.name)
def test_what_pages_show_is_listed(path: Path):
    made = lists.listings(ROOT)[path]()
    old, new = path.read_text("utf-8").splitlines(), made.splitlines()
    changed = [line for line in difflib.ndiff(old, new) if line[0] in "-+"]
    advice = (
        f"{path.relative_to(ROOT)} is of another text. Read each line that changed; "
        "`make figures TEXT=1` accepts them:"
    )
    assert old == new, "\n".join([advice, *changed])


def test_no_published_file_is_left_over(note: Page):
    outputs = {note.output_file(cell) for cell in note.cells}
    made = {
        path
        for name in note.figures
        for path in places.published_files(note, name).values()
    }
    about = ("numbers.json", "state.json", "SHA256SUMS")
    made |= {note.published / name for name in about}
    made |= {places.script_of(note), places.notebook_of(note)}
    made |= {places.card_of(note)}
    here = note.published_files()
    assert made <= here <= made | outputs


@figure
def test_the_data_of_a_figure(note: Page, name: str, record: Record):
    published = published_data(note, name)
    differences = figure_data.compare_data(
        published, record.figure_data(name), same_machine(record)
    )
    advice = f"{LOOK} {note.snippet.name}:"
    lines = [f"series {series!r}: {how}" for series, how in differences.items()]
    assert not differences, "\n".join([advice, *lines])


@figure
def test_the_drawing_of_the_published_data(note: Page, name: str):
    paths = places.published_files(note, name)
    data = figure_data.from_json(paths["data"])
    advice = LOOK
    for scheme in places.SCHEMES:
        svg, axes = drawing.draw(note.figures[name], figure_data.plain(data), scheme)
        published = paths[scheme].read_text("utf-8")
        difference = drawing.compare_svg(published, svg)
        assert not difference, f"{paths[scheme].name} {difference}. {advice}"
    for panel in axes:
        assert panel["x"] or panel["y"] or panel["title"], "a panel says nothing"
    assert paths["data"].read_text("utf-8") == figure_data.to_json(data, axes), advice


def test_tolerances_come_from_differences(note: Page):
    # Where runs part, rounding moves a series by as much as other seeds do, and sixteen
    # machines show how far. But that spread comes from two other sets of seeds: the
    # tolerance of one series may be several times as large by chance, so all that part
    # are held together. Where runs don't part, rounding is all there is.
    squares = []
    for name in note.figures:
        data = figure_data.from_json(places.published_files(note, name)["data"])
        for key, series in data.items():
            if np.asarray(series.values).dtype.kind != "f":
                continue
            least = tolerance.floor(series.values)
            allowed = np.asarray(series.tolerance)
            assert (allowed >= 0.99 * least).all(), key
            if tolerance.rms(allowed) > 1.1 * least:
                parted = tolerance.quantile(len(ROUNDINGS)) * series.spread
                squares.append((tolerance.rms(allowed) / parted) ** 2)
    assert np.mean(squares or 0) <= 4


def test_no_more_is_compared_than_the_level_is_shared_among():
    count = 0
    for page in notes():
        for name in page.figures:
            data = figure_data.from_json(places.published_files(page, name)["data"])
            arrays = (np.asarray(series.values) for series in data.values())
            count += sum(array.size for array in arrays if array.dtype.kind == "f")
        text = (page.published / "state.json").read_text("utf-8")
        count += 2 * len(json.loads(text)["state"]) + len(page.numbers)
        # A claim's mean and spread, and its bound: two ends, or each seed's value.
        count += sum(2 + 2 * about["seeds"] for about in page.measured.values())
        printed = " ".join(block.output or "" for block in program_blocks(parts(page)))
        count += len(re.findall(r"\d[\d.]*", printed))
    assert count <= tolerance.COMPARISONS, (
        f"{count} values are compared. Draw fewer points in a figure, or raise "
        "COMPARISONS in publish/check/tolerance.py and run `make figures`: each "
        "tolerance grows a little."
    )


def test_the_card_is_the_page_s_own_figure(note: Page):
    published, drawn = (
        np.asarray(Image.open(source).convert("L"), dtype=float)
        for source in (
            places.card_of(note),
            io.BytesIO(drawing.draw_card(note)),
        )
    )
    assert published.shape == drawn.shape == drawing.CARD[::-1]
    # On another machine, a line's edge may be shaded otherwise; no line moves.
    differs = (abs(published - drawn) > 8).mean()
    assert differs < 1e-4, "run `make figures`"


@figure
def test_a_figure_is_light(note: Page, name: str):
    for path in places.published_files(note, name).values():
        sent = len(gzip.compress(path.read_bytes()))  # as a server sends it
        assert sent < 60_000, path.name


def test_the_numbers_that_are_quoted(note: Page, record: Record):
    asked = list(numbers_asked(note))
    assert set(note.numbers) == {name for name, *_ in asked}
    for name, spec, quoting, line in asked:
        now, then = number(record, name, quoting, line), note.numbers[name]
        where = f"{quoting.path.relative_to(ROOT)}:{line}"
        if same_machine(record):
            assert now == then, f"{where}: {name}. {LOOK}"
        assert format(now, spec) == format(then, spec), f"{where}: {name} moved"


def test_what_is_published_of_the_claims(note: Page, record: Record):
    assert list(note.measured) == [claim.variable for claim in note.claims.values()]
    for claim in note.claims.values():
        about = note.measured[claim.variable]
        where = f"{note.path.relative_to(ROOT)}:{claim.line}: {claim.name}"
        values = measurements.Measurement(claim, record.claim_values(claim)).values
        if same_machine(record):
            assert values.tolist() == about["values"], f"{where}. {LOOK}"
        moved = measurements.differs(published_claim(note, claim), values)
        assert not moved, f"{where}: {moved}. {LOOK}"
        assert len(values) == about["seeds"], where


def test_what_is_displayed_of_a_claim_is_what_its_values_give(note: Page):
    for claim in note.claims.values():
        about = note.measured[claim.variable]
        values = np.array(about["values"])
        said = measurements.shown(values, claim.bound, about["decimals"])
        assert said == {key: about[key] for key in said}, claim.name
        if about["decimals"] is None:
            # Only rounding, and counts, are shown without digits.
            assert claim.bound.count or np.abs(values).max() < measurements.ROUNDING
        else:
            mean, half = measurements.interval(values)
            # As many decimals as the interval leaves, or fewer where machines differ.
            most = measurements.decimals_for(half, mean)
            apart = about["mean_tolerance"] / tolerance.quantile(len(ROUNDINGS))
            assert about["decimals"] == most or 10.0**-most < 2 * apart, claim.name


def test_a_run_names_the_machine_that_it_ran_on(note: Page, record: Record):
    import torch  # here: it takes longer than all other tests of this file

    # This decides whether the results must be the published ones to the last bit.
    assert {k: v for k, v in record.machine.items() if k != "cpu"} == {
        "torch": torch.__version__,
        "numpy": np.__version__,
        "capability": torch.backends.cpu.get_cpu_capability(),
        "threads": int(os.environ.get("OMP_NUM_THREADS", "1")),
        "mkl_mode": os.environ.get("MKL_CBWR", "")
        if torch.backends.mkl.is_available()
        else "none",
    }


def test_what_a_program_leaves(note: Page, record: Record):
    # To the last bit on the kind of machine that published; else within tolerance.
    published = json.loads((note.published / "state.json").read_text("utf-8"))["state"]
    left = record.digest
    assert list(left) == list(published), f"{note.snippet.name}. {LOOK}"
    if same_machine(record):
        moved = {key for key in left if left[key] != published[key][:2]}
    else:
        moved = {key for key, call in state_calls(record).items() if call > 1}
    assert not moved, f"{note.snippet.name} left other {moved}. {LOOK}"


def test_a_run_names_what_its_environment_asks_for():
    asked = {"OMP_NUM_THREADS": "2", "ATEN_CPU_CAPABILITY": "default"}
    asked["MKL_CBWR"] = "COMPATIBLE"
    machine = run(Page(ROOT / "README.md"), asked).machine
    assert machine["threads"] == 2
    assert machine["capability"] in ("DEFAULT", "NO AVX")
    assert machine["mkl_mode"] in ("COMPATIBLE", "none")


def test_a_run_knows_nothing_of_what_a_test_sets(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    threads = run(Page(ROOT / "README.md")).machine["threads"]
    assert threads == int(ENVIRONMENT.get("OMP_NUM_THREADS", "1"))
