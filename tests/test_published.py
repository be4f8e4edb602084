"""What is published is what this session's runs give."""

import gzip
import json

import pytest

from publish import figures
from publish.__main__ import number, numbers_asked
from publish.pages import ROOT, Page, notes
from publish.program import Record

FIGURES = [(page, name) for page in notes() for name in page.figures]
figure = pytest.mark.parametrize(
    ("note", "name"), FIGURES, ids=lambda value: getattr(value, "slug", value)
)


def same_machine(record: Record) -> bool:
    """Whether the run's machine rounds as the one that published does."""
    about = json.loads((record.page.published / "numbers.json").read_text("utf-8"))
    return about["machine"] == record.machine


@figure
def test_the_data_of_a_figure(note: Page, name: str, record: Record):
    published, tolerance = figures.from_json(note.published / f"{name}.json")
    exact = dict.fromkeys(tolerance, 0.0) if same_machine(record) else tolerance
    differences = figures.compare_data(published, record.figure_data(name), exact)
    advice = f"If the new data are right, run `make figures`. {note.snippet.name}:"
    assert not differences, "\n".join([advice, *differences])


@figure
def test_the_drawing_of_the_published_data(note: Page, name: str):
    paths = figures.published_files(note, name)
    data, tolerance = figures.from_json(paths["data"])
    advice = "If the code is right and the files unedited, run `make figures`."
    for scheme in figures.SCHEMES:
        svg, axes = figures.draw(note.figures[name], data, scheme)
        published = paths[scheme].read_text("utf-8")
        difference = figures.compare_svg(published, svg)
        assert not difference, f"{paths[scheme].name} {difference}. {advice}"
    for panel in axes:
        assert panel["x"] or panel["y"] or panel["title"], "a panel says nothing"
    file = figures.to_json(data, axes, tolerance)
    assert json.loads(paths["data"].read_text("utf-8")) == json.loads(file), advice


@figure
def test_a_figure_is_light(note: Page, name: str):
    for path in figures.published_files(note, name).values():
        sent = len(gzip.compress(path.read_bytes()))  # as a server sends it
        assert sent < 60_000, path.name


def test_the_numbers_that_are_quoted(note: Page, record: Record):
    asked = list(numbers_asked(note))
    assert set(note.numbers) == {name for name, *_ in asked}
    for name, spec, quoting, line in asked:
        now, then = number(record, name, quoting, line), note.numbers[name]
        where = f"{quoting.path.relative_to(ROOT)}:{line}"
        if same_machine(record):
            assert now == then, f"{where}: {name}: run `make figures`"
        assert format(now, spec) == format(then, spec), f"{where}: {name} moved"


def test_no_published_file_is_left_over(note: Page):
    outputs = {note.output_file(cell) for cell in note.cells}
    made = {
        path
        for name in note.figures
        for path in figures.published_files(note, name).values()
    }
    made.add(note.published / "numbers.json")
    here = set(note.published.iterdir())
    assert made <= here <= made | outputs
