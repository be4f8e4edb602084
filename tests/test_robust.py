"""Nothing breaks when runs are interrupted, disks are full or files are missing."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from click import ClickException
from click.testing import CliRunner

from publish.check import files, page_files, program, publishing, running
from publish.check.pool import EndedError, Pool
from publish.check.program import (
    Record,
    blocks_of,
    check_block,
    machine_key,
    run,
)
from publish.check.pytest_plugin import Programs
from publish.check.running import RUNNING
from publish.forms import notebook
from publish.inside import machine
from publish.page.parts import parts, program_blocks
from publish.page.source import Page, notes
from publish.project import ROOT, PageError

PAGE = """\
---
description: A page.
---

# Demo

```python
# %% setup
```

```python
# %% add
```

```python
# %% figure: line
```

![A line.](../published/demo/line-light.svg)
"""
SNIPPET = """\
from color_names import plt, values

# %% add
total = sum(values)
print(total)

# %% figure: line
fig, ax = plt.subplots()
ax.plot(values)
"""
CONFIG = """\
site_name: Demo
theme: {name: material, font: false}
plugins: []
hooks: [publish/site/hooks.py]
markdown_extensions:
  [attr_list, pymdownx.details, pymdownx.superfences, publish.forms.extension]
"""


# What `python -m` does, with Ctrl-C switched on: a shell's background jobs, of which
# pytest may be one, ignore it, and so does what they start.
MODULE = """\
import runpy, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
del sys.argv[0]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


