"""Make small changes, one at a time, in what runs, compares and slices; see tests fail.

Mutmut makes the changes and runs the tests; pyproject.toml names the modules and the
tests. A change that no test notices is a hole in the tests, unless tests/mutants.toml
lists it with a reason. The exit status is 1 if more than one in ten survives, if one
that is not listed does, or if one that is listed is caught by now.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import IO

import click

from publish.check.faults import not_copied
from publish.check.running import RUNNING, interruptible
from publish.project import ROOT

LISTED = Path("tests", "mutants.toml")
WORK = ROOT / ".cache" / "mutants"
CAUGHT, SURVIVED = "caught", "survived"
# Mutmut's exit status of a change's tests: 0 if none failed, 33 if there are none.
SURVIVORS = {0: SURVIVED, 33: "no test"}
MUTMUT = Path(sys.executable).with_name("mutmut")
PROGRESS = re.compile(r"(\d+)/(\d+) ")
SHARE = 0.9  # so many of the changes must be caught


def copy_project() -> None:
    """Bring mutmut's copy of the project up to date, and keep its results so far."""
    WORK.mkdir(parents=True, exist_ok=True)
    for path in ROOT.iterdir():
        if not_copied(str(ROOT), [path.name]):
            continue
        copied = WORK / path.name
        if path.is_dir():
            shutil.rmtree(copied, ignore_errors=True)
            shutil.copytree(path, copied, ignore=not_copied)
        else:
            shutil.copy2(path, copied)


def say_progress(output: IO[str]) -> str:
    """Say how far mutmut is every ten seconds; return the last line."""
    last, said = "", time.monotonic()
    for line in output:
        last = line.strip() or last
        if (at := PROGRESS.search(line)) and time.monotonic() > said + 10:
            click.echo(f"{at[1]} of {at[2]} changes tried")
            said = time.monotonic()
    return last


def run_mutmut(only: tuple[str, ...]) -> None:
    """Run mutmut on the copy; it goes on where it was interrupted."""
    command = [str(MUTMUT), "run", *only]
    command += ["--max-children", str(min(2, os.cpu_count() or 1))]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with RUNNING.command(command, cwd=WORK, env=environment, **pipes) as running:
        assert running.stdout
        last = say_progress(running.stdout)
    RUNNING.end(running)
    if running.returncode:
        problem = f"mutmut failed: {last}. `rm -r .cache/mutants` begins anew."
        raise click.ClickException(problem)


def changed(name: str) -> str:
    """A change in a line, as tests/mutants.toml has it: "old → new"."""
    command = [str(MUTMUT), "show", name]
    said = subprocess.run(command, cwd=WORK, capture_output=True, encoding="utf-8")
    lines = said.stdout.splitlines()
    old, new = (
        " ".join(
            line[1:].strip()
            for line in lines
            if line.startswith(sign) and not line.startswith(sign * 3)
        )
        for sign in "-+"
    )
    return f"{old} → {new or 'nothing'}"


def results(only: tuple[str, ...]) -> dict[str, dict[str, list[str]]]:
    """By module, the changes that were caught, by name, and those that were not."""
    found: dict[str, dict[str, list[str]]] = {}
    for path in sorted((WORK / "mutants" / "publish").rglob("*.meta")):
        source = path.relative_to(WORK / "mutants").with_suffix("")
        for name, status in json.loads(path.read_text())["exit_code_by_key"].items():
            if status is None or not any(Path(name).match(text) for text in only):
                continue
            of_module = found.setdefault(str(source), {CAUGHT: [], SURVIVED: []})
            if status in SURVIVORS:
                change = changed(name)
                of_module[SURVIVED].append(f"{change} ({name})")
            else:
                of_module[CAUGHT].append(name)
    return found


def read_listed() -> dict[str, list[str]]:
    """The changes that need not be caught, by module; each has a reason there."""
    listed: dict[str, list[str]] = {}
    for entry in tomllib.loads((ROOT / LISTED).read_text("utf-8"))["survives"]:
        listed.setdefault(entry["module"], []).extend(entry["changes"])
    return listed


@click.command(help=__doc__)
@click.argument("only", metavar="[NAME]...", nargs=-1)
@interruptible("The same command goes on from here.")
def main(only: tuple[str, ...]) -> None:
    """Try changes of functions whose names match, "publish.page.claims*", or all."""
    if not MUTMUT.exists():
        raise click.ClickException("mutmut is not installed: say `make mutants`.")
    copy_project()
    listed = read_listed()
    click.echo("Running the tests, and noting which of them runs which function.")
    run_mutmut(only)
    found = results(only or ("*",))
    failed = []
    counts: Counter[str] = Counter()
    for module, of_module in found.items():
        survived = of_module[SURVIVED]
        caught, total = len(of_module[CAUGHT]), len(of_module[CAUGHT]) + len(survived)
        counts += Counter({CAUGHT: caught, "all": total})
        click.echo(f"{module:26} {caught:4} of {total:4} caught")
        changes = [one.rpartition(" (")[0] for one in survived]
        known = listed.get(module, [])
        failed += [
            f"{module}: no test notices {one}"
            for change, one in zip(changes, survived, strict=True)
            if change not in known
        ]
        if not only:
            failed += [
                f"{module}: {LISTED} lists what is caught by now: {change}"
                for change in known
                if change not in changes
            ]
    share = counts[CAUGHT] / max(counts["all"], 1)
    for line in failed:
        click.echo(line)
    said = f"{counts[CAUGHT]} of {counts['all']} caught, {share:.1%}"
    click.echo(f"{said}; {len(failed)} to mend")
    raise SystemExit(1 if failed or share < SHARE else 0)


if __name__ == "__main__":
    main()
