"""Nothing lands or is published unless all checks have passed: workflows, .ci/run."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from publish.project import ROOT

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = {
    path.name: yaml.safe_load(path.read_text("utf-8")) for path in FOLDER.iterdir()
}
JOBS = {
    f"{file}: {name}": job
    for file, workflow in WORKFLOWS.items()
    for name, job in workflow["jobs"].items()
}
each_job = pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))
DEPLOYS, UPLOADS = "actions/deploy-pages", "actions/upload-pages-artifact"


def uses(step: dict[str, Any]) -> str:
    """The action that a step runs, without its version."""
    return str(step.get("uses", "")).partition("@")[0]


def publishing() -> tuple[dict[str, Any], dict[str, Any]]:
    """The one job that publishes, and the workflow that it is part of."""
    ((job, workflow),) = [
        (job, workflow)
        for workflow in WORKFLOWS.values()
        for job in workflow["jobs"].values()
        if any(uses(step) == DEPLOYS for step in job["steps"])
    ]
    return job, workflow


def commands(job: dict[str, Any]) -> list[str]:
    """What a job's steps run, for each value of its matrix."""
    written = [step["run"] for step in job["steps"] if "run" in step]
    for name, values in job.get("strategy", {}).get("matrix", {}).items():
        asked = f"${{{{ matrix.{name} }}}}"
        written = [
            text.replace(asked, value)
            for text in written
            for value in (values if asked in text else [asked])
        ]
    return written


def test_a_change_is_checked_before_it_lands_and_the_rest_each_week():
    # YAML 1.1 reads the key `on` as true.
    assert {file: workflow[True] for file, workflow in WORKFLOWS.items()} == {
        "docs.yml": {"push": {"branches": ["main"]}, "pull_request": None},
        "thorough.yml": {
            "schedule": [{"cron": "17 4 * * 1"}],
            "workflow_dispatch": None,
        },
    }
    assert commands(WORKFLOWS["docs.yml"]["jobs"]["check"]) == [".ci/run"]
    weekly = [
        run
        for job in WORKFLOWS["thorough.yml"]["jobs"].values()
        for run in commands(job)
    ]
    targets = [
        "matrix",
        "machines",
        "faults",
        "faults EXACT=0",
        "mutants",
        "matrix-torch",
        "audit",
    ]
    assert weekly == [f"make {target}" for target in targets]


def test_a_workflow_may_read_and_the_publishing_job_alone_may_publish():
    for file, workflow in WORKFLOWS.items():
        assert workflow["permissions"] == {"contents": "read"}, file
    deploys, _ = publishing()
    given = [job for job in JOBS.values() if "permissions" in job]
    assert given == [deploys]
    assert deploys["permissions"] == {"pages": "write", "id-token": "write"}


def test_the_site_is_published_from_main_after_every_check():
    deploys, workflow = publishing()
    assert deploys.get("needs") == "check"
    assert deploys.get("if") == (
        "github.ref == 'refs/heads/main' && github.event_name == 'push'"
    )
    assert [uses(step) for step in deploys["steps"]] == [DEPLOYS]
    assert not any("if" in step for step in deploys["steps"])
    # What is published is what was checked: built by .ci/run, in the same job, after
    # the tests, and uploaded only if that step passed.
    steps = workflow["jobs"]["check"]["steps"]
    (check,) = [at for at, step in enumerate(steps) if step.get("run") == ".ci/run"]
    (upload,) = [at for at, step in enumerate(steps) if uses(step) == UPLOADS]
    assert check < upload
    assert steps[upload]["with"] == {"path": "site"}
    # One job of the matrix uploads. With always(), it would after a failure, too.
    assert re.fullmatch(
        r"matrix\.python == '3\.\d+' && github\.ref == 'refs/heads/main'",
        steps[upload]["if"],
    )
    uploads = [
        step for job in JOBS.values() for step in job["steps"] if uses(step) == UPLOADS
    ]
    assert uploads == [steps[upload]]


@each_job
def test_a_job_runs_checks_and_fails_with_them(job: dict[str, Any]):
    for run in commands(job):
        target, *given = run.removeprefix("make ").split()
        assert run == ".ci/run" or target in TARGETS, f"there is no {run!r}"
        for variable in given:
            assert f"$({variable.partition('=')[0]})" in MAKEFILE, run
    for part in (job, *job["steps"]):
        assert not part.get("continue-on-error"), part
        # Another shell than the default may go on after an error.
        assert not {"shell", "defaults"} & set(part), part
    for step in job["steps"]:
        if "run" in step:
            assert "if" not in step, step
        elif uses(step) != UPLOADS and "if" in step:
            assert (uses(step), step["if"]) == ("actions/upload-artifact", "failure()")
    checks = "needs" in job or commands(job)
    assert checks, "a job that checks nothing"


@each_job
def test_a_job_s_actions_are_github_s_own_at_a_version(job: dict[str, Any]):
    for step in job["steps"]:
        if "uses" in step:
            assert re.fullmatch(r"actions/[\w-]+@(v\d+|[0-9a-f]{40})", step["uses"]), (
                step["uses"]
            )


