"""Run the notes' programs and rewrite what they publish: outputs, numbers, figures.

Each program runs as it is, on virtual machines that round otherwise, and twice with
other seeds: see publish/tolerance.py. What it prints and quotes must read the same on
nearly all machines; how far results move becomes their tolerance; a claim must hold on
nearly all machines, and with the other seeds.
"""

from __future__ import annotations

import hashlib
import json
import math
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import click
import numpy as np

from publish import claims, figures, listing, report, tolerance
from publish.files import write
from publish.forms import notebook
from publish.names import card_of, notebook_of, script_of
from publish.pages import ROOT, Page, PageError, notes, pages
from publish.parts import parts
from publish.program import (
    FEW,
    OTHER_SEEDS,
    ROUNDINGS,
    Record,
    cached_run,
    check_block,
    check_shown,
    interruptible,
    two_at_once,
)

# Each program is run as it is, with other rounding, and with other seeds.
FIRST_WAYS: list[dict[str, str]] = [{}, *ROUNDINGS[:FEW], *OTHER_SEEDS]


def numbers_asked(page: Page) -> Iterator[tuple[str, str, Page, int]]:
    """The numbers that any page quotes of this page's run: name, format, where."""
    measured = {claim.variable for claim in page.claims.values()}
    for quoting in pages(page.root):
        for slug, name, spec, line in quoting.placeholders():
            if slug == page.slug and (name not in measured or spec):
                yield name, spec, quoting, line


def number(record: Record, name: str, quoting: Page, line: int) -> Any:
    """A variable of the program as a number that prose can quote."""
    value = record.values.get(name)
    if not isinstance(value, (bool, int, float, str)):
        problem = f"the program of {record.page.slug} ends with no number {name!r}"
        found = "nothing" if value is None else f"a {type(value).__name__}"
        raise PageError(quoting.path, line, problem, f"(it has {found} there).")
    return value


def survives(value: Any, others: list[Any], spec: str) -> bool:
    """Whether a number reads the same in the format `spec` on other machines.

    `others` is what it was with other rounding.
    """
    if all(other == value for other in others):
        return True  # nothing that is drawn is in it
    if not isinstance(value, float) or not math.isfinite(value):
        return all(format(other, spec) == format(value, spec) for other in others)
    reach = float(tolerance.reach(value, others))
    ends = {format(end, spec) for end in (value - reach, value, value + reach)}
    return len(ends) == 1


def quote(
    first: Record, others: list[Record], name: str, spec: str, quoting: Page, line: int
) -> Any:
    """A number of the first run; PageError if its digits don't survive rounding."""
    value, *rest = (number(r, name, quoting, line) for r in (first, *others))
    if not survives(value, rest, spec):
        problem = (
            f"{name} is {format(value, spec)} here, and may read otherwise elsewhere"
        )
        said = f"{problem}: other rounding gives {min(rest):.6g} to {max(rest):.6g}."
        raise PageError(quoting.path, line, said, "Quote fewer digits.")
    return value


def measurement(
    page: Page, claim: claims.Claim, first: Record, others: list[Record]
) -> dict[str, Any]:
    """What is published of a claim: its value as text, and each seed's."""
    values = claims.Measurement(claim, first.claim_values(claim)).values
    rounded = [np.asarray(other.claim_values(claim)) for other in others]
    return {
        **claims.describe(values, rounded, claim.bound),
        "seeds": len(values),
        "values": values.tolist(),
    }


def state_with_tolerance(first: Record, others: list[Record]) -> dict[str, list[float]]:
    """The digest of a run, each with how far another machine's two may be from it."""
    digests = [record.digest for record in others]
    described = {}
    for about, (mean, square) in first.digest.items():
        known = [digest[about] for digest in digests if about in digest]
        reach = tolerance.round_up(tolerance.reach([mean, square], known))
        described[about] = [mean, square, *(float(f"{r:.2g}") for r in reach)]
    return described


