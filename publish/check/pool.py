"""Run many small programs, each in a fork of an interpreter that has torch already."""

from __future__ import annotations

import json
import pickle
import subprocess
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from publish.check.program import Done
from publish.check.running import ENVIRONMENT, RUNNING


@dataclass(frozen=True)
class Ran:
    """What came of a program: each part's outcome, and how long all took."""

    parts: list[Done]
    cpu_seconds: float


class Pool:
    """Interpreters that wait with torch imported, `count` of them at once.

    `statements` is a folder for what single statements did: see
    publish/inside/statements.py.
    """

    def __init__(self, count: int, statements: Path | None) -> None:
        self.statements = statements
        self.threads = ThreadPoolExecutor(count)
        self.idle: SimpleQueue[subprocess.Popen[str]] = SimpleQueue()
        self.servers = []
        self.folder = tempfile.TemporaryDirectory()
        variables = {"OMP_NUM_THREADS": "1", **ENVIRONMENT}
        for _ in range(count):
            server = RUNNING.start([], self.folder.name, variables)
            self.servers.append(server)
            self.idle.put(server)

    def submit(self, *parts: str) -> Future[Ran]:
        """Run the parts of a program, one after the other, in a new interpreter."""
        return self.threads.submit(self._run, parts)

    def _run(self, parts: tuple[str, ...]) -> Ran:
        # As pasted: no page, no figure's or claim's rules.
        plain = {"syntax": "python", "figure": False, "claim": None}
        where = {"file": "<copied>", "line": 1}
        blocks = [{**plain, **where, "code": code} for code in parts]
        job = {"blocks": blocks, "statements": self.statements and str(self.statements)}
        server = self.idle.get()
        try:
            with tempfile.TemporaryDirectory(dir=self.folder.name) as folder:
                source, result = Path(folder, "job.json"), Path(folder, "record")
                source.write_text(json.dumps(job), "utf-8")
                assert server.stdin
                assert server.stdout
                server.stdin.write(json.dumps([str(source), str(result)]) + "\n")
                server.stdin.flush()
                if server.stdout.readline() != "done\n" or not result.exists():
                    raise RuntimeError("an interpreter ended without a record")
                record = pickle.loads(result.read_bytes())
        finally:
            self.idle.put(server)
        return Ran([Done(**done) for done in record["blocks"]], record["cpu_seconds"])

    def stop(self) -> None:
        """End the interpreters."""
        self.threads.shutdown(wait=False, cancel_futures=True)
        for server in self.servers:
            RUNNING.end(server)
        self.threads.shutdown()
        for server in self.servers:
            with server:  # closes what leads to it
                pass
        self.folder.cleanup()
