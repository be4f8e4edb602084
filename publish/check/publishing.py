"""Run the notes' programs and rewrite what they publish: outputs, numbers, figures.

Each program runs as it is, on virtual machines that round otherwise, and twice with
other seeds: see publish/check/tolerance.py. What it prints and quotes must read the
same on nearly all machines; how far results move becomes their tolerance; a claim must
hold on nearly all machines, and with the other seeds.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import click

from publish.check import (
    differences,
    drawing,
    figure_data,
    lists,
)
from publish.check.files import write
from publish.check.page_files import (
    check_publishable,
    checksums,
    files_of,
    reproduces,
    seeds_of,
    stop_at_errors,
)
from publish.check.program import (
    FEW,
    OTHER_SEEDS,
    ROUNDINGS,
    Record,
    cached_run,
    check_shown,
)
from publish.check.running import AT_ONCE, at_once, interruptible
from publish.forms import notebook
from publish.page.parts import parts
from publish.page.places import card_of, notebook_of, script_of
from publish.page.source import Page, notes
from publish.project import ROOT, PageError

# Each program is run as it is, with other rounding, and with other seeds.
FIRST_WAYS: list[dict[str, str]] = [{}, *ROUNDINGS[:FEW], *OTHER_SEEDS]


def rewrite(page: Page, files: dict[Path, str]) -> list[str]:
    """Write what changed, remove what is no longer made; return their names."""
    changed = [path.name for path in write({**files})]
    listed = {script_of(page), notebook_of(page), card_of(page)}
    for path in page.published_files() - set(files) - listed:
        path.unlink()
        changed.append(f"{path.name} (removed)")
    return sorted(changed)


def rewrite_notebooks(page: Page) -> list[str]:
    """Write the page's notebooks and its card, if they changed; return their names."""
    parts(page)  # raises PageError with the line of a figure that isn't published
    pictures = drawing.draw_pngs(page)
    made: dict[Path, str | bytes] = {notebook_of(page): notebook.of(page, pictures)}
    if notebook.is_notebook(page):
        made[notebook.path_of(page)] = notebook.of(page)
    made[card_of(page)] = drawing.draw_card(page)
    return [f"{page.slug}/{path.name}" for path in write(made)]


def say_when_done(page: Page) -> Callable[[Future[Record]], None]:
    """Says how many of the page's runs are done, but for those with a kept record."""
    numbers = count(1)

    def say(done: Future[Record]) -> None:
        number = next(numbers)
        if not done.cancelled() and not done.exception() and done.result().seconds:
            click.echo(f"{page.slug}: run {number} done")

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


def publish_notes(
    chosen: list[Page], check_only: bool = False
) -> list[click.ClickException]:
    """Run each note's program and rewrite what it publishes; say how it went.

    A note that fails keeps what it had published, and the others go on. With
    `check_only`, all keep it, and a note fails if anything would differ.
    """
    failed: list[click.ClickException] = []
    with at_once(AT_ONCE) as pool:

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
                check_publishable(first, roundings, reseeded)
                for index in range(len(first.blocks)):
                    check_shown(first, index)
                files = files_of(first, roundings, reseeded)
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

    To the last bit on the kind of machine that published. Elsewhere within tolerance;
    and tolerances may differ as two measurements of them do.
    """
    lines = [
        f"{difference.what}: {name}: {how}"
        for difference in differences.differences(first)
        for name, how in difference.lines.items()
    ]
    for path, text in files.items():
        if differences.same_machine(first):
            if not path.exists() or path.read_text("utf-8") != text:
                lines.append(f"{path.name} is another file")
        elif path.suffix == ".json" and path.stem in first.page.figures:
            new = figure_data.parse(text)
            moved = figure_data.compare_tolerances(
                figure_data.from_json(path), new, machines
            )
            lines += [f"{path.name}: {name}: {how}" for name, how in moved.items()]
    if lines:
        problem = "publishing it anew gives something else:\n" + "\n".join(lines)
        remedy = (
            f"Look at it; `make figures NOTE={first.page.slug}` makes it the truth."
        )
        raise PageError(first.page.path, 1, problem, remedy)


def how_held(record: Record) -> str:
    """Whether a run was held to the last bit, or why it was not."""
    if other := differences.machine_differences(record):
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
@click.option(
    "--text",
    "text_only",
    is_flag=True,
    help="Run nothing; make what a change of the prose decides: notebooks and lists.",
)
@interruptible()
def main(slugs: tuple[str, ...], check_only: bool, text_only: bool) -> None:
    """Publish the notes named, or all."""
    if check_only and text_only:
        raise click.UsageError("--check runs the programs, --text runs none: choose.")
    known = {page.slug: page for page in notes()}
    if unknown := sorted(set(slugs) - set(known)):
        what = f"no note {', '.join(unknown)}. The notes: {', '.join(known)}."
        raise click.UsageError(what)
    chosen = [known[slug] for slug in slugs or known]
    failed: list[click.ClickException] = []
    if not text_only:
        most = len(FIRST_WAYS) + len(ROUNDINGS) - FEW
        times = f"each {len(FIRST_WAYS)} times, and {most} times where its runs part"
        click.echo(f"Running {len(chosen)} programs, {times}.")
        failed = publish_notes(chosen, check_only)
    if check_only:
        for error in failed:
            click.echo(f"Error: {error.message}", err=True)
        raise SystemExit(1 if failed else 0)
    changed, later = lists.rewrite(ROOT)
    to_make = chosen if text_only else notes()
    with click.progressbar(to_make, label="Making notebooks and cards") as bar:
        for page in bar:
            with reported(page, later):
                changed += rewrite_notebooks(page)
    # A page that failed already lacks files: errors that follow from that are left out.
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
