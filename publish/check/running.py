"""Starting programs, and stopping all of them at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import click

# A copy from the start: a test may change os.environ while programs begin beside it.
ENVIRONMENT = dict(os.environ)


class StoppedError(Exception):
    """A program that was to run after all were stopped."""


class Running:
    """The commands that were started, each in a group of processes of its own.

    So a terminal's Ctrl-C doesn't reach them, and none takes it for an error of a
    block's; `stop` ends them, with all that they have started.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.programs: set[subprocess.Popen[str]] = set()
        self.stopped = False
        self.temporary: tempfile.TemporaryDirectory[str] | None = None

    def folder(self) -> str:
        """The folder for what programs read and write, until `stop`."""
        with self.lock:
            if not self.temporary:
                self.temporary = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
            return self.temporary.name

    def command(self, command: list[str], **options: Any) -> subprocess.Popen[str]:
        """Start a command with Popen's options; StoppedError once all were stopped."""
        with self.lock:
            if self.stopped:
                raise StoppedError
            program = subprocess.Popen(
                command, text=True, encoding="utf-8", start_new_session=True, **options
            )
            self.programs.add(program)
        return program

    def end(self, program: subprocess.Popen[str]) -> None:
        """End a command and all that it has started."""
        if program.poll() is None:
            # macOS permits no signal to a group that has just ended.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(program.pid, signal.SIGKILL)
        self.programs.discard(program)

    def stop(self) -> None:
        """End all commands, and refuse to start others."""
        with self.lock:
            self.stopped = True
            for program in list(self.programs):
                self.end(program)
            if self.temporary:
                self.temporary.cleanup()
                self.temporary = None


RUNNING = Running()
# Programs that run at once: each takes up to 1,100 MB.
AT_ONCE = min(2, os.cpu_count() or 1)
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


class Interrupted(KeyboardInterrupt):
    """One of SIGNALS came: this process is to end."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.status = 128 + number  # as shells have it


@contextmanager
def interruptible(
    said: str = "The programs are stopped; what was published so far stays.",
) -> Iterator[None]:
    """On Ctrl-C, SIGTERM or SIGHUP, stop all programs, say so in a line, and exit."""
    known = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    heard = [n for n in known if signal.getsignal(n) != signal.SIG_IGN]  # as with nohup

    def interrupt(number: int, frame: object) -> None:
        for other in heard:
            signal.signal(other, signal.SIG_IGN)  # once is enough
        RUNNING.stop()  # before anything waits for them
        raise Interrupted(number)

    for number in heard:
        signal.signal(number, interrupt)
    try:
        yield
    except Interrupted as error:
        click.echo(f"Interrupted. {said}", err=True)
        sys.stdout.flush()
        os._exit(error.status)  # waits for no thread that draws


@contextmanager
def at_once(count: int) -> Iterator[ThreadPoolExecutor]:
    """A pool of so many threads, for none of which it waits on an error."""
    pool = ThreadPoolExecutor(count)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
