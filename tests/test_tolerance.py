"""The limits between machines have the error that they are said to have."""

import numpy as np
import pytest

from publish.check import tolerance
from publish.check.machines import chance
from publish.check.page_files import survives


def test_the_level_is_one_machine_in_a_thousand():
    assert tolerance.LEVEL == 1 / 1000
    assert tolerance.LEVEL / tolerance.COMPARISONS < 1e-7


def test_limits_are_those_of_the_distributions_that_have_a_closed_form():
    level = tolerance.LEVEL / tolerance.COMPARISONS / 2
    # Student's t of one degree of freedom is Cauchy's.
    assert tolerance.quantile(1) == pytest.approx(1 / np.tan(np.pi * level))
    # Fisher's F of 2 and 2 degrees is above x with probability 1 / (1 + x).
    assert tolerance.ratio(2) == pytest.approx(np.sqrt(1 / level - 1))


@pytest.mark.parametrize("n", [4, 12, 16])
def test_as_many_machines_fail_as_the_level_says(n: int, monkeypatch):
    # A level whose failures can be counted: one comparison, one machine in twenty.
    monkeypatch.setattr(tolerance, "LEVEL", 0.05)
    monkeypatch.setattr(tolerance, "COMPARISONS", 1)
    rng = np.random.default_rng(n)
    tries = 20_000
    gaps = rng.normal(size=(n + 1, tries))
    reach = tolerance.reach(np.zeros(tries), list(gaps[:-1]))
    failed = (abs(gaps[-1]) > reach).mean()
    # Four standard errors of the share.
    assert failed == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / tries))
    assert tolerance.quantile(1000) == pytest.approx(1.962, abs=1e-3)


@pytest.mark.parametrize("one_part", [1.0, 10.0])
def test_a_mean_over_seeds_is_known_from_all_of_them(one_part: float, monkeypatch):
    monkeypatch.setattr(tolerance, "LEVEL", 0.05)
    monkeypatch.setattr(tolerance, "COMPARISONS", 1)
    rng = np.random.default_rng(0)
    # One seed may move by far more than the others.
    scales = np.array([one_part] + [1.0] * 15)
    weights, still = np.full(16, 1 / 16), np.zeros(16)
    failed, reaches = 0, []
    for _ in range(2000):
        gaps = scales * rng.normal(size=(9, 16))
        reaches.append(tolerance.reach_of_sum(weights, still, list(gaps[:-1])))
        failed += abs(gaps[-1].mean()) > reaches[-1]
    assert failed / 2000 == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 2000))
    # With all sixteen alike, the limit is hardly above the normal distribution's.
    exact = 1.96 * np.sqrt(np.square(scales).sum()) / 16
    assert np.mean(reaches) < (1.02 if one_part == 1 else 1.2) * exact


def test_a_mean_whose_seeds_share_something_is_held_as_one_value():
    rng = np.random.default_rng(0)
    weights, still = np.full(16, 1 / 16), np.zeros(16)
    shared = [np.full(16, gap) for gap in rng.normal(size=8)]
    reach = tolerance.reach_of_sum(weights, still, shared)
    alone = tolerance.reach(0.0, [gaps[0] for gaps in shared])
    assert reach == pytest.approx(float(alone))


# All seeds move alike: their sum moves sqrt(n) times as far as that of n seeds that
# move independently.
@pytest.mark.parametrize(("seeds", "alone"), [(4, False), (5, True), (16, True)])
def test_seeds_share_something_where_sums_are_over_twice_as_far(seeds, alone):
    weights, values = np.full(seeds, 1 / seeds), np.zeros(seeds)
    others = [np.full(seeds, sign) for sign in (1.0, -1.0, 1.0)]
    reach = tolerance.reach_of_sum(weights, values, others)
    together = tolerance.quantile(3 * seeds) / np.sqrt(seeds)
    assert reach == pytest.approx(tolerance.quantile(3) if alone else together)


def test_a_sum_over_seeds_of_which_one_comes_or_goes_may_be_anywhere():
    values = np.array([1.0, 2.0, 3.0])
    gone = np.array([1.0, np.nan, 3.0])
    assert tolerance.reach_of_sum(np.ones(3), values, [values, gone]) == np.inf


def test_as_many_spreads_differ_as_the_level_says(monkeypatch):
    monkeypatch.setattr(tolerance, "LEVEL", 0.05)
    monkeypatch.setattr(tolerance, "COMPARISONS", 1)
    rng = np.random.default_rng(0)
    tries = 20_000
    one, two = rng.normal(size=(2, tries, 16)).std(axis=2, ddof=1)
    apart = np.exp(abs(np.log(one / two)))
    failed = (apart > tolerance.ratio(15)).mean()
    assert failed == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / tries))


