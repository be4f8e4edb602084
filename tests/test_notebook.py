"""The note that is a notebook: the same as its source, and true when re-run."""

import asyncio
import json
import re
from itertools import pairwise

import nbformat
import pytest
from nbclient import NotebookClient

from publish.forms import notebook
from publish.page.source import Page, notes

NOTEBOOKS = [page for page in notes() if notebook.is_notebook(page)]


def printed(cell: nbformat.NotebookNode) -> str:
    return "".join(output.get("text", "") for output in cell.outputs)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> NotebookClient:
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    book = nbformat.read(notebook.path_of(NOTEBOOKS[0]), as_version=4)
    return NotebookClient(book, timeout=300)


@pytest.mark.parametrize("page", NOTEBOOKS, ids=lambda page: page.slug)
def test_the_notebook_is_made_from_its_page(page: Page):
    published = notebook.path_of(page).read_text("utf-8")
    assert json.loads(published) == json.loads(notebook.of(page)), (
        "run `make figures TEXT=1`"
    )
    nbformat.validate(nbformat.reads(published, as_version=4))


def test_restart_and_run_all_gives_what_it_shows(client: NotebookClient):
    published = [printed(c) for c in client.nb.cells if c.cell_type == "code"]
    client.execute()
    assert [printed(c) for c in client.nb.cells if c.cell_type == "code"] == published


def test_cells_re_run_as_the_page_says(client: NotebookClient):
    cells = {c.id: (c, i) for i, c in enumerate(client.nb.cells)}

    async def press(name: str) -> float:
        done = await client.async_execute_cell(*cells[name])
        return float(re.search(r"[\d.]+$", printed(done).strip())[0])

    async def session() -> tuple[list[float], list[float]]:
        async with client.async_setup_kernel():
            for name in ("setup", "init"):
                await client.async_execute_cell(*cells[name])
            separate = [await press("train") for _ in range(4)]
            together = [await press("together") for _ in range(3)]
            return separate, together

    separate, together = asyncio.run(session())
    assert all(a > b for a, b in pairwise(separate)), separate
    assert len(set(together)) == 1
    assert together[0] == separate[0]
