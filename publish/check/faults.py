"""Plant the mistakes of tests/faults.toml, one at a time, and see a test catch each.

Each is planted in a copy of the project, and the test that it names must fail. Where it
names none, all tests run, and the first that fails is named. A mistake that survives is
a hole in the tests: then the exit status is 1.
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
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path

import click

from publish.check.program import machine_key
from publish.check.pytest_plugin import STATEMENTS
from publish.check.running import RUNNING, StoppedError, at_once, interruptible
from publish.project import ROOT

FAULTS = Path("tests", "faults.toml")
NOT_COPIED = (".git", ".venv*", ".cache", "__pycache__", "*.egg-info")
MADE = {"site", "report"}  # in the project's own folder
# All but the test that each mistake can be planted: it fails once one is.
ALL_TESTS = ["--deselect=tests/test_faults.py"]
FAILED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)


@dataclass(frozen=True)
class Fault:
    """One mistake: in `file`, `old` becomes `new`; or the file becomes that at `copy`.

    `test` is pytest's name for the test that sees it. With `accepted`, its author would
    have published after it, so that no comparison with what is published sees it.
    """

    kind: str
    file: str
    why: str
    test: str = ""
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
    """What became of a fault: the first test that failed, or None if none did."""

    fault: Fault
    caught_by: str | None
    seconds: float


def read_faults() -> list[Fault]:
    """The mistakes to plant."""
    listed = tomllib.loads((ROOT / FAULTS).read_text("utf-8"))
    return [
        Fault(kind=kind, **fault) for kind, faults in listed.items() for fault in faults
    ]


class GoneError(click.ClickException):
    """A test that isn't there."""


def run_tests(root: Path, tests: list[str]) -> str | None:
    """The first test that fails in the project at `root`, or None."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-rfE"]
    command += ["-p", "no:cacheprovider"]
    variables = {"PYTHONPATH": str(root), "NO_MKDOCS_2_WARNING": "1"}
    # Statements that no mistake changed are run once for all of them.
    variables["DESCENT_STATEMENTS"] = str(STATEMENTS / machine_key())
    environment = {**os.environ, **variables}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with RUNNING.command([*command, *tests], cwd=root, env=environment, **pipes) as ran:
        said, _ = ran.communicate()
    RUNNING.end(ran)
    if RUNNING.stopped:
        raise StoppedError
    if ran.returncode == 0:
        return None
    if found := FAILED.search(said):
        return found[1]
    if "ERROR: not found: " in said:
        raise GoneError(f"{FAULTS}: {said.strip().splitlines()[-1]}. Mend it.")
    if ran.returncode < 0:  # by a signal: that says nothing of the tests
        raise click.ClickException("something ended pytest: plant the faults again")
    return "pytest, before its tests: " + said.strip().splitlines()[-1]


def not_copied(folder: str, names: list[str]) -> set[str]:
    """What a copy of the project does without, of the names in one of its folders."""
    found = shutil.ignore_patterns(*NOT_COPIED)(folder, names)
    return found | (MADE & {*names} if Path(folder) == ROOT else set())


def copy_project(folder: str) -> Path:
    """A copy of the project to make mistakes in."""
    root = Path(folder, "descent-notes")
    shutil.copytree(ROOT, root, ignore=not_copied)
    return root


def try_none(tests: list[str], copies: queue.Queue[Path]) -> str | None:
    """The first of the tests that fails without any fault, or None."""
    root = copies.get()
    try:
        return run_tests(root, tests)
    finally:
        copies.put(root)


def try_fault(fault: Fault, copies: queue.Queue[Path]) -> Outcome:
    """Plant a fault in one of the copies, see whether its test fails, and mend it."""
    root = copies.get()
    started = time.perf_counter()
    try:
        fault.plant(root)
        caught_by = run_tests(root, [fault.test] if fault.test else ALL_TESTS)
    except GoneError:  # no test is left to notice the mistake
        caught_by = None
    finally:
        fault.mend(root)
        copies.put(root)
    return Outcome(fault, caught_by, time.perf_counter() - started)


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
    os.environ["DESCENT_EXACT"] = exact  # the tests read it
    faults = [
        fault
        for fault in read_faults()
        if not only or any(text in f"{fault.kind} {fault.what}" for text in only)
    ]
    if not faults:
        raise click.UsageError(f"no mistake in {FAULTS} has {' or '.join(only)} in it.")
    started = time.perf_counter()
    click.echo(f"Planting {len(faults)} mistakes, {jobs} at a time.")
    with tempfile.TemporaryDirectory() as folder:
        copies: queue.Queue[Path] = queue.Queue()
        for job in range(jobs):
            copies.put(copy_project(f"{folder}/{job}"))
        outcomes = []
        with at_once(jobs) as pool:
            click.echo("Do their tests pass without a mistake?")
            tests = sorted({fault.test for fault in faults if fault.test})
            halves = filter(None, (tests[::2], tests[1::2]))
            for failing in pool.map(lambda half: try_none(half, copies), halves):
                if failing:
                    problem = f"{failing} fails in any case. Mend it first."
                    raise click.ClickException(problem)
            tries = [pool.submit(try_fault, fault, copies) for fault in faults]
            for done in as_completed(tries):
                outcomes.append(done.result())
                click.echo(line_of(outcomes[-1], len(outcomes), len(faults)))
    survived = [outcome for outcome in outcomes if not outcome.caught_by]
    click.echo(summary(outcomes))
    minutes = (time.perf_counter() - started) / 60
    caught = len(outcomes) - len(survived)
    click.echo(f"{caught} of {len(outcomes)} caught in {minutes:.1f} min")
    for outcome in survived:
        click.echo(f"survived: {outcome.fault.what}\n  {outcome.fault.why}")
    raise SystemExit(1 if survived else 0)


def line_of(outcome: Outcome, count: int, total: int) -> str:
    """A line of progress, with the test to write for a fault that names none."""
    by = outcome.caught_by or "SURVIVED"
    if outcome.caught_by and not outcome.fault.test:
        by = f'write test = "{by}"'
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