class Project:
    """A project of one page, with a copy of what publishes it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.started: list[subprocess.Popen[str]] = []
        self.page = root / "docs" / "notes" / "demo.md"
        self.snippet = root / "snippets" / "demo.py"
        self.published = root / "docs" / "published" / "demo"
        self.page.parent.mkdir(parents=True)
        self.snippet.parent.mkdir()
        unwanted = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "publish", root / "publish", ignore=unwanted)
        for name in ("CITATION.cff", "pyproject.toml"):
            shutil.copy(ROOT / name, root)
        setup = "import matplotlib.pyplot as plt\n\nvalues = [1, 2, 3]\n"
        (root / "snippets" / "color_names.py").write_text(setup)
        (root / "mkdocs.yml").write_text(CONFIG)
        (root / "docs" / "index.md").write_text("# Demo\n")
        (root / "docs" / "glossary.md").write_text("# Words\n")
        (root / "docs" / "references.toml").write_text("")
        self.page.write_text(PAGE)
        self.snippet.write_text(SNIPPET)

    def add(self, code: str) -> None:
        """Put code in front of the sum, in the cell that adds."""
        self.snippet.write_text(SNIPPET.replace("total =", f"{code}\ntotal =", 1))

    def read(self) -> Page:
        return Page(self.page, self.root)

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Start a Python module in the project, as in a terminal of its own."""
        variables = {"PYTHONPATH": str(self.root), "NO_MKDOCS_2_WARNING": "1"}
        environment = {**os.environ, **variables}
        environment.pop("DESCENT_STATEMENTS", None)
        ran = subprocess.Popen(
            [sys.executable, "-c", MODULE, *command],
            cwd=self.root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.started.append(ran)
        return ran

    def say(self, *command: str) -> tuple[int, str]:
        """Run a module to its end: its status, and all that it prints."""
        ran = self.start(*command)
        out, errors = ran.communicate()
        return ran.returncode, out + errors


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project(tmp_path)
    yield made
    for ran in made.started:
        ran.kill()  # if a test has failed
        ran.communicate()


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """A run of the page, of which nothing is published."""
    return run(Project(tmp_path_factory.mktemp("demo")).read())


# Interrupted

SLEEP = """\
from subprocess import run
with open({path!r}, "w") as pipe:
    pipe.write("started")
    pipe.flush()
    run(["sleep", "900"], stdout=pipe)"""
SLEEP_ALONE = SLEEP.replace("from subprocess import run", "import time").replace(
    'run(["sleep", "900"], stdout=pipe)', "time.sleep(900)"
)


class Pipe:
    """A pipe that programs and what they start hold open as long as they run."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def read(self) -> bytes | None:
        """What was written; b"" if no writer is left; None if none has written."""
        try:
            return os.read(self.end, 99)
        except BlockingIOError:
            return None

    def wait_for_start(self, started_by: subprocess.Popen[str] | None = None) -> None:
        while not self.read():
            if started_by and started_by.poll() is not None:
                pytest.fail("".join(started_by.communicate()))
            time.sleep(0.05)

    def is_let_go(self) -> bool:
        """Whether all programs that had it open end within ten seconds."""
        for _ in range(100):
            if self.read() == b"":
                return True
            time.sleep(0.1)
        return False


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[Pipe]:
    made = Pipe(tmp_path / "pipe")
    yield made
    os.close(made.end)


# A terminal sends Ctrl-C to the process group; `kill` signals one process.
@pytest.mark.parametrize(
    ("send", "number", "status"),
    [(os.killpg, signal.SIGINT, 130), (os.kill, signal.SIGTERM, 143)],
)
def test_publishing_ends_when_it_is_interrupted_and_keeps_nothing_of_it(
    project: Project, pipe: Pipe, send, number: int, status: int
):
    project.add(SLEEP.format(path=str(project.root / "pipe")))
    ran = project.start("publish")
    pipe.wait_for_start(ran)
    send(ran.pid, number)
    _, errors = ran.communicate(timeout=60)
    assert ran.returncode == status
    assert re.fullmatch(r"Interrupted\..*\n", errors)
    assert pipe.is_let_go()
    assert not list(project.root.glob(".cache/runs/*"))
    assert not project.published.exists()


@pytest.mark.parametrize("command", ["publish.check.faults", "publish.check.machines"])
def test_a_long_check_ends_when_it_is_interrupted(command: str):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    line = [sys.executable, "-u", "-m", command]
    ran = subprocess.Popen(line, cwd=ROOT, start_new_session=True, **pipes)
    assert ran.stdout.readline()  # its first line: it has started
    os.killpg(ran.pid, signal.SIGINT)
    _, errors = ran.communicate(timeout=60)
    assert ran.returncode == 130
    assert re.fullmatch(r"Interrupted\..*\n", errors)


def test_programs_end_when_what_started_them_is_killed(project: Project, pipe: Pipe):
    project.add(SLEEP_ALONE.format(path=str(project.root / "pipe")))
    ran = project.start("publish")
    pipe.wait_for_start(ran)
    ran.kill()
    ran.communicate()
    assert pipe.is_let_go()


def test_pytest_ends_when_it_is_interrupted(project: Project, pipe: Pipe):
    project.add(SLEEP.format(path=str(project.root / "pipe")))
    ran = project.start("pytest", "docs")
    pipe.wait_for_start(ran)
    os.killpg(ran.pid, signal.SIGINT)
    said, errors = ran.communicate(timeout=60)
    assert ran.returncode == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in said
    assert not errors
    assert pipe.is_let_go()


def test_a_fork_ends_with_what_it_is_a_fork_of(pipe: Pipe, tmp_path: Path):
    code = SLEEP.format(path=str(tmp_path / "pipe"))
    block = {"syntax": "python", "figure": False, "claim": None, "code": code}
    # An interpreter of its own, told from others by the module that it imports.
    job = [{**block, "file": "here", "line": 1}], ["stringprep"], {}, None
    with ThreadPoolExecutor(1) as threads:
        ran = threads.submit(Pool().run, *job)
        pipe.wait_for_start()
        (interpreter,) = (
            one for one in RUNNING.programs if one.args[-1] == "stringprep"
        )
        RUNNING.end(interpreter)
        with pytest.raises(EndedError, match="the interpreter ended"):
            ran.result()
    assert pipe.is_let_go()


def test_a_program_gets_no_input(project: Project):
    project.add("input()")
    with pytest.raises(PageError, match=r"(?s)demo\.md:11: .*EOFError"):
        check_block(run(project.read()), 1)


# A full disk, and files cut short


def test_a_run_that_fails_is_not_kept(project: Project):
    cache, obstacle = project.root / "cache", project.root / "obstacle"
    project.add(f"import os\nassert not os.path.exists({str(obstacle)!r})")
    obstacle.touch()
    assert run(project.read(), {}, cache).done[1].error
    assert not list(cache.glob("*"))
    obstacle.unlink()
    assert run(project.read(), {}, cache).done[1].output == "6\n"
    assert len(list(cache.glob("*"))) == 1


@pytest.mark.parametrize("size", [0, 20])
def test_what_is_cut_short_in_a_cache_is_missing(project: Project, size: int):
    cache, kept_statements = project.root / "cache", project.root / "statements"
    slow = "import time\nfor i in range(2):\n    time.sleep(0.1)\n    values[i] += 1"
    project.add(slow)
    run(project.read(), {}, cache, kept_statements)
    kept = [*cache.iterdir(), *kept_statements.iterdir()]
    assert len(kept) == 2
    sizes = [path.stat().st_size for path in kept]
    for path in kept:
        os.truncate(path, size)
    assert run(project.read(), {}, cache, kept_statements).done[1].output == "8\n"
    assert [path.stat().st_size for path in kept] == sizes
    assert run(project.read(), {}, cache, kept_statements).seconds == 0  # read, not run


@contextmanager
def full_after(size: int) -> Iterator[None]:
    """Limit each file to `size` bytes, as a full disk does."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_on_a_full_disk_nothing_changes(project: Project):
    page = project.read()
    page.published.mkdir(parents=True)
    first, second = page.published / "a.txt", page.published / "b.json"
    publishing.rewrite(page, {first: "old\n", second: "old\n"})
    with (
        full_after(1000),
        pytest.raises(files.NotWrittenError, match=r"b\.json: .*Nothing was changed"),
    ):
        publishing.rewrite(page, {first: "new\n", second: "new\n" * 1000})
    there = {path: path.read_text() for path in page.published.iterdir()}
    assert there == {first: "old\n", second: "old\n"}


def test_publishing_removes_what_is_no_longer_made_and_nothing_of_an_editor_s(
    project: Project,
):
    page = project.read()
    kept = page.published / ".ipynb_checkpoints"
    kept.mkdir(parents=True)
    (page.published / ".DS_Store").touch()
    (page.published / "gone.txt").touch()
    assert publishing.rewrite(page, {page.published / "a.txt": "new\n"}) == [
        "a.txt",
        "gone.txt (removed)",
    ]
    assert {path.name for path in page.published.iterdir()} == {
        *("a.txt", ".DS_Store", ".ipynb_checkpoints")
    }


def test_statements_are_kept_for_a_kind_of_machine_unless_all_are_to_be_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    def folder(fresh: bool) -> Path:
        programs = Programs(fresh)
        programs.folder.cleanup()
        return programs.statements

    monkeypatch.delenv("DESCENT_STATEMENTS", raising=False)
    assert folder(fresh=False) == ROOT / ".cache" / "statements" / machine_key()
    assert not folder(fresh=True).exists()  # removed with its session
    monkeypatch.setenv("DESCENT_STATEMENTS", str(tmp_path))
    assert folder(fresh=False) == tmp_path


@pytest.mark.parametrize("what", ["flags", "OMP_NUM_THREADS", "torch"])
def test_what_decides_a_result_is_in_the_name_of_its_machine(
    what: str, monkeypatch: pytest.MonkeyPatch
):
    here = machine_key.__wrapped__()
    assert machine_key.__wrapped__() == here
    if what == "flags":
        monkeypatch.setattr(machine, "processor", lambda: {"flags": "sse2"})
    elif what == "torch":
        monkeypatch.setattr(program, "version", lambda name: f"another {name}")
    else:
        monkeypatch.setitem(running.ENVIRONMENT, what, "7")
    assert machine_key.__wrapped__() != here


def test_where_no_run_can_be_kept_programs_run(project: Project, capsys):
    (project.root / "file").touch()
    for _ in range(2):
        done = run(project.read(), {}, project.root / "file" / "runs").done
        assert done[1].output == "6\n"
    said = capsys.readouterr().err
    assert re.fullmatch(r"\S+file/runs: runs can't be kept here .*\n", said)


def test_where_pytest_can_write_nothing_it_comes_to_its_end(project: Project):
    (project.root / "report").touch()
    (project.root / ".pytest_cache").touch()
    status, said = project.say("pytest", "docs")
    assert status == pytest.ExitCode.TESTS_FAILED
    assert "report/index.html: can't be written" in said
    assert "could not create cache path" in said
    assert "1 failed" in said.splitlines()[-1]
    assert "INTERNALERROR" not in said


# Output that can't be shown, and output that only looks so


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("x", r"prints 'x', and no end of the line.*Add print\(\)"),
        ("6\nx", r"prints 'x', and no end of the line"),
        ("6\na\rb\n", r"prints '\\r' in 'a\\rb'"),
        ("\f\n", r"prints '\\x0c'"),
        ("a\x1b[1mb\n", r"prints '\\x1b'"),
        ("a\x85b\n", r"prints '\\x85'"),
        ("a\u2028b\n", r"prints '\\u2028'"),
        ("a\u2029b\n", r"prints '\\u2029'"),
        ("\ud800\n", r"prints '\\ud800'"),
        ("<!--pytest-codeblocks:expected-output-->\n", "prints '<!--pytest-codebl"),
    ],
)
def test_output_that_no_page_can_show(record: Record, output: str, said: str):
    done = [replace(one, output=output) for one in record.done]
    with pytest.raises(PageError, match=rf"demo\.md:11: 'add' {said}"):
        check_block(replace(record, done=done), 1)


