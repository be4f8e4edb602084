"""A page as a Jupyter notebook: its prose, its program and what the program printed."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

from publish.forms.page_md import judged, quoted
from publish.forms.script import needs
from publish.forms.site_markdown import END_OF_CLAIM, evidence, fenced
from publish.page import slices
from publish.page.parts import (
    Block,
    Figure,
    Part,
    Stated,
    anchors,
    parts,
    program_blocks,
)
from publish.page.places import absolute, address
from publish.page.quotes import fill
from publish.page.source import IMAGE, Page
from publish.project import configured, settings

ORDER = "Run the cells from the top; your own words go into the set-up's first lines."


def is_notebook(page: Page) -> bool:
    """Whether the site shows this page as a notebook."""
    return page.slug in settings(page.root).notebooks


def path_of(page: Page) -> Path:
    """Where the notebook is that the site shows in the page's place."""
    return page.path.with_suffix(".ipynb")


def of(page: Page, pictures: dict[str, bytes] | None = None) -> str:
    """The page as a notebook file, in nbformat 4.5.

    With `pictures`, PNG files by the figures' names, it is one to download: its links
    lead to the site, its figures are in it, and its first cell says what it needs.
    """
    found = parts(page, page.body)
    codes = [block.code for block in program_blocks(found)]
    places = {
        id(block): {"anchor": anchor, "needs": slices.as_attribute(codes, number)}
        for number, (block, anchor) in enumerate(
            zip(program_blocks(found), anchors(found), strict=True)
        )
    }
    cells: list[dict[str, Any]] = []
    prose: list[str] = []
    for part in found:
        prose += _prose(part, here=pictures is None)
        block = part.block if isinstance(part, Stated) else part
        if not isinstance(block, Block) or not block.cell:
            continue
        _end_prose(page, cells, prose, here=pictures is None)
        cell = _code_cell(block)
        if pictures is None:
            # What the site's template needs to show the cell.
            cell["metadata"] |= places[id(block)]
            if block.fold:
                kind, title = block.fold
                cell["metadata"] |= {"fold": f'??? {kind} "{title}"'}
        elif name := block.cell.figure:
            cell["outputs"].append(_picture(pictures[name], page, name))
        cells.append(cell)
        if isinstance(part, Stated) and pictures is None:
            prose += END_OF_CLAIM
    _end_prose(page, cells, prose, here=pictures is None)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _prose(part: Part, here: bool) -> list[str]:
    """A part's lines of Markdown: on the site (`here`), or in a download."""
    if isinstance(part, Stated):
        return evidence(part) if here else quoted(part)
    if isinstance(part, Figure):
        return part.lines if here else [""]  # its cell draws it
    if isinstance(part, Block):
        return [] if part.cell else fenced(part, part.language)
    return part.lines if here else judged(part.lines)


def _end_prose(
    page: Page, cells: list[dict[str, Any]], prose: list[str], here: bool
) -> None:
    """Make a cell of the prose so far, if there is any."""
    markdown = "\n".join(prose).strip()
    prose.clear()
    if not here:
        markdown = absolute(page, markdown)
        if not cells:
            markdown = introduced(page, markdown)
    if markdown:
        cells.append(
            {
                "cell_type": "markdown",
                "id": f"prose-{len(cells)}",
                "metadata": {},
                "source": markdown.splitlines(keepends=True),
            }
        )


def introduced(page: Page, text: str) -> str:
    """Put where a notebook is from, and what it needs, under its prose's heading."""
    site = configured(page.root, "site_name")
    whence = f"From [{site}]({address(page)})."
    install = " ".join(settings(page.root).needs)
    wanted = f"Needs {needs(page)}: `pip install {install}`."
    heading = re.compile(r"^# .+$", re.MULTILINE)
    return heading.sub(rf"\g<0>\n\n{whence} {wanted} {ORDER}", text, count=1)


def _code_cell(block: Block) -> dict[str, Any]:
    """A cell of the program, and what it printed."""
    assert block.cell
    outputs = []
    if block.output is not None:
        lines = block.output.splitlines(keepends=True)
        outputs = [{"name": "stdout", "output_type": "stream", "text": lines}]
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": block.cell.name.replace(": ", "-"),
        "metadata": {"name": block.cell.name},
        "outputs": outputs,
        "source": block.code.rstrip().splitlines(keepends=True),
    }


def _picture(png: bytes, page: Page, name: str) -> dict[str, Any]:
    """A figure as the output of its cell, with the page's description of it."""
    alt = next(
        fill(page, image["alt"], 1)
        for image in IMAGE.finditer(page.text)
        if image["target"].endswith(f"/{name}-light.svg")
    )
    data = {"image/png": base64.b64encode(png).decode(), "text/plain": alt}
    about = {"image/png": {"alt": alt}}
    return {"data": data, "metadata": about, "output_type": "display_data"}
