"""A page as a Jupyter notebook: its prose, its program and what the program printed."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

from publish import downloads, standalone
from publish.pages import EXPECTED, FENCE, IMAGE, Page

# The page about cells is a notebook on the site too.
NOTEBOOKS = {"reproducible-init"}
FOLDED = re.compile(r'^\?\?\? \w+ "(?P<title>.+)"$', re.MULTILINE)
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n+", re.DOTALL)


def is_notebook(page: Page) -> bool:
    """Whether the site shows this page as a notebook."""
    return page.slug in NOTEBOOKS


def path_of(page: Page) -> Path:
    """Where the page's notebook is published."""
    return page.path.with_suffix(".ipynb")


def pictures(page: Page) -> dict[str, bytes]:
    """The page's figures as PNG, drawn from their published data."""
    from publish import figures  # needs Matplotlib, as building the site does not

    return {
        name: figures.draw_png(
            cell,
            figures.plain(
                figures.from_json(figures.published_files(page, name)["data"])
            ),
        )
        for name, cell in page.figures.items()
    }


def to_notebook(page: Page, pictures: dict[str, bytes] | None = None) -> str:
    """The page as a notebook file, in nbformat 4.5.

    With `pictures`, PNG files by the figures' names, it is one to download: its links
    lead to the site, its figures are in it, and its first cell says what it needs.
    """
    text = page.expand(FRONT_MATTER.sub("", page.text))
    shown = {block.fence: block for block in standalone.blocks(text)}
    codes = [block.code for block in shown.values()]
    needs = {
        fence: standalone.as_attribute(codes, number)
        for number, fence in enumerate(shown)
    }
    cells: list[dict[str, Any]] = []
    prose: list[str] = []
    fold: str | None = None

    def end_prose() -> None:
        nonlocal fold
        markdown = "\n".join(prose).strip()
        prose.clear()
        if pictures is not None:
            markdown = downloads.portable(page, markdown)
            if not cells:
                markdown = downloads.introduced(page, markdown)
        if found := FOLDED.search(markdown):
            fold = found["title"]
            markdown = FOLDED.sub("", markdown).strip()
        if markdown:
            cells.append(
                {
                    "cell_type": "markdown",
                    "id": f"prose-{len(cells)}",
                    "metadata": {},
                    "source": markdown.splitlines(keepends=True),
                }
            )

    i = 0
    while i < len(text.lines):
        cell = text.cells.get(i)
        if cell is None:
            prose.append(text.lines[i])
            i += 1
            continue
        end_prose()
        fence = i
        i = _end_of_fence(text.lines, i)
        outputs: list[dict[str, Any]] = []
        if i + 1 < len(text.lines) and text.lines[i + 1].strip() == EXPECTED:
            stop = _end_of_fence(text.lines, i + 2)
            printed = page.output_file(cell.name).read_text("utf-8")
            lines = printed.splitlines(keepends=True)
            outputs = [{"name": "stdout", "output_type": "stream", "text": lines}]
            i = stop
        metadata: dict[str, Any] = {"name": cell.name}
        if pictures is None:
            # What the site's template needs to show the cell.
            block = shown[fence]
            metadata |= {"anchor": block.name, "needs": needs[fence]}
        elif cell.figure:
            outputs.append(_picture(pictures[cell.figure], page, cell.figure))
        if fold:
            metadata |= {"title": fold, "jupyter": {"source_hidden": True}}
            fold = None
        cells.append(
            {
                "cell_type": "code",
                "execution_count": None,
                "id": cell.name.replace(": ", "-"),
                "metadata": metadata,
                "outputs": outputs,
                "source": cell.code.rstrip().splitlines(keepends=True),
            }
        )
    end_prose()
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _picture(png: bytes, page: Page, name: str) -> dict[str, Any]:
    """A figure as the output of its cell, with the page's description of it."""
    alt = next(
        page.fill(image["alt"], 1)
        for image in IMAGE.finditer(page.text)
        if image["target"].endswith(f"/{name}-light.svg")
    )
    data = {"image/png": base64.b64encode(png).decode(), "text/plain": alt}
    about = {"image/png": {"alt": alt}}
    return {"data": data, "metadata": about, "output_type": "display_data"}


def _end_of_fence(lines: list[str], start: int) -> int:
    """The line after the fence that opens at `start`."""
    fence = FENCE.match(lines[start])
    assert fence
    inside = range(start + 1, len(lines))
    return next(i for i in inside if lines[i].strip() == fence["ticks"]) + 1
