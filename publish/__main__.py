"""Run the notes' programs and rewrite what they publish: outputs, numbers, figures.

Each program runs five times: as it is, twice with other rounding, twice with other
seeds. What they print and quote must survive rounding; how far the data of a figure
move becomes its tolerance; a claim must hold in all five.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import click
import numpy as np

from publish import claims, figures, listing, notebook, tolerance
from publish.downloads import card_of, notebook_of, script_of
from publish.files import write
from publish.pages import ROOT, Page, PageError, notes, pages
from publish.program import (
    OTHER_SEEDS,
    ROUNDINGS,
    Record,
    check_block,
    check_shown,
    interruptible,
    run,
)

# Each program is run as it is, with other rounding, and with other seeds.
WAYS: list[dict[str, str]] = [{}, *ROUNDINGS, *OTHER_SEEDS]


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
    seeds = max((about["seeds"] for about in measured.values()), default=0)
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
    for index, block in enumerate(first.blocks):
        for record in (first, *roundings, *reseeded):
            done = record.done[index] if index < len(record.done) else None
            if done is None or done.error or done.warnings or not block.cell:
                check_block(record, index)
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


def check_printed(first: Record, roundings: list[Record], index: int) -> None:
    """Raise PageError for a block that prints what rounding decides."""
    where = first.page.path, first.blocks[index].page_line
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
    for path in set(page.published.iterdir()) - set(files) - listed:
        path.unlink()
        changed.append(f"{path.name} (removed)")
    return sorted(changed)


def rewrite_notebooks(page: Page) -> list[str]:
    """Write the page's notebooks and its card, if they changed; return their names."""
    page.expand()  # names the line of a figure that isn't published yet
    pictures = notebook.pictures(page)
    made: dict[Path, str | bytes] = {
        notebook_of(page): notebook.to_notebook(page, pictures)
    }
    if notebook.is_notebook(page):
        made[notebook.path_of(page)] = notebook.to_notebook(page)
    made[card_of(page)] = figures.draw_card(page)
    return [f"{page.slug}/{path.name}" for path in write(made)]


def cached_run(page: Page, environment: dict[str, str]) -> Record:
    """`run`, or its record of the last time that nothing of it had changed."""
    return run(page, environment, page.root / ".cache" / "runs")


def say_when_done(page: Page) -> Callable[[Future[Record]], None]:
    """Says which of the page's runs it was that is done, unless it was kept."""
    numbers = count(1)

    def say(done: Future[Record]) -> None:
        number = next(numbers)
        if not done.exception() and done.result().seconds:
            click.echo(f"{page.slug}: run {number} of {len(WAYS)}")

    return say


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


def publish_notes(chosen: list[Page]) -> list[click.ClickException]:
    """Run each note's program and rewrite what it publishes; say how it went.

    A note that fails keeps what it had published, and the others go on.
    """
    failed: list[click.ClickException] = []
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        runs: list[tuple[Page, list[Future[Record]]]] = [
            (page, [pool.submit(cached_run, page, way) for way in WAYS])
            for page in chosen
        ]
        for page, futures in runs:
            say = say_when_done(page)
            for future in futures:
                future.add_done_callback(say)
        for page, futures in runs:
            said = "failed"
            with reported(page, failed):
                first, *others = (future.result() for future in futures)
                split = others[: len(ROUNDINGS)], others[len(ROUNDINGS) :]
                check(first, *split)
                for index in range(len(first.blocks)):
                    check_shown(first, index)
                files = publish(first, *split)
                files[page.published / "SHA256SUMS"] = checksums(files)
                changed = ", ".join(rewrite(page, files)) or "nothing changed"
                said = f"{first.cpu_seconds:.1f} CPU s; {changed}"
            click.echo(f"{page.slug}: {said}")
    return failed


@click.command(help=__doc__)
@click.argument("slugs", metavar="[NOTE]...", nargs=-1)
@interruptible()
def main(slugs: tuple[str, ...]) -> None:
    """Publish the notes named, or all."""
    known = {page.slug: page for page in notes()}
    if unknown := sorted(set(slugs) - set(known)):
        what = f"no note {', '.join(unknown)}. The notes: {', '.join(known)}."
        raise click.UsageError(what)
    chosen = [known[slug] for slug in slugs or known]
    click.echo(f"Running {len(chosen)} programs, each {len(WAYS)} times.")
    failed = publish_notes(chosen)
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
