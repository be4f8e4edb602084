"""What a claim may say, how it is shown, and that one that is false fails."""

import math
import re

import numpy as np
import pytest
from scipy.special import stdtrit

from publish.check import measurements, tolerance
from publish.check.measurements import ClaimError, Measurement
from publish.page import claims
from publish.page.claims import Bound, Claim, read_head
from publish.project import ROOT

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
        ("slope between 1 and 2e+06 in every seed", Bound(1, 2e6, True)),
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


@pytest.mark.parametrize("head", ["slope between 2 and 1", "slope between 1 and 1"])
def test_a_bound_that_no_number_keeps_is_refused(head: str):
    with pytest.raises(ValueError, match=r"no number is above \d and below 1"):
        read_head(head)


def test_how_many_seeds_must_be_ones_is_a_bound_of_its_own():
    assert read_head("limit-holds in at least 12 of 16") == (
        "limit-holds",
        Bound(12, math.inf, every=False, count=True),
    )


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("-0.5 and -.5", "−0.5 and −.5"),
        ("2e-05", "2e−05"),
        ("held-out 3-4 1.-2 e-n", "held-out 3-4 1.-2 e-n"),
    ],
)
def test_numbers_have_a_minus_sign_and_words_a_hyphen(text: str, printed: str):
    assert claims.minus(text) == printed


def test_the_interval_is_student_s():
    # The sample of Student (1908), table of the additional sleep: 0.75 ± 1.28.
    sleep = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    mean, half = measurements.interval(sleep)
    assert mean == pytest.approx(0.75)
    assert half == pytest.approx(1.2798, rel=2e-3)
    # For 16 values, Student's quantile is 2.1314.
    assert measurements.interval(VALUES)[1] == pytest.approx(
        2.1314 * VALUES.std(ddof=1) / 4, rel=1e-3
    )


@pytest.mark.parametrize("n", [16, 32, 100])
def test_the_quantile_is_the_expansion_s_first_three_terms(n: int):
    z, nu = 1.959964, n - 1
    # The fourth and the fifth (Abramowitz and Stegun 1964, 26.7.5) are left out.
    fourth = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    fifth = 79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z
    left_out = fourth / nu**3 + fifth / 92160 / nu**4
    values = np.array([0.0, 1.0] * (n // 2))
    quantile = measurements.interval(values)[1] / (values.std(ddof=1) / math.sqrt(n))
    assert quantile == pytest.approx(stdtrit(nu, 0.975) - left_out, abs=3e-6)


def test_a_claim_holds_by_its_interval():
    measured(Bound(-0.52, -0.48)).hold(Bound(-0.52, -0.48))
    measured(Bound(-math.inf, 0)).hold(Bound(-math.inf, 0))
    measured(Bound(-1, math.inf)).hold(Bound(-1, math.inf))
    with pytest.raises(ClaimError, match=r"demo\.md:7: slope: measured -0.5 ± 0.017"):
        measured(Bound(-0.515, -0.45)).hold(Bound(-0.515, -0.45))
    with pytest.raises(ClaimError, match=r"± 0.017 over 16 seeds, not below −0.49"):
        measured(Bound(-math.inf, -0.49)).hold(Bound(-math.inf, -0.49))


def test_a_claim_about_every_seed_holds_in_every_seed():
    measured(Bound(-0.56, -0.44, True)).hold(Bound(-0.56, -0.44, True))
    with pytest.raises(ClaimError, match=r"but not in \d of them, as in -0.55"):
        measured(Bound(-0.53, -0.47, True)).hold(Bound(-0.53, -0.47, True))


@pytest.mark.parametrize("bound", [Bound(-0.53, -0.46), Bound(-0.53, -0.47, True)])
def test_page_and_test_must_say_the_same_bound(bound: Bound):
    with pytest.raises(ClaimError, match="Find out which one is true"):
        measured(bound).hold(Bound(-0.53, -0.47))


@pytest.mark.parametrize(
    "values",
    [VALUES[:15], VALUES[None], VALUES.astype(int), np.append(VALUES, np.nan)],
)
def test_a_claim_needs_sixteen_finite_values(values: np.ndarray):
    with pytest.raises(ClaimError):
        measured(Bound(-1, 1), values)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (VALUES[:15], "one value for each of 16 seeds"),
        (np.full((16, 2), 0.5), "one value for each of 16 seeds"),
        (VALUES.astype(int), "all finite floats"),
        (np.append(VALUES, np.inf), "all finite floats"),
    ],
)
def test_what_is_wrong_with_a_claim_s_values_is_said(values: np.ndarray, said: str):
    with pytest.raises(ClaimError, match=rf"^docs/notes/demo\.md:7: slope: .*{said}"):
        measured(Bound(-1, 1), values)


