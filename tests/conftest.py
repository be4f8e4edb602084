"""The built site, and a browser to look at it with."""

from __future__ import annotations

import functools
import http.server
import locale
import os
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from importlib.metadata import (
    PackageNotFoundError,
    distribution,
    packages_distributions,
)
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from publish.project import ROOT
from publish.site.chromium import CHROMIUM, OPTIONS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext
    from playwright.sync_api import Page as Tab

# NumPy's products take one thread, as the pages' programs do: these and the browser run
# beside the tests. It is read when NumPy is imported, which nothing above does.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
IN_A_BROWSER = [
    "test_access.py",
    "test_browser.py",
    "test_play_looking.py",
    "test_play_recipe.py",
    "test_play_training.py",
    "test_play_trench.py",
    "test_serve.py",
]
NO_BROWSER = (
    f"not tested: the pages in a browser (tests: {', '.join(IN_A_BROWSER)}), as no "
    "Chromium is on the PATH. Install it, on Debian with `apt-get install chromium`, "
    "or name it: CHROMIUM=/its/path."
)
# In CI all tests must run: there, a missing browser is a failure.
collect_ignore = [] if CHROMIUM or os.environ.get("CI") else IN_A_BROWSER


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: looks at the pages in a browser")


@pytest.hookimpl(tryfirst=True)  # before some are chosen by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.name in IN_A_BROWSER:
            item.add_marker("browser")


def fixtures_of(item: pytest.Item) -> set[str]:
    """The names of the fixtures that a test takes."""
    return {*getattr(item, "fixturenames", ())}


# A name without "pytest_" in front would be no hook.
@pytest.hookimpl(specname="pytest_collection_modifyitems", trylast=True)
def pytest_put_copied_last(items: list[pytest.Item]) -> None:
    """Put the tests last whose programs are run after those of the pages."""

    def waits(item: pytest.Item) -> bool:
        return bool({"copies", "run_copied"} & fixtures_of(item))

    items.sort(key=waits)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    # `make test` takes two processes: the one for these tests says it.
    if collect_ignore and not config.option.markexpr.endswith("not browser"):
        terminalreporter.write_line(NO_BROWSER, yellow=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium, for one module: no other event loop can run beside it."""
    # Imported here, as Playwright may be missing where no browser is.
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, NO_BROWSER
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        running.on("context", watch)
        yield running
        running.close()


@pytest.fixture
def tab(browser: Browser, site: Path) -> Iterator[Tab]:
    """A tab of a laptop's size that fails its test if a script of its pages fails."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
    )
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert said == []


# The addresses that pages have asked other hosts for during a test.
elsewhere: list[str] = []


def watch(context: BrowserContext) -> None:
    """Note each address that a page, or a worker of it, asks another host for."""

    def note(url: str) -> None:
        parts = urlsplit(url)
        # The other schemes ask no host: data, blob, about.
        away = parts.scheme in ("http", "https", "ws", "wss")
        if away and parts.hostname != "127.0.0.1":
            elsewhere.append(url)

    context.on("request", lambda request: note(request.url))
    context.on("page", lambda page: page.on("websocket", lambda it: note(it.url)))


@pytest.fixture(autouse=True)
def no_other_host() -> Iterator[None]:
    """Fail a test during which a page asked another host for something."""
    elsewhere.clear()
    yield
    assert elsewhere == [], "a page asks another host"


@pytest.fixture
def ascii_alone() -> Iterator[None]:
    """Make ASCII this machine's own encoding: a reader's may be any."""
    before = locale.setlocale(locale.LC_CTYPE)
    locale.setlocale(locale.LC_CTYPE, "C")
    yield
    locale.setlocale(locale.LC_CTYPE, before)


class Silent(http.server.SimpleHTTPRequestHandler):
    """Serve a folder without logging the requests."""

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
def modules() -> dict[str, set[str]]:
    """For each module that can be imported, the distributions that it is part of."""
    found = packages_distributions()
    return {name: {*map(canonicalize_name, found[name])} for name in found}


@pytest.fixture(scope="session")
def brought_by() -> Callable[[str], set[str]]:
    """The distributions that pip installs for one of the project's extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    def needs(wanted: Requirement) -> list[str]:
        if wanted.name == project["name"]:
            extras = [project["optional-dependencies"][e] for e in wanted.extras]
            return [*project["dependencies"], *(line for e in extras for line in e)]
        try:
            return distribution(wanted.name).requires or []
        except PackageNotFoundError:  # for other machines only, or not yet installed
            return []

    @functools.cache
    def brought(extra: str) -> set[str]:
        waiting, met = [Requirement(f"{project['name']}[{extra}]")], set[str]()
        while waiting:
            wanted = waiting.pop()
            if (asked := f"{wanted.name}[{sorted(wanted.extras)}]") in met:
                continue
            met.add(asked)
            for needed in map(Requirement, needs(wanted)):
                marker, extras = needed.marker, ["", *wanted.extras]
                if not marker or any(marker.evaluate({"extra": e}) for e in extras):
                    waiting.append(needed)
        return {canonicalize_name(asked.partition("[")[0]) for asked in met}

    return brought


# Python runs a module `sitecustomize` before all else.
ABSENT = """from importlib.machinery import PathFinder

find = PathFinder.find_spec


def find_spec(cls, name, path=None, target=None):
    return None if name.partition(".")[0] in {absent} else find(name, path, target)


PathFinder.find_spec = classmethod(find_spec)
"""


@pytest.fixture(scope="session")
def only_with(
    brought_by: Callable[[str], set[str]],
    modules: dict[str, set[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], Path]:
    """Make a folder for PYTHONPATH that hides what an extra doesn't bring."""

    def folder(extra: str) -> Path:
        there = brought_by(extra)
        absent = {name for name, parts in modules.items() if not parts & there}
        path = tmp_path_factory.mktemp(extra)
        code = ABSENT.format(absent=absent)
        (path / "sitecustomize.py").write_text(code, "utf-8")
        return path

    return folder


@pytest.fixture(scope="session")
def site(web: tuple[str, Path], address: str, only_with: Callable[[str], Path]) -> Path:
    """The site, built strictly where there is nothing but what [site] brings."""
    target = web[1] / "descent-notes"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(target)]
    paths = [str(only_with("site")), os.environ.get("PYTHONPATH")]
    path = os.pathsep.join(filter(None, paths))
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
