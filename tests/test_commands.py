"""The commands that the README and CONTRIBUTING name do what they say."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from publish import downloads
from publish.pages import ROOT, notes, pages
from publish.program import OTHER_SEEDS, ROUNDINGS, blocks_of


def pytest_says(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(
        [*command, *arguments], cwd=cwd, env=environment, capture_output=True, text=True
    )


def test_pytest_alone_collects_each_file_of_tests_and_each_block_of_a_page():
    found = pytest_says("--collect-only").stdout.splitlines()
    files = {line.partition("::")[0] for line in found if "::" in line}
    tests = {str(p.relative_to(ROOT)) for p in ROOT.glob("tests/**/test_*.py")}
    # Left out where there is no browser, and said then.
    assert tests - files <= {"tests/test_browser.py"}
    for page in [*pages(), *notes()]:
        name = str(page.path.relative_to(ROOT))
        blocks = [f"{name}::{b.page_line} {b.name}" for b in blocks_of(page)]
        assert [line for line in found if line.startswith(f"{name}::")] == blocks
    assert "README.md" in files


@pytest.mark.parametrize(
    "code",
    [
        "@pytest.mark.skip\ndef test_it():\n    pass\n",
        "@pytest.mark.xfail\ndef test_it():\n    assert False\n",
        "@pytest.mark.xfail\ndef test_it():\n    assert True\n",
        "def test_it():\n    pytest.skip('not today')\n",
    ],
)
def test_a_test_that_is_skipped_fails(code: str, tmp_path: Path):
    path = tmp_path / "test_it.py"
    path.write_text(f"import pytest\n\n\n{code}")
    said = pytest_says("-p", "publish.pytest_plugin", str(path), cwd=tmp_path)
    assert said.returncode == 1, said.stdout


def make(target: str, tmp_path: Path, tool: str) -> subprocess.CompletedProcess[str]:
    """Make a target where pytest, ruff, mypy, … are the script `tool`."""
    for name in ("python", "pytest", "mkdocs", "typos", "ruff", "mypy"):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{tool}\n")
        path.chmod(0o755)
    for stamp in (".dev", ".site", ".audit"):
        (tmp_path / stamp).touch()
    command = ["make", "--no-print-directory", "-s", target, f"VENV={tmp_path}"]
    environment = {k: v for k, v in os.environ.items() if k not in SETTINGS}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True
    )


SETTINGS = {"ATEN_CPU_CAPABILITY", "MKL_CBWR", "OMP_NUM_THREADS"}


def test_the_matrix_runs_all_tests_under_each_setting(tmp_path: Path):
    names = " ".join(f"${name}" for name in sorted(SETTINGS))
    ran = make("matrix", tmp_path, f'echo {names} "pytest $*"')
    assert ran.returncode == 0
    said = [line.split(maxsplit=1) for line in ran.stdout.splitlines()]
    assert said == [
        ["ATEN_CPU_CAPABILITY=default", "default pytest -q"],
        ["ATEN_CPU_CAPABILITY=avx2", "avx2 pytest -q"],
        ["MKL_CBWR=COMPATIBLE", "COMPATIBLE pytest -q"],
        ["OMP_NUM_THREADS=1", "1 pytest -q"],
        ["OMP_NUM_THREADS=2", "2 pytest -q"],
    ]


@pytest.mark.parametrize("setting", ["ATEN_CPU_CAPABILITY", "MKL_CBWR"])
def test_the_matrix_fails_if_one_setting_does(setting: str, tmp_path: Path):
    tool = f'[ -z "${setting}" ] || {{ echo "FAILED a_test"; echo 1 failed; exit 1; }}'
    ran = make("matrix", tmp_path, f"{tool}; echo 9 passed")
    assert ran.returncode
    assert "1 failed\nFAILED a_test" in ran.stdout
    assert "9 passed" in ran.stdout


@pytest.mark.parametrize(
    ("target", "ran"),
    [
        ("test", ["pytest"]),
        ("faults", ["python -m publish.faults"]),
        ("audit", ["python -m publish.audit"]),
        ("build", ["mkdocs build --strict"]),
        ("lint", ["typos", "ruff check", "ruff format --check", "mypy"]),
    ],
)
def test_a_target_runs_its_tools_and_fails_with_them(
    target: str, ran: list[str], tmp_path: Path
):
    say = 'echo $(basename "$0") "$@"'
    assert make(target, tmp_path, say).stdout.splitlines() == ran
    assert make(target, tmp_path, f"{say}; exit 1").returncode


def test_a_change_lands_after_all_checks():
    text = (ROOT / ".ci" / "run").read_text("utf-8")
    lines = text.splitlines()
    assert "set -euo pipefail" in lines
    assert {"$test", "make lint", "make build"} <= {*lines}
    assert "test=$(readme 2)" in lines
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "```bash\nmake test\n```" in readme


def test_the_same_python_versions_are_named_everywhere():
    low, high = "3.11", "3.13"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["requires-python"] == ">=3.11,<3.14"
    text = {n: (ROOT / n).read_text("utf-8") for n in ("README.md", "Makefile")}
    assert f"Python {low} to {high}" in text["README.md"]
    assert "python3.11 python3.12 python3.13 python3;" in text["Makefile"]
    assert "(3, 11) <= sys.version_info < (3, 14)" in text["Makefile"]
    workflow = (ROOT / ".github" / "workflows" / "docs.yml").read_text("utf-8")
    assert 'python: ["3.11", "3.12", "3.13"]' in workflow
    assert f"Python {low} or later" in downloads.NEEDS


def test_the_other_pytorch_is_a_newer_one():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    other = re.search(r"^TORCH \?= (\S+)$", makefile, re.MULTILINE)
    pin = re.search(
        r"^torch==(\S+)$", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE
    )
    assert other
    assert pin
    versions = [tuple(map(int, found[1].split("."))) for found in (pin, other)]
    assert versions[0] < versions[1]
    contributing = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert f"`make matrix-torch TORCH={other[1]}`" in contributing


def test_a_program_is_run_in_five_ways_to_publish_it():
    ways = [{}, *ROUNDINGS, *OTHER_SEEDS]
    assert len({str(sorted(way.items())) for way in ways}) == len(ways) == 5
    named = {name for way in ROUNDINGS for name in way}
    assert named == {"ATEN_CPU_CAPABILITY", "MKL_CBWR", "DESCENT_NUDGE"}
    seeds = [int(way["DESCENT_SEEDS"]) for way in OTHER_SEEDS]
    # Further apart than the seeds that a program takes.
    assert abs(seeds[0] - seeds[1]) >= 1000 <= min(seeds)
