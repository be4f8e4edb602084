"""A page's program as a script in "# %%" cells, as editors and Jupytext read them."""

from __future__ import annotations

from publish.names import address
from publish.pages import Page
from publish.parts import anchors, parts, program_blocks

NEEDS = "Python 3.11 or later, torch and matplotlib"


def of(page: Page) -> str:
    """The script, from the set-up on."""
    found = parts(page, numbers=False)
    head = [f"# {page.title}", f"# From Descent Notes: {address(page)}"]
    cells = ["\n".join([*head, f"# Needs {NEEDS}."]) + "\n"]
    for block, anchor in zip(program_blocks(found), anchors(found), strict=True):
        name = anchor.removeprefix("code-")
        cells.append(f"# %% {name}\n{block.code.strip()}\n")
    return "\n".join(cells)
