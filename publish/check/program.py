"""The program of a page, and the record of one run of it.

A program is the blocks that the page's reader sees, in order. It runs once, in a
fresh interpreter in an empty folder; what the blocks printed, the data behind the
figures and the variables at its end are kept, and every check reads that record.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import pickle
import platform
import re
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from io import StringIO
from itertools import zip_longest
from pathlib import Path
from typing import Any

import click
from pytest_codeblocks import extract_from_buffer

from publish.check.pool import DECIDING, POOL, EndedError
from publish.check.running import ENVIRONMENT
from publish.forms import site_markdown
from publish.inside import machine
from publish.inside.statements import forget, keep, load
from publish.page.claims import Claim
from publish.page.fences import EXPECTED, RUN_LANGUAGES
from publish.page.parts import Block, blocks, hidden, parts
from publish.page.source import Page
from publish.project import ROOT, PageError, files, read_text, settings, setup_of

INSIDE = "publish/inside/*.py"
DIGEST = Path(__file__).with_name("digest.py")
# Instruction sets that PyTorch can be told to use; "" is the best that the CPU has.
INSTRUCTION_SETS = ("avx2", "default", "")


def virtual_machine(
    number: int, instruction_sets: tuple[str, ...] = INSTRUCTION_SETS
) -> dict[str, str]:
    """The environment of a run on a virtual machine.

    Each number rounds the normal draws in its own way, and takes the instruction sets
    in turn. Digits that differ between them must not be shown.
    """
    environment = {"DESCENT_NUDGE": str(number)}
    if chosen := instruction_sets[number % len(instruction_sets)]:
        environment["ATEN_CPU_CAPABILITY"] = chosen
    if number % 4 == 0:
        environment["MKL_CBWR"] = "COMPATIBLE"
    return environment


# The first few show which programs' results reproduce. Programs whose runs part take
# all: the fewer machines are seen, the wider a limit must be that nearly all keep.
ROUNDINGS = [virtual_machine(number) for number in range(1, 17)]
FEW = 4
MOST_KEPT = 2**28  # bytes of records: each has some ten thousand
# Runs with other seeds show how far a result depends on them.
OTHER_SEEDS: list[dict[str, str]] = [
    {"DESCENT_SEEDS": "1000"},
    {"DESCENT_SEEDS": "2000"},
]
# What a page can't show as it was printed: Markdown, browsers and editors end a line at
# some of these, and drop others.
UNSHOWN = re.compile(
    r"[^\n\t\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\U0010ffff]"
    f"|{re.escape(EXPECTED)}"  # marks an output
)


@dataclass(frozen=True)
class Done:
    """What came of one block."""

    output: str
    error: str | None
    warnings: list[str]
    data: dict[str, Any] | None
    left: dict[str, str]  # fingerprints of the data that it made, by name
    noted: list[tuple[float, str]]  # the floats that it formatted, and how


@dataclass(frozen=True)
class Record:
    """What came of one run; `done` is shorter than `blocks` if one of them failed."""

    page: Page
    blocks: list[Block]
    done: list[Done]
    values: dict[str, Any]
    machine: dict[str, Any]
    seconds: float
    cpu_seconds: float
    megabytes: float

    @cached_property
    def digest(self) -> dict[str, list[float]]:
        """A digest of the variables at the run's end: see check/digest.py."""
        from publish.check.digest import digest  # needs NumPy, unlike what reads pages

        return digest(self.values)

    def light(self) -> Record:
        """The record without the arrays that its digest stands for."""
        small = (bool, int, float, str)
        values = {k: v for k, v in self.values.items() if isinstance(v, small)}
        kept = replace(self, values=values)
        vars(kept)["digest"] = self.digest
        return kept

    def data(self, cell: str) -> dict[str, Any]:
        """The data of the cell of a figure, "figure: trench", or of a claim."""
        for block, done in zip(self.blocks, self.done, strict=False):
            if block.cell and block.cell.name == cell and done.data is not None:
                return done.data
        problem = f"the run left no data of {cell!r}."
        remedy = "Mend the block that failed, or show its cell on the page."
        raise PageError(self.page.path, 1, problem, remedy)

    def figure_data(self, name: str) -> dict[str, Any]:
        """The data that the figure's cell drew in this run."""
        return self.data(f"figure: {name}")

    def claim_values(self, claim: Claim) -> Any:
        """What a claim's cell left: a value for each seed, (S,)."""
        return self.data(f"claim: {claim.name}")[claim.variable]