def publish(
    first: Record, roundings: list[Record], reseeded: list[Record]
) -> dict[Path, str]:
    """The files that a page publishes, from runs that rounded and drew otherwise."""
    page = first.page
    files: dict[Path, str] = {}
    for block, one in zip(first.blocks, first.done, strict=False):
        if block.cell and one.output:
            files[page.output_file(block.cell.name)] = one.output
    quoted = {
        name: quote(first, roundings, name, spec, quoting, line)
        for name, spec, quoting, line in numbers_asked(page)
    }
    measured = {
        claim.variable: measurement(page, claim, first, roundings)
        for claim in page.claims.values()
    }
    seeds = seeds_of(first)
    for name, cell in page.figures.items():
        data = figures.measure(
            first.figure_data(name),
            [other.figure_data(name) for other in roundings],
            [other.figure_data(name) for other in reseeded],
            seeds,
        )
        paths = figures.published_files(page, name)
        for scheme in figures.SCHEMES:
            drawing = figures.draw(cell, figures.plain(data), scheme)
            files[paths[scheme]], axes = drawing
        files[paths["data"]] = figures.to_json(data, axes)
    digests = state_with_tolerance(first, roundings)
    files[page.published / "state.json"] = to_lines({"state": digests})
    about = {
        "machine": first.machine,
        "numbers": dict(sorted(quoted.items())),
        "claims": measured,
    }
    files[page.published / "numbers.json"] = to_lines(about)
    return files


def to_lines(about: dict[str, dict[str, Any]]) -> str:
    """A JSON file with a line for each number or claim."""
    blocks = []
    for key, items in about.items():
        lines = [f"    {_json(name)}: {_json(item)}" for name, item in items.items()]
        body = ",\n".join(lines)
        blocks.append(f"  {_json(key)}: {{\n{body}\n  }}")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def checksums(files: dict[Path, str]) -> str:
    """The files' SHA-256 sums, as sha256sum writes them: nobody edits them by hand."""
    sums = {
        path.name: hashlib.sha256(text.encode()).hexdigest()
        for path, text in files.items()
    }
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))


def check(first: Record, roundings: list[Record], reseeded: list[Record]) -> None:
    """Raise PageError for a block that fails or prints what rounding decides.

    And ClaimError for a claim that fails in any of the runs, other seeds' as well.
    """
    stop_at_errors(first, roundings, reseeded)
    for index, block in enumerate(first.blocks):
        if block.cell:
            check_printed(first, roundings, index)
    for claim in first.page.claims.values():
        measured = claims.Measurement(claim, first.claim_values(claim))
        rounded = [record.claim_values(claim) for record in roundings]
        measured.hold_elsewhere(claim.bound, rounded)
        for record in reseeded:
            try:
                claims.Measurement(claim, record.claim_values(claim)).hold(claim.bound)
            except claims.ClaimError as error:
                said = f"{error.message} (With other seeds than the page's.)"
                raise claims.ClaimError(said) from None


def stop_at_errors(
    first: Record, roundings: list[Record], reseeded: list[Record]
) -> None:
    """Raise PageError for a block that failed or warned in any of the runs."""
    for index, block in enumerate(first.blocks):
        for record in (first, *roundings, *reseeded):
            done = record.done[index] if index < len(record.done) else None
            if done is None or done.error or done.warnings or not block.cell:
                check_block(record, index)


def check_printed(first: Record, roundings: list[Record], index: int) -> None:
    """Raise PageError for a block that prints what rounding decides."""
    where = first.page.path, first.blocks[index].line
    one = first.done[index]
    for other in roundings:
        two = other.done[index]
        if one.output != two.output or len(one.noted) != len(two.noted):
            printed = f"this block prints\n{one.output}\nand"
            problem = f"{printed}, rounded otherwise,\n{two.output}"
            raise PageError(*where, problem, "Print fewer digits.")
    for at, (value, spec) in enumerate(one.noted):
        rest = [other.done[index].noted[at][0] for other in roundings]
        if not survives(value, rest, spec):
            problem = (
                f"this block prints {format(value, spec).strip()} for {value:.8g}, "
            )
            problem += f"which other rounding makes {min(rest):.8g} to {max(rest):.8g}."
            raise PageError(*where, problem, "Print fewer digits.")


