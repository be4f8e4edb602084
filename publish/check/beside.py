"""Run the tests of one mark in a process of their own, beside the others.

`pytest --beside=browser` takes two processes: one for the tests marked `browser`, which
mostly wait for the browser, one for all others. The second's output comes after the
first's; tests of either that fail make the exit status that of a failure.
"""

from __future__ import annotations

import codecs
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from typing import IO

import pytest

LOOK = 0.1  # seconds between two looks at what the second process has written
PATIENCE = 10  # seconds that it has to end by itself


def pytest_addoption(parser: pytest.Parser) -> None:
    said = "run the tests of this mark in a process of their own, at the same time"
    parser.addoption("--beside", metavar="MARK", help=said)


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main(
    config: pytest.Config,
) -> Generator[None, int | pytest.ExitCode | None, int | pytest.ExitCode | None]:
    mark, others = config.option.beside, config.option.markexpr
    if not mark or config.option.collectonly or config.option.help:
        return (yield)
    both = [f"({others}) and " if others else "", mark]
    config.option.markexpr = f"{both[0]}not {mark}"
    given = [a for a in config.invocation_params.args if not a.startswith("--beside")]
    command = [sys.executable, "-m", "pytest", *given]
    if sys.stdout.isatty() and config.option.color == "auto":
        command.append("--color=yes")
    command += ["-m", "".join(both)]
    with tempfile.NamedTemporaryFile() as file, Path(file.name).open("rb") as said:
        second = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
        try:
            first = yield
            if first == pytest.ExitCode.INTERRUPTED:
                return first
            tell(mark, second, said)
        except KeyboardInterrupt:
            return pytest.ExitCode.INTERRUPTED
        finally:
            stop(second)
    return together(first, second.returncode)


def tell(mark: str, second: subprocess.Popen[bytes], said: IO[bytes]) -> None:
    """Show what the second process says, from the beginning until it ends."""
    print(f"\nThe tests marked {mark!r}, which ran beside these:", flush=True)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    ended = False
    while not ended:
        ended = second.poll() is not None
        print(decoder.decode(said.read()), end="", flush=True)
        if not ended:
            time.sleep(LOOK)


def stop(second: subprocess.Popen[bytes]) -> None:
    """End the second process, if it still runs, as Ctrl-C does."""
    if second.poll() is not None:
        return
    second.send_signal(signal.SIGINT)
    try:
        second.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        second.kill()
        second.wait()


def together(first: int | None, second: int) -> int:
    """The exit status of both: there is no failure in having no tests of one kind."""
    none = pytest.ExitCode.NO_TESTS_COLLECTED
    ran = [int(status or 0) for status in (first, second) if status != none]
    return max(ran, default=int(none), key=abs)
