"""How far results may be from the published ones on a healthy machine.

Another machine rounds otherwise. Where that changes rounding errors alone, its
results differ in the last digits; past the learning-rate trench, runs that differ so
little part. Either way, what comes of a value there is one more draw from what other
roundings give. Publishing draws some: runs with each normal draw off by its own last
bit, on each instruction set of the CPU. From their differences to the published value
comes a limit that a further draw exceeds with a known chance.

A difference is a sum of very many small roundings, so it is close to normal, with an
unknown standard deviation, which the n differences seen estimate with n degrees of
freedom. A further one over that estimate has Student's t distribution. All comparisons
of the suite share one level: each may raise a false alarm on `LEVEL / COMPARISONS` of
all healthy machines, so by Bonferroni's inequality at most `LEVEL` of them see any.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import fdtri, stdtrit

# At most so many of all healthy machines see any failure.
LEVEL = 1 / 1000
# No more values than this are compared; a test counts them.
COMPARISONS = 25_000
# Roundings that a result may lose however alike the runs here were: a sum of some
# thousand terms, in another order.
ROUNDINGS_LOST = 4096
# Runs have parted where more than this share of what other seeds change is allowed.
PARTED = 1 / 100
# There a difference is no sum of small roundings: chaos multiplies it, and a choice
# among a few values flips. Sixteen machines don't tell how long its tail is: six of 40
# others were beyond the limit that Student's t gave. So what pages show may be off by
# this share of what other seeds change.
SHARE = 1 / 3


def quantile(n: float) -> float:
    """How many times the standard deviation of n differences a further one may be."""
    return float(-stdtrit(n, LEVEL / COMPARISONS / 2))


def ratio(n: int) -> float:
    """How many times as large the one of two standard deviations may be.

    Each has n degrees of freedom, and the same truth behind it: by Fisher's F.
    """
    return float(np.sqrt(fdtri(n, n, 1 - LEVEL / COMPARISONS / 2)))


def floor(values: Any) -> float:
    """What rounding may change in values of this size, even where no run here differed.

    Zero for what is no float: it does not round.
    """
    array = np.asarray(values)
    if array.dtype.kind != "f":
        return 0.0
    finite = np.abs(array[np.isfinite(array)])
    eps = np.finfo(array.dtype).eps
    return float(ROUNDINGS_LOST * eps * finite.max(initial=0.0))


def gap(one: Any, other: Any) -> Any:
    """How far apart two runs' values are; a number that came or went: infinitely."""
    one, two = np.asarray(one), np.asarray(other)
    if two.shape != one.shape:
        return np.full(one.shape, np.inf)
    with np.errstate(invalid="ignore"):
        same = (one == two) | (np.isnan(one) & np.isnan(two))
        apart = np.where(same, 0, abs(one - two))
    return np.nan_to_num(apart, nan=np.inf, posinf=np.inf)


def rms(values: Any, axis: int | None = None) -> Any:
    """The root of the mean square."""
    return np.sqrt(np.mean(np.square(values), axis=axis))


def reach(value: Any, others: list[Any]) -> Any:
    """How far a run on another machine may be from `value`, (...): the same shape.

    `others` is what the same run gave with other roundings.
    """
    gaps = np.stack([gap(value, other) for other in others])
    return np.maximum(quantile(len(others)) * rms(gaps, axis=0), floor(value))


def reach_of_sum(weights: Any, values: Any, others: list[Any]) -> float:
    """How far a weighted sum over seeds may be from that of `values` elsewhere.

    Seeds are models of their own, so their differences add up as variances do, and all
    of them tell how large the sum's is: its degrees of freedom are Satterthwaite's.
    Unless the sums themselves differ by more than twice that: then the seeds share
    something, and the sum is held as a single value is. `weights` and `values` are
    (S,); `others` what other roundings gave.
    """
    gaps = np.stack([gap(values, other) for other in others])  # (n, S)
    parts = np.square(weights) * np.mean(np.square(gaps), axis=0)  # (S,): variances
    least = floor(values) * float(np.abs(weights).sum())
    if not np.isfinite(parts).all():
        return np.inf
    if not parts.any():
        return least
    sums = [float(np.dot(weights, np.subtract(other, values))) for other in others]
    apart, shared = float(np.sqrt(parts.sum())), float(rms(sums))
    if shared > 2 * apart:
        return max(quantile(len(others)) * shared, least)
    freedom = len(others) * parts.sum() ** 2 / np.square(parts).sum()
    return max(quantile(freedom) * apart, least)


def round_up(values: Any) -> Any:
    """To two digits, upwards: what is published stays short."""
    unit = 10.0 ** (np.floor(np.log10(np.where(values > 0, values, 1.0))) - 1)
    with np.errstate(invalid="ignore"):  # what is infinite stays
        whole = abs(np.ceil(values / unit - 1e-9)) * unit
    return np.where(np.isfinite(values), whole, values)