def test_output_that_no_page_can_show_is_not_published(project: Project):
    project.add('print("a\\rb")')
    (error,) = publishing.publish_notes([project.read()])
    assert re.search(r"demo\.md:11: 'add' prints '\\r' in 'a\\rb'", error.message)
    assert not project.published.exists()


LIKE_MARKDOWN = [
    "```\n",
    "```python\nx = 1\n```\n",
    "````\n  ```\n`x`\n",
    "\n\nx\n\n\ny\n",
    "<b>&amp;</b>\n# x\n{{ x }}\n    - ![](x)\n",
    "é × − “x” 𝛼\n",
]


@pytest.mark.parametrize("output", LIKE_MARKDOWN)
def test_output_that_looks_like_markdown_is_read_as_it_was_printed(
    project: Project, output: str
):
    page = project.read()
    page.published.mkdir(parents=True)
    page.output_file("add").write_text(output)
    page.output_file("figure: line").write_text(output)
    (page.published / "line-light.svg").touch()
    assert [block.output for block in blocks_of(page)] == [None, output, output]
    assert len(program_blocks(parts(page))) == 3
    assert "![A line.]" in notebook.of(page)


def test_output_that_looks_like_markdown_is_shown_as_it_was_printed(project: Project):
    page = project.read()
    page.published.mkdir(parents=True)
    output = "".join(LIKE_MARKDOWN)
    page.output_file("add").write_text(output)
    page.output_file("figure: line").write_text(output)
    drawing = '<svg viewBox="0 0 9 9" xmlns="http://www.w3.org/2000/svg"/>'
    for scheme in ("light", "dark"):
        (page.published / f"line-{scheme}.svg").write_text(drawing)
    for suffix in ("py", "ipynb"):
        (page.published / f"demo.{suffix}").touch()
    project.page.write_text(PAGE + "\nThe last line.\n")
    status, said = project.say("mkdocs", "build", "--strict")
    assert status == 0, said
    html = (project.root / "site" / "notes" / "demo" / "index.html").read_text()
    assert "<p>The last line.</p>" in html
    shown = re.findall(r'class="[^"]*output[^"]*".*?<code>(.*?)</code>', html, re.S)
    as_text = [unescape(re.sub("<[^>]*>", "", each)) for each in shown]
    assert as_text == [output, output]


