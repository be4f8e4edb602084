"""What a claim may say, how it is shown, and that one that is false fails."""

import math

import numpy as np
import pytest

from publish import claims
from publish.claims import Bound, Claim, ClaimError, Measurement, read_head
from publish.pages import ROOT

VALUES = np.linspace(-0.55, -0.45, 16)  # -0.5, give or take 0.017


def measured(bound: Bound, values: np.ndarray = VALUES) -> Measurement:
    path = ROOT / "docs" / "notes" / "demo.md"
    return Measurement(Claim("slope", "claim", bound, "It is.", path, 7), values)


@pytest.mark.parametrize(
    ("head", "bound"),
    [
        ("slope above 0", Bound(0, math.inf)),
        ("slope below -0.001", Bound(-math.inf, -0.001)),
        ("slope between -0.53 and -0.47", Bound(-0.53, -0.47)),
        ("slope above 0 in every seed", Bound(0, math.inf, True)),
    ],
)
def test_a_bound_is_read_as_it_is_written(head: str, bound: Bound):
    assert read_head(head) == ("slope", bound)
    assert str(bound) == head.removeprefix("slope ").replace("-", "−")


@pytest.mark.parametrize(
    "head",
    ["slope", "slope about 3", "slope above", "Slope above 0", "a between 1 and"],
)
def test_a_bound_that_says_nothing_is_refused(head: str):
    with pytest.raises(ValueError, match="above X"):
        read_head(head)


def test_the_interval_is_student_s():
    # The sample of Student (1908), table of the additional sleep: 0.75 ± 1.28.
    sleep = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    mean, half = claims.interval(sleep)
    assert mean == pytest.approx(0.75)
    assert half == pytest.approx(1.2798, rel=2e-3)
    # Of 16 values, the quantile is 2.1314.
    assert claims.interval(VALUES)[1] == pytest.approx(
        2.1314 * VALUES.std(ddof=1) / 4, rel=1e-3
    )


def test_a_claim_holds_by_its_interval():
    measured(Bound(-0.52, -0.48)).between(-0.52, -0.48)
    measured(Bound(-math.inf, 0)).below(0)
    measured(Bound(-1, math.inf)).above(-1)
    with pytest.raises(ClaimError, match=r"demo\.md:7: slope: measured -0.5 ± 0.017"):
        measured(Bound(-0.515, -0.45)).between(-0.515, -0.45)


def test_a_claim_about_every_seed_holds_in_every_seed():
    measured(Bound(-0.56, -0.44, True)).between(-0.56, -0.44, every_seed=True)
    with pytest.raises(ClaimError, match=r"but not in \d of them, as in -0.55"):
        measured(Bound(-0.53, -0.47, True)).between(-0.53, -0.47, every_seed=True)


@pytest.mark.parametrize("bound", [Bound(-0.53, -0.46), Bound(-0.53, -0.47, True)])
def test_page_and_test_must_say_the_same_bound(bound: Bound):
    with pytest.raises(ClaimError, match="Find out which one is true"):
        measured(bound).between(-0.53, -0.47)


@pytest.mark.parametrize(
    "values",
    [VALUES[:15], VALUES[None], VALUES.astype(int), np.append(VALUES, np.nan)],
)
def test_a_claim_needs_sixteen_finite_values(values: np.ndarray):
    with pytest.raises(ClaimError):
        measured(Bound(-1, 1), values)


@pytest.mark.parametrize(
    ("values", "other", "shown"),
    [
        (VALUES, 1e-12, "−0.500 ± 0.017"),
        (VALUES, 1e-3, "−0.50 ± 0.02"),
        (VALUES, 0.1, "−0.67 to −0.33"),
        (VALUES * 1000, 1e-9, "−500 ± 17"),
        (VALUES * 10_000, 10.0, "−5,000 ± 200"),
        (VALUES * 10_000, 50.0, "−5,300 to −4,700"),
        (np.zeros(16), 0.0, "below 1"),
        (np.full(16, 3.0), 0.0, "3"),
        (np.full(16, 0.25), 0.0, "0.25"),
        (VALUES * 1e-13, 1e-13, "below 1"),
    ],
)
def test_only_digits_that_survive_are_shown(values, other, shown):
    alternate = values + other * np.array([1, -1] * 8)
    bound = Bound(-math.inf, 1, True)
    about = claims.describe(values, [alternate], bound)
    assert about["text"] == shown
    assert claims.differs(about, values) is None
    # Another machine, that rounds as much.
    elsewhere = values + other / 4 * np.array([1, 1, -1, -1] * 4)
    assert claims.differs(about, elsewhere) is None
    # Four standard errors: all that the mean may move by.
    for shift in (-other, other):
        assert claims.differs(about, values + shift) is None


@pytest.mark.parametrize("other", [1e-12, 1e-3, 0.1])
def test_values_that_are_not_what_is_shown_differ(other: float):
    alternate = VALUES + other * np.array([1, -1] * 8)
    about = claims.describe(VALUES, [alternate], Bound(-math.inf, 1))
    assert claims.differs(about, VALUES + 0.5)
    assert claims.differs(about, -0.5 + 30 * (VALUES + 0.5))


def test_where_a_range_is_shown_the_spread_stays_in_its_own():
    alternate = VALUES + 0.1 * np.array([1, -1] * 8)
    about = claims.describe(VALUES, [alternate], Bound(-math.inf, 1))
    low, high = about["range"]
    half = claims.interval(VALUES)[1]
    # The whole interval stays in it, not the mean alone.
    for further, within in [(-0.01, True), (0.01, False)]:
        shift = high - half - VALUES.mean() + further * half
        assert (claims.differs(about, VALUES + shift) is None) == within
    for times, within in [(0.99, True), (1.01, False)]:
        spread = about["widest"] / VALUES.std(ddof=1) * times
        wider = (low + high) / 2 + spread * (VALUES - VALUES.mean())
        assert (claims.differs(about, wider) is None) == within
