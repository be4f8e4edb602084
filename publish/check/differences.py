"""What differs between a run and what its page published, and by how much."""

from __future__ import annotations

import difflib
import json
import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from publish.check import drawing, figure_data, measurements, tolerance
from publish.check.program import Record
from publish.check.running import ENVIRONMENT
from publish.page import claims, places
from publish.page.quotes import placeholders
from publish.page.source import Page, pages
from publish.project import PageError

# What to do when a comparison fails: look first, as publishing accepts mistakes, too.
LOOK = "Look at what differs, in report/index.html: `make figures` makes it the truth."
# Where runs part, a count may be off by so many seeds: on 3 of 40 machines, by one.
SEEDS = 3


@dataclass
class Difference:
    """What differs in one figure, output, number or claim."""

    what: str
    lines: dict[str, str] = field(default_factory=dict)  # how it differs, by what moved
    drawings: tuple[str, str] | None = None  # before and after, as SVG


def machine_differences(record: Record) -> list[str]:
    """What differs between the run's machine and the one that published; [] if alike.

    DESCENT_EXACT=0 asks for other machines' tolerances on this kind, too.
    """
    published = record.page.published_numbers.get("machine", {})
    names = [*published, *(set(record.machine) - set(published))]
    other = [n for n in names if published.get(n) != record.machine.get(n)]
    return other or (
        ["DESCENT_EXACT=0"] if ENVIRONMENT.get("DESCENT_EXACT") == "0" else []
    )


def same_machine(record: Record) -> bool:
    """Whether the run's machine rounds as the one that published does."""
    return not machine_differences(record)


def runs_part(page: Page) -> bool:
    """Whether other rounding changes more of a page's figures than last digits."""
    for name in page.figures:
        path = places.published_files(page, name)["data"]
        data = figure_data.from_json(path) if path.exists() else {}
        if any(map(figure_data.parted, data.values())):
            return True
    return False


def published_data(page: Page, name: str) -> figure_data.Data:
    """A figure's published data, with the tolerances of other machines."""
    data = figure_data.from_json(places.published_files(page, name)["data"])
    if not runs_part(page):
        return data
    return {
        name: replace(
            series,
            tolerance=np.maximum(series.tolerance, tolerance.SHARE * series.spread),
        )
        for name, series in data.items()
    }


def published_claim(page: Page, claim: claims.Claim) -> dict[str, Any]:
    """What is published of a claim, with the tolerances of other machines.

    Where runs part, its mean and the logarithm of its spread may each be off by a share
    of their interval's half width, and a count by some seeds.
    """
    about = dict(page.measured[claim.variable])
    if not runs_part(page):
        return about
    values = np.array(about["values"])
    if claim.bound.count:
        about["mean_tolerance"] = max(about["mean_tolerance"], SEEDS / len(values))
    if about["decimals"] is None:
        return about
    mean = tolerance.SHARE * measurements.interval(values)[1]
    spread = tolerance.SHARE * 1.96 / math.sqrt(2 * (len(values) - 1))
    about["mean_tolerance"] = max(about["mean_tolerance"], mean)
    about["spread_tolerance"] = max(about["spread_tolerance"], spread)
    return about


def closest_calls(record: Record) -> dict[str, float]:
    """How far each result is from what is published, in units of its tolerance."""
    page, found = record.page, {}
    for name in page.figures:
        published = published_data(page, name)
        new = record.figure_data(name)
        for series, call in figure_data.closest_call(published, new).items():
            found[f"figure {name}/{series}"] = call
    for claim in page.claims.values():
        values = measurements.Measurement(claim, record.claim_values(claim)).values
        calls = measurements.calls(published_claim(page, claim), values)
        found |= {f"claim {claim.name}, {what}": far for what, far in calls.items()}
    for about, call in state_calls(record).items():
        found[f"variable {about}"] = call
    return found


