"""Plant the mistakes of tests/faults.toml, one at a time, and see a test catch each.

Each is planted in a copy of the project. The tests that are likely to see it run
first, and all tests if none of them does. A mistake that survives is a hole in the
tests: the exit status is 1 then.
"""

from __future__ import annotations

import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import click

from publish.check.running import RUNNING, StoppedError, interruptible
from publish.page.names import script_of
from publish.page.source import Page, notes
from publish.project import ROOT

FAULTS = Path("tests", "faults.toml")
NOT_COPIED = (".git", ".venv*", ".cache", "site", "report", "__pycache__", "*.egg-info")
# All but the one that asks whether each mistake can be planted: this one was.
ALL_TESTS = ["--deselect=tests/test_faults.py"]
FAILED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)
PASSED = re.compile(r"^PASSED (.+)$", re.MULTILINE)
# A browser takes a minute for all of its tests, so here are those of a part; where a
# test is one of each page, a single page's.
BROWSER = {
    "docs/assets/copy.js": "copy_button and mle-loss or switching or nothing_could",
    "docs/assets/access.js": "test_access and not axe and not style_sheet",
    "docs/assets/search.js": "search",
    "docs/assets/site.css": "a_page and mle-loss or axe and mle-loss or test_access "
    "and (enlarged or paper or motion or colours or focus)",
    "publish/site/style_sheet.py": "style_sheet",
}


@dataclass(frozen=True)
class Fault:
    """One mistake: in `file`, `old` becomes `new`; or all of it what `copy` holds.

    After one that is `accepted`, what is published was made anew, from the mistake.
    """

    kind: str
    file: str
    why: str
    old: str = ""
    new: str = ""
    copy: str = ""
    accepted: bool = False

    def plant(self, root: Path) -> None:
        """Make the mistake in the project at `root`."""
        path = root / self.file
        if self.copy:
            shutil.copyfile(root / self.copy, path)
            return
        text = path.read_text("utf-8")
        if text.count(self.old) != 1:
            found = f"{self.old!r} is there {text.count(self.old)} times, not once"
            raise click.ClickException(f"{FAULTS}: {self.file}: {found}. Mend it.")
        path.write_text(text.replace(self.old, self.new), "utf-8")

    def mend(self, root: Path) -> None:
        """Undo the mistake."""
        shutil.copyfile(ROOT / self.file, root / self.file)

    @property
    def what(self) -> str:
        """The mistake in a line."""
        edit = f"{self.old.strip()} → {self.new.strip() or 'nothing'}"
        said = f"{self.file}: {f'as {self.copy}' if self.copy else edit}"
        return said + (", and published" if self.accepted else "")


@dataclass(frozen=True)
class Outcome:
    """What became of a fault: the first test that failed, or None if none did.

    `passed` are the tests that did not see it.
    """

    fault: Fault
    caught_by: str | None
    passed: set[str]
    seconds: float


def read_faults() -> list[Fault]:
    """The mistakes to plant."""
    listed = tomllib.loads((ROOT / FAULTS).read_text("utf-8"))
    return [
        Fault(kind=kind, **fault) for kind, faults in listed.items() for fault in faults
    ]


def tests_of_truth(file: str) -> list[str]:
    """The tests that ask more of a program than that it gives what is published.

    Those alone see a mistake whose results were published, too.
    """
    modules = {page.snippet.stem for page in notes()}
    # A mistake in what all programs share is in all of them.
    modules = {Path(file).stem} & modules or modules
    own = [f"tests/facts/test_{m}.py" for m in sorted(modules)]
    slugs = [name for m in modules for name in (m, m.replace("_", "-"))]
    both = ["tests/test_bounds.py", "tests/test_prose.py", "tests/test_shapes.py"]
    return [*own, *both, "-k", " or ".join(slugs)]