HALF = np.full(16, 0.5)


@pytest.mark.parametrize(
    ("bound", "holds"),
    [
        (Bound(0.5, math.inf), False),
        (Bound(-math.inf, 0.5), False),
        (Bound(0.4, 0.5), False),
        (Bound(0.5, 0.6), False),
        (Bound(0.4, 0.6), True),
    ],
)
def test_a_value_at_the_end_of_a_bound_is_outside_of_it(bound: Bound, holds: bool):
    if holds:
        measured(bound, HALF).hold(bound)
    else:
        with pytest.raises(ClaimError, match=r"slope: measured 0\.5 ± 0 over 16 seeds"):
            measured(bound, HALF).hold(bound)


@pytest.mark.parametrize("end", [0.0, 1.0])
def test_a_seed_at_the_end_of_a_bound_is_outside_of_it(end: float):
    values = np.append(HALF, end)
    measured(Bound(0, 1), values).hold(Bound(0, 1))
    with pytest.raises(ClaimError, match=f"but not in 1 of them, as in {end:g}"):
        measured(Bound(0, 1, True), values).hold(Bound(0, 1, True))


def test_a_claim_above_or_below_can_be_about_every_seed():
    values = np.append(HALF, [0.0, 1.0])
    measured(Bound(-0.1, math.inf, True), values).hold(Bound(-0.1, math.inf, True))
    measured(Bound(-math.inf, 1.1, True), values).hold(Bound(-math.inf, 1.1, True))
    with pytest.raises(ClaimError, match="but not in 1 of them, as in 0"):
        measured(Bound(0.1, math.inf, True), values).hold(Bound(0.1, math.inf, True))
    with pytest.raises(ClaimError, match="but not in 1 of them, as in 1"):
        measured(Bound(-math.inf, 0.9, True), values).hold(Bound(-math.inf, 0.9, True))


@pytest.mark.parametrize(
    ("half", "mean", "decimals"),
    [
        (0.017, 0.5, 3),
        (0.02, 0.5, 2),
        (0.1, 0.5, 2),
        (1.0, 0.5, 1),
        (9.0, 0.5, 0),
        (15.0, 0.5, 0),
        (20.0, 0.5, -1),
        (0.0, 3.0, 0),
        (0.0, 0.25, 2),
    ],
)
def test_an_interval_has_one_digit_and_two_where_the_first_is_a_one(
    half: float, mean: float, decimals: int
):
    assert measurements.decimals_for(half, mean) == decimals


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (-0.4996, 3, "−0.500"),
        (0.001, 2, "0"),
        (1234.5, -2, "1,200"),
        (1234.5, 0, "1,234"),
        (0.00012, 4, "0.0001"),
        (-0.000123, 5, "−1e−04"),
        (0.0000234, 6, "2e−05"),
        (0.000001, 5, "0"),
    ],
)
def test_a_number_has_the_digits_that_are_left_to_it(
    value: float, decimals: int, text: str
):
    assert measurements.fixed(value, decimals) == text


def described(values: np.ndarray, other: float, bound: Bound) -> dict:
    # Sixteen machines: on each, each seed's value is off by `other`, up or down.
    rng = np.random.default_rng(0)
    signs = rng.choice([-1.0, 1.0], (16, len(values)))
    return measurements.describe(values, [values + other * s for s in signs], bound)


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
    assert measurements.shown(values, bound, about["decimals"])["text"] == shown
    assert measurements.differs(about | {"values": values}, values) is None


ALTERNATE = np.array([1.0, -1.0] * 8)


def alike(about: dict, values: np.ndarray) -> dict:
    """A description with its values, as a page publishes it."""
    return about | {"values": values.tolist()}


def test_a_description_has_what_a_page_and_other_machines_need():
    # The mean over 16 seeds is held to be off by 1 / sqrt(16) of what each is. Each
    # seed adds two degrees of freedom, one for each machine.
    others = [VALUES + sign * 1e-3 * ALTERNATE for sign in (1, -1)]
    about = measurements.describe(VALUES, others, Bound(-1, 0))
    reach = tolerance.round_up(tolerance.quantile(32) * 1e-3 / 4)
    assert about == {
        "text": "−0.500 ± 0.017",
        "spread": "0.032",
        "decimals": 3,
        "mean_tolerance": pytest.approx(float(reach), rel=1e-9),
        "spread_tolerance": measurements.spread_tolerance(VALUES, others),
    }


