"""Each claim holds in this session's run, within its bound in tests/bounds.toml."""

import tomllib
from types import SimpleNamespace

import numpy as np
import pytest

from publish.check.measurements import LEAST_SEEDS, ClaimError, Measurement
from publish.check.program import Record
from publish.page.claims import read_head
from publish.page.source import Page, notes
from publish.project import ROOT

BOUNDS = tomllib.loads((ROOT / "tests" / "bounds.toml").read_text("utf-8"))
CLAIMS = [(note, name) for note in notes() for name in BOUNDS.get(note.slug, {})]


@pytest.mark.parametrize(
    ("note", "name"), CLAIMS, ids=lambda value: getattr(value, "slug", value)
)
def test_a_claim_holds(note: Page, name: str, record: Record):
    claim = note.claims[name]
    _, bound = read_head(f"{name} {BOUNDS[note.slug][name]}")
    Measurement(claim, record.claim_values(claim)).hold(bound)


def test_each_claim_has_its_bound_here():
    stated = {note.slug: sorted(note.claims) for note in notes()}
    assert {slug: sorted(bounds) for slug, bounds in BOUNDS.items()} == stated


def test_a_claim_that_does_not_hold_fails():
    for note, name in CLAIMS:
        bound = note.claims[name].bound
        outside = -1e9 if bound.high == np.inf else 1e9
        values = np.full(LEAST_SEEDS, 0.0 if bound.count else outside)
        record = SimpleNamespace(claim_values=lambda _, values=values: values)
        with pytest.raises(ClaimError, match=name):
            test_a_claim_holds(note, name, record)
