"""The files that a page publishes, made from runs of its program.

What it prints and quotes must read the same on nearly all machines; how far results
move becomes their tolerance; a claim must hold on nearly all machines, and with other
seeds: see tolerance.py.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from publish.check import (
    drawing,
    figure_data,
    measurements,
    tolerance,
)
from publish.check.program import (
    Record,
    check_block,
)
from publish.page import claims, places
from publish.page.quotes import placeholders
from publish.page.source import Page, pages
from publish.project import PageError


def numbers_asked(page: Page) -> Iterator[tuple[str, str, Page, int]]:
    """The numbers that any page quotes of this page's run: name, format, where."""
    measured = {claim.variable for claim in page.claims.values()}
    for quoting in pages(page.root):
        for slug, name, spec, line in placeholders(quoting):
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
        return True  # no random draw is in it
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
    values = measurements.Measurement(claim, first.claim_values(claim)).values
    rounded = [np.asarray(other.claim_values(claim)) for other in others]
    return {
        **measurements.describe(values, rounded, claim.bound),
        "seeds": len(values),
        "values": values.tolist(),
    }


def state_with_tolerance(first: Record, others: list[Record]) -> dict[str, list[float]]:
    """A run's digest, with how far another machine's numbers may be from its own."""
    digests = [record.digest for record in others]
    described = {}
    for about, (mean, square) in first.digest.items():
        known = [digest[about] for digest in digests if about in digest]
        reach = tolerance.round_up(tolerance.reach([mean, square], known))
        described[about] = [mean, square, *(float(f"{r:.2g}") for r in reach)]
    return described


def files_of(
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
        data = figure_data.measure(
            first.figure_data(name),
            [other.figure_data(name) for other in roundings],
            [other.figure_data(name) for other in reseeded],
            seeds,
        )
        paths = places.published_files(page, name)
        for scheme in places.SCHEMES:
            drawn = drawing.draw(cell, figure_data.plain(data), scheme)
            files[paths[scheme]], axes = drawn
        files[paths["data"]] = figure_data.to_json(data, axes)
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
    """The files' SHA-256 sums, as sha256sum writes them: they show edits by hand."""
    sums = {
        path.name: hashlib.sha256(text.encode()).hexdigest()
        for path, text in files.items()
    }
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))


def check_publishable(
    first: Record, roundings: list[Record], reseeded: list[Record]
) -> None:
    """Raise PageError for a block that fails or prints what rounding decides.

    Raise ClaimError for a claim that fails in any of the runs, also with other seeds.
    """
    stop_at_errors(first, roundings, reseeded)
    for index, block in enumerate(first.blocks):
        if block.cell:
            check_printed(first, roundings, index)
    for claim in first.page.claims.values():
        measured = measurements.Measurement(claim, first.claim_values(claim))
        rounded = [record.claim_values(claim) for record in roundings]
        measured.hold_elsewhere(claim.bound, rounded)
        for record in reseeded:
            try:
                measurements.Measurement(claim, record.claim_values(claim)).hold(
                    claim.bound
                )
            except measurements.ClaimError as error:
                said = f"{error.message} (With other seeds than the page's.)"
                raise measurements.ClaimError(said) from None


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


def reproduces(
    first: Record, roundings: list[Record], reseeded: list[Record], seeds: int
) -> bool:
    """Whether other rounding changes next to nothing, compared with other seeds.

    Then few virtual machines tell how far results may be off; else many are needed.
    """
    for name in first.page.figures:
        reseeding = [other.figure_data(name) for other in reseeded]
        rounding = [other.figure_data(name) for other in roundings]
        data = figure_data.measure(first.figure_data(name), rounding, reseeding, seeds)
        if any(map(figure_data.parted, data.values())):
            return False
    for claim in first.page.claims.values():
        values = np.asarray(first.claim_values(claim))
        others = [np.asarray(other.claim_values(claim)) for other in roundings]
        allowed = tolerance.PARTED * values.std() + measurements.ROUNDING
        if np.max(tolerance.reach(values, others), initial=0.0) > allowed:
            return False
    return True


def seeds_of(record: Record) -> int:
    """How many seeds the page's claims are measured with."""
    found = (np.size(record.claim_values(c)) for c in record.page.claims.values())
    return max(found, default=0)
