"""The limits between machines have the error that they are said to have."""

import numpy as np
import pytest

from publish import tolerance


def test_the_level_is_one_machine_in_a_thousand():
    assert tolerance.LEVEL == 1 / 1000
    # Tables of Student's t and of Fisher's F, at levels that tables have.
    assert tolerance.LEVEL / tolerance.COMPARISONS < 1e-7


@pytest.mark.parametrize("n", [4, 12, 16])
def test_as_many_machines_fail_as_the_level_says(n: int, monkeypatch):
    # At a level that can be counted: one comparison, one machine in twenty.
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
    # With all sixteen alike, hardly more than the normal distribution's.
    exact = 1.96 * np.sqrt(np.square(scales).sum()) / 16
    assert np.mean(reaches) < (1.02 if one_part == 1 else 1.2) * exact


def test_a_mean_whose_seeds_share_something_is_held_as_one_value():
    rng = np.random.default_rng(0)
    weights, still = np.full(16, 1 / 16), np.zeros(16)
    shared = [np.full(16, gap) for gap in rng.normal(size=8)]
    reach = tolerance.reach_of_sum(weights, still, shared)
    alone = tolerance.reach(0.0, [gaps[0] for gaps in shared])
    assert reach == pytest.approx(float(alone))


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
    # A normal value is 5.6 standard deviations off in one of forty million cases.
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


def test_a_number_that_comes_or_goes_is_infinitely_far():
    one = np.array([1.0, np.nan, np.inf, 2.0])
    other = np.array([1.5, np.nan, np.inf, np.nan])
    assert tolerance.gap(one, other).tolist() == [0.5, 0.0, 0.0, np.inf]
    assert np.isinf(tolerance.gap(one, other[:2])).all()


def test_published_limits_are_rounded_up_to_two_digits():
    assert tolerance.round_up(np.array([0.1234, 5.01e-9, 0.0])) == pytest.approx(
        [0.13, 5.1e-9, 0.0], rel=1e-12
    )