def test_a_count_has_no_spread_and_may_change_by_a_seed_or_more():
    values = np.array([1.0] * 12 + [0.0] * 4)
    bound = Bound(8, math.inf, count=True)
    about = {"text": "12 of 16", "spread": "", "decimals": None}
    alone = measurements.describe(values, [values] * 2, bound)
    assert alone == about | {"mean_tolerance": 1 / 16}
    # Four seeds differ on both: sqrt(4) / 16, with eight degrees of freedom.
    others = [values - np.array([1.0] * 4 + [0.0] * 12)] * 2
    reach = float(tolerance.round_up(tolerance.quantile(8) / 8))
    assert measurements.describe(values, others, bound) == about | {
        "mean_tolerance": pytest.approx(reach, rel=1e-9)
    }


@pytest.mark.parametrize("largest", [9e-10, -9e-10, 1e-9, -1e-9])
def test_what_is_below_a_billionth_is_rounding_and_has_its_bound(largest: float):
    values = np.append(np.zeros(16), largest)
    about = measurements.describe(values, [values] * 2, Bound(-math.inf, 0.5, True))
    if abs(largest) < 1e-9:
        assert about == {"text": "below 0.5", "spread": "", "decimals": None}
    else:
        assert about["decimals"] == 11
        assert about["mean_tolerance"] > 0


@pytest.mark.parametrize(
    ("apart", "text"),
    [(0.008, "−0.500 ± 0.017"), (0.012, "−0.50 ± 0.02"), (0.3, "−0.5")],
)
def test_digits_are_left_out_that_differ_by_twice_their_last(apart: float, text: str):
    others = [VALUES + apart, VALUES - apart]
    assert measurements.describe(VALUES, others, Bound(-1, 1))["text"] == text


def spread_by(factor: float, values: np.ndarray = VALUES) -> np.ndarray:
    return values.mean() + factor * (values - values.mean())


def test_a_spread_has_the_tolerance_of_its_logarithm():
    others = [spread_by(math.exp(sign * 1e-3)) for sign in (1, -1) * 8]
    reach = measurements.spread_tolerance(VALUES, others)
    assert reach == pytest.approx(
        float(tolerance.round_up(tolerance.quantile(16) * 1e-3)), rel=1e-9
    )
    # Where runs agree, a sum's rounding is allowed: 2**-40 times the largest value.
    alone = measurements.spread_tolerance(VALUES, [VALUES] * 16)
    rounding = 2**-40 * 0.55 / VALUES.std(ddof=1)
    assert alone == pytest.approx(float(tolerance.round_up(rounding)), rel=1e-9)
    assert measurements.spread_tolerance(HALF, [VALUES] * 16) == 0


@pytest.mark.parametrize("n", [16, 32])
def test_a_spread_that_comes_or_goes_has_the_tolerance_of_other_seeds(n: int):
    values = np.linspace(0, 1, n)
    reach = measurements.spread_tolerance(values, [np.full(n, 0.5)] * 2)
    most = float(tolerance.round_up(math.log(tolerance.ratio(n - 1))))
    assert reach == pytest.approx(most, rel=1e-9)


@pytest.mark.parametrize(
    ("values", "decimals", "bound", "text", "spread"),
    [
        (VALUES, 3, Bound(-1, 0), "−0.500 ± 0.017", "0.032"),
        (VALUES, 1, Bound(-1, 0), "−0.5", "0"),
        (VALUES, None, Bound(-1, 0, True), "between −1 and 0", ""),
        (HALF, 2, Bound(0, 1), "0.50", "0"),
        (np.ones(16), None, Bound(8, math.inf, count=True), "16 of 16", ""),
    ],
)
def test_a_measurement_is_shown_as_its_digits_allow(
    values, decimals, bound, text, spread
):
    shown = {"text": text, "spread": spread}
    assert measurements.shown(values, bound, decimals) == shown


