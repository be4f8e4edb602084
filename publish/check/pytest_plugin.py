"""Make every block of every page a test, and run every page's program once.

Each program runs in the background from the end of collection on, two at a time; all
tests of its blocks, figures, numbers or claims wait for its one record. With `-x`, the
programs begin once the tests that need no run have passed: these see most mistakes.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click import ClickException

from publish.check.files import NotWrittenError
from publish.check.pool import POOL
from publish.check.program import (
    Done,
    Record,
    blocks_of,
    check_block,
    machine_key,
    run,
    run_copied,
)
from publish.check.running import RUNNING
from publish.inside.statements import forget
from publish.page.parts import Block
from publish.page.source import Page, notes
from publish.project import ROOT, PageError, is_source

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# For two cores: each takes about 600 MB and one thread, unless more are asked for. More
# threads than cores would make all many times slower.
PROGRAMS_AT_ONCE = max(1, 2 // int(os.environ.get("OMP_NUM_THREADS", "1")))
STATEMENTS = ROOT / ".cache" / "statements"
MOST_KEPT = 2 * 2**30  # bytes


class Programs:
    """The runs of this session, by the page's path, and those of copied programs.

    The folder `statements` keeps what single statements did, for programs that come to
    them with the same inputs: in later sessions on this kind of machine, too, unless
    all is to be run `fresh`. DESCENT_STATEMENTS names another folder.
    """

    def __init__(self, fresh: bool) -> None:
        self.threads = ThreadPoolExecutor(PROGRAMS_AT_ONCE)
        self.running: dict[Path, Future[Record]] = {}
        self.wanted: list[Page] = []
        self.folder = tempfile.TemporaryDirectory()
        self.statements = STATEMENTS / machine_key()
        if named := os.environ.get("DESCENT_STATEMENTS"):
            self.statements = Path(named)
        elif fresh:
            self.statements = Path(self.folder.name)

    def start_all(self) -> None:
        """Begin with the programs whose records the session's tests need."""
        for page in self.wanted:
            self.start(page)

    def start(self, page: Page) -> Future[Record]:
        if page.path not in self.running:
            self.running[page.path] = self.threads.submit(
                run, page, statements=self.statements
            )
        return self.running[page.path]

    def run_copied(self, *parts: str, after: Page | None = None) -> Future[list[Done]]:
        """Run the parts of a copied program, one after the other.

        If it is a part of a page's program, it comes `after` that, and needn't run
        again what that has run.
        """
        whole = [self.start(after)] if after else []

        def run_it() -> list[Done]:
            wait(whole)
            return run_copied(parts, self.statements)

        return self.threads.submit(run_it)

    def stop(self) -> None:
        """End what still runs: no test waits for it now."""
        self.threads.shutdown(wait=False, cancel_futures=True)
        RUNNING.stop()
        self.threads.shutdown()
        POOL.stop()
        self.folder.cleanup()
        forget(STATEMENTS, MOST_KEPT)

    def record(self, page: Page) -> Record:
        self.start_all()
        return self.start(page).result()


PROGRAMS = pytest.StashKey[Programs]()


class PageFile(pytest.File):
    """A Markdown page."""

    def collect(self) -> Iterator[BlockItem]:
        try:
            page = Page(whereabouts(self.path))
            blocks = blocks_of(page)
        except PageError as error:
            raise self.CollectError(error.message) from None
        # Named by the block's line on the page: "docs/notes/lr-trench.md::57 sweep".
        for index, block in enumerate(blocks):
            name = f"{block.line} {block.name}"
            item = BlockItem.from_parent(self, name=name)
            item.page, item.index, item.block = page, index, block
            yield item


class BlockItem(pytest.Item):
    """One block: it must run, and print what the page shows under it."""

    page: Page
    index: int
    block: Block

    def runtest(self) -> None:
        check_block(self.config.stash[PROGRAMS].record(self.page), self.index)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None
    ) -> Any:
        if isinstance(excinfo.value, ClickException):
            return excinfo.value.message
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.block.line - 1, self.nodeid


