"""What was measured of a claim over seeds: its mean, interval and spread."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from click import ClickException

from publish.check import tolerance
from publish.page.claims import Bound, Claim, minus

LEAST_SEEDS = 16
# Values below this are rounding alone, and have no digits to show.
ROUNDING = 1e-9


def interval(values: np.ndarray[Any, Any]) -> tuple[float, float]:
    """The mean over the seeds, and half the width of its 95 % interval.

    By Student's t, with one degree of freedom less than seeds. Its quantile is expanded
    from the normal one (Abramowitz and Stegun 1964, 26.7.5), off by less than 0.001
    from 15 degrees on.
    """
    n = len(values)
    z, nu = 1.959964, n - 1
    t = z + (z**3 + z) / (4 * nu) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * nu**2)
    return float(values.mean()), float(t * values.std(ddof=1) / math.sqrt(n))


def decimals_for(half: float, mean: float) -> int:
    """How many decimals show `half` with one digit, two where the first is a 1."""
    if half == 0:  # the same for every seed
        return 0 if mean == round(mean) else 2
    digits = -math.floor(math.log10(half))
    return digits + (f"{half:e}"[0] == "1")


def fixed(value: float, decimals: int) -> str:
    """A number with so many decimals; before the point, zeros for negative ones."""
    rounded = round(value, decimals)
    if decimals > 4:
        return minus(f"{rounded:.0e}") if rounded else "0"
    return minus(f"{rounded:,.{max(decimals, 0)}f}") if rounded else "0"


def describe(
    values: np.ndarray[Any, Any], others: list[np.ndarray[Any, Any]], bound: Bound
) -> dict[str, Any]:
    """A measurement as the page shows it, and how far another machine's may be from it.

    `others` are the same seeds' values under other rounding. A mean has as many digits
    as its interval and other rounding leave it, "−0.50 ± 0.01"; what is yes or no for a
    seed is a count, "15 of 16"; and for rounding alone, the bound is shown.
    """
    about: dict[str, Any] = {"decimals": None}
    mean, half = interval(values)
    weights = np.full(len(values), 1 / len(values))
    reach = tolerance.reach_of_sum(weights, values, others)
    reach = float(tolerance.round_up(reach))
    if bound.count:
        # A count moves by whole seeds: allow one, even if all runs here agree.
        about["mean_tolerance"] = max(reach, 1 / len(values))
    elif np.abs(values).max() >= ROUNDING:
        about["mean_tolerance"] = reach
        apart = float(tolerance.rms([other.mean() - mean for other in others]))
        about["decimals"] = decimals_for(max(half, 2 * apart), mean)
        about["spread_tolerance"] = spread_tolerance(values, others)
    return {**shown(values, bound, about["decimals"]), **about}


def spread_tolerance(
    values: np.ndarray[Any, Any], others: list[np.ndarray[Any, Any]]
) -> float:
    """How far the logarithm of another machine's spread over seeds may be from this.

    As far as other roundings move it, but no further than other seeds would, by
    Fisher's F.
    """
    spread = values.std(ddof=1)
    if spread == 0:
        return 0.0
    with np.errstate(divide="ignore"):
        logs = [float(np.log(other.std(ddof=1) / spread)) for other in others]
    reach = float(tolerance.reach(0.0, logs)) + tolerance.floor(values) / spread
    allowed = min(reach, math.log(tolerance.ratio(len(values) - 1)))
    return float(f"{float(tolerance.round_up(allowed)):.2g}")


def shown(
    values: np.ndarray[Any, Any], bound: Bound, decimals: int | None
) -> dict[str, str]:
    """What a reader sees of a measurement: its text and its spread over the seeds."""
    if bound.count:
        return {"text": f"{values.sum():g} of {len(values)}", "spread": ""}
    if decimals is None:
        return {"text": str(bound).removesuffix(" in every seed"), "spread": ""}
    mean, half = interval(values)
    text = fixed(mean, decimals)
    if round(half, decimals):
        text += f" ± {fixed(half, decimals)}"
    return {"text": text, "spread": fixed(float(values.std(ddof=1)), decimals)}


def calls(about: dict[str, Any], values: np.ndarray[Any, Any]) -> dict[str, float]:
    """How far values are from those published, in tolerances: the mean, the spread.

    Values that are rounding alone are held by their bound.
    """
    old = np.array(about["values"])
    found: dict[str, float] = {}
    if allowed := about.get("mean_tolerance"):
        found["mean"] = abs(values.mean() - old.mean()) / allowed
    if (allowed := about.get("spread_tolerance")) is not None:
        spreads = values.std(ddof=1), old.std(ddof=1)
        if spreads[0] == spreads[1]:
            found["spread"] = 0.0
        elif not all(spreads) or not allowed:
            found["spread"] = math.inf
        else:
            found["spread"] = abs(math.log(spreads[0] / spreads[1])) / allowed
    return {name: float(far) for name, far in found.items()}


def differs(about: dict[str, Any], values: np.ndarray[Any, Any]) -> str | None:
    """How values are not those published of a claim, or None if they may be.

    A mean's interval follows from its spread: it has no tolerance of its own.
    """
    old = np.array(about["values"])
    moved = []
    for name, far in calls(about, values).items():
        if far > 1:
            before, after = _of[name](old), _of[name](values)
            said = f"its {name} over the seeds moved, {before:.4g} → {after:.4g}"
            moved.append(f"{said}, {far:.1f} times its tolerance")
    return "; ".join(moved) or None


_of: dict[str, Callable[[Any], float]] = {
    "mean": lambda values: float(values.mean()),
    "spread": lambda values: float(values.std(ddof=1)),
}


class Measurement:
    """A claim and its values in one run, for a test to hold to a bound."""

    def __init__(self, claim: Claim, values: Any) -> None:
        self.claim = claim
        self.values = np.asarray(values)
        shape = self.values.shape
        if len(shape) != 1 or shape[0] < LEAST_SEEDS:
            found = f"has the shape {shape}, not one value for each of 16 seeds or more"
            self.fail(f"{claim.variable} {found}", "Measure more seeds.")
        if self.values.dtype.kind != "f" or not np.isfinite(self.values).all():
            self.fail(f"{claim.variable} isn't all finite floats", "Mend its cell.")
        if claim.bound.count and not np.isin(self.values, (0, 1)).all():
            self.fail(f"{claim.variable} isn't all ones and zeros", "Mend its cell.")

    def fail(self, problem: str, remedy: str) -> None:
        claim = self.claim
        root = claim.path.parents[2]
        where = claim.path.relative_to(root)
        message = f"{where}:{claim.line}: {claim.name}: {problem}. {remedy}"
        raise ClaimError(message)

    def hold(self, bound: Bound) -> None:
        """Raise ClaimError unless the page states this bound, and it holds."""
        if bound != self.claim.bound:
            problem = f'the page says "{self.claim.bound}", tests/bounds.toml "{bound}"'
            self.fail(problem, "Find out which one is true, and say it in both")
        remedy = "The statement is false now: find out what changed, or say so."
        n = len(self.values)
        if bound.count:
            if self.values.sum() < bound.low:
                said = f"true of {self.values.sum():g} of {n} seeds"
                self.fail(f"{said}, not of {bound}", remedy)
            return
        mean, half = interval(self.values)
        said = f"measured {mean:.4g} ± {half:.2g} over {n} seeds"
        if not bound.low < mean - half <= mean + half < bound.high:
            self.fail(f"{said}, not {bound}", remedy)
        inside = (bound.low < self.values) & (self.values < bound.high)
        if bound.every and not inside.all():
            worst = self.values[~inside]
            problem = f"{said}, but not in {len(worst)} of them, as in {worst[0]:.4g}"
            self.fail(problem, "Claim less, or find out what changed.")

    def hold_elsewhere(self, bound: Bound, others: list[Any]) -> None:
        """Raise ClaimError unless it holds on other machines, too.

        `others` are the same seeds' values under other rounding: an end of its
        interval, or a seed's value, must be further inside of its bound than another
        machine may move it.
        """
        self.hold(bound)
        values, others = self.values, [np.asarray(other) for other in others]

        def check(what: str, value: float, reach: float, end: float, sign: int) -> None:
            if sign * (value - end) < reach:
                problem = f"{what} is {value:.4g}, elsewhere up to {reach:.2g} off"
                remedy = "Claim less: choose a bound that every machine keeps."
                self.fail(f"{problem}, so it may not be {bound} there", remedy)

        n = len(values)
        if bound.count:
            # A count moves by whole seeds: allow one, even if all runs here agree.
            reach = tolerance.reach_of_sum(np.ones(n), values, others)
            check("the count", values.sum(), max(reach, 1.0), bound.low, 1)
            return
        mean, half = interval(values)
        away = values - mean
        # The slopes of `half`, the interval's half width, by each seed's value.
        slopes = half * away / max(np.square(away).sum(), np.finfo(float).tiny)
        for sign, end in ((1, bound.low), (-1, bound.high)):
            if not math.isfinite(end):
                continue
            value, weights = mean - sign * half, 1 / n - sign * slopes
            reach = tolerance.reach_of_sum(weights, values, others)
            check("an end of its interval", value, reach, end, sign)
            if bound.every:
                reaches = tolerance.reach(values, others)
                worst = np.argmin(sign * values - reaches)
                check("a seed's value", values[worst], reaches[worst], end, sign)


class ClaimError(ClickException, AssertionError):
    """A claim that does not hold."""