def test_code_with_a_line_that_ends_its_block(project: Project):
    project.add('text = """\n```\n"""')
    with pytest.raises(PageError, match=r"demo\.py:5: the line '```' ends the block"):
        parts(project.read(), numbers=False)


# Unexpected data of a figure, and unexpected errors


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        ('{"a": [1.0, 2.0]}', "a dict"),
        ("[[1.0, 2.0], [3.0]]", "a list"),
        ('[1, "a"]', "a list"),
        ("None", "a NoneType"),
        ("1j * np.ones(2)", "a ndarray"),
    ],
)
def test_data_that_no_figure_can_be_drawn_from(project: Project, made: str, kind: str):
    project.add(f"import numpy as np\ncurves = {made}")
    code = project.snippet.read_text().replace("ax.plot(values)", "ax.plot(curves)")
    project.snippet.write_text(code)
    said = rf"(?s)demo\.md:15: .*'curves', {kind}, .*draws from arrays, numbers and te"
    with pytest.raises(PageError, match=said):
        check_block(run(project.read()), 2)


def test_what_nobody_expects_of_a_note_keeps_no_other_back(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys
):
    other = project.page.with_name("other.md")
    other.write_text(PAGE.replace("demo/line", "other/line"))
    project.snippet.with_name("other.py").write_text(SNIPPET)
    publish_one = page_files.files_of

    def fail(first: Record, *others: list[Record]) -> dict[Path, str]:
        return publish_one(first, *others) if first.page.slug == "other" else 1 / 0

    monkeypatch.setattr(publishing, "files_of", fail)
    pages = [project.read(), Page(other, project.root)]
    (error,) = publishing.publish_notes(pages)
    assert re.search(
        r"(?s)notes/demo\.md:1: this note can't be published:.*ZeroDivisionError",
        error.message,
    )
    assert (project.root / "docs" / "published" / "other" / "line.json").exists()
    said = capsys.readouterr().out.splitlines()
    for slug in ("demo", "other"):
        runs = {f"{slug}: run {i + 1} done" for i in range(len(publishing.FIRST_WAYS))}
        assert {line for line in said if line.startswith(f"{slug}: run")} == runs