def test_all_comparisons_share_the_level():
    one = tolerance.quantile(10**6)
    # A normal value is 5.5 standard deviations off in one of 25 million cases.
    assert 5.3 < one < 5.8
    assert tolerance.quantile(4) > 50
    assert tolerance.quantile(16) < 11


def test_where_roundings_agree_a_long_sum_s_are_allowed():
    value = np.linspace(3, 1, 100)
    reach = tolerance.reach(value, [value] * 16)
    relative = reach / 3
    assert (relative > 5e-13).all()
    assert (relative < 2e-12).all()
    assert tolerance.floor(np.arange(4)) == 0.0  # whole numbers do not round
    assert tolerance.floor(np.float32(1)) > 1e-4


@pytest.mark.parametrize(
    ("values", "floor"),
    [
        ([0.5, -0.25], 2.0**-41),  # 4096 times 2**-52 times the largest
        ([0.5, -2.0], 2.0**-39),
        ([np.nan, np.inf, 2.0], 2.0**-39),
        ([np.nan], 0.0),
        ([], 0.0),
    ],
)
def test_a_sum_s_roundings_go_with_the_largest_finite_value(values, floor):
    assert tolerance.floor(np.array(values)) == floor


@pytest.mark.parametrize("signs", [1.0, [1, -1, 1, -1]])
def test_a_weighted_sum_loses_roundings_by_its_weights(signs):
    weights, values = np.full(4, 0.5) * signs, np.full(4, 2.0)
    assert tolerance.reach_of_sum(weights, values, [values] * 3) == 2 * 2.0**-39


def test_a_number_that_comes_or_goes_is_infinitely_far():
    one = np.array([1.0, np.nan, np.inf, 2.0])
    other = np.array([1.5, np.nan, np.inf, np.nan])
    assert tolerance.gap(one, other).tolist() == [0.5, 0.0, 0.0, np.inf]
    assert np.isinf(tolerance.gap(one, other[:2])).all()
    ends = np.array([np.inf, -np.inf, 1.0, np.inf])
    assert tolerance.gap(ends, np.array([1.0, np.inf, -np.inf, np.inf])).tolist() == [
        *[np.inf] * 3,
        0.0,
    ]


def test_published_limits_are_rounded_up_to_two_digits():
    assert tolerance.round_up(np.array([0.1234, 5.01e-9, 0.0])) == pytest.approx(
        [0.13, 5.1e-9, 0.0], rel=1e-12
    )
    assert tolerance.round_up(0.13) == pytest.approx(0.13, rel=1e-12)


def test_a_limit_that_is_infinite_stays_so_when_it_is_rounded():
    assert tolerance.round_up(np.array([0.101, np.inf])) == pytest.approx(
        [0.11, np.inf]
    )
    assert tolerance.round_up(np.inf) == np.inf


@pytest.mark.parametrize(
    ("value", "apart", "spec", "shown"),
    [
        # Sixteen machines differ by 0.001: elsewhere, up to 0.0098.
        (0.5, 0.001, ".1f", True),
        (0.5, 0.001, ".2f", False),
        (0.542, 0.001, ".1f", False),  # though all of these print 0.5
        (0.558, 0.001, ".1f", False),
        (0.535, 0.001, ".1f", True),
        (-0.535, 0.001, ".1f", True),
        (0.5, 0.0, ".17f", True),
        (1e9, 1e-9, ",.0f", True),
        (float("inf"), 0.0, ".1f", True),
    ],
)
def test_a_digit_is_shown_where_every_machine_gives_it(value, apart, spec, shown):
    others = [value + sign * apart for sign in (-1, 1) * 8]
    assert survives(value, others, spec) is shown


def test_what_does_not_round_is_shown_where_it_is_the_same():
    assert survives(3, [3] * 16, "d")
    assert not survives(3, [3] * 15 + [4], "d")
    assert survives(3, [3] * 15 + [4], ".0e") is False
    assert not survives("a", ["a", "b"], "")
    assert survives(float("nan"), [float("nan")] * 4, ".1f")


def test_the_chance_of_a_failure_is_extrapolated_from_closest_calls():
    # Of 40 machines, each with the closest of 500 calls: by chance 3 to 30 in 1,000.
    scores = np.abs(np.random.default_rng(0).normal(size=(400, 40, 500)))
    calls = scores.max(-1) / 4.0
    true = (calls >= 1).mean()
    said = [chance(one.tolist()) for one in calls]
    assert 0.01 < true < 0.06
    assert true / 3 < np.median(said) < 3 * true
    assert chance([0.2, 0.3, 0.4]) < 1e-4 < chance([0.5, 0.8, 0.9])
