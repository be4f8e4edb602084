"""A claim's values as a strip of dots, one a seed, with the bound of the claim."""

from __future__ import annotations

import math

from publish.page.claims import Bound

WIDTH, HEIGHT, MARGIN, RADIUS = 320, 28, 8, 4


def strip(values: list[float], bound: Bound) -> str:
    """An SVG image of the values (S,); where `bound` counts, of ones and zeros.

    The dots stand in three rows, as equal values would hide each other.
    """
    if bound.count:
        yes = sum(map(bool, values))
        places = [(MARGIN + 14.0 * at, HEIGHT / 2) for at in range(len(values))]
        kinds = ["yes"] * yes + ["no"] * (len(values) - yes)
        said, lines = f"{yes} of {len(values)} seeds: yes.", ""
    else:
        ends = [end for end in (bound.low, bound.high) if math.isfinite(end)]
        low, high = min(*values, *ends), max(*values, *ends)
        unit = (WIDTH - 2 * MARGIN) / ((high - low) or 1.0)
        rows = [RADIUS + 2.0 + at % 3 * 8 for at in range(len(values))]
        places = [
            (MARGIN + (value - low) * unit, row)
            for value, row in zip(sorted(values), rows, strict=True)
        ]
        kinds = ["yes"] * len(values)
        said = f"{len(values)} seeds, from {min(values):.3g} to {max(values):.3g}."
        lines = "".join(
            f'<path d="M{MARGIN + (end - low) * unit:.1f} 0V{HEIGHT}"/>' for end in ends
        )
    dots = "".join(
        f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.0f}" r="{RADIUS}"/>'
        for kind, (x, y) in zip(kinds, places, strict=True)
    )
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    head = f'<svg class="dots" {size} role="img" aria-label="{said}">'
    return f"{head}{lines}{dots}</svg>"
