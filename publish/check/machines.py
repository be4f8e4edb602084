"""Compare runs on virtual machines with what is published; print the closest calls.

A virtual machine plays another computer: its normal draws are off in their last bits,
otherwise than in any run for publishing, and it has one of this CPU's instruction sets,
and one thread or two. A healthy machine must pass; so a failure here is a false alarm
of the tests, and the exit status is 1.
"""

from __future__ import annotations

import math
import threading
from concurrent.futures import Future

import click
import numpy as np
from scipy.stats import gumbel_r

from publish.check import differences
from publish.check.program import Record, cached_run, virtual_machine
from publish.check.running import AT_ONCE, at_once, interruptible
from publish.page.source import Page, notes
from publish.project import ROOT, settings

# Judging draws, and Matplotlib draws one figure at a time.
ONE_AT_A_TIME = threading.Lock()
# No limit was chosen by these machines: publishing takes the numbers from 1 on, and the
# limits where runs part were chosen by those from 1001 on.
FIRST = 2001
# One in so many only has MKL's arithmetic for any CPU, which takes three times as long.
COMPATIBLE = 8
# From fewer machines, nothing can be said of others.
ENOUGH = 10


def instruction_sets() -> tuple[str, ...]:
    """The instruction sets that this CPU has and PyTorch can be told to use."""
    if "torch" not in settings(ROOT).needs:
        return ("",)
    import torch

    best = torch.backends.cpu.get_cpu_capability().lower()
    known = ("default", "avx2", "avx512")
    return known[: known.index(best) + 1] if best in known else ("",)


def machines(count: int) -> list[dict[str, str]]:
    """The environments of so many virtual machines."""
    sets = instruction_sets()
    found = []
    for number in range(FIRST, FIRST + count):
        threads = str(1 + (number // len(sets)) % 2)
        environment = {**virtual_machine(number, sets), "OMP_NUM_THREADS": threads}
        if number % COMPATIBLE:
            environment.pop("MKL_CBWR", None)
        found.append(environment)
    return found


def judge(record: Record) -> tuple[float, str]:
    """The closest call, in units of its tolerance; what failed, or was closest."""
    if errors := [done.error for done in record.done if done.error]:
        return math.inf, errors[0]
    failed = differences.differences(record, exact=False)
    calls = differences.closest_calls(record)
    what, closest = max(calls.items(), key=lambda call: call[1])
    if not failed:
        return closest, what
    lines = [f"{d.what}: {how}" for d in failed for how in d.lines.values()]
    return max(closest, 1.0), "; ".join(lines)


def tried_on(page: Page, environment: dict[str, str]) -> tuple[float, str]:
    """Run the page's program on a virtual machine, and judge what comes of it."""
    record = cached_run(page, environment)
    with ONE_AT_A_TIME:
        return judge(record)


def chance(calls: list[float]) -> float:
    """The chance that a further machine's closest call is 1 or more.

    A closest call is the largest of many, so its distribution is close to Gumbel's.
    Its mean and standard deviation say which one: this extrapolates from the machines
    that were tried.
    """
    scale = np.std(calls, ddof=1) * math.sqrt(6) / math.pi
    return float(gumbel_r.sf(1, np.mean(calls) - np.euler_gamma * scale, scale))


@click.command(help=__doc__)
@click.argument("count", default=40, metavar="[N]")
@click.option("--note", "slugs", multiple=True, help="Only this note's program.")
@interruptible()
def main(count: int, slugs: tuple[str, ...]) -> None:
    """Run all programs on N virtual machines; a table of the closest calls."""
    known = {page.slug: page for page in notes()}
    if unknown := set(slugs) - set(known):
        what = f"no note {', '.join(unknown)}. The notes: {', '.join(known)}."
        raise click.UsageError(what)
    chosen = [known[slug] for slug in slugs or known]
    width = max(len(page.slug) for page in chosen) + 2
    head = "".join(f"{page.slug:>{width}}" for page in chosen)
    click.echo("The closest call of each program, in units of its tolerance:")
    click.echo(f"{'machine':34}{head}")
    found: dict[str, list[tuple[float, str]]] = {page.slug: [] for page in chosen}
    failures = []
    with at_once(AT_ONCE) as pool:
        rows: list[tuple[str, list[tuple[Page, Future[tuple[float, str]]]]]] = []
        for environment in machines(count):
            name = " ".join(environment.values()).lower()
            tried = [
                (page, pool.submit(tried_on, page, environment)) for page in chosen
            ]
            rows.append((name, tried))
        for name, tried in rows:
            click.echo(f"{name:34}", nl=False)
            for page, future in tried:
                call, what = future.result()
                click.echo(f"{call:{width}.2f}", nl=False)
                found[page.slug].append((call, what))
                if call >= 1:
                    failures.append(f"{page.slug} on {name}: {what}")
            click.echo()
    closest = [max(found[page.slug]) for page in chosen]
    cells = "".join(f"{call:{width}.2f}" for call, _ in closest)
    click.echo(f"\n{'closest':34}{cells}")
    if count >= ENOUGH and not failures:
        chances = [chance([call for call, _ in found[page.slug]]) for page in chosen]
        cells = "".join(f"{one:{width}.0e}" for one in chances)
        click.echo(f"{'chance of 1 or more, extrapolated':34}{cells}")
        click.echo(f"{'of any':34}{sum(chances):{width}.0e}")
    for page, (_, what) in zip(chosen, closest, strict=True):
        click.echo(f"{page.slug}: {what}")
    for failure in failures:
        click.echo(f"failed: {failure}")
    failing = len({failure.partition(":")[0] for failure in failures})
    click.echo(f"{failing} of {count * len(chosen)} programs failed")
    raise SystemExit(1 if failures else 0)


if __name__ == "__main__":
    main()
