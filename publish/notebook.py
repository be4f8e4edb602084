"""A page as a Jupyter notebook: its prose, its program and what the program printed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from publish.pages import EXPECTED, Page

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


def rewrite(page: Page) -> list[str]:
    """Write the page's notebook if it changed; return its name then."""
    path, text = path_of(page), to_notebook(page)
    if path.exists() and path.read_text("utf-8") == text:
        return []
    path.write_text(text, "utf-8")
    return [path.name]


def to_notebook(page: Page) -> str:
    """The page as a notebook file, in nbformat 4.5."""
    text = page.expand(FRONT_MATTER.sub("", page.text))
    cells: list[dict[str, Any]] = []
    prose: list[str] = []
    fold: str | None = None

    def end_prose() -> None:
        nonlocal fold
        markdown = "\n".join(prose).strip()
        prose.clear()
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
        i = _end_of_fence(text.lines, i)
        outputs = []
        if i + 1 < len(text.lines) and text.lines[i + 1].strip() == EXPECTED:
            stop = _end_of_fence(text.lines, i + 2)
            printed = page.output_file(cell.name).read_text("utf-8")
            lines = printed.splitlines(keepends=True)
            outputs = [{"name": "stdout", "output_type": "stream", "text": lines}]
            i = stop
        metadata: dict[str, Any] = {"name": cell.name}
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


def _end_of_fence(lines: list[str], start: int) -> int:
    """The line after the fence that opens at `start`."""
    return (
        next(i for i in range(start + 1, len(lines)) if lines[i].strip() == "```") + 1
    )
