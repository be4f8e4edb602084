"""A page's program as a script in "# %%" cells, as editors and Jupytext read them."""

from __future__ import annotations

from publish.page.parts import anchors, parts, program_blocks
from publish.page.places import address
from publish.page.source import Page
from publish.project import configured, settings


def needs(page: Page) -> str:
    """What a reader must have to run the page's program."""
    about = settings(page.root)
    *most, last = f"Python {about.python} or later", *about.needs
    return f"{', '.join(most)} and {last}"


def of(page: Page) -> str:
    """The script, from the set-up on."""
    found = parts(page, numbers=False)
    site = configured(page.root, "site_name")
    head = [f"# {page.title}", f"# From {site}: {address(page)}"]
    cells = ["\n".join([*head, f"# Needs {needs(page)}."]) + "\n"]
    for block, anchor in zip(program_blocks(found), anchors(found), strict=True):
        name = anchor.removeprefix("code-")
        cells.append(f"# %% {name}\n{block.code.strip()}\n")
    return "\n".join(cells)
