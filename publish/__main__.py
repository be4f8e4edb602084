"""Run the notes' programs and rewrite what they publish: outputs, numbers, figures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import numpy as np

from publish import figures, notebook
from publish.pages import Page, PageError, notes, pages
from publish.program import OTHER_ROUNDING, Record, check_block, run


def numbers_asked(page: Page) -> Iterator[tuple[str, str, Page, int]]:
    """The numbers that any page quotes of this page's run: name, format, where."""
    for quoting in pages(page.root):
        for slug, name, spec, line in quoting.placeholders():
            if slug == page.slug:
                yield name, spec, quoting, line


def number(record: Record, name: str, quoting: Page, line: int) -> object:
    """A variable of the program as a number that prose can quote."""
    value = record.values.get(name)
    if not isinstance(value, (bool, int, float, str)):
        problem = f"the program of {record.page.slug} ends with no number {name!r}"
        found = "nothing" if value is None else f"a {type(value).__name__}"
        raise PageError(quoting.path, line, problem, f"(it has {found} there).")
    return value


def tolerance(first: Record, second: Record, name: str) -> dict[str, float]:
    """How far each series of a figure may move on another CPU, in its own unit.

    One other rounding shows how large such differences are here, not the largest
    that there can be: ten times it is allowed. Where that one agreed by luck, as
    much is allowed as a sum of some thousand terms may lose.
    """
    one, two = first.figure_data(name), second.figure_data(name)
    result = {}
    for key, value in one.items():
        series = np.asarray(value)
        if series.dtype.kind == "f":
            gap = np.nanmax(np.abs(series - np.asarray(two[key])), initial=0.0)
            size = np.nanmax(np.abs(series), initial=0.0)
            result[key] = float(max(10 * gap, 4096 * np.finfo(series.dtype).eps * size))
    return result


def publish(first: Record, second: Record) -> dict[Path, str]:
    """The files that a page publishes, from two runs that rounded differently."""
    page = first.page
    files: dict[Path, str] = {}
    for block, one in zip(first.blocks, first.done, strict=False):
        if block.cell and one.output:
            files[page.output_file(block.cell.name)] = one.output
    quoted = {}
    for name, spec, quoting, line in numbers_asked(page):
        quoted[name] = number(first, name, quoting, line)
        here, there = (
            format(number(record, name, quoting, line), spec)
            for record in (first, second)
        )
        if here != there:
            problem = f"{name} is {here} here, {there} under other rounding."
            raise PageError(quoting.path, line, problem, "Quote fewer digits.")
    for name, cell in page.figures.items():
        data = first.figure_data(name)
        paths = figures.published_files(page, name)
        for scheme in figures.SCHEMES:
            files[paths[scheme]], axes = figures.draw(cell, data, scheme)
        files[paths["data"]] = figures.to_json(
            data, axes, tolerance(first, second, name)
        )
    about = {"machine": first.machine, "numbers": dict(sorted(quoted.items()))}
    files[page.published / "numbers.json"] = (
        json.dumps(about, indent=2, ensure_ascii=False) + "\n"
    )
    return files


def check(first: Record, second: Record) -> None:
    """Raise PageError for a block that fails or prints what rounding decides."""
    for index, block in enumerate(first.blocks):
        for record in (first, second):
            done = record.done[index] if index < len(record.done) else None
            if done is None or done.error or done.warnings or not block.cell:
                check_block(record, index)
        one, two = first.done[index].output, second.done[index].output
        if one != two:
            problem = f"this block prints\n{one}\nand, rounded otherwise,\n{two}"
            remedy = "Print fewer digits."
            raise PageError(first.page.path, block.page_line, problem, remedy)


def rewrite(page: Page, files: dict[Path, str]) -> list[str]:
    """Write what changed, remove what is no longer made; return their names."""
    page.published.mkdir(parents=True, exist_ok=True)
    changed = []
    for path, text in files.items():
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            changed.append(path.name)
    for path in set(page.published.iterdir()) - set(files):
        path.unlink()
        changed.append(f"{path.name} (removed)")
    return sorted(changed)


def publish_notes(chosen: list[Page]) -> list[PageError]:
    """Run each note's program and rewrite what it publishes; say how it went.

    A note that fails keeps what it had published, and the others go on.
    """
    failed = []
    with ThreadPoolExecutor(2) as pool:
        runs = [
            (page, pool.submit(run, page), pool.submit(run, page, OTHER_ROUNDING))
            for page in chosen
        ]
        for page, one, two in runs:
            try:
                first, second = one.result(), two.result()
                check(first, second)
                changed = rewrite(page, publish(first, second))
            except PageError as error:
                failed.append(error)
                click.echo(f"{page.slug}: failed")
                continue
            if notebook.is_notebook(page):
                changed += notebook.rewrite(Page(page.path, page.root))
            said = ", ".join(changed) if changed else "nothing changed"
            click.echo(f"{page.slug}: {first.seconds:.1f} s; {said}")
    return failed


@click.command(help=__doc__)
@click.argument("slugs", metavar="[NOTE]...", nargs=-1)
def main(slugs: tuple[str, ...]) -> None:
    """Publish the notes named, or all."""
    known = {page.slug: page for page in notes()}
    if unknown := set(slugs) - set(known):
        what = f"no note {', '.join(unknown)}. The notes: {', '.join(known)}."
        raise click.UsageError(what)
    chosen = [known[slug] for slug in slugs or known]
    click.echo(f"Running {len(chosen)} programs, each under two roundings.")
    failed = publish_notes(chosen)
    for error in failed:
        click.echo(f"Error: {error.message}", err=True)
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
