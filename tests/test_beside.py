"""Tests of one mark run in a process of their own, beside the others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from publish.check.beside import together
from publish.project import ROOT

MARKED = "import pytest\n\n\n@pytest.mark.slow\ndef test_slow():\n    {}\n"
PLAIN = "def test_quick():\n    {}\n"
# Each waits until the other has begun.
MEETS = """import pathlib, time
    pathlib.Path("{}").touch()
    end = time.monotonic() + 30
    while time.monotonic() < end and not pathlib.Path("{}").exists():
        time.sleep(0.05)
    assert time.monotonic() < end"""


def begin(folder: Path, *given: str) -> subprocess.Popen[str]:
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    slow\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    command += ["-p", "publish.check.beside", "--beside=slow", *given]
    return subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def write(folder: Path, slow: str, quick: str) -> None:
    (folder / "test_slow.py").write_text(MARKED.format(slow))
    (folder / "test_quick.py").write_text(PLAIN.format(quick))


def test_both_run_at_the_same_time_and_each_says_how_it_went(tmp_path: Path):
    write(tmp_path, MEETS.format("slow", "quick"), MEETS.format("quick", "slow"))
    running = begin(tmp_path)
    said, _ = running.communicate(timeout=60)
    assert running.returncode == 0
    first, _, second = said.partition("The tests marked 'slow'")
    for part, own, other in (
        (first, "test_quick.py", "test_slow.py"),
        (second, "test_slow.py", "test_quick.py"),
    ):
        assert f"{own} ." in part
        assert other not in part
        assert "1 passed, 1 deselected" in part


@pytest.mark.parametrize(
    ("slow", "quick"),
    [("pass", "assert 0"), ("assert 0", "pass"), ("assert 0", "assert 0")],
)
def test_a_failure_of_either_fails(tmp_path: Path, slow: str, quick: str):
    write(tmp_path, slow, quick)
    running = begin(tmp_path)
    said, _ = running.communicate(timeout=60)
    assert running.returncode == 1
    failed = [
        name for name, code in (("slow", slow), ("quick", quick)) if code[0] == "a"
    ]
    assert [f"FAILED test_{name}" in said for name in failed] == [True] * len(failed)


def test_options_are_for_both(tmp_path: Path):
    write(tmp_path, "pass", "pass")
    running = begin(tmp_path, "-k", "quick", "-v")
    said, _ = running.communicate(timeout=60)
    assert running.returncode == 0, "no test in a browser is no failure"
    assert "test_quick PASSED" in said
    assert "test_slow" not in said


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [(0, 0, 0), (0, 5, 0), (5, 0, 0), (5, 5, 5), (1, 0, 1), (0, 1, 1), (0, -9, -9)],
)
def test_the_exit_status_is_that_of_both(first: int, second: int, status: int):
    assert together(first, second) == status


@pytest.mark.parametrize("waits", ["slow", "quick"])
def test_ctrl_c_ends_both_at_once(tmp_path: Path, waits: str):
    forever = (
        "from pathlib import Path; Path('begun').touch(); import time; time.sleep(99)"
    )
    write(tmp_path, *(forever if waits == one else "pass" for one in ("slow", "quick")))
    running = begin(tmp_path)
    while not (tmp_path / "begun").exists():
        assert running.poll() is None
        time.sleep(0.05)
    time.sleep(1)
    asked = time.monotonic()
    os.killpg(running.pid, signal.SIGINT)
    said, _ = running.communicate(timeout=60)
    assert running.returncode == pytest.ExitCode.INTERRUPTED
    assert "Traceback" not in said
    assert time.monotonic() - asked < 20
    # No process of its group is left.
    with pytest.raises(ProcessLookupError):
        os.killpg(running.pid, 0)
