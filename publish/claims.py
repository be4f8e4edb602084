"""A claim: a statement about training with its bound, and what was measured over seeds.

On a page, an admonition that names the claim and says its bound:

    !!! claim "held-slope between -0.53 and -0.47"

        With the parameters held, the bounce goes as $B^k$ with $k$ = {{ held_slope }}.

The cell `# %% claim: held-slope` of the snippet leaves `held_slope`, one value a seed.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from click import ClickException

if TYPE_CHECKING:
    import numpy as np

CLAIM = re.compile(r'^!!! (?P<kind>claim|counterexample) "(?P<head>.*)"$')
HEAD = re.compile(
    r"^(?P<name>[a-z][a-z0-9-]*) "
    r"(?:above (?P<above>\S+)|below (?P<below>\S+)"
    r"|between (?P<low>\S+) and (?P<high>\S+))"
    r"(?P<every> in every seed)?$"
)
TITLES = {"claim": "Claim", "counterexample": "Counter-example"}
LEAST_SEEDS = 16
# What is smaller is rounding, and has no digits to show.
ROUNDING = 1e-9


def minus(text: str) -> str:
    """Numbers as they are printed: with a minus sign, not a hyphen."""
    return re.sub(r"(?<![\w.])-(?=[\d.])|(?<=e)-(?=\d)", "−", text)


@dataclass(frozen=True)
class Bound:
    """Where the interval of a claim must lie; `every`: each seed's value as well."""

    low: float
    high: float
    every: bool = False

    def __str__(self) -> str:
        if math.isinf(self.high):
            text = f"above {self.low:g}"
        elif math.isinf(self.low):
            text = f"below {self.high:g}"
        else:
            text = f"between {self.low:g} and {self.high:g}"
        return minus(text) + (" in every seed" if self.every else "")


@dataclass(frozen=True)
class Claim:
    """A claim as its page states it, at `line` of `path`."""

    name: str
    kind: str
    bound: Bound
    statement: str
    path: Path
    line: int

    @property
    def variable(self) -> str:
        """The variable of the program that holds a value for each seed."""
        return self.name.replace("-", "_")

    @property
    def test(self) -> str:
        """The name of the test that holds it."""
        return f"test_{self.variable}"


def read_head(head: str) -> tuple[str, Bound]:
    """The name and the bound in an admonition's title; raise ValueError if absent."""
    found = HEAD.match(head)
    if not found:
        raise ValueError('no "name above X", "below X" or "between X and Y"')
    low = float(found["above"] or found["low"] or "-inf")
    high = float(found["below"] or found["high"] or "inf")
    if not low < high:
        raise ValueError(f"no number is above {low:g} and below {high:g}")
    return found["name"], Bound(low, high, bool(found["every"]))


def interval(values: np.ndarray[Any, Any]) -> tuple[float, float]:
    """The mean over the seeds, and half the width of its 95 % interval.

    Student's t with as many degrees of freedom as there are seeds but one. Its
    quantile is the normal one's expansion (Abramowitz and Stegun 1964, 26.7.5), off
    by less than 0.001 from 15 degrees on.
    """
    n = len(values)
    z, nu = 1.959964, n - 1
    t = z + (z**3 + z) / (4 * nu) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * nu**2)
    return float(values.mean()), float(t * values.std(ddof=1) / math.sqrt(n))


def decimals_for(half: float, mean: float) -> int:
    """How many decimals show `half` with one digit, two where the first is a 1."""
    if half == 0:  # the same for every seed
        return 0 if mean == round(mean) else 2
    size = half
    digits = -math.floor(math.log10(size))
    return digits + (f"{size:e}"[0] == "1")


def fixed(value: float, decimals: int) -> str:
    """A number with so many decimals; before the point, zeros for negative ones."""
    rounded = round(value, decimals)
    if decimals > 4:
        return minus(f"{rounded:.{0}e}") if rounded else "0"
    return minus(f"{rounded:,.{max(decimals, 0)}f}") if rounded else "0"


