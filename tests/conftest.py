"""The built site, and a browser to look at it with."""

from __future__ import annotations

import functools
import http.server
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from publish.chromium import CHROMIUM, OPTIONS
from publish.pages import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

IN_A_BROWSER = ["test_access.py", "test_browser.py", "test_serve.py"]
NO_BROWSER = (
    f"not tested: the pages in a browser (tests: {', '.join(IN_A_BROWSER)}), as no "
    "Chromium is on the PATH. Install it, on Debian with `apt-get install chromium`."
)
# Where checks must be complete, a missing browser is a failure.
collect_ignore = [] if CHROMIUM or os.environ.get("CI") else IN_A_BROWSER


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if collect_ignore:
        terminalreporter.write_line(NO_BROWSER, yellow=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium, for a module: it keeps other event loops from running."""
    # Who has no browser may lack what drives it, too.
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, NO_BROWSER
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield running
        running.close()


class Silent(http.server.SimpleHTTPRequestHandler):
    """Serve a folder without a line of log a request."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """An address on this machine alone, and the folder that is served there."""
    folder = tmp_path_factory.mktemp("web")
    handler = functools.partial(Silent, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", folder
        server.shutdown()


@pytest.fixture(scope="session")
def address(web: tuple[str, Path]) -> str:
    """Where the built site is served, in a folder as GitHub Pages does."""
    return f"{web[0]}descent-notes/"


@pytest.fixture(scope="session")
def site(
    web: tuple[str, Path], address: str, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The site, built strictly where importing what programs need is an error."""
    absent = tmp_path_factory.mktemp("absent")
    for name in ("torch", "matplotlib", "numpy"):
        stub = f'raise ImportError("building the site needs no {name}")\n'
        (absent / f"{name}.py").write_text(stub)
    target = web[1] / "descent-notes"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(target)]
    path = os.pathsep.join(filter(None, [str(absent), os.environ.get("PYTHONPATH")]))
    variables = {"PYTHONPATH": path, "SITE_URL": address, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )
    if built.returncode:
        lines = built.stderr.splitlines()
        said = [line for line in lines if re.match("WARNING|ERROR|Error", line)]
        pytest.fail("\n".join(said or lines), pytrace=False)
    return target
