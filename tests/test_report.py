"""The report on what changed shows it, and says nothing where nothing did."""

from dataclasses import replace

import pytest

from publish import report
from publish.pages import ROOT, Page
from publish.program import Record

one_note = pytest.mark.parametrize(
    "note", [Page(ROOT / "docs" / "notes" / "mle-loss.md")], ids=["mle-loss"]
)


@one_note
def test_the_same_machine_is_one_that_rounds_alike(note: Page, record: Record):
    published = note.published_numbers["machine"]
    assert report.same_machine(replace(record, machine={**published}))
    for key, value in published.items():
        other = {**published, key: f"another than {value}"}
        assert not report.same_machine(replace(record, machine=other)), key


def test_nothing_is_reported_where_nothing_changed(note: Page, record: Record):
    assert report.differences(record) == []


@one_note
def test_a_figure_that_changed_is_shown_before_and_after(
    note: Page, record: Record, tmp_path
):
    at = next(
        i for i, block in enumerate(record.blocks) if block.name == "figure: curve"
    )
    data = {**record.done[at].data, "costs": record.done[at].data["costs"] + 1}
    done = [*record.done]
    done[at] = replace(done[at], data=data)
    path = report.write([replace(record, done=done)], tmp_path)
    text = path.read_text("utf-8")
    assert text.count("<img") == 2
    assert "values moved" in text
    assert "make figures NOTE=mle-loss" in text
    assert "costs" in text


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
    found = report.differences(replace(record, done=done))
    text = report.to_html({note.slug: found})
    assert "+++ this run" in text
    assert claim.name in text
    assert "The statement is false now" in text