def tests_for(file: str) -> list[str]:
    """The tests that are likely to see a change of `file`, as pytest is told them.

    A note's page, snippet, tests and published files are read by the tests of that
    note alone, and by those of what all pages make together.
    """
    for page in notes():
        module = page.snippet.stem
        own = (
            f"docs/notes/{page.slug}.",
            f"snippets/{module}.py",
            f"/test_{module}.py",
        )
        if f"docs/published/{page.slug}/" in file or any(name in file for name in own):
            return [
                *(but(page) if file.startswith("snippets/") else []),
                *("tests/test_layout.py", "tests/test_prose.py"),
                *("tests/test_published.py", "tests/test_shapes.py"),
                *("tests/test_bounds.py", f"tests/facts/test_{module}.py"),
                *(f"docs/notes/{page.slug}.md", "tests/test_notebook.py"),
                "tests/test_copy.py",
                *("-k", f"{page.slug} or {module} or listed or first_page or nav"),
            ]
    if file == "snippets/color_names.py":
        older = [option for page in notes() for option in but(page)]
        return [*older, "tests/test_layout.py", "tests/test_published.py", "docs/notes"]
    if file in BROWSER:
        return ["tests/test_browser.py", "tests/test_access.py", "-k", BROWSER[file]]
    if Path(file).stem in ("effects", "slices", "statements"):
        return [f"tests/test_{unit}.py" for unit in ("effects", Path(file).stem)]
    if Path(file).stem in ("pytest_plugin", "program"):
        units = ["report", "commands", "bad_input", "robust"]
        return [f"tests/test_{unit}.py" for unit in units]
    if Path(file).stem in ("names", "parts") or "/forms/" in file:
        return ["tests/test_copy.py", "-k", "cited or page_s or colab"]
    if file.startswith("publish/inside/"):
        units = ["runner", "published", "bad_input", "robust"]
        units = [f"tests/test_{unit}.py" for unit in units]
        return [*units, "-k", "runner or asks_for or mle or test_bad or rob"]
    if file.startswith("publish/") and file.endswith(".py"):
        named = [Path(file).stem, "tolerance", "compared", "figures", "claims"]
        named += ["site", "bad_input", "robust"]
        units = [f"tests/test_{unit}.py" for unit in dict.fromkeys(named)]
        units = [unit for unit in units if (ROOT / unit).exists()]
        if file == "publish/check/drawing.py":
            drawing = "tests/test_published.py::test_the_drawing_of_the_published_data"
            units.insert(1, drawing)
        return units
    if file == "README.md":
        units = ["layout", "site", "commands"]
        return [*(f"tests/test_{unit}.py" for unit in units), "README.md"]
    if file.startswith("publish/site/theme/"):
        return ["tests/test_findable.py", "tests/test_site.py"]
    if file.startswith((".github/", ".ci/")):
        return ["tests/test_workflows.py", "tests/test_commands.py"]
    if file in ("Makefile", "pyproject.toml") or file.startswith("."):
        return ["tests/test_layout.py", "tests/test_commands.py"]
    if file == "mkdocs.yml":
        return ["tests/test_layout.py", "tests/test_site.py"]
    units = ["layout", "prose", "published", "site"]
    return [f"tests/test_{unit}.py" for unit in units]


def but(page: Page) -> list[str]:
    """Pytest's options to leave out what only sees that a download is older.

    A mistake in a program would be published with it: they are the last to ask.
    """
    script, slug = script_of(page).name, page.slug
    left_out = [
        f"published.py::test_what_pages_show_is_listed[{script}]",
        f"copy.py::test_the_script_and_the_notebook_are_the_page_s[{slug}]",
        f"copy.py::test_the_notebook_s_pictures_show_the_published_data[{slug}]",
        f"notebook.py::test_the_notebook_is_made_from_its_page[{slug}]",
    ]
    return [f"--deselect=tests/test_{name}" for name in left_out]


