"""A figure's data as JSON with tolerances, and how they compare with another run's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from publish.check import tolerance


@dataclass(frozen=True)
class Series:
    """One series of a figure, and how far a run elsewhere may be from it.

    `tolerance` holds a number for each value; `spread` is how far the series varies
    with its seeds. Both were measured when it was published, in the series' unit.
    """

    values: Any
    tolerance: Any = 0.0
    spread: float = 0.0


Data = dict[str, Series]
# A series of so many values is a curve. Near by: its length divided by this.
CURVE = 20


def measure(
    run: dict[str, Any],
    roundings: list[dict[str, Any]],
    reseeded: list[dict[str, Any]],
    seeds: int = 0,
) -> Data:
    """A figure's data with tolerances, from runs that rounded and drew otherwise.

    Each value has its own tolerance. Along a last axis of `seeds` values, all have the
    largest, as another machine's runs may part at another seed. Along a curve, each has
    the largest so far and near by: runs that part stay apart, and another machine's may
    part some steps sooner. A smaller difference further on is small by chance, as where
    curves cross, or a median passes from one seed to another.
    """
    data = {}
    for name, value in run.items():
        one = np.asarray(value)
        if one.dtype.kind != "f":
            data[name] = Series(value)
            continue
        reach = tolerance.reach(one, [other[name] for other in roundings])
        if one.ndim and seeds and one.shape[-1] == seeds:
            reach = np.broadcast_to(reach.max(-1, keepdims=True), one.shape)
        if one.ndim and len(one) >= CURVE:
            later = np.arange(len(one)) + len(one) // CURVE
            so_far = np.maximum.accumulate(reach)
            reach = so_far[np.minimum(later, len(one) - 1)]
        # One run's spread: differences of two runs are sqrt(2) times as large.
        gaps = [tolerance.gap(one, other[name]) for other in reseeded]
        spread = tolerance.rms(gaps) / np.sqrt(2) if reseeded else 0.0
        data[name] = Series(
            value, tolerance.round_up(reach), float(tolerance.round_up(spread))
        )
    return data


def parted(series: Series) -> bool:
    """Whether other rounding changes more of a series than its last digits."""
    errors = 1.1 * tolerance.floor(series.values)
    allowed = max(tolerance.PARTED * series.spread, errors)
    return bool(np.max(series.tolerance, initial=0.0) > allowed)


def to_json(data: Data, axes: list[dict[str, str]]) -> str:
    """The file behind a figure, a line a series so that a diff names the series.

    Tolerances are [count, value] for equal ones in a row, in the order of the values
    column by column.
    """
    lines = []
    for name, series in data.items():
        array = np.asarray(series.values)
        about: dict[str, Any] = {"shape": list(array.shape), "dtype": str(array.dtype)}
        if array.dtype.kind == "f":
            about["spread"] = _short(series.spread)
            about["tolerance"] = _runs(np.broadcast_to(series.tolerance, array.shape))
        about["values"] = array.tolist()
        lines.append(f"    {json.dumps(name)}: {json.dumps(about)}")
    body = ",\n".join(lines)
    head = f'  "axes": {json.dumps(axes, ensure_ascii=False)},\n'
    return f'{{\n{head}  "series": {{\n{body}\n  }}\n}}\n'


def _short(value: float) -> float:
    return float(f"{value:.2g}")


def _runs(tolerance: Any) -> list[list[float]]:
    flat = np.ravel(tolerance, order="F").tolist()
    return [[len(list(same)), _short(value)] for value, same in groupby(flat)]


def from_json(path: Path) -> Data:
    """The data and the tolerances of a published figure."""
    return parse(path.read_text("utf-8"))


def parse(text: str) -> Data:
    """The data and the tolerances in a figure's file."""
    data = {}
    for name, about in json.loads(text)["series"].items():
        text = about["dtype"].startswith("<U")
        scalar = about["shape"] == []
        raw = about["values"]
        values = raw if text or scalar else np.array(raw, dtype=about["dtype"])
        runs = about.get("tolerance", [[np.size(values), 0.0]])
        flat = np.repeat([value for _, value in runs], [count for count, _ in runs])
        tolerance = flat.reshape(about["shape"], order="F")
        data[name] = Series(values, tolerance, about.get("spread", 0.0))
    return data


