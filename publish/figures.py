"""A figure's data as JSON, its drawing as SVG, and both held against another run's.

The published drawing is made from the published data, never from the run itself,
so that drawing the data again gives the same picture.
"""

from __future__ import annotations

import io
import json
import re
import warnings
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.figure import Figure

from publish.pages import Cell, Page, PageError

plt.switch_backend("Agg")  # draws without a screen

STYLE = Path(__file__).with_name("figures.mplstyle")
INK = {"light": "#24292f", "dark": "#d7dae2"}
# Each colour keeps its hue from light to dark, has a contrast of 3:1 or more to
# the page, and can be told from the others by colour-blind readers.
CYCLE = {
    "light": ["#0072b2", "#c24d00", "#00795a", "#a8478a", "#856700", "#55606e"],
    "dark": ["#5ab4e8", "#f0953f", "#3cc79c", "#e294c4", "#e6d34a", "#a9b3c2"],
}
SCHEMES = tuple(INK)


def style(scheme: str) -> list[Any]:
    """The Matplotlib style of the site's figures in a light or a dark scheme."""
    ink = INK[scheme]
    keys = "text.color axes.labelcolor axes.edgecolor axes.titlecolor xtick.color"
    colors: dict[str, Any] = dict.fromkeys([*keys.split(), "ytick.color"], ink)
    colors["axes.prop_cycle"] = cycler(color=CYCLE[scheme])
    return ["default", str(STYLE), colors]


def draw(
    cell: Cell, data: dict[str, Any], scheme: str
) -> tuple[str, list[dict[str, str]]]:
    """Draw a figure's cell from its data alone: the SVG, and what its axes say."""
    namespace = {"plt": plt, **data}
    source = "\n" * (cell.line - 1) + cell.code
    # The style fixes how a figure looks whatever a reader's own settings are.
    with plt.style.context(style(scheme)), warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*non-interactive.*cannot be shown")
        try:
            exec(compile(source, str(cell.file), "exec"), namespace)
            figure, svg = plt.gcf(), io.StringIO()
            labels = axes_of(figure)
            # No date and no program: the same data gives the same file.
            about = {"Date": None, "Creator": None, "Format": None, "Type": None}
            figure.savefig(svg, format="svg", metadata=about)
        except Exception as error:
            problem = f"drawing {cell.figure!r} from its data fails: {error!r}."
            remedy = "Draw with plt and the data alone (NumPy arrays when redrawn)."
            raise PageError(cell.file, cell.line, problem, remedy) from error
        finally:
            plt.close("all")
    return svg.getvalue(), labels


def axes_of(figure: Figure) -> list[dict[str, str]]:
    """The title and the axis labels, with their units, of each panel."""
    return [
        {
            "title": axes.get_title() or axes.get_title("left"),
            "x": axes.get_xlabel(),
            "x_scale": axes.get_xscale(),
            "y": axes.get_ylabel(),
            "y_scale": axes.get_yscale(),
        }
        for axes in figure.axes
    ]


def to_json(
    data: dict[str, Any], axes: list[dict[str, str]], tolerance: dict[str, float]
) -> str:
    """The file behind a figure, a line a series so that a diff names the series.

    `tolerance` says how far a series moves under other rounding, in its own unit.
    """
    series = []
    for name, value in data.items():
        array = np.asarray(value)
        about: dict[str, Any] = {"shape": list(array.shape), "dtype": str(array.dtype)}
        if array.dtype.kind == "f":
            about["tolerance"] = tolerance.get(name, 0.0)
        about["values"] = array.tolist()
        series.append(f"    {json.dumps(name)}: {json.dumps(about, allow_nan=True)}")
    body = ",\n".join(series)
    head = json.dumps(axes, ensure_ascii=False)
    return f'{{\n  "axes": {head},\n  "series": {{\n{body}\n  }}\n}}\n'


def from_json(path: Path) -> tuple[dict[str, Any], dict[str, float]]:
    """The data and the tolerances of a published figure."""
    data: dict[str, Any] = {}
    tolerance = {}
    for name, about in json.loads(path.read_text("utf-8"))["series"].items():
        text = about["dtype"].startswith("<U")
        scalar = about["shape"] == []
        raw = about["values"]
        data[name] = raw if text or scalar else np.array(raw, dtype=about["dtype"])
        tolerance[name] = about.get("tolerance", 0.0)
    return data, tolerance


def moved(published: Any, new: Any, tolerance: float) -> str | None:
    """How a series differs from the published one by more than it may, or None."""
    old, now = np.asarray(published), np.asarray(new)
    if old.shape != now.shape or old.dtype.kind != now.dtype.kind:
        return f"was {old.dtype}{list(old.shape)}, is {now.dtype}{list(now.shape)}"
    if old.dtype != now.dtype and old.dtype.kind != "U":
        return f"was {old.dtype}, is {now.dtype}"
    if old.dtype.kind == "f":
        same = (old == now) | (np.isnan(old) & np.isnan(now))
        far = ~same & ~(np.abs(now - old) <= tolerance)
    else:
        far = old != now
    if not far.any():
        return None
    size: Any = far
    if old.dtype.kind == "f":  # a number that came or went is further than any gap
        size = np.where(far, np.nan_to_num(np.abs(now - old), nan=np.inf), -1)
    worst = np.unravel_index(np.argmax(size), old.shape)
    at = f"index {', '.join(map(str, worst))}" if worst else "its only value"
    return (
        f"{far.sum()} of {old.size} values moved, most at {at}: "
        f"{old[worst]} -> {now[worst]} (tolerance {tolerance:.2g})"
    )


def compare_data(
    published: dict[str, Any], new: dict[str, Any], tolerance: dict[str, float]
) -> list[str]:
    """What differs between two runs' data, a line a series; empty if nothing."""
    lines = []
    for name in {**published, **new}:
        if name not in new:
            lines.append(f"series {name!r} is no longer drawn")
        elif name not in published:
            lines.append(f"series {name!r} is new")
        elif how := moved(published[name], new[name], tolerance.get(name, 0.0)):
            lines.append(f"series {name!r}: {how}")
    return lines


def compare_svg(published: str, new: str) -> str | None:
    """Where two drawings first differ by what a reader could see, or None.

    Coordinates may differ by a thousandth of a point: a maths library's rounding.
    """
    tokens = zip_longest(_tokens(published), _tokens(new), fillvalue="the end")
    for old, now in tokens:
        if old != now and not _close(old, now):
            return f"was {old.strip()!r}, is {now.strip()!r}"
    return None


def _tokens(svg: str) -> Iterator[str]:
    # Matplotlib names shapes by a hash of their points: number them instead.
    names: dict[str, str] = {}
    svg = re.sub(
        r"\b[a-z][0-9a-f]{10}\b",
        lambda found: names.setdefault(found[0], f"shape{len(names)}"),
        svg,
    )
    for text in re.findall(r"<[^>]*>|[^<]+", svg):
        if text.startswith("<"):
            yield from re.split(r"(-?\d+\.\d+)", text)
        else:
            yield text


def _close(old: str, now: str) -> bool:
    try:
        return abs(float(old) - float(now)) <= 1e-3
    except ValueError:
        return False


def published_files(page: Page, name: str) -> dict[str, Path]:
    """Where a figure's data and its two drawings are published."""
    drawings = {s: page.published / f"{name}-{s}.svg" for s in SCHEMES}
    return {"data": page.published / f"{name}.json", **drawings}