def state_calls(record: Record) -> dict[str, float]:
    """How far the digest of each variable is from the published one, in tolerances.

    Infinitely far where a variable came, went or has another shape. Where runs part,
    only that counts: what pages show is compared by figures and claims.
    """
    path = record.page.published / "state.json"
    published = json.loads(path.read_text("utf-8"))["state"]
    digest = record.digest
    found = dict.fromkeys(published.keys() ^ digest.keys(), math.inf)
    if runs_part(record.page):
        return found | dict.fromkeys(published.keys() & digest.keys(), 0.0)
    for about in published.keys() & digest.keys():
        mean, square, *allowed = published[about]
        gaps = [abs(mean - digest[about][0]), abs(square - digest[about][1])]
        found[about] = max(
            gap / most if most else (math.inf if gap else 0.0)
            for gap, most in zip(gaps, allowed, strict=True)
        )
    return found


def differences(record: Record, exact: bool | None = None) -> list[Difference]:
    """What differs between a run and what its page published.

    `exact`: to the last bit; by default on the kind of machine that published.
    """
    exact = same_machine(record) if exact is None else exact
    found = [_output(record, index) for index in range(len(record.done))]
    found += [_figure(record, name, exact) for name in record.page.figures]
    found += [_numbers(record), _claims(record), _state(record)]
    return [difference for difference in found if difference]


def _output(record: Record, index: int) -> Difference | None:
    block, done = record.blocks[index], record.done[index]
    shown, printed = block.output or "", done.output
    if shown == printed and not done.error:
        return None
    diff = difflib.unified_diff(
        shown.splitlines(), printed.splitlines(), "published", "this run", lineterm=""
    )
    lines = {"output": "\n".join(diff)} if shown != printed else {}
    if done.error:
        lines["error"] = done.error
    return Difference(f"The block {block.name!r}, line {block.line}", lines)


def _figure(record: Record, name: str, exact: bool) -> Difference | None:
    paths = places.published_files(record.page, name)
    title = f"The figure {name!r}"
    try:
        new = record.figure_data(name)
        published = published_data(record.page, name)
        moved = figure_data.compare_data(published, new, exact)
        # Where no data moved too far, the published ones are drawn again: then only a
        # change of the drawing code shows.
        drawn = new if moved else figure_data.plain(published)
        after, _ = drawing.draw(record.page.figures[name], drawn, "light")
    except (PageError, OSError) as error:
        return Difference(title, {"error": str(error)})
    before = paths["light"].read_text("utf-8")
    lines = moved or {"drawing": drawing.compare_svg(before, after) or ""}
    return Difference(title, lines, (before, after)) if any(lines.values()) else None


def _numbers(record: Record) -> Difference | None:
    where: dict[tuple[str, str], list[str]] = {}
    for quoting in pages(record.page.root):
        for slug, name, spec, line in placeholders(quoting):
            if slug == record.page.slug and name in record.page.numbers:
                old, new = record.page.numbers[name], record.values.get(name)
                before = format(old, spec)
                after = "no number" if new is None else format(new, spec)
                if before != after:
                    moved = where.setdefault((name, f"{before} → {after}"), [])
                    moved.append(f"{quoting.path.name}:{line}")
    lines: dict[str, str] = {}
    for (name, how), quoted in where.items():
        said = f"{how} ({', '.join(quoted)})"
        lines[name] = f"{lines[name]}; {said}" if name in lines else said
    return Difference("Numbers in the text", lines) if lines else None


def _claims(record: Record) -> Difference | None:
    lines = {}
    for claim in record.page.claims.values():
        known = claim.variable in record.page.measured
        about = published_claim(record.page, claim) if known else None
        try:
            measured = measurements.Measurement(claim, record.claim_values(claim))
            if (
                how := "new"
                if about is None
                else measurements.differs(about, measured.values)
            ):
                lines[claim.name] = how
            measured.hold(claim.bound)
        except (PageError, measurements.ClaimError) as error:
            lines[claim.name] = error.message
    return Difference("Claims", lines) if lines else None


def _state(record: Record) -> Difference | None:
    """The variables whose digest moved, by more than they may on another machine."""
    try:
        calls = state_calls(record)
    except OSError as error:
        return Difference("Variables", {"error": str(error)})
    lines = {
        about: f"{call:.1f} times its tolerance" if call < math.inf else "came or went"
        for about, call in sorted(calls.items())
        if call > 1
    }
    return Difference("Variables at the end", lines) if lines else None