def pytest_addoption(parser: pytest.Parser) -> None:
    said = "run all that programs do, and nothing from .cache/statements"
    parser.addoption("--fresh", action="store_true", help=said)
    said = "run this part of the tests: K of N, each page's program in one of them"
    parser.addoption("--shard", metavar="K/N", type=shard, help=said)
    said = "run the tests of this note alone, not those of all pages and of publish/"
    parser.addoption("--note", metavar="SLUG", help=said)
    said = "run the tests alone that read a program's run"
    parser.addoption("--runs", action="store_true", help=said)


def shard(text: str) -> tuple[int, int]:
    """Which of how many parts: "2/4"."""
    found = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", text)
    if not found or int(found[1]) > int(found[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is not K/N, as 2/4 is.")
    return int(found[1]), int(found[2])


def pytest_configure(config: pytest.Config) -> None:
    config.stash[PROGRAMS] = Programs(config.getoption("fresh"))
    RUNNING.stopped = False  # an earlier session of this process may have set it
    # In a read-only folder, pytest warns that it keeps no cache: that is no error.
    config.addinivalue_line("filterwarnings", "default::pytest.PytestCacheWarning")
    try:
        slugs = [page.slug for page in notes()]
    except PageError as error:
        raise pytest.UsageError(error.message) from None
    if (named := config.getoption("note")) and named not in slugs:
        raise pytest.UsageError(f"no note {named}. The notes: {', '.join(slugs)}.")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    # A test that takes `note` is run for each note, unless it chooses its own.
    marks = metafunc.definition.iter_markers("parametrize")
    own = any("note" in mark.args[0] for mark in marks)
    if "note" in metafunc.fixturenames and not own:
        metafunc.parametrize("note", notes(), ids=lambda page: page.slug)


def whereabouts(path: Path) -> Path:
    """The path of a file, below ROOT even if pytest came by a link to that."""
    return path.parent.resolve() / path.name


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> PageFile | None:
    path = whereabouts(file_path)
    is_page = path == ROOT / "README.md" or (
        path.suffix == ".md" and path.is_relative_to(ROOT / "docs") and is_source(path)
    )
    return PageFile.from_parent(parent, path=file_path) if is_page else None


def page_needed(item: pytest.Item) -> Page | None:
    """The page whose run an item reads, or None."""
    if isinstance(item, BlockItem):
        return item.page
    if isinstance(item, pytest.Function):
        if callspec := getattr(item, "callspec", None):
            note: Page | None = callspec.params.get("note")
            if "record" in item.fixturenames:
                return note
        if item.path.parent.name == "facts":
            return page_of_facts(item.path)
    return None


def note_of(item: pytest.Item) -> str | None:
    """The slug of the note that an item is about, or None."""
    if page := page_needed(item):
        return page.slug
    callspec = getattr(item, "callspec", None)
    asked = callspec.params if callspec else {}
    about = asked.get("note") or asked.get("page")
    return about.slug if isinstance(about, Page) else None


def page_of_facts(path: Path) -> Page:
    """The note whose facts the test file `path` holds."""
    slug = path.stem.removeprefix("test_").replace("_", "-")
    return Page(ROOT / "docs" / "notes" / f"{slug}.md")


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    kept = {*items}
    if named := config.getoption("note"):
        kept = {item for item in items if note_of(item) == named}
    if config.getoption("runs"):
        kept = {item for item in kept if page_needed(item)}
    if part := config.getoption("shard"):
        kept = in_shard([item for item in items if item in kept], *part)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]
    # Tests that need no run go first, while the programs run.
    items.sort(key=lambda item: page_needed(item) is not None)


def in_shard(items: list[pytest.Item], number: int, count: int) -> set[pytest.Item]:
    """The tests of one of `count` parts, which together have each test once.

    Tests of a page's run stay together, so that its program runs in one part; others
    stay with those of their file. The largest group goes first, to the smallest part.
    """
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        page = page_needed(item)
        groups.setdefault(page.slug if page else str(item.path), []).append(item)
    parts: list[list[pytest.Item]] = [[] for _ in range(count)]
    for _, group in sorted(groups.items(), key=lambda it: (-len(it[1]), it[0])):
        min(parts, key=len).extend(group)
    return set(parts[number - 1])


@pytest.hookimpl(tryfirst=True)  # before pytest_report_collectionfinish
def pytest_collection_finish(session: pytest.Session) -> None:
    if not session.config.option.collectonly:
        programs = session.config.stash[PROGRAMS]
        programs.wanted = list(filter(None, map(page_needed, session.items)))
        if session.config.option.maxfail != 1:
            programs.start_all()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    # A test that is skipped or expected to fail checks nothing: count it as failed.
    if report.skipped or hasattr(report, "wasxfail"):
        report.outcome = "failed"
        vars(report).pop("wasxfail", None)  # pytest would exit as if all had passed
        report.longrepr = f"{item.nodeid}: nothing here is skipped. Remove the mark."
    return report


def pytest_report_collectionfinish(config: pytest.Config) -> str:
    count = len({page.path for page in config.stash[PROGRAMS].wanted})
    return f"running {count} programs in the background, {PROGRAMS_AT_ONCE} at once"


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    records = [
        future.result()
        for future in config.stash[PROGRAMS].running.values()
        if future.done() and not future.cancelled() and not future.exception()
    ]
    if not records:
        return
    terminalreporter.section("programs")
    line = "{:24} {:>8} {:>8} {:>6}".format
    terminalreporter.write_line(line("page", "seconds", "CPU s", "MB"))
    for r in sorted(records, key=lambda r: -r.cpu_seconds):
        shown = (f"{r.seconds:.1f}", f"{r.cpu_seconds:.1f}", f"{r.megabytes:.0f}")
        terminalreporter.write_line(line(r.page.slug, *shown))
    total = f"{sum(r.cpu_seconds for r in records):.1f}"
    terminalreporter.write_line(line("together", "", total, ""))
    from publish.check import report  # needs Matplotlib, unlike most of this

    notes_run = [record for record in records if record.page.is_note]
    terminalreporter.write_line(how_held(notes_run))
    if terminalreporter.stats.get("failed"):
        try:
            path = report.write(notes_run, ROOT)
        except NotWrittenError as error:
            terminalreporter.write_line(error.message, yellow=True)
            return
        if path:
            said = f"What differs, before and after: {path.relative_to(ROOT)}"
            terminalreporter.write_line(said, red=True)
            accept = "Look at it first: `make figures` makes what it shows the truth."
            terminalreporter.write_line(accept, red=True)


def how_held(records: list[Record]) -> str:
    """How many notes were held to the last bit, and why the others were not."""
    from publish.check.differences import machine_differences

    reasons = [machine_differences(record) for record in records]
    others = sorted({name for of_note in reasons for name in of_note})
    exact = sum(not of_note for of_note in reasons)
    said = f"held to the last bit: {exact} of {len(records)} notes"
    if others:
        said += f"; the others within tolerance, as here is another {', '.join(others)}"
    return said


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[PROGRAMS].stop()


@pytest.fixture
def record(note: Page, pytestconfig: pytest.Config) -> Record:
    """This session's run of `note`."""
    return pytestconfig.stash[PROGRAMS].record(note)


@pytest.fixture(name="run_copied")
def copied(pytestconfig: pytest.Config) -> Callable[..., Future[list[Done]]]:
    """Run the parts of a program that a reader copies, beside the test."""
    return pytestconfig.stash[PROGRAMS].run_copied


@pytest.fixture
def values(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The variables at the end of the run whose facts the test file holds."""
    programs = request.config.stash[PROGRAMS]
    return programs.record(page_of_facts(request.path)).values


@pytest.fixture
def drawn(request: pytest.FixtureRequest) -> Callable[[str], list[Axes]]:
    """The axes of a figure, by its name, drawn from the run whose facts are held."""
    page = page_of_facts(request.path)
    record = request.config.stash[PROGRAMS].record(page)

    def draw(name: str) -> list[Axes]:
        from publish.check import drawing  # needs Matplotlib, unlike most of this

        with drawing.drawn(
            page.figures[name], record.figure_data(name), "light"
        ) as figure:
            return figure.axes

    return draw


@pytest.fixture
def printed(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """What a block printed, by its cell's name, in the run whose facts are held."""
    page = page_of_facts(request.path)
    record = request.config.stash[PROGRAMS].record(page)
    blocks = zip(record.blocks, record.done, strict=False)
    outputs = {block.name: done.output for block, done in blocks}
    return outputs.__getitem__