@each_job
def test_what_a_job_sets_is_known_where_it_goes(job: dict[str, Any]):
    for part in (job, *job["steps"]):
        for name in part.get("env", {}):
            assert re.search(rf"\$\({name}\)", MAKEFILE), f"no target reads {name}"
    for step in job["steps"]:
        for name, value in step.get("with", {}).items():
            # GitHub refuses a workflow that gives an action a list.
            assert isinstance(value, str | bool | int), f"{step['uses']}: {name}"
        for file in step.get("with", {}).get("cache-dependency-path", "").split():
            assert (ROOT / file).exists(), file
        if uses(step) == "actions/upload-artifact":
            assert step["with"]["path"] == "report"


# Stands in for each tool: it logs its call, and fails if the call is $FAILS.
TOOL = """#!/bin/sh
called="$(basename "$0") $*"
echo "$called" >> "$LOG"
[ "$called" != "$FAILS" ] || exit 1
"""
# What a tool does besides, so that the steps after it can run.
DOES = {
    "make": '[ "$1" != serve ] || exec "$SLEEP" 60\n'
    '[ "$CHROMIUM" != none ] || echo not tested: the pages in a browser',
    "curl": 'grep -q "^make serve" "$LOG" && echo The learning-rate trench',
    "setsid": f'exec {sys.executable} -c "import os, sys; os.setsid(); '
    'os.execvp(sys.argv[1], sys.argv[1:])" "$@"',
    "sleep": 'exec "$SLEEP" 0.02',
}
BROWSER = "chromium"
SERVE = "setsid make serve"
ASKS = "curl -fs http://127.0.0.1:8000/descent-notes/notes/lr-trench/"
RUNS = [
    *("make .venv/.site", SERVE, "make serve", ASKS, "make test"),
    *("python3 -m venv .venv", "pip install -c constraints.txt -e .[dev]"),
    *("make lint", "make build"),
]
INSTALLS = [
    "apt-get update -qq",
    "apt-get install -y -qq --no-install-recommends chromium",
]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What .ci/run reads, and tools that only log their calls."""
    for name in (".ci/run", "README.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("tools/make", "tools/curl", "tools/setsid", "tools/sleep"):
        write_tool(tmp_path / name)
    for name in (f"tools/{BROWSER}", "tools/apt-get", "tools/python3", ".venv/bin/pip"):
        write_tool(tmp_path / name)
    for name in (
        "awk",
        "basename",
        "bash",
        "cat",
        "dirname",
        "env",
        "grep",
        "rm",
        "seq",
        "sh",
        "tee",
    ):
        found = shutil.which(name)
        assert found, name
        (tmp_path / "tools" / name).symlink_to(found)
    return tmp_path


def write_tool(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TOOL + DOES.get(path.name, "") + "\n", "utf-8")
    path.chmod(0o755)


def ci_run(clone: Path, fails: str = "") -> tuple[int, list[str]]:
    """The exit status of .ci/run, and its calls; the call `fails` fails."""
    log = clone / "log"
    log.unlink(missing_ok=True)
    environment = {
        "PATH": str(clone / "tools"),
        "LOG": str(log),
        "FAILS": fails,
        "SLEEP": shutil.which("sleep") or "",
    }
    ran = subprocess.run(
        [clone / ".ci" / "run"], env=environment, capture_output=True, timeout=60
    )
    called = log.read_text("utf-8").splitlines() if log.exists() else []
    return ran.returncode, [line for line in called if line != "sleep 1"]


def test_ci_runs_what_the_readme_promises_and_all_checks(clone: Path):
    status, called = ci_run(clone)
    assert status == 0
    # The server and curl run side by side, so their order varies.
    assert sorted(dict.fromkeys(called)) == sorted(RUNS)
    order = [run for run in dict.fromkeys(called) if run in RUNS[4:]]
    assert order == RUNS[4:]


@pytest.mark.parametrize("fails", [run for run in RUNS if run != "make serve"])
def test_ci_fails_if_one_of_its_steps_does(clone: Path, fails: str):
    status, called = ci_run(clone, fails)
    assert fails in called
    assert status != 0


def test_ci_fails_where_the_site_is_not_served(clone: Path):
    # The server has ended, so curl gets no page.
    (clone / "tools" / "curl").write_text("#!/bin/sh\nexit 7\n")
    status, called = ci_run(clone, "make serve")
    assert status != 0
    assert "make test" not in called
    # Another page than the one that was asked for.
    (clone / "tools" / "curl").write_text("#!/bin/sh\necho Not found\n")
    assert ci_run(clone)[0] != 0


@pytest.mark.parametrize("fails", INSTALLS)
def test_ci_fails_where_no_browser_can_be_installed(clone: Path, fails: str):
    (clone / "tools" / BROWSER).unlink()
    status, called = ci_run(clone)
    assert status == 0
    assert called[:2] == INSTALLS
    status, called = ci_run(clone, fails)
    assert status != 0
    assert called[-1] == fails


@pytest.mark.parametrize("block", [1, 2, 3])
def test_ci_fails_if_the_readme_promises_another_command(clone: Path, block: int):
    readme = clone / "README.md"
    parts = re.split(r"(?<=^```bash\n)", readme.read_text("utf-8"), flags=re.MULTILINE)
    parts[block] = f"false\n```\n{parts[block].partition('```')[2]}"
    readme.write_text("".join(parts), "utf-8")
    assert ci_run(clone)[0] != 0


def test_ci_can_be_run():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