def blocks_of(page: Page) -> list[Block]:
    """The blocks that a page's reader sees and that are run, in order.

    After them comes what no reader sees, the cell of the numbers that the text quotes.
    Raises PageError unless pytest-codeblocks finds the same in what is shown. The
    README's shell blocks are left to .ci/run: they set the project up.
    """
    found = parts(page, numbers=False)
    text = "\n".join(site_markdown.to_lines(found)) + "\n"
    languages = (
        RUN_LANGUAGES if page.path.is_relative_to(page.root / "docs") else {"python"}
    )
    wanted = [block for block in blocks(found) if block.language in languages]
    theirs = extract_from_buffer(StringIO(text), text.count("\n") + 9)
    theirs = [block for block in theirs if block.syntax in languages]
    for block, other in zip_longest(wanted, theirs):
        if not block or not other or other.code != block.code:
            line = (block or wanted[-1]).line
            problem = "pytest-codeblocks finds other code here than the page shows."
            raise PageError(page.path, line, problem, "Write the fence plainly.")
    unseen = hidden(page)
    return [*wanted, unseen] if unseen else wanted


def run(
    page: Page,
    environment: Mapping[str, str] | None = None,
    cache: Path | None = None,
    statements: Path | None = None,
) -> Record:
    """Run the page's program once; block failures are in the record, not raised.

    The folder `cache` keeps records, with a digest in place of their arrays, named by
    all that decides them; the folder `statements` keeps what single statements did.
    """
    blocks = blocks_of(page)
    job = [
        {
            "syntax": block.language,
            "code": block.code,
            "file": str(block.file),
            "line": block.file_line,
            "figure": bool(block.cell and block.cell.figure),
            "claim": block.cell.claim if block.cell else None,
        }
        for block in blocks
    ]
    kept = cache / f"{page.slug}-{key_of(job, environment or {})}" if cache else None
    if kept and (known := load(kept)):
        return record_of(page, blocks, known, 0.0)
    # A note's program begins with the set-up: it may have those imports beforehand.
    modules = imported(page.cells["setup"].code) if page.is_note else []
    started = time.perf_counter()
    try:
        record = POOL.run(job, modules, environment or {}, statements)
    except EndedError as error:
        raise PageError(page.path, 1, f"{error}.", "Run the blocks by hand.") from None
    seconds = time.perf_counter() - started
    made = record_of(page, blocks, record, seconds)
    if kept and not any(done["error"] for done in record["blocks"]):
        made = made.light()
        record |= {"values": made.values, "digest": made.digest}
        try:
            keep(kept, pickle.dumps(record))
            forget(kept.parent, MOST_KEPT)
        except OSError as error:
            say_not_kept(kept.parent, error.strerror)
    return made


def run_copied(parts: tuple[str, ...], statements: Path | None) -> list[Done]:
    """Run a program as a reader pastes it, without the rules for figures and claims.

    Its parts run one after the other, in one interpreter.
    """
    plain = {"syntax": "python", "figure": False, "claim": None}
    where = {"file": "<copied>", "line": 1}
    blocks = [{**plain, **where, "code": code} for code in parts]
    setup = imported(read_text(setup_of(ROOT)))
    record = POOL.run(blocks, setup, {}, statements, values=False)
    return [Done(**done) for done in record["blocks"]]