def rewrite(page: Page, files: dict[Path, str]) -> list[str]:
    """Write what changed, remove what is no longer made; return their names."""
    changed = [path.name for path in write({**files})]
    listed = {page.published / "shown.txt"}
    listed |= {script_of(page), notebook_of(page), card_of(page)}
    for path in page.published_files() - set(files) - listed:
        path.unlink()
        changed.append(f"{path.name} (removed)")
    return sorted(changed)


def rewrite_notebooks(page: Page) -> list[str]:
    """Write the page's notebooks and its card, if they changed; return their names."""
    parts(page)  # names the line of a figure that isn't published yet
    pictures = notebook.pictures(page)
    made: dict[Path, str | bytes] = {notebook_of(page): notebook.of(page, pictures)}
    if notebook.is_notebook(page):
        made[notebook.path_of(page)] = notebook.of(page)
    made[card_of(page)] = figures.draw_card(page)
    return [f"{page.slug}/{path.name}" for path in write(made)]


def say_when_done(page: Page) -> Callable[[Future[Record]], None]:
    """Says how many of the page's runs are done, unless they were kept."""
    numbers = count(1)

    def say(done: Future[Record]) -> None:
        number = next(numbers)
        if not done.cancelled() and not done.exception() and done.result().seconds:
            click.echo(f"{page.slug}: run {number} done")

    return say


def reproduces(
    first: Record, roundings: list[Record], reseeded: list[Record], seeds: int
) -> bool:
    """Whether other rounding changes next to nothing beside what other seeds do.

    Then few virtual machines tell how far results may be; else many must be seen.
    """
    for name in first.page.figures:
        reseeding = [other.figure_data(name) for other in reseeded]
        rounding = [other.figure_data(name) for other in roundings]
        data = figures.measure(first.figure_data(name), rounding, reseeding, seeds)
        if any(map(figures.parted, data.values())):
            return False
    for claim in first.page.claims.values():
        values = np.asarray(first.claim_values(claim))
        others = [np.asarray(other.claim_values(claim)) for other in roundings]
        allowed = tolerance.PARTED * values.std() + claims.ROUNDING
        if np.max(tolerance.reach(values, others), initial=0.0) > allowed:
            return False
    return True


def seeds_of(record: Record) -> int:
    """How many seeds the page's claims are measured with."""
    found = (np.size(record.claim_values(c)) for c in record.page.claims.values())
    return max(found, default=0)


@contextmanager
def reported(page: Page, failed: list[click.ClickException]) -> Iterator[None]:
    """Keep what goes wrong with a page in `failed`, once, and let the others go on."""
    try:
        yield
    except click.ClickException as error:
        if error.message not in {known.message for known in failed}:
            failed.append(error)
    except Exception:
        problem = f"this note can't be published:\n{traceback.format_exc()}"
        failed.append(PageError(page.path, 1, problem, "Mend what it names."))


def publish_notes(
    chosen: list[Page], check_only: bool = False
) -> list[click.ClickException]:
    """Run each note's program and rewrite what it publishes; say how it went.

    A note that fails keeps what it had published, and the others go on. With
    `check_only`, all keep it, and what would differ is what fails.
    """
    failed: list[click.ClickException] = []
    with two_at_once() as pool:

        def start(page: Page, ways: list[dict[str, str]]) -> list[Future[Record]]:
            return [pool.submit(cached_run, page, way) for way in ways]

        begun = {page: start(page, FIRST_WAYS) for page in chosen}
        says = {page: say_when_done(page) for page in chosen}
        for page, futures in begun.items():
            for future in futures:
                future.add_done_callback(says[page])
        more: dict[Page, list[Future[Record]]] = {}
        for page, futures in begun.items():
            with reported(page, failed):
                first, few, reseeded = split([future.result() for future in futures])
                stop_at_errors(first, few, reseeded)
                more[page] = []
                if not reproduces(first, few, reseeded, seeds_of(first)):
                    more[page] = start(page, ROUNDINGS[FEW:])
                    click.echo(f"{page.slug}: its runs part; {len(more[page])} more")
                for future in more[page]:
                    future.add_done_callback(says[page])
        for page in chosen:
            said = "failed"
            with reported(page, failed):
                if page not in more:
                    continue
                first, few, reseeded = split([f.result() for f in begun[page]])
                roundings = [*few, *(future.result() for future in more[page])]
                check(first, roundings, reseeded)
                for index in range(len(first.blocks)):
                    check_shown(first, index)
                files = publish(first, roundings, reseeded)
                files[page.published / "SHA256SUMS"] = checksums(files)
                if check_only:
                    check_published(first, files, len(roundings))
                    said = f"as published, {how_held(first)}"
                else:
                    changed = ", ".join(rewrite(page, files)) or "nothing changed"
                    said = f"{first.cpu_seconds:.1f} CPU s; {changed}"
            click.echo(f"{page.slug}: {said}")
    return failed


