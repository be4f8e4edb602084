"""A digest of all variables that a program leaves, to compare with a later run's.

Figures and claims show what comes of a few of them only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np


def digest(values: dict[str, Any]) -> dict[str, list[float]]:
    """The mean and the root mean square of each variable's numbers.

    Named by the variable, its type and its shape: "losses float64[1000, 16]".
    """
    found = {}
    for name, value in sorted(values.items()):
        for key, array in numeric(name, value):
            # Infinities count too, and squares stay within a float's range.
            finite = np.nan_to_num(array.astype(float), nan=-1.0)
            small = np.clip(finite, -1e300, 1e300) / 1e150
            mean, square = (
                (small.mean(), np.square(small).mean()) if small.size else (0, 0)
            )
            about = f"{key} {array.dtype}{list(array.shape)}"
            found[about] = [float(mean) * 1e150, float(np.sqrt(square)) * 1e150]
    return found


def numeric(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The numbers in a variable: one array, or those of a list or a dictionary."""
    if isinstance(value, (bool, int, float, np.ndarray)):
        array = np.asarray(value)
        if array.dtype.kind in "biuf":
            yield name, array
    elif isinstance(value, (list, dict)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from numeric(f"{name}[{key!r}]", item)