@pytest.mark.parametrize(
    ("old", "tolerances", "new", "calls"),
    [
        (VALUES, {"mean": 0.01}, VALUES - 0.02, {"mean": 2}),
        (VALUES, {"mean": 0.01}, VALUES + 0.005, {"mean": 0.5}),
        (VALUES, {"spread": 0.5}, spread_by(math.e), {"spread": 2}),
        (VALUES, {"spread": 0.5}, spread_by(1 / math.e), {"spread": 2}),
        (VALUES, {"spread": 0.0}, VALUES, {"spread": 0}),
        (VALUES, {"spread": 0.0}, spread_by(1.01), {"spread": math.inf}),
        (VALUES, {"spread": 0.5}, HALF - 1, {"spread": math.inf}),
        (HALF - 1, {"spread": 0.5}, VALUES, {"spread": math.inf}),
        (HALF, {"mean": 0.25, "spread": 0.0}, HALF + 1, {"mean": 4, "spread": 0}),
        (VALUES, {}, HALF, {}),
    ],
)
def test_how_far_a_measurement_is_off_is_in_its_tolerances(old, tolerances, new, calls):
    about = {f"{name}_tolerance": most for name, most in tolerances.items()}
    found = measurements.calls(alike(about, old), new)
    assert found == pytest.approx(calls, rel=1e-9)


def test_a_measurement_may_be_off_by_its_tolerance_and_no_more():
    about = alike({"mean_tolerance": 0.25, "spread_tolerance": 0.0}, HALF)
    assert measurements.differs(about, HALF + 0.25) is None
    said = "its mean over the seeds moved, 0.5 → 1, 2.0 times its tolerance"
    assert measurements.differs(about, HALF + 0.5) == said
    both = measurements.differs(about, HALF + ALTERNATE + 0.5)
    assert both == (
        "its mean over the seeds moved, 0.5 → 1, 2.0 times its tolerance; "
        "its spread over the seeds moved, 0 → 1.033, inf times its tolerance"
    )


def test_what_is_yes_or_no_for_a_seed_is_a_count():
    values = np.array([1.0] * 15 + [0.0])
    bound = read_head("slope in at least 12 of 16")[1]
    assert str(bound) == "12 seeds or more"
    about = described(values, 0.0, bound) | {"values": values}
    assert about["text"] == "15 of 16"
    measured(bound, values).hold(Bound(12, math.inf, count=True))
    measured(bound, np.array([1.0] * 12 + [0.0] * 4)).hold(
        Bound(12, math.inf, count=True)
    )
    with pytest.raises(ClaimError, match="the page says"):
        measured(bound, values).hold(Bound(13, math.inf, count=True))
    fewer = np.array([1.0] * 11 + [0.0] * 5)
    with pytest.raises(ClaimError, match="true of 11 of 16 seeds, not of 12"):
        measured(bound, fewer).hold(Bound(12, math.inf, count=True))
    with pytest.raises(ClaimError, match="ones and zeros"):
        measured(bound, values / 2)
    # Even if no seed differed here, one may elsewhere, but not two.
    assert measurements.differs(about, np.array([1.0] * 16)) is None
    assert "its mean" in measurements.differs(about, np.array([1.0] * 13 + [0.0] * 3))


@pytest.mark.parametrize("other", [1e-12, 1e-3, 0.1])
def test_a_mean_that_moved_is_named_by_how_many_of_its_tolerance(other: float):
    about = described(VALUES, other, Bound(-math.inf, 1)) | {"values": VALUES}
    reach = about["mean_tolerance"]
    assert measurements.differs(about, VALUES + 0.99 * reach) is None
    said = measurements.differs(about, VALUES + 3 * reach)
    assert re.search(
        "^its mean over the seeds moved, -0.5 → .* 3.0 times its tol", said
    )


def test_a_spread_is_compared_as_a_variance_is():
    about = described(VALUES, 0.1, Bound(-math.inf, 1)) | {"values": VALUES}
    # Where runs part, the limit is what other seeds would change: Fisher's F.
    most = np.log(tolerance.ratio(15))
    assert about["spread_tolerance"] <= 1.1 * most
    mean = VALUES.mean()
    for times, said in [(0.99, None), (1.2, "its spread over the seeds moved")]:
        factor = np.exp(about["spread_tolerance"] * times)
        for change in (factor, 1 / factor):
            now = measurements.differs(about, mean + change * (VALUES - mean))
            assert now is None if said is None else said in now
    close = described(VALUES, 1e-9, Bound(-math.inf, 1)) | {"values": VALUES}
    assert 0 < close["spread_tolerance"] < 1e-6
    assert measurements.differs(close, mean + (1 + 1e-13) * (VALUES - mean)) is None
    assert "spread" in measurements.differs(close, mean + 1.01 * (VALUES - mean))


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
    claim.hold(bound)  # on this machine it holds
    if said is None:
        claim.hold_elsewhere(bound, others)
        return
    with pytest.raises(ClaimError, match=said):
        claim.hold_elsewhere(bound, others)


def lower_and_upper(values: np.ndarray) -> np.ndarray:
    mean, half = measurements.interval(values)
    return np.array([mean - half, mean + half])