def split(records: list[Record]) -> tuple[Record, list[Record], list[Record]]:
    """The first run, those that rounded otherwise, and those with other seeds."""
    first, *others = records
    return first, others[:-2], others[-2:]


def check_published(first: Record, files: dict[Path, str], machines: int) -> None:
    """Raise PageError unless new files are those published, as far as they must be.

    To the last bit on the kind of machine that published. Elsewhere within tolerance,
    and the tolerances as two measurements of them may differ.
    """
    lines = [
        f"{difference.what}: {name}: {how}"
        for difference in report.differences(first)
        for name, how in difference.lines.items()
    ]
    for path, text in files.items():
        if report.same_machine(first):
            if not path.exists() or path.read_text("utf-8") != text:
                lines.append(f"{path.name} is another file")
        elif path.suffix == ".json" and path.stem in first.page.figures:
            new = figures.parse(text)
            moved = figures.compare_tolerances(figures.from_json(path), new, machines)
            lines += [f"{path.name}: {name}: {how}" for name, how in moved.items()]
    if lines:
        problem = "publishing it anew gives something else:\n" + "\n".join(lines)
        remedy = (
            f"Look at it; `make figures NOTE={first.page.slug}` makes it the truth."
        )
        raise PageError(first.page.path, 1, problem, remedy)


def how_held(record: Record) -> str:
    """Whether a run was held to the last bit, or why it was not."""
    if other := report.other_machine(record):
        return f"within tolerance ({', '.join(other)} differ)"
    return "to the last bit"


@click.command(help=__doc__)
@click.argument("slugs", metavar="[NOTE]...", nargs=-1)
@click.option(
    "--check",
    "check_only",
    is_flag=True,
    help="Write nothing; fail if anything differs.",
)
@interruptible()
def main(slugs: tuple[str, ...], check_only: bool) -> None:
    """Publish the notes named, or all."""
    known = {page.slug: page for page in notes()}
    if unknown := sorted(set(slugs) - set(known)):
        what = f"no note {', '.join(unknown)}. The notes: {', '.join(known)}."
        raise click.UsageError(what)
    chosen = [known[slug] for slug in slugs or known]
    most = len(FIRST_WAYS) + len(ROUNDINGS) - FEW
    times = f"each {len(FIRST_WAYS)} times, and {most} times where its runs part"
    click.echo(f"Running {len(chosen)} programs, {times}.")
    failed = publish_notes(chosen, check_only)
    if check_only:
        for error in failed:
            click.echo(f"Error: {error.message}", err=True)
        raise SystemExit(1 if failed else 0)
    click.echo("Making lists, notebooks and cards.")
    changed, later = listing.rewrite(ROOT)
    for page in notes():
        with reported(page, later):
            changed += rewrite_notebooks(page)
    # What a page lacks that failed before follows from that.
    places = {getattr(error, "path", None) for error in failed} - {None}
    later = [error for error in later if getattr(error, "path", None) not in places]
    failed += {error.message: error for error in later}.values()
    if changed:
        click.echo(f"lists: {', '.join(changed)}")
    for error in failed:
        click.echo(f"Error: {error.message}", err=True)
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