def test_a_new_note_that_fails_is_said_once_and_the_others_are_listed(project: Project):
    project.add("1 / 0")
    status, said = project.say("publish")
    assert status == 1
    (error,) = re.findall(r"^Error: .*", said, re.M)
    assert re.search(r"demo\.md:11: this block failed", error)
    assert (project.root / "docs" / "published" / "index" / "shown.txt").exists()


def test_programs_give_way_to_what_waits_for_them():
    (ran,) = program.run_copied(("import os\nprint(os.nice(0))\n",), None)
    assert int(ran.output) == min(19, os.nice(0) + 5)


# What is missing, taken or old


def test_an_unknown_note_is_named_with_those_that_there_are():
    told = CliRunner().invoke(publishing.main, ["lr-trench", "no-such"])
    assert told.exit_code == 2
    assert "no note no-such. The notes: " in told.output
    assert ", lr-trench, " in told.output


def test_after_a_change_of_prose_nothing_is_run(monkeypatch: pytest.MonkeyPatch):
    made: list[str] = []
    monkeypatch.setattr(publishing, "publish_notes", lambda *_: pytest.fail("runs"))
    monkeypatch.setattr(publishing.lists, "rewrite", lambda _: (["a list"], []))
    monkeypatch.setattr(
        publishing, "rewrite_notebooks", lambda page: made.append(page.slug) or []
    )
    told = CliRunner().invoke(publishing.main, ["--text", "lr-trench"])
    assert (told.exit_code, made) == (0, ["lr-trench"]), told.output
    assert "lists: a list" in told.output
    made.clear()
    assert CliRunner().invoke(publishing.main, ["--text"]).exit_code == 0
    assert made == [page.slug for page in notes()]
    told = CliRunner().invoke(publishing.main, ["--text", "--check"])
    assert told.exit_code == 2
    assert "--check runs the programs, --text runs none" in told.output


def test_a_port_that_is_taken(project: Project):
    project.page.write_text("# Demo\n")
    project.snippet.write_text(SNIPPET.partition("# %% figure")[0])
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, said = project.say("mkdocs", "serve", "-a", f"127.0.0.1:{port}")
    assert status == 1
    assert f"127.0.0.1:{port} can't be served at (Address already in use)" in said
    assert "make serve PORT=8001" in said
    assert "Traceback" not in said


