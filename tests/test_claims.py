"""What a claim may say, how it is shown, and that one that is false fails."""

import math
import re

import numpy as np
import pytest

from publish import claims, tolerance
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
    with pytest.raises(ValueError, match="it is not a name and"):
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


def described(values: np.ndarray, other: float, bound: Bound) -> dict:
    # Machines whose seeds' values are off by so much, each by its own signs.
    rng = np.random.default_rng(0)
    signs = rng.choice([-1.0, 1.0], (16, len(values)))
    return claims.describe(values, [values + other * s for s in signs], bound)


@pytest.mark.parametrize(
    ("values", "other", "shown"),
    [
        (VALUES, 1e-12, "−0.500 ± 0.017"),
        (VALUES, 1e-3, "−0.500 ± 0.017"),
        (VALUES, 0.1, "−0.50 ± 0.02"),
        (VALUES, 0.6, "−0.5"),
        (VALUES * 1000, 1e-9, "−500 ± 17"),
        (VALUES * 10_000, 10.0, "−5,000 ± 170"),
        (VALUES * 10_000, 1000.0, "−5,000 ± 200"),
        (np.zeros(16), 0.0, "below 1"),
        (np.full(16, 3.0), 0.0, "3"),
        (np.full(16, 0.25), 0.0, "0.25"),
        (VALUES * 1e-13, 1e-13, "below 1"),
    ],
)
def test_only_digits_that_survive_are_shown(values, other, shown):
    bound = Bound(-math.inf, 1, True)
    about = described(values, other, bound)
    assert about["text"] == shown
    assert claims.shown(values, bound, about["decimals"])["text"] == shown
    assert claims.differs(about | {"values": values}, values) is None


def test_what_is_yes_or_no_for_a_seed_is_a_count():
    values = np.array([1.0] * 15 + [0.0])
    bound = read_head("slope in at least 12 of 16")[1]
    assert str(bound) == "12 seeds or more"
    about = described(values, 0.0, bound) | {"values": values}
    assert about["text"] == "15 of 16"
    measured(bound, values).in_at_least(12)
    with pytest.raises(ClaimError, match="the page says"):
        measured(bound, values).in_at_least(13)
    fewer = np.array([1.0] * 11 + [0.0] * 5)
    with pytest.raises(ClaimError, match="true of 11 of 16 seeds, not of 12"):
        measured(bound, fewer).in_at_least(12)
    with pytest.raises(ClaimError, match="ones and zeros"):
        measured(bound, values / 2)
    # One seed may be another elsewhere, however alike the runs here were.
    assert claims.differs(about, np.array([1.0] * 16)) is None
    assert "its mean" in claims.differs(about, np.array([1.0] * 13 + [0.0] * 3))


@pytest.mark.parametrize("other", [1e-12, 1e-3, 0.1])
def test_a_mean_that_moved_is_named_by_how_many_of_its_tolerance(other: float):
    about = described(VALUES, other, Bound(-math.inf, 1)) | {"values": VALUES}
    reach = about["mean_tolerance"]
    assert claims.differs(about, VALUES + 0.99 * reach) is None
    said = claims.differs(about, VALUES + 3 * reach)
    assert re.search(
        "^its mean over the seeds moved, -0.5 → .* 3.0 times its tol", said
    )


def test_a_spread_is_compared_as_a_variance_is():
    about = described(VALUES, 0.1, Bound(-math.inf, 1)) | {"values": VALUES}
    # Where runs part, by no more than other seeds would change it: Fisher's F.
    most = np.log(tolerance.ratio(15))
    assert about["spread_tolerance"] <= 1.1 * most
    mean = VALUES.mean()
    for times, said in [(0.99, None), (1.2, "its spread over the seeds moved")]:
        factor = np.exp(about["spread_tolerance"] * times)
        for change in (factor, 1 / factor):
            now = claims.differs(about, mean + change * (VALUES - mean))
            assert now is None if said is None else said in now
    close = described(VALUES, 1e-9, Bound(-math.inf, 1)) | {"values": VALUES}
    assert 0 < close["spread_tolerance"] < 1e-6
    assert claims.differs(close, mean + (1 + 1e-13) * (VALUES - mean)) is None
    assert "spread" in claims.differs(close, mean + 1.01 * (VALUES - mean))


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        (Bound(-0.6, -0.4), None),
        (Bound(-0.6, -0.48), "an end of its interval is .*, elsewhere up to"),
        (Bound(-0.52, -0.4), "an end of its interval is .*, elsewhere up to"),
        (Bound(-0.555, -0.3, True), "a seed's value is -0.55, elsewhere"),
        (Bound(-0.8, -0.2, True), None),
    ],
)
def test_a_claim_holds_where_another_machine_may_be(bound: Bound, said: str | None):
    rng = np.random.default_rng(0)
    others = [VALUES + 0.004 * rng.choice([-1.0, 1.0], 16) for _ in range(16)]
    others = [other + 0.0005 * rng.choice([-1.0, 1.0]) for other in others]
    claim = measured(bound)
    claim.hold(bound)  # here, it does
    if said is None:
        claim.hold_elsewhere(bound, others)
        return
    with pytest.raises(ClaimError, match=said):
        claim.hold_elsewhere(bound, others)
