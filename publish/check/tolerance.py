"""How far results may be from the published ones on a healthy machine.

Another machine rounds otherwise. Mostly its results differ in the last digits only;
past the learning-rate trench, runs that differ so little part. Either way, a value
there is one more sample of what other roundings give. Publishing takes some: runs on
virtual machines, each with its own last bits of the normal draws, on each instruction
set of the CPU. From their differences to the published value comes a limit that a
further sample exceeds with a known chance.

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

# At most this share of all healthy machines sees any failure.
LEVEL = 1 / 1000
# No more values than this are compared; a test counts them.
COMPARISONS = 30_000
# A result may be off by so many units in the last place even where all runs here agree:
# a sum of some thousand terms, in another order.
ROUNDINGS_LOST = 4096
# A program's runs part if a tolerance is above this share of what other seeds change.
PARTED = 1 / 100
# Where runs part, a difference is no sum of small roundings: chaos multiplies it, and a
# choice among a few values flips. Sixteen machines don't tell how long its tail is: six
# of 40 others were beyond the limit that Student's t gave. So what pages show may be
# off by this share of what other seeds change.
SHARE = 1 / 3


def quantile(n: float) -> float:
    """How many times the standard deviation of n differences a further one may be."""
    return float(-stdtrit(n, LEVEL / COMPARISONS / 2))


def ratio(n: int) -> float:
    """How many times as large as the other one of two standard deviations may be.

    Both estimate the same, with n degrees of freedom each: by Fisher's F.
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
    """How far apart two runs' values are: inf if only one is nan, or shapes differ."""
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

    Each seed has a model of its own, so the variances of their differences add up, with
    Satterthwaite's degrees of freedom. But if the sums themselves differ by more than
    twice that, the seeds share something, and the sum is held as a single value is.
    `weights` and `values` are (S,); `others` what other roundings gave.
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
    """Round up to two digits: what is published stays short."""
    unit = 10.0 ** (np.floor(np.log10(np.where(values > 0, values, 1.0))) - 1)
    with np.errstate(invalid="ignore"):  # what is infinite stays
        whole = abs(np.ceil(values / unit - 1e-9)) * unit
    return np.where(np.isfinite(values), whole, values)
