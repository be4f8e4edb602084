"""Interpreters that have imported what programs need, and run each one in a fork.

Starting Python and importing PyTorch takes longer than many programs.
"""

from __future__ import annotations

import json
import os
import pickle
import platform
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from click import ClickException

from publish.check.running import ENVIRONMENT, RUNNING, StoppedError

RUNNER = Path(__file__).parents[1] / "inside" / "runner.py"
# Variables that decide the last bits of a result. Libraries read them when they are
# imported, so each setting has interpreters of its own.
DECIDING = {"ATEN_CPU_CAPABILITY", "MKL_CBWR", "OMP_NUM_THREADS"}
# Interpreters that may wait for a program: each holds about 200 MB.
IDLE = 4

Interpreter = subprocess.Popen[str]


class EndedError(Exception):
    """An interpreter that ended before its program did, and what it said."""


class Pool:
    """Interpreters, started as they are needed; each runs one program at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.idle: list[tuple[Any, Interpreter]] = []  # the last one was used last

    def run(
        self,
        blocks: list[dict[str, Any]],
        modules: list[str],
        environment: Mapping[str, str],
        statements: Path | None,
        values: bool = True,
    ) -> dict[str, Any]:
        """The record of a program's blocks, run in an empty folder.

        Its interpreter imports `modules` first. The record has the variables' values at
        the end only if `values` are asked for: they can take longer than the program.
        Raises EndedError if its interpreter ends without a record, StoppedError if all
        programs were stopped.
        """
        if not hasattr(os, "fork"):
            problem = f"{platform.system()} has no fork, which running programs needs."
            raise ClickException(f"{problem} Run them on Linux, macOS or WSL.")
        if RUNNING.stopped:
            raise StoppedError
        deciding = {k: v for k, v in environment.items() if k in DECIDING}
        rest = {k: v for k, v in environment.items() if k not in DECIDING}
        kept = statements and str(statements)
        job: dict[str, Any] = {"blocks": blocks, "environment": rest}
        job |= {"statements": kept, "values": values}
        setting = tuple(modules), tuple(sorted(deciding.items()))
        with tempfile.TemporaryDirectory(dir=RUNNING.folder()) as folder:
            source, result = Path(folder, "job.json"), Path(folder, "record")
            source.write_text(json.dumps(job), "utf-8")
            interpreter = self._take(setting, modules, deciding)
            asked = json.dumps([str(source), str(result)])
            said = ""
            try:
                assert interpreter.stdin
                assert interpreter.stdout
                interpreter.stdin.write(f"{asked}\n")
                interpreter.stdin.flush()
                said = interpreter.stdout.readline()
            except OSError:
                pass  # the interpreter has ended: a broken pipe
            finally:
                self._give_back(setting, interpreter, alive=bool(said))
            if RUNNING.stopped:
                raise StoppedError
            if not result.exists():
                errors = Path(f"{result}.errors")
                why = errors.read_text("utf-8", "replace") if errors.exists() else ""
                how = said.strip() or "ended"
                raise EndedError(f"the interpreter {how}:\n{why}".rstrip(":\n"))
            record: dict[str, Any] = pickle.loads(result.read_bytes())
        return record

    def _take(
        self, setting: object, modules: list[str], deciding: Mapping[str, str]
    ) -> Interpreter:
        """An interpreter of a setting that is idle, or a new one."""
        with self.lock:
            for at, (known, interpreter) in enumerate(self.idle):
                if known == setting and interpreter.poll() is None:
                    del self.idle[at]
                    return interpreter
        # One thread a program, unless the environment says otherwise: two programs on
        # two cores are faster with a core each.
        variables = {"OMP_NUM_THREADS": "1", **ENVIRONMENT, **deciding}
        variables["PATH"] = os.pathsep.join(
            [str(Path(sys.executable).parent), variables.get("PATH", "")]
        )
        return RUNNING.command(
            [sys.executable, "-I", str(RUNNER), *modules],
            cwd=RUNNING.folder(),
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def _give_back(
        self, setting: object, interpreter: Interpreter, alive: bool
    ) -> None:
        with self.lock:
            if alive:
                self.idle.append((setting, interpreter))
            ended = self.idle[:-IDLE] if alive else [(setting, interpreter)]
            self.idle = self.idle[-IDLE:]
        for _, other in ended:
            close(other)

    def stop(self) -> None:
        """End the interpreters that wait."""
        with self.lock:
            ended, self.idle = self.idle, []
        for _, interpreter in ended:
            close(interpreter)


def close(interpreter: Interpreter) -> None:
    """End an interpreter, and close its pipes."""
    RUNNING.end(interpreter)
    with interpreter:
        pass


POOL = Pool()
