"""The built site, and a browser to look at it with."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from publish.pages import ROOT

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
NO_BROWSER = (
    "not tested: the pages in a browser (tests/test_browser.py), as no Chromium is on "
    "the PATH. Install it, on Debian with `apt-get install chromium`."
)
# Where checks must be complete, a missing browser is a failure.
collect_ignore = [] if CHROMIUM or os.environ.get("CI") else ["test_browser.py"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if collect_ignore:
        terminalreporter.write_line(NO_BROWSER, yellow=True)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium."""
    assert CHROMIUM, NO_BROWSER
    return CHROMIUM


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly where importing what programs need is an error."""
    absent = tmp_path_factory.mktemp("absent")
    for name in ("torch", "matplotlib", "numpy"):
        stub = f'raise ImportError("building the site needs no {name}")\n'
        (absent / f"{name}.py").write_text(stub)
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(target)]
    path = os.pathsep.join(filter(None, [str(absent), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr
    return target
