"""A figure's drawing: made from its published data, never from the run itself.

Drawing the data again gives the same picture.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from publish.check.figure_data import from_json, plain
from publish.page.cells import Cell
from publish.page.places import published_files
from publish.page.source import Page
from publish.project import PageError

plt.switch_backend("Agg")  # draws without a screen

STYLE = Path(__file__).with_name("figures.mplstyle")
INK = {"light": "#24292f", "dark": "#d7dae2"}
# Each colour keeps its hue from light to dark, has a contrast of 3:1 or more to
# the page, and can be told from the others by colour-blind readers.
CYCLE = {
    "light": ["#0072b2", "#c24d00", "#00795a", "#a8478a", "#856700", "#55606e"],
    "dark": ["#5ab4e8", "#f0953f", "#3cc79c", "#e294c4", "#e6d34a", "#a9b3c2"],
}
# On white, and without a program's name: the same data give the same file.
PNG: dict[str, Any] = {
    "format": "png",
    "facecolor": "white",
    "metadata": {"Software": None},
}


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
    svg = io.StringIO()
    # No date and no program: the same data gives the same file.
    about = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with drawn(cell, data, scheme) as figure:
        labels = axes_of(figure)
        figure.savefig(svg, format="svg", metadata=about)
    return svg.getvalue(), labels


def draw_png(cell: Cell, data: dict[str, Any]) -> bytes:
    """Draw a figure's cell as a PNG on white, for a notebook of any colour."""
    png = io.BytesIO()
    with drawn(cell, data, "light") as figure:
        figure.savefig(png, dpi=110, **PNG)
    return png.getvalue()


def draw_pngs(page: Page) -> dict[str, bytes]:
    """The page's figures as PNG, by their names, drawn from their published data."""
    return {
        name: draw_png(cell, plain(from_json(published_files(page, name)["data"])))
        for name, cell in page.figures.items()
    }


CARD = (1200, 630)  # pixels, the size in which sites show a link's picture


def draw_card(page: Page) -> bytes:
    """Draw a page's card, the PNG beside links to it: its figure on the first page."""
    first = (page.root / "docs" / "index.md").read_text("utf-8")
    found = re.search(rf"published/{page.slug}/([\w-]+)-light\.svg", first)
    name = found[1] if found else next(iter(page.figures))
    data = plain(from_json(published_files(page, name)["data"]))
    png = io.BytesIO()
    with drawn(page.figures[name], data, "light") as figure:
        size = figure.get_size_inches()
        dpi = 0.94 * min(np.divide(CARD, size))  # a margin around it
        margin = (np.divide(CARD, dpi) - size) / 2
        around = Bbox([-margin, size + margin])
        figure.savefig(png, dpi=dpi, bbox_inches=around, **PNG)
    return png.getvalue()


@contextmanager
def drawn(cell: Cell, data: dict[str, Any], scheme: str) -> Iterator[Figure]:
    """The figure that a cell draws; PageError for what goes wrong with it."""
    namespace = {"plt": plt, **data}
    source = "\n" * (cell.line - 1) + cell.code
    # The style fixes how a figure looks, whatever this machine's settings are.
    with plt.style.context(style(scheme)), warnings.catch_warnings():
        # Only says that there is no screen here.
        warnings.filterwarnings("ignore", ".*non-interactive.*cannot be shown")
        # Only says that this machine took more than a second to place a legend.
        warnings.filterwarnings("ignore", '.*loc="best" can be slow')
        try:
            exec(compile(source, str(cell.file), "exec"), namespace)
            yield plt.gcf()
        except Exception as error:
            problem = f"drawing {cell.figure!r} from its data fails: {error!r}."
            remedy = "Draw with plt and the data alone (NumPy arrays when redrawn)."
            raise PageError(cell.file, cell.line, problem, remedy) from error
        finally:
            plt.close("all")


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
