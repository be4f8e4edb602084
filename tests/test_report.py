"""The report on what changed shows it, and says nothing where nothing did."""

from dataclasses import replace

import pytest

from publish.check import differences, report
from publish.check.program import Record
from publish.check.pytest_plugin import how_held
from publish.page.source import Page
from publish.project import ROOT

one_note = pytest.mark.parametrize(
    "note", [Page(ROOT / "docs" / "notes" / "mle-loss.md")], ids=["mle-loss"]
)


@one_note
def test_the_same_machine_is_one_that_rounds_alike(
    note: Page, record: Record, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(differences.ENVIRONMENT, "DESCENT_EXACT", "1")
    published = note.published_numbers["machine"]
    assert differences.same_machine(replace(record, machine={**published}))
    for key, value in published.items():
        other = {**published, key: f"another than {value}"}
        assert not differences.same_machine(replace(record, machine=other)), key


@one_note
def test_why_a_note_is_not_held_to_the_last_bit_is_said(
    note: Page, record: Record, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(differences.ENVIRONMENT, "DESCENT_EXACT", "1")
    published = note.published_numbers["machine"]
    same = replace(record, machine=published)
    other = replace(record, machine={**published, "cpu": "another", "threads": 2})
    assert differences.machine_differences(same) == []
    assert differences.machine_differences(other) == ["threads", "cpu"]
    said = how_held([same, other])
    assert said.startswith("held to the last bit: 1 of 2 notes; the others within tol")
    assert said.endswith("another cpu, threads")
    monkeypatch.setitem(differences.ENVIRONMENT, "DESCENT_EXACT", "0")
    assert differences.machine_differences(same) == ["DESCENT_EXACT=0"]


def test_the_closest_call_of_a_run_is_less_than_its_tolerance(
    note: Page, record: Record
):
    calls = differences.closest_calls(record)
    assert len(calls) > 20
    assert max(calls.values()) < 1


def test_nothing_is_reported_where_nothing_changed(note: Page, record: Record):
    assert differences.differences(record) == []


@one_note
def test_a_figure_that_changed_is_shown_before_and_after(
    note: Page, record: Record, tmp_path
):
    at = next(
        i for i, block in enumerate(record.blocks) if block.name == "figure: curve"
    )
    data = {**record.done[at].data, "dot_cost": record.done[at].data["dot_cost"] + 1}
    done = [*record.done]
    done[at] = replace(done[at], data=data)
    path = report.write([replace(record, done=done)], tmp_path)
    text = path.read_text("utf-8")
    assert text.count("<img") == 2
    assert "values moved" in text
    assert "make figures NOTE=mle-loss" in text
    assert "dot_cost" in text


@one_note
def test_an_output_and_a_claim_that_changed_are_reported(
    note: Page, record: Record, tmp_path
):
    claim = next(iter(note.claims.values()))
    done = [
        replace(one, output=one.output.replace("e", "E"), data=one.data)
        for one in record.done
    ]
    at = next(
        i for i, b in enumerate(record.blocks) if b.name == f"claim: {claim.name}"
    )
    values = {claim.variable: record.claim_values(claim) * -100 - 1}
    done[at] = replace(done[at], data=values)
    found = differences.differences(replace(record, done=done))
    text = report.to_html({note.slug: found})
    assert "+++ this run" in text
    assert claim.name in text
    assert "The statement is false now" in text