def imported(code: str) -> list[str]:
    """The modules that code imports at its top level, in order."""
    found: list[str] = []
    with suppress(SyntaxError):  # running the code reports it
        for node in ast.parse(code).body:
            if isinstance(node, ast.Import):
                found += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.append(node.module)
    return found


def cached_run(page: Page, environment: Mapping[str, str] | None = None) -> Record:
    """The record of `run`, or the one kept if nothing that decides it has changed."""
    return run(page, environment, page.root / ".cache" / "runs")


@functools.cache  # said once for each folder
def say_not_kept(folder: Path, why: str) -> None:
    """Say that each run is a new one, as no cache can be written."""
    click.echo(f"{folder}: runs can't be kept here ({why}), and go on.", err=True)


def key_of(job: list[dict[str, Any]], environment: Mapping[str, str]) -> str:
    """A name made of all that decides a run: code, environment, machine, libraries."""
    about = [job, dict(environment), machine_key()]
    about += [path.read_text("utf-8") for path in [*files(ROOT, INSIDE), DIGEST]]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:32]


@functools.cache
def machine_key() -> str:
    """A name made of what decides a result besides code: processor, libraries, Python.

    The processor's flags count, too: a hypervisor may hide some.
    """
    libraries = [version(name) for name in ("numpy", *settings(ROOT).needs)]
    asked = {name: ENVIRONMENT.get(name) for name in sorted(DECIDING)}
    system = [machine.cpu(), machine.processor().get("flags"), platform.platform()]
    about = [libraries, asked, system, sys.version]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:16]


def record_of(
    page: Page, blocks: list[Block], record: dict[str, Any], seconds: float
) -> Record:
    """A run's record, from what the runner wrote, or what was kept of it."""
    made = Record(
        page,
        blocks,
        [Done(**done) for done in record["blocks"]],
        record["values"],
        record["machine"],
        seconds,
        record["cpu_seconds"],
        record["megabytes"],
    )
    if "digest" in record:
        vars(made)["digest"] = record["digest"]
    return made


def check_shown(record: Record, index: int) -> None:
    """Raise PageError if a page can't show what the block printed as it was printed."""
    output, block = record.done[index].output, record.blocks[index]
    if found := UNSHOWN.search(output):
        line = output.split("\n")[output.count("\n", 0, found.start())]
        problem = f"{block.name!r} prints {found[0]!r} in {line!r}: no page shows it."
        remedy = "Print text, tabs and ends of lines alone."
        raise PageError(record.page.path, block.line, problem, remedy)
    if output and not output.endswith("\n"):
        last = output.rpartition("\n")[2]
        problem = f"{block.name!r} prints {last!r}, and no end of the line after it."
        raise PageError(record.page.path, block.line, problem, "Add print().")


def check_block(record: Record, index: int) -> None:
    """Raise PageError unless the block ran and printed what the page shows."""
    page, block = record.page, record.blocks[index]

    def fail(problem: str, remedy: str) -> None:
        raise PageError(page.path, block.line, problem, remedy)

    if index >= len(record.done):
        stopped = record.blocks[len(record.done) - 1]
        problem = f"not run, as the block at line {stopped.line} failed."
        fail(problem, "Mend that one first.")
    done = record.done[index]
    if done.error:
        fail(f"this block failed:\n{done.error}", "")
    if done.warnings:
        fail("this block warns: " + "; ".join(done.warnings), "Mend what it warns of.")
    check_shown(record, index)
    if done.output == (block.output or ""):
        return
    if not block.output:
        problem = f"this block prints, and the page shows no output:\n{done.output}"
    else:
        problem = (
            f"this block prints\n{done.output}\nbut the page shows\n{block.output}"
        )
    if block.cell:
        fail(problem, "Look at it first; `make figures` makes it the truth.")
    fail(problem, "Mend the block, or the output shown under it.")
