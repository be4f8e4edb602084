"""A claim: a statement about training, with the bound that it is held to.

On a page, an admonition that names the claim and says its bound:

    !!! claim "held-slope between -0.53 and -0.47"

        With the parameters held, the bounce goes as $B^k$ with $k$ = {{ held_slope }}.

The cell `# %% claim: held-slope` of the snippet leaves `held_slope`, one value a seed.
What is yes or no for a seed is a count: "limit-holds in at least 12 of 16", where
`limit_holds` has a one for yes and a zero for no.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

CLAIM = re.compile(r'^!!! (?P<kind>claim|counterexample) "(?P<head>.*)"$')
HEAD = re.compile(
    r"^(?P<name>[a-z][a-z0-9-]*) "
    r"(?:above (?P<above>\S+)|below (?P<below>\S+)"
    r"|between (?P<low>\S+) and (?P<high>\S+)|in at least (?P<least>\d+) of \d+)"
    r"(?P<every> in every seed)?$"
)
BOUNDS = '"above X", "below X", "between X and Y" or "in at least N of 16"'
TITLES = {"claim": "Claim", "counterexample": "Counter-example"}


def minus(text: str) -> str:
    """Numbers as they are printed: with a minus sign, not a hyphen."""
    return re.sub(r"(?<![\w.])-(?=[\d.])|(?<=e)-(?=\d)", "−", text)


@dataclass(frozen=True)
class Bound:
    """Where the interval of a claim must lie; `every`: each seed's value as well.

    With `count`, at least `low` seeds must have a one.
    """

    low: float
    high: float
    every: bool = False
    count: bool = False

    def __str__(self) -> str:
        if self.count:
            return f"{self.low:g} seeds or more"
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


def read_head(head: str) -> tuple[str, Bound]:
    """The name and the bound in an admonition's title; raise ValueError if absent."""
    found = HEAD.match(head)
    if not found:
        raise ValueError(f"it is not a name and {BOUNDS}")
    if found["least"]:
        return found["name"], Bound(float(found["least"]), math.inf, count=True)
    low = float(found["above"] or found["low"] or -math.inf)
    high = float(found["below"] or found["high"] or math.inf)
    if not low < high:
        raise ValueError(f"no number is above {low:g} and below {high:g}")
    return found["name"], Bound(low, high, bool(found["every"]))
