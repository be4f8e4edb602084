"""`make serve`: what changes on the disk changes in the browser."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from publish.project import ROOT

SOURCES = (
    *("CITATION.cff", "mkdocs.yml", "pyproject.toml"),
    *("docs", "publish", "snippets"),
)
PAGE = Path("docs", "notes", "lr-trench.md")
SNIPPET = Path("snippets", "lr_trench.py")
SEEN = "A step moves each parameter"


class Served:
    """A copy of the project that is served, a page in a browser, and the log."""

    def __init__(self, root: Path, log: Path, tab: Tab) -> None:
        self.root, self.log, self.tab = root, log, tab

    def edit(self, file: Path, old: str, new: str) -> None:
        text = (self.root / file).read_text("utf-8")
        assert old in text
        (self.root / file).write_text(text.replace(old, new, 1), "utf-8")

    def shows(self, expression: str) -> None:
        """Wait until `expression` is true in the browser; the test does not reload."""
        self.tab.wait_for_function(expression)

    def says(self, what: str) -> None:
        for _ in range(300):
            if re.search(what, self.log.read_text("utf-8")):
                return
            time.sleep(0.1)
        pytest.fail(f"{what!r} was not said: {self.log.read_text('utf-8')[-2000:]}")


@pytest.fixture(scope="module")
def served(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    root, log = (
        tmp_path_factory.mktemp("served"),
        tmp_path_factory.mktemp("log") / "log",
    )
    for path in (ROOT / name for name in SOURCES):
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, root / path.name)
    with socket.create_server(("127.0.0.1", 0)) as free:
        place = f"127.0.0.1:{free.getsockname()[1]}"
    # The Makefile's own command.
    made = re.search(
        r"^serve:.*\n\t\$\(BIN\)/(.*)$", (ROOT / "Makefile").read_text(), re.M
    )
    assert made
    command = [sys.executable, "-m", *made[1].split(), "-a", place]
    with (
        log.open("w") as said,
        subprocess.Popen(command, cwd=root, stdout=said, stderr=said) as server,
    ):
        tab = browser.new_page()
        site = Served(root, log, tab)
        try:
            site.says("Serving on")
            tab.goto(f"http://{place}/descent-notes/notes/lr-trench/")
            yield site
        finally:
            tab.close()
            server.terminate()


def test_prose(served: Served):
    served.edit(PAGE, SEEN, f"{SEEN} Another word.")
    served.shows(
        "document.querySelector('article')?.innerText.includes('Another word')"
    )


def test_what_an_editor_leaves_beside_a_page(served: Served):
    lock = served.root / PAGE.parent / f".#{PAGE.name}"
    lock.symlink_to("someone@host.1234:5678")
    served.edit(PAGE, SEEN, f"{SEEN} Being edited.")
    served.shows(
        "document.querySelector('article')?.innerText.includes('Being edited')"
    )
    lock.unlink()


def test_a_program_and_that_its_results_are_of_another(served: Served):
    cell = next(
        line
        for line in (served.root / SNIPPET).read_text("utf-8").splitlines()
        if re.match(r"# %% \w", line)
    )
    served.edit(SNIPPET, f"{cell}\n", f"{cell}\n# another line\n")
    served.shows(
        "document.querySelector('article')?.textContent.includes('# another l')"
    )
    served.says(r"snippets/lr_trench\.py: .* make figures NOTE=lr-trench")


def test_a_meaning_changes_on_all_pages(served: Served):
    served.edit(Path("docs", "glossary.md"), "The factor between", "What is between")
    served.shows("document.querySelector('abbr[title^=\"What is between\"]')")


def test_a_broken_link_is_said_until_it_is_mended(served: Served):
    other, link = Path("docs", "notes", "lr-decay.md"), "[there](no-such.md)"
    sources = "## Sources\n"
    served.edit(other, sources, f"{sources}\n{link}\n")
    served.says(r"lr-decay\.md.*no-such\.md")
    served.edit(PAGE, SEEN, f"{SEEN} Elsewhere.")
    served.shows("document.querySelector('article')?.innerText.includes('Elsewhere')")
    served.says(r"(?s)lr-decay\.md:\d+: .*\n.*lr-decay\.md:\d+: .*no-such\.md")
    served.edit(other, f"{sources}\n{link}\n", sources)


def test_a_style(served: Served):
    style = served.root / "docs" / "assets" / "site.css"
    style.write_text(style.read_text("utf-8") + "h1 { word-spacing: 9px; }\n")
    heading = "document.querySelector('h1')"
    served.shows(f"{heading} && getComputedStyle({heading}).wordSpacing == '9px'")


def test_a_template(served: Served):
    block = "{% block extrahead %}"
    served.edit(
        Path("publish", "site", "theme", "main.html"),
        block,
        f'{block}<meta name="probe">',
    )
    served.shows("document.querySelector('meta[name=probe]')")


def test_a_mistake_is_said_and_mended(served: Served):
    mistake = f"```python\nx = 1\n\n{SEEN}"
    served.edit(PAGE, SEEN, mistake)
    served.says(r"notes/lr-trench\.md.*no Python: 'A step moves")
    served.edit(PAGE, mistake, f"Mended. {SEEN}")
    served.shows("document.querySelector('article')?.innerText.includes('Mended.')")
    assert "Traceback" not in served.log.read_text("utf-8")
