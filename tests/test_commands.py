"""The commands that the README and CONTRIBUTING name do what they say."""

import argparse
import ast
import functools
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
import yaml

from publish.check import machines, pytest_plugin
from publish.check.program import FEW, OTHER_SEEDS, ROUNDINGS, blocks_of
from publish.forms import script
from publish.page.source import notes, pages
from publish.project import ROOT, configured


def python(
    *arguments: str, cwd: Path = ROOT, path: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run Python, with the folder `path` before what it imports from."""
    paths = [path, str(ROOT), os.environ.get("PYTHONPATH")]
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        capture_output=True,
        text=True,
    )


PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")


def test_pytest_alone_collects_each_file_of_tests_and_each_block_of_a_page(
    only_with: Callable[[str], Path],
):
    collected = python(*PYTEST, "--collect-only", path=str(only_with("dev")))
    assert collected.returncode == 0, collected.stdout
    found = collected.stdout.splitlines()
    files = {line.partition("::")[0] for line in found if "::" in line}
    tests = {str(p.relative_to(ROOT)) for p in ROOT.glob("tests/**/test_*.py")}
    # Left out where there is no browser, and said then.
    assert tests - files in (set(), in_a_browser())
    for page in [*pages(), *notes()]:
        name = str(page.path.relative_to(ROOT))
        blocks = [f"{name}::{b.line} {b.name}" for b in blocks_of(page)]
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
    said = python(*PYTEST, "-p", "publish.check.pytest_plugin", str(path), cwd=tmp_path)
    assert said.returncode == 1, said.stdout


def in_a_browser() -> set[str]:
    """The files of tests that tests/conftest.py leaves out where no browser is."""
    tree = ast.parse((ROOT / "tests" / "conftest.py").read_text("utf-8"))
    (names,) = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == "IN_A_BROWSER"
    ]
    return {f"tests/{name}" for name in names}


MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = re.findall(r"^([a-z][a-z-]*):.*## ", MAKEFILE, re.MULTILINE)
READ = set(re.findall(r"\$\(([A-Z_]+)\)", MAKEFILE))
# Environment variables that decide how a target's tools run.
SETTINGS = {"ATEN_CPU_CAPABILITY", "MKL_CBWR", "OMP_NUM_THREADS"}
# Stands in for each tool: it logs its call, then does what DOES says. A new
# environment gets copies of it.
TOOL = """#!/bin/sh
echo "$(basename "$0") $*" >> "$LOG"
if [ "$1 $2" = "-m venv" ]; then
  for folder; do :; done  # the last argument
  mkdir -p "$folder/bin"
  for name in python pip uv pytest mkdocs typos ruff mypy zizmor lint-imports \\
    node npm; do
    cp "$0" "$folder/bin/$name"
  done
fi
eval "$DOES"
"""
FAILS_AT = '[ "$(wc -l < "$LOG")" -ne {} ]'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with what `make` reads, and a Python that is such a stand-in."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("python", *(f"bin/python3.{minor}" for minor in (11, 12, 13))):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(TOOL)
        (tmp_path / name).chmod(0o755)
    return tmp_path


def make(
    project: Path, *arguments: str, does: str = ""
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Make a target in that folder; return also what was called, in order."""
    log = project / "log"
    log.write_text("")
    # PyTorch as the package index has it, unless a test says otherwise.
    given = [] if any(a.startswith("TORCH_") for a in arguments) else ["TORCH_BACKEND="]
    command = ["make", "--no-print-directory", "-s", "PYTHON=./python", *given]
    path = f"{project}/bin:{os.environ['PATH']}"
    # Without the options and variables of a make that runs these tests.
    others = {*SETTINGS, *READ, "MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL"}
    kept = {k: v for k, v in os.environ.items() if k not in others}
    ran = subprocess.run(
        [*command, *arguments],
        cwd=project,
        env={**kept, "PATH": path, "LOG": str(log), "DOES": does},
        capture_output=True,
        text=True,
    )
    return ran, log.read_text("utf-8").splitlines()


def pip(extra: str) -> str:
    return f"pip install --disable-pip-version-check -c constraints.txt -e .[{extra}]"


NEW = "python -m venv .venv"
NPM = "npm install --prefix .venv/types --no-audit --no-fund --loglevel=error "
NPM += "typescript@7.0.2"
TYPES = ".venv/types/node_modules"


@pytest.mark.parametrize(
    ("target", "called"),
    [
        ("serve", [pip("site"), "mkdocs serve --livereload -a 127.0.0.1:8000"]),
        ("test", [pip("dev"), "pytest --beside=browser"]),
        ("figures", [pip("dev"), "python -m publish"]),
        ("machines", [pip("dev"), "python -m publish.check.machines 40"]),
        ("faults", [pip("dev"), "python -m publish.check.faults"]),
        ("audit", [pip("audit"), "python -m publish.site.audit"]),
        ("build", [pip("site"), "mkdocs build --strict"]),
        (
            "lint",
            [
                *(pip("dev"), NPM, "typos ", "ruff check", "ruff format --check"),
                *("mypy ", f"node {TYPES}/typescript/bin/tsc -p tests/play"),
                "lint-imports --no-logo --no-cache",
                "zizmor --quiet --offline --strict-collection .github",
            ],
        ),
        ("format", [pip("dev"), "ruff check --fix", "ruff format"]),
    ],
)
def test_a_target_sets_up_what_it_needs_once_and_runs_its_tools(
    target: str, called: list[str], project: Path
):
    ran, first = make(project, target)
    assert (ran.returncode, first) == (0, [NEW, *called])
    ran, second = make(project, target)
    again = [command for command in called if " install " not in command]
    assert (ran.returncode, second) == (0, again)


def test_mutmut_comes_to_what_the_tests_need(project: Path):
    ran, first = make(project, "mutants", "ONLY=publish.page.slices*")
    called = [
        NEW,
        pip("dev"),
        pip("mutants"),
        "python -m publish.check.mutants publish.page.slices*",
    ]
    assert (ran.returncode, first) == (0, called)
    assert make(project, "mutants")[1] == ["python -m publish.check.mutants"]


@pytest.mark.parametrize("target", sorted({*TARGETS} - {"help", "clean", "report"}))
def test_a_target_fails_with_any_of_its_tools(target: str, project: Path):
    _, called = make(project, target)
    assert len(called) > 2
    for number in range(1, len(called) + 1):
        shutil.rmtree(project / ".venv", ignore_errors=True)
        for other in project.glob(".venv-*"):
            shutil.rmtree(other)
        ran, until = make(project, target, does=FAILS_AT.format(number))
        assert until[:number] == called[:number]
        assert ran.returncode, f"{called[number - 1]} may fail"


def test_a_set_up_that_failed_is_tried_again(project: Path):
    ran, called = make(project, "test", does=FAILS_AT.format(2))
    assert ran.returncode
    assert called == [NEW, pip("dev")]
    assert make(project, "test")[1] == [pip("dev"), "pytest --beside=browser"]


def test_the_report_is_of_this_run_or_says_that_nothing_differs(project: Path):
    report = project / "report" / "index.html"
    report.parent.mkdir()
    report.write_text("of another run")
    ran, called = make(project, "report")
    assert ran.returncode == 0
    assert not report.exists()
    assert "Nothing differs" in ran.stdout
    assert called[-1].endswith(
        "tests/test_published.py tests/test_bounds.py docs/notes"
    )
    # Tests that fail because something differs leave a report.
    differs = '[ "$(basename "$0")" != pytest ] || { mkdir -p report; '
    ran, _ = make(project, "report", does=differs + ": > report/index.html; exit 1; }")
    assert ran.returncode == 0
    assert report.exists()
    assert "Nothing differs" not in ran.stdout
    # Tests that fail otherwise leave none: nothing was compared.
    ran, _ = make(project, "report", does='[ "$(basename "$0")" != pytest ]')
    assert ran.returncode
    assert "Nothing differs" not in ran.stdout


def test_the_matrix_runs_all_tests_under_each_setting(project: Path):
    names = " ".join(f"${name}" for name in sorted(SETTINGS))
    ran, _ = make(project, "matrix", does=f'echo {names} "pytest $*"')
    assert ran.returncode == 0
    said = [line.split(maxsplit=1) for line in ran.stdout.splitlines()]
    assert said[-5:] == [
        ["ATEN_CPU_CAPABILITY=default", "default pytest -q --runs"],
        ["ATEN_CPU_CAPABILITY=avx2", "avx2 pytest -q --runs"],
        ["MKL_CBWR=COMPATIBLE", "COMPATIBLE pytest -q --runs"],
        ["OMP_NUM_THREADS=1", "1 pytest -q --runs"],
        ["OMP_NUM_THREADS=2", "2 pytest -q --runs"],
    ]


@pytest.mark.parametrize("setting", ["ATEN_CPU_CAPABILITY", "MKL_CBWR"])
def test_the_matrix_says_what_failed_and_goes_on(setting: str, project: Path):
    tool = f'[ -z "${setting}" ] || {{ echo "FAILED a_test"; echo 1 failed; exit 1; }}'
    ran, _ = make(project, "matrix", does=f"{tool}; echo 9 passed")
    assert ran.returncode
    assert "1 failed\nFAILED a_test" in ran.stdout
    assert "9 passed" in ran.stdout.rpartition(setting)[2]


class Item:
    """A test, as shards are made of them; `slug` is the page whose run it reads."""

    def __init__(self, path: str, slug: str = "") -> None:
        self.path, self.slug = path, slug


def test_shards_have_each_test_once_and_a_page_s_together(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(
        pytest_plugin, "page_needed", lambda item: item if item.slug else None
    )
    items = [Item("a.py") for _ in range(5)]
    items += [Item(f"{n}.py", f"page-{n % 3}") for n in range(30)]
    items += [Item(f"{n}.py") for n in range(20)]
    parts = [pytest_plugin.in_shard(items, number, 4) for number in range(1, 5)]
    assert sum(map(len, parts)) == len(items) == len(set().union(*parts))
    assert max(map(len, parts)) - min(map(len, parts)) <= 10
    for slug in ("page-0", "page-1", "page-2"):
        assert sum(slug in {item.slug for item in part} for part in parts) == 1
    assert pytest_plugin.in_shard(items, 1, 1) == set(items)


@pytest.mark.parametrize("wrong", ["0/4", "5/4", "2", "2/0", "a/b"])
def test_a_shard_is_one_of_so_many(wrong: str):
    with pytest.raises(argparse.ArgumentTypeError, match="is not K/N, as 2/4 is"):
        pytest_plugin.shard(wrong)
    assert pytest_plugin.shard("2/4") == (2, 4)


SOME = [f"tests/test_{name}.py" for name in ("published", "prose", "tolerance")]
SOME += ["tests/facts", "docs"]


@functools.cache
def collected(*options: str) -> list[str]:
    """The tests of these files that would run with such options."""
    ran = python(*PYTEST, "--collect-only", *options, *SOME)
    return [line for line in ran.stdout.splitlines() if "::" in line]


def test_a_note_s_tests_are_all_that_are_about_it_and_no_others():
    every, kept = collected(), collected("--note=lr-decay")
    assert kept == [t for t in every if re.search("lr-decay|facts.*lr_decay", t)]
    facts = "tests/facts/test_lr_decay.py"
    files = {*SOME[:2], facts, "docs/notes/lr-decay.md"}
    assert {line.partition("::")[0] for line in kept} == files
    said = python(*PYTEST, "--collect-only", "--note=lr-rise", "docs").stderr
    assert "no note lr-rise. The notes: all-eight, batch-dimension," in said


def test_the_tests_of_runs_are_those_that_need_one():
    every, kept = collected(), collected("--runs")
    held = [t for t in every if t.startswith(("tests/facts/", "docs/notes/"))]
    assert {*held} < {*kept} < {*every}
    assert any("test_what_a_program_leaves" in test for test in kept)
    assert not any("test_tolerance" in test or "_left_over" in test for test in kept)


def test_help_names_every_target():
    public = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert public
    assert sorted(public[1].split()) == sorted(TARGETS)
    said = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True).stdout
    assert (
        re.findall(r"^make ([a-z-]+) ", said, re.MULTILINE)[: len(TARGETS)] == TARGETS
    )


def documented() -> Iterator[tuple[str, str]]:
    """Each `make` command that a file names, and the file."""
    files = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "pyproject.toml"]
    files += [*ROOT.glob("publish/**/*.py"), *ROOT.glob("tests/**/*.py")]
    for path in files:
        text = path.read_text("utf-8")
        for quoted in re.findall(r"(?<!`)`make ([a-z][^`\n{]*)`(?!`)", text):
            yield quoted, path.name
        for block in re.findall(r"^```bash\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            for line in block.splitlines():
                if line.startswith("make "):
                    yield line.removeprefix("make "), path.name
    # "make figures   Run the programs (NOTE=lr-trench: of one)"
    for line in re.findall(r"^[a-z-]+:.*## .*", MAKEFILE, re.MULTILINE):
        for variable in re.findall(r"\((\w+=\S+?)[):]", line):
            yield f"{line.partition(':')[0]} {variable}", "Makefile"
    for quoted in re.findall(r"echo 'make (.*?=\S+)", MAKEFILE):
        yield quoted, "Makefile"


COMMANDS = sorted({command for command, _ in documented()})


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_is_named_can_be_made(command: str):
    target, *_ = command.split()
    files = {file for other, file in documented() if other == command}
    assert target in TARGETS, f"{files}: there is no `make {target}`"


@pytest.mark.parametrize("command", [c for c in COMMANDS if "=" in c])
def test_what_a_command_is_given_reaches_its_tools(command: str, project: Path):
    target, *given = command.split()
    for variable in given:
        name = variable.partition("=")[0]
        # These two name the Python to run, so they need one that is there.
        own = {"PYTHON": f"{project}/python", "PYTHONS": "3.12"}
        _, without = make(project, target)
        for environment in project.glob(".venv*"):
            shutil.rmtree(environment)
        ran, called = make(project, target, f"{name}={own.get(name, 'probe')}")
        assert ran.returncode == 0
        assert called != without or name == "PYTHON", f"make {target} ignores {name}"
        # The environment has no "probe" of its own.
        assert not any("probe" in line for line in without)


def test_help_and_contributing_name_what_a_target_can_be_given():
    named = {v.partition("=")[0] for c in COMMANDS for v in c.split()[1:]}
    # Constants of the Makefile, and make's own variables: not to be given.
    own = {
        *re.findall(r"^([A-Z_]+) :=", MAKEFILE, re.MULTILINE),
        "MAKEFILE_LIST",
        "MAKE",
    }
    assert READ - own <= named | {"PYTHON"}


UV = "uv pip install --python .venv/bin/python --torch-backend={}"
FAILS_UV = '[ "$(basename "$0")" != uv ]'


@pytest.mark.parametrize(("system", "backend"), [("Linux", "cpu"), ("Darwin", None)])
def test_make_takes_pytorch_without_cuda_on_linux(
    system: str, backend: str | None, project: Path
):
    (project / "bin" / "uname").write_text(f"#!/bin/sh\necho {system}\n")
    (project / "bin" / "uname").chmod(0o755)
    text = (project / "Makefile").read_text("utf-8")
    assert text.count("TORCH_BACKEND ?=") == 1
    # TORCH_= only keeps `make` above from giving TORCH_BACKEND= by itself.
    ran, called = make(project, "test", "TORCH_=")
    assert ran.returncode == 0
    torch = [line for line in called if line.startswith("uv ")]
    wanted = [f"{UV.format(backend)} -c constraints.txt torch"] if backend else []
    assert torch == wanted
    # PyTorch comes first, so that it meets the project's requirement.
    assert called.index(pip("dev")) > called.index(torch[0]) if torch else True


def test_where_pytorch_without_cuda_can_t_be_had_make_takes_its_default_and_says_so(
    project: Path,
):
    (project / "bin" / "uname").write_text("#!/bin/sh\necho Linux\n")
    (project / "bin" / "uname").chmod(0o755)
    ran, called = make(project, "test", "TORCH_=", does=FAILS_UV)
    assert ran.returncode == 0
    assert "without CUDA can't be reached: taking its default" in ran.stdout
    assert called[-2:] == [pip("dev"), "pytest --beside=browser"]
    # A backend that is asked for by name is installed, or make fails.
    shutil.rmtree(project / ".venv")
    ran, called = make(project, "test", "TORCH_BACKEND=cu128", does=FAILS_UV)
    assert ran.returncode
    assert called[-1] == f"{UV.format('cu128')} -c constraints.txt torch"


@pytest.mark.parametrize(
    ("extra", "command"),
    [  # `mkdocs build` with [site] is what makes the site that other tests look at.
        ("test", ["publish"]),
        ("test", ["pytest", "--version", "-p", "publish.check.pytest_plugin"]),
        ("audit", ["publish.site.audit"]),
        ("dev", ["publish.check.faults"]),
    ],
)
def test_a_command_starts_with_what_its_extra_brings(
    extra: str, command: list[str], only_with: Callable[[str], Path]
):
    ran = python("-m", *command, "--help", path=str(only_with(extra)))
    assert ran.returncode == 0, ran.stderr


def test_what_a_file_imports_comes_with_an_extra(
    brought_by: Callable[[str], set[str]], modules: dict[str, set[str]]
):
    folders = [ROOT / name for name in ("publish", "snippets", "tests")]
    # The runner loads effects by its path.
    own = {
        "publish",
        "effects",
        *(path.stem for path in (ROOT / "snippets").glob("*.py")),
    }
    found = [path for folder in folders for path in folder.glob("**/*.py")]
    # The example is a project of its own.
    for path in (path for path in found if "example" not in path.parts):
        extra = "audit" if path.name == "audit.py" else "dev"
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [] if node.level else [node.module or ""]
            else:
                continue
            for name in {name.partition(".")[0] for name in names}:
                known = name in own or name in sys.stdlib_module_names
                where = f"{path.relative_to(ROOT)}:{node.lineno}"
                found_in = modules.get(name, set()) & brought_by(extra)
                assert known or found_in, f"{where}: [{extra}] does not bring {name}"


@functools.cache
def scripts_of(name: str) -> set[str]:
    """The commands that a distribution puts beside Python."""
    try:
        files = distribution(name).files or []
    except PackageNotFoundError:  # for other machines only, or not yet installed
        return {name}
    return {path.stem for path in files if path.parent.name in ("bin", "Scripts")}


def scripts(brought: set[str]) -> set[str]:
    return {script for name in brought for script in scripts_of(name)}


def test_a_target_s_tools_come_with_its_extra(brought_by: Callable[[str], set[str]]):
    rules = re.findall(
        r"^([a-z-]+): \$\(VENV\)/\.(\w+) .*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE
    )
    assert len(rules) >= 8
    for target, extra, recipe in rules:
        tools = set(re.findall(r"\$\(BIN\)/([\w-]+)", recipe)) - {"python"}
        assert tools <= scripts(brought_by(extra)), f"make {target}: [{extra}]"


def test_the_way_without_make_has_what_it_starts(
    brought_by: Callable[[str], set[str]],
):
    readme = (ROOT / "README.md").read_text("utf-8")
    (extra,) = re.findall(r"^\.venv/bin/pip .* -e '\.\[(\w+)\]'$", readme, re.MULTILINE)
    started = re.findall(r"`\.venv/bin/([^`]+)`", readme)
    assert started == ["mkdocs serve --livereload", "pytest"]
    assert {line.split()[0] for line in started} <= scripts(brought_by(extra))
    # The Makefile starts them so, too.
    for line in started:
        assert re.search(rf"\t\$\(BIN\)/{line}( -a \S+| \$\(.+)?\n", MAKEFILE)


def test_the_project_s_addresses_are_the_same_everywhere():
    site = f"{configured(ROOT, 'site_url')}/"
    repository = configured(ROOT, "repo_url")
    owner, name = repository.removeprefix("https://github.com/").split("/")
    assert site == f"https://{owner}.github.io/{name}/"
    assert f"\nrepo_name: {name}\n" in (ROOT / "mkdocs.yml").read_text("utf-8")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert (citation["url"], citation["repository-code"]) == (site, repository)
    files = [*ROOT.glob("*.md"), *ROOT.glob("*.toml"), *ROOT.glob("*.yml")]
    files += [ROOT / "docs" / "index.md", ROOT / "docs" / "claims.md"]
    for path in files:
        text = path.read_text("utf-8")
        repositories = re.findall(r"github\.com/([\w.-]+/[\w-]+)", text)
        sites = re.findall(r"([\w-]+)\.github\.io/([\w-]+)", text)
        assert {*repositories} <= {f"{owner}/{name}"}, path.name
        assert {*sites} <= {(owner, name)}, path.name


def listing(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*")}


def test_clean_removes_what_git_ignores_and_nothing_else(tmp_path: Path):
    root = tmp_path / "descent-notes"
    ignored = (ROOT / ".gitignore").read_text("utf-8").split()
    ignored = [name.removeprefix("/") for name in ignored]
    patterns = [".git", *(name.rstrip("/") for name in ignored)]
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*patterns))
    for name in (
        *(".git/HEAD", ".git/site/x", ".env", ".venvironment", "docs/site/mine.md"),
        *("docs/report/mine.md", "my-report/mine.txt", "sites/mine.txt", "cache/mine"),
        *("mine.egg-info.txt", "notes.txt", "snippets/.venv.py"),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("mine")
    kept = listing(root)
    made = [name.replace("*", "some") for name in ignored]
    made += [f"{folder}/__pycache__" for folder in ("publish", "tests", "tests/facts")]
    made += [".venv-2.14.1", ".cache/runs"]
    for name in made:
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name / "file").write_text("made")
    ran = subprocess.run(["make", "clean"], cwd=root, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert listing(root) - kept == set()
    assert kept - listing(root) == set()


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
    assert f"Python {low} or later" in script.needs(notes()[0])


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


def test_a_program_is_run_in_nineteen_ways_to_publish_it():
    ways = [{}, *ROUNDINGS, *OTHER_SEEDS]
    assert len({str(sorted(way.items())) for way in ways}) == len(ways) == 19
    for few in (ROUNDINGS[:FEW], ROUNDINGS):
        named = {name for way in few for name in way}
        assert named == {"ATEN_CPU_CAPABILITY", "MKL_CBWR", "DESCENT_NUDGE"}
        sets = {way.get("ATEN_CPU_CAPABILITY", "") for way in few}
        assert sets == {"default", "avx2", ""}
    nudges = {way["DESCENT_NUDGE"] for way in ROUNDINGS}
    elsewhere = machines.machines(40)
    assert not nudges & {way["DESCENT_NUDGE"] for way in elsewhere}
    assert {way["OMP_NUM_THREADS"] for way in elsewhere} == {"1", "2"}
    assert sum("MKL_CBWR" in way for way in elsewhere) == 5
    assert len({str(way) for way in elsewhere}) == 40
    seeds = [int(way["DESCENT_SEEDS"]) for way in OTHER_SEEDS]
    # Further apart than the seeds that a program takes.
    assert abs(seeds[0] - seeds[1]) >= 1000 <= min(seeds)