def plain(data: Data) -> dict[str, Any]:
    """The values alone, as a figure's cell takes them."""
    return {name: series.values for name, series in data.items()}


def moved(published: Series, new: Any, exact: bool) -> str | None:
    """How a series differs from the published one by more than it may, or None."""
    old, now = np.asarray(published.values), np.asarray(new)
    if old.shape != now.shape or old.dtype.kind != now.dtype.kind:
        return f"was {old.dtype}{list(old.shape)}, is {now.dtype}{list(now.shape)}"
    if old.dtype != now.dtype and old.dtype.kind != "U":
        return f"was {old.dtype}, is {now.dtype}"
    if old.dtype.kind != "f":
        far = old != now
        size: Any = far
    else:
        gap = tolerance.gap(old, now)
        allowed = np.broadcast_to(0.0 if exact else published.tolerance, old.shape)
        far = gap > allowed
        # Without a tolerance, the largest gap is the worst.
        held = not exact and (allowed > 0).all()
        size = np.where(far, in_tolerances(published, now) if held else gap, 0)
    if not far.any():
        return None
    worst = np.unravel_index(np.argmax(size), old.shape)
    at = f"index {', '.join(map(str, worst))}" if worst else "its only value"
    said = f"{far.sum()} of {old.size} values moved, most at {at}: "
    said += " → ".join(_shortly(old[worst], now[worst]))
    if old.dtype.kind != "f":
        return said
    spreads = gap[worst] / published.spread if published.spread else np.inf
    said += f", {spreads:.2g} times its spread over seeds" if spreads < np.inf else ""
    if exact:
        return f"{said} (this kind of machine gives the published bits)"
    return f"{said}, {in_tolerances(published, now)[worst]:.1f} times its tolerance"


def in_tolerances(published: Series, new: Any) -> Any:
    """How far each value is from the published one, in units of its tolerance."""
    gap = tolerance.gap(published.values, new)
    allowed = np.broadcast_to(published.tolerance, gap.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(gap > 0, gap / allowed, 0.0)


def compare_tolerances(published: Data, new: Data, machines: int) -> dict[str, str]:
    """Tolerances and spreads that differ from the published ones by more than chance.

    A tolerance comes from a standard deviation over so many virtual `machines`: two
    differ as Fisher's F says. A spread may differ as far as its values may.
    """
    differences = {}
    most = tolerance.ratio(machines)
    for name, old in published.items():
        now = new.get(name)
        if now is None or np.shape(old.tolerance) != np.shape(now.tolerance):
            continue  # its values differ, too, and are told of
        how = []
        sizes = [float(tolerance.rms(series.tolerance)) for series in (old, now)]
        if max(sizes) > most * min(sizes):
            said = f"tolerance {sizes[0]:.2g} → {sizes[1]:.2g}"
            how.append(f"{said}, more than {most:.1f} times")
        # Rounded to two digits, each spread may be a tenth off.
        allowed = np.sqrt(2) * max(sizes) + 0.2 * old.spread
        if abs(old.spread - now.spread) > allowed:
            how.append(f"spread over seeds {old.spread:.2g} → {now.spread:.2g}")
        if how:
            differences[name] = "; ".join(how)
    return differences


def closest_call(published: Data, new: dict[str, Any]) -> dict[str, float]:
    """How far the furthest value of each series is, in units of its tolerance."""
    return {
        name: float(np.max(in_tolerances(series, new[name]), initial=0.0))
        for name, series in published.items()
        if np.asarray(series.values).dtype.kind == "f"
    }


def _shortly(old: Any, now: Any) -> tuple[str, str]:
    """Two values with the fewest digits that tell them apart, but four at least."""
    if np.asarray(old).dtype.kind != "f":
        return str(old), str(now)
    for digits in range(4, 17):
        said = f"{old:.{digits}g}", f"{now:.{digits}g}"
        if said[0] != said[1]:
            return said
    return str(old), str(now)


def compare_data(published: Data, new: dict[str, Any], exact: bool) -> dict[str, str]:
    """What differs in a run's data, by series; empty if nothing does.

    `exact` where the run's machine rounds as the one that published.
    """
    differences = {}
    for name in {**published, **new}:
        if name not in new:
            differences[name] = "no longer drawn"
        elif name not in published:
            differences[name] = "new"
        elif how := moved(published[name], new[name], exact):
            differences[name] = how
    return differences