def describe(
    values: np.ndarray[Any, Any], others: list[np.ndarray[Any, Any]], bound: Bound
) -> dict[str, Any]:
    """A measurement as the page shows it, with as much as another rounding leaves.

    `others` are the same seeds' values under other rounding: they show how far each
    value may go. Four standard errors of that is what the mean may move by, and its
    interval's ends by half as much again. "−0.50 ± 0.01" where digits survive it; where
    none does, a range that the interval stays in; the bound alone for what is rounding.
    """
    import numpy as np

    size = np.abs(values).max(initial=0.0)
    if size < ROUNDING:
        return {"text": str(bound).removesuffix(" in every seed"), "spread": ""}
    mean, half = interval(values)
    spread = float(values.std(ddof=1))
    apart = np.sqrt(np.mean([np.square(other - values) for other in others]))
    shift = 4 * apart / math.sqrt(len(values)) + 4096 * np.finfo(float).eps * size
    most = decimals_for(half, mean)
    for decimals in range(most, most - 3, -1):
        if half and round(half, decimals) == 0:
            break
        if all(
            fixed(value - shift, decimals) == fixed(value + shift, decimals)
            for value in (mean, half, spread)
        ):
            return {**digits(values, decimals), "decimals": decimals}
    reach = half + 1.5 * shift
    decimals = decimals_for(reach, mean)
    # Outside of its bound the claim fails: no need to show that much.
    low = max(math.floor((mean - reach) * 10**decimals) / 10**decimals, bound.low)
    high = min(math.ceil((mean + reach) * 10**decimals) / 10**decimals, bound.high)
    widest = math.ceil((spread + shift) * 10**decimals) / 10**decimals
    return {
        "text": f"{fixed(low, decimals)} to {fixed(high, decimals)}",
        "spread": f"up to {fixed(widest, decimals)}",
        "range": [low, high],
        "widest": widest,
    }


def digits(values: np.ndarray[Any, Any], decimals: int) -> dict[str, str]:
    """The mean with its interval, and the spread, with so many decimals."""
    mean, half = interval(values)
    text = fixed(mean, decimals)
    if round(half, decimals):
        text += f" ± {fixed(half, decimals)}"
    return {"text": text, "spread": fixed(float(values.std(ddof=1)), decimals)}


def differs(about: dict[str, Any], values: np.ndarray[Any, Any]) -> str | None:
    """How values are not what is shown of a claim, or None if they are."""
    mean, half = interval(values)
    if "decimals" in about:
        now = digits(values, about["decimals"])
        labels = {"text": "", "spread": "spread "}
        moved = [
            f"{labels[key]}{about[key]} → {text}"
            for key, text in now.items()
            if about[key] != text
        ]
        return ", ".join(moved) or None
    if "range" in about:
        low, high = about["range"]
        inside = low <= mean - half and mean + half <= high
        if not inside or values.std(ddof=1) > about["widest"]:
            return f"{about['text']} → {mean:.4g} ± {half:.2g}"
    return None


class Measurement:
    """A claim and its values in one run, for a test to hold to a bound."""

    def __init__(self, claim: Claim, values: Any) -> None:
        import numpy as np

        self.claim = claim
        self.values = np.asarray(values)
        shape = self.values.shape
        if len(shape) != 1 or shape[0] < LEAST_SEEDS:
            found = f"has the shape {shape}, not one value for each of 16 seeds or more"
            self.fail(f"{claim.variable} {found}", "Measure more seeds.")
        if self.values.dtype.kind != "f" or not np.isfinite(self.values).all():
            self.fail(f"{claim.variable} isn't all finite floats", "Mend its cell.")

    def fail(self, problem: str, remedy: str) -> None:
        claim = self.claim
        root = claim.path.parents[2]
        where = claim.path.relative_to(root)
        message = f"{where}:{claim.line}: {claim.name}: {problem}. {remedy}"
        raise ClaimError(message)

    def above(self, low: float, every_seed: bool = False) -> None:
        """Hold it: the interval lies above `low`."""
        self.hold(Bound(low, math.inf, every_seed))

    def below(self, high: float, every_seed: bool = False) -> None:
        """Hold it: the interval lies below `high`."""
        self.hold(Bound(-math.inf, high, every_seed))

    def between(self, low: float, high: float, every_seed: bool = False) -> None:
        """Hold it: the interval lies between `low` and `high`."""
        self.hold(Bound(low, high, every_seed))

    def hold(self, bound: Bound) -> None:
        """Raise ClaimError unless the page states this bound, and it holds."""
        if bound != self.claim.bound:
            problem = f'the page says "{self.claim.bound}", its test "{bound}"'
            self.fail(problem, "Find out which one is true, and say it in both")
        mean, half = interval(self.values)
        said = f"measured {mean:.4g} ± {half:.2g} over {len(self.values)} seeds"
        if not bound.low < mean - half <= mean + half < bound.high:
            remedy = "The statement is false now: find out what changed, or say so."
            self.fail(f"{said}, not {bound}", remedy)
        inside = (bound.low < self.values) & (self.values < bound.high)
        if bound.every and not inside.all():
            worst = self.values[~inside]
            problem = f"{said}, but not in {len(worst)} of them, as in {worst[0]:.4g}"
            self.fail(problem, "Claim less, or find out what changed.")


class ClaimError(ClickException, AssertionError):
    """A claim that does not hold."""