# A seed far above the mean moves the lower end less than the mean: it widens the
# interval, too.
@pytest.mark.parametrize("seed", [0, 7, 15])
@pytest.mark.parametrize("side", ["above", "below", "between, low", "between, high"])
def test_an_end_of_an_interval_moves_as_its_seeds_do(seed: int, side: str):
    moved = np.zeros(16)
    moved[seed] = 1e-4
    others = [VALUES + sign * moved for sign in (1, -1) * 8]
    change = lower_and_upper(VALUES + moved) - lower_and_upper(VALUES)
    reach = tolerance.quantile(16) * abs(change)
    for times, holds in [(1.05, True), (0.95, False)]:
        low, high = lower_and_upper(VALUES) + times * reach * [-1, 1]
        bound = {
            "above": Bound(low, math.inf),
            "below": Bound(-math.inf, high),
            "between, low": Bound(low, 1),
            "between, high": Bound(-1, high),
        }[side]
        if holds:
            measured(bound).hold_elsewhere(bound, others)
        else:
            with pytest.raises(ClaimError, match="slope: an end of its interval is"):
                measured(bound).hold_elsewhere(bound, others)


def test_seeds_that_agree_hold_as_far_as_their_mean_does():
    others = [HALF + sign * 1e-3 * ALTERNATE for sign in (1, -1)]
    reach = tolerance.quantile(32) * 1e-3 / 4
    for bound in Bound(0.5 - 1.01 * reach, 1), Bound(0, 0.5 + 1.01 * reach):
        measured(bound, HALF).hold_elsewhere(bound, others)
    for bound in Bound(0.5 - 0.99 * reach, 1), Bound(0, 0.5 + 0.99 * reach):
        with pytest.raises(ClaimError, match="so it may not be between"):
            measured(bound, HALF).hold_elsewhere(bound, others)


def test_an_end_may_be_as_near_to_its_bound_as_another_machine_moves_it():
    # A sum's rounding is 2**-40 times its values, here a half.
    bound = Bound(0.5 - 2**-41, 1)
    measured(bound, HALF).hold_elsewhere(bound, [HALF] * 4)
    closer = Bound(0.5 - 2**-42, 1)
    with pytest.raises(ClaimError, match="an end of its interval"):
        measured(closer, HALF).hold_elsewhere(closer, [HALF] * 4)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_seed_that_may_leave_its_bound_need_not_be_the_one_nearest_to_it(sign):
    values, gaps = np.full(16, 0.5), np.full(16, 1e-6)
    values[3], values[4] = 0.9, 0.8
    gaps[4] = 0.25 / tolerance.quantile(16)
    others = [sign * (values + way * gaps) for way in (1, -1) * 8]
    bounds = [Bound(-1, 1, True), Bound(-2, 2, True)]
    one_sided = Bound(-math.inf, 1, True) if sign > 0 else Bound(-1, math.inf, True)
    with_seed = pytest.raises(ClaimError, match=rf"a seed's value is {sign * 0.8:g}, ")
    for bound in bounds[0], one_sided:
        with with_seed:
            measured(bound, sign * values).hold_elsewhere(bound, others)
    measured(bounds[1], sign * values).hold_elsewhere(bounds[1], others)
    # A bound for the mean alone holds: the mean is far inside.
    whole = Bound(-1, 1)
    measured(whole, sign * values).hold_elsewhere(whole, others)


@pytest.mark.parametrize(("least", "holds"), [(10, True), (11, False)])
def test_a_count_holds_where_another_machine_s_seeds_differ(least: int, holds: bool):
    values = np.array([1.0] * 13 + [0.0] * 3)
    bound = Bound(least, math.inf, count=True)
    # One machine of sixteen has one seed less: a root mean square of 1 / 4, times 10.
    others = [values] * 15 + [values - np.eye(16)[0]]
    if holds:
        measured(bound, values).hold_elsewhere(bound, others)
    else:
        with pytest.raises(ClaimError, match="slope: the count is 13, elsewhere"):
            measured(bound, values).hold_elsewhere(bound, others)


def test_a_count_needs_a_seed_more_elsewhere_however_alike_runs_were():
    values = np.array([1.0] * 13 + [0.0] * 3)
    enough, too_many = (Bound(least, math.inf, count=True) for least in (12, 13))
    measured(enough, values).hold_elsewhere(enough, [values] * 4)
    measured(too_many, values).hold(Bound(13, math.inf, count=True))
    with pytest.raises(ClaimError, match="the count is 13, elsewhere up to 1 off"):
        measured(too_many, values).hold_elsewhere(too_many, [values] * 4)