def run_tests(root: Path, tests: list[str]) -> tuple[str | None, set[str]]:
    """The first test that fails in the project at `root`, or None; those that pass."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-rfEp"]
    command += ["-p", "no:cacheprovider"]
    variables = {"PYTHONPATH": str(root), "NO_MKDOCS_2_WARNING": "1"}
    # What a mistake leaves as it was is run for the first one only.
    variables["DESCENT_STATEMENTS"] = str(root.parents[1] / "statements")
    environment = {**os.environ, **variables}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with RUNNING.command([*command, *tests], cwd=root, env=environment, **pipes) as ran:
        said, _ = ran.communicate()
    RUNNING.end(ran)
    if RUNNING.stopped:
        raise StoppedError
    passed = set(PASSED.findall(said))
    if ran.returncode == 0:
        return None, passed
    if found := FAILED.search(said):
        return found[1], passed
    if ran.returncode == 5:
        raise click.ClickException(f"no test to see a fault: {' '.join(tests)}")
    if ran.returncode < 0:  # by a signal: that says nothing of the tests
        raise click.ClickException("something ended pytest: plant the faults again")
    return "pytest, before its tests: " + said.strip().splitlines()[-1], passed


def copy_project(folder: str) -> Path:
    """A copy of the project to make mistakes in."""
    root = Path(folder, "descent-notes")
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*NOT_COPIED))
    return root


def try_fault(fault: Fault, copies: queue.Queue[Path]) -> Outcome:
    """Plant a fault in one of the copies, see which test fails, and mend it."""
    root = copies.get()
    started = time.perf_counter()
    try:
        fault.plant(root)
        asked = tests_of_truth if fault.accepted else tests_for
        caught_by, passed = run_tests(root, asked(fault.file))
        if not caught_by and not fault.accepted:
            caught_by, passed = run_tests(root, ALL_TESTS)
    finally:
        fault.mend(root)
        copies.put(root)
    return Outcome(fault, caught_by, passed, time.perf_counter() - started)


@click.command(help=__doc__)
@click.argument("only", metavar="[TEXT]...", nargs=-1)
@click.option(
    "--exact",
    default="1",
    type=click.Choice(["0", "1"]),
    help="0: hold results within the tolerances of other machines, on this one, too.",
)
@click.option("-j", "--jobs", default=3, show_default=True, help="Copies at once.")
@interruptible("The tests are stopped; no fault was planted but in copies.")
def main(only: tuple[str, ...], exact: str, jobs: int) -> None:
    """Plant the faults whose kind or file has one of the texts, or all."""
    os.environ["DESCENT_EXACT"] = exact  # of the tests' runs
    faults = [
        fault
        for fault in read_faults()
        if not only or any(text in f"{fault.kind} {fault.what}" for text in only)
    ]
    if not faults:
        raise click.UsageError(f"no mistake in {FAULTS} has {' or '.join(only)} in it.")
    # What a browser must see takes longest: not as the last, with a core at rest.
    faults.sort(key=lambda fault: not fault.file.startswith("docs/assets/"))
    started = time.perf_counter()
    click.echo(f"Planting {len(faults)} mistakes, {jobs} at a time.")
    with tempfile.TemporaryDirectory() as folder:
        copies: queue.Queue[Path] = queue.Queue()
        for job in range(jobs):
            copies.put(copy_project(f"{folder}/{job}"))
        outcomes = []
        with ThreadPoolExecutor(jobs) as pool:
            tries = [pool.submit(try_fault, fault, copies) for fault in faults]
            for done in as_completed(tries):
                outcomes.append(done.result())
                click.echo(line_of(outcomes[-1], len(outcomes), len(faults)))
        click.echo("Do the tests that caught them pass without a mistake?")
        if failing := run_tests(copies.get(), to_try(outcomes))[0]:
            raise click.ClickException(f"{failing} fails in any case. Mend it first.")
    survived = [outcome for outcome in outcomes if not outcome.caught_by]
    click.echo(summary(outcomes))
    minutes = (time.perf_counter() - started) / 60
    caught = len(outcomes) - len(survived)
    click.echo(f"{caught} of {len(outcomes)} caught in {minutes:.1f} min")
    for outcome in survived:
        click.echo(f"survived: {outcome.fault.what}\n  {outcome.fault.why}")
    raise SystemExit(1 if survived else 0)


def to_try(outcomes: list[Outcome]) -> list[str]:
    """The tests that caught something, but for those that passed beside another fault.

    Where that leaves none, that pytest collects its tests.
    """
    caught = {outcome.caught_by for outcome in outcomes if outcome.caught_by}
    passed = set().union(*(outcome.passed for outcome in outcomes))
    tests = sorted(name for name in caught - passed if "::" in name)
    return tests or ["--collect-only"]


def line_of(outcome: Outcome, count: int, total: int) -> str:
    """A line of progress."""
    by = outcome.caught_by or "SURVIVED"
    head = f"{count:3}/{total} {outcome.seconds:5.1f} s  {outcome.fault.kind}"
    return f"{head}: {outcome.fault.what}\n        {by}"


def summary(outcomes: list[Outcome]) -> str:
    """The kinds of mistakes with how many were caught."""
    kinds = dict.fromkeys(outcome.fault.kind for outcome in outcomes)
    lines = [f"\n{'kind':34} caught"]
    for kind in sorted(kinds):
        of_kind = [o for o in outcomes if o.fault.kind == kind]
        caught = sum(o.caught_by is not None for o in of_kind)
        lines.append(f"{kind:34} {caught:3} of {len(of_kind)}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