def would_make(target: str, environment: Path, *more: str) -> str:
    """The commands that a target would run."""
    command = ["make", "-n", target, f"VENV={environment}", "PYTHON=python3", *more]
    # Without a make's own variables: they would make it print folder names.
    of_make = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"}
    shell = {name: v for name, v in os.environ.items() if name not in of_make}
    return subprocess.run(
        command, cwd=ROOT, env=shell, capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """What the Makefile takes for a virtual environment that works."""
    place = tmp_path / "env"
    (place / "bin").mkdir(parents=True)
    (place / "pyvenv.cfg").touch()
    # The stamps are newer than their sources, so nothing is installed.
    for name in (".site", ".dev", ".audit"):
        (place / name).touch()
    (place / "bin" / "python").symlink_to(sys.executable)
    (place / "bin" / "pip").write_text(f"#!{place}/bin/python\n")
    return place


def test_the_site_is_served_at_another_port(environment: Path):
    (served,) = would_make("serve", environment, "PORT=8001").splitlines()
    assert served.endswith("mkdocs serve --livereload -a 127.0.0.1:8001")
    (served,) = would_make("serve", environment).splitlines()
    assert served.endswith("-a 127.0.0.1:8000")


def renamed(place: Path) -> Path:
    return place.rename(place.with_name("environment"))


def without_its_python(place: Path) -> Path:
    (place / "bin" / "python").unlink()
    (place / "bin" / "python").symlink_to(place / "gone")
    return place


def with_another_python(place: Path) -> Path:
    # A Python that finds nothing of what was installed for the one before it.
    (place / "bin" / "python").unlink()
    (place / "bin" / "python").write_text("#!/bin/sh\nexit 1\n")
    (place / "bin" / "python").chmod(0o755)
    return place


def half_made(place: Path) -> Path:
    (place / "bin" / "pip").unlink()
    return place


@pytest.mark.parametrize(
    "change", [renamed, without_its_python, with_another_python, half_made]
)
@pytest.mark.parametrize(("target", "kind"), [("build", "site"), ("test", "dev")])
def test_an_environment_that_no_longer_works_is_set_up_again(
    environment: Path, change, target: str, kind: str
):
    assert "venv" not in would_make(target, environment)
    changed = change(environment)
    commands = would_make(target, changed)
    assert f"python3 -m venv --clear {changed}" in commands
    assert (
        f"pip install --disable-pip-version-check -c constraints.txt -e '.[{kind}]'"
        in (commands)
    )


def test_a_folder_that_is_no_environment_is_not_cleared(tmp_path: Path):
    assert "--clear" not in would_make("build", tmp_path)


def test_a_checkout_has_the_same_bytes_everywhere(tmp_path: Path):
    there = {"a.md": b"x\ny\n", "b.svg": b"<svg>\n</svg>\n", "c.png": b"\0\r\nPNG\n"}
    there[".gitattributes"] = (ROOT / ".gitattributes").read_bytes()
    for name, content in there.items():
        (tmp_path / name).write_bytes(content)

    def git(*arguments: str) -> None:
        who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        windows = ["-c", "core.autocrlf=true", "-c", "core.eol=crlf"]
        command = ["git", "-C", str(tmp_path), *who, *windows, *arguments]
        subprocess.run(command, check=True, capture_output=True)

    git("init")
    git("add", ".")
    git("commit", "-m", "x")
    for name in there:
        (tmp_path / name).unlink()
    git("checkout", ".")
    assert {name: (tmp_path / name).read_bytes() for name in there} == there


def test_building_the_site_needs_nothing_that_windows_lacks():
    lacking = "import os, sys; sys.modules['resource'] = None; del os.fork, os.killpg"
    modules = "publish.site.hooks, publish.forms.extension"
    command = [sys.executable, "-c", f"{lacking}; import {modules}"]
    subprocess.run(command, cwd=ROOT, check=True)


def test_where_programs_cannot_run_it_is_said(
    project: Project, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delattr(os, "fork")
    with pytest.raises(ClickException, match="Run them on Linux, macOS or WSL"):
        run(project.read())
