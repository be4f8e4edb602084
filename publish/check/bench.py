"""Time this package beside others that run what their pages show.

The same eight scripts, of about a second of training each, are published without any
cache, with nothing changed, and after a change of one page's prose. Compare ratios of
one call: seconds differ from one machine to the next. `make bench` installs the others
into an environment of their own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from publish.check.running import interruptible
from publish.project import ROOT

SETUP = """\
import matplotlib.pyplot as plt
import torch

torch.set_num_threads(1)
"""
TRAIN = """\
g = torch.Generator().manual_seed({seed})
W = torch.zeros(64, 64, dtype=torch.float64)
losses = []
for step in range({steps}):
    x, noise = torch.randn(2, 256, 64, generator=g, dtype=torch.float64)
    error = x @ W - x.roll(1, 1) - noise
    losses.append(error.square().mean().item())
    W -= 0.1 * x.T @ error / 256
print(f"from {{losses[0]:.1f}} to {{losses[-1]:.3f}}")
"""
DRAW = """\
fig, ax = plt.subplots()
ax.semilogy(losses)
ax.set(title="The loss falls", xlabel="step", ylabel="mean squared error")
plt.show()
"""
STEPS = 2500  # about a second
SCRIPTS = 8
PROSE = "The loss falls."
CONFIG = "site_name: Bench\ntheme: {name: material, font: false}\n"
OURS = """\
plugins: []
hooks: [publish/site/hooks.py]
markdown_extensions:
  - attr_list
  - md_in_html
  - pymdownx.details
  - pymdownx.superfences
  - publish.forms.extension
exclude_docs: "published/**/*.json"
"""
PYPROJECT = """\
[tool.publish]
setup = "start"
needs = ["torch", "matplotlib"]

[tool.pytest.ini_options]
addopts = "-p publish.check.pytest_plugin --import-mode=importlib"
testpaths = ["tests", "docs"]
"""
SPHINX = """\
project = "Bench"
extensions = [{extension}]
"""
GALLERY = """\
import os
sphinx_gallery_conf = {
    "examples_dirs": "examples", "gallery_dirs": "gallery", "filename_pattern": ".*",
    "parallel": 2,
}
"""


@dataclass(frozen=True)
class Tool:
    """A way to publish: the files it needs, its commands, and a page to edit."""

    name: str
    write: Callable[[Path], Path]
    commands: list[list[str]]
    checks: bool = False


def code(number: int) -> tuple[str, str]:
    """What the script of a page trains and draws."""
    return TRAIN.format(seed=number, steps=STEPS), DRAW


def names() -> list[str]:
    """The scripts' names."""
    return [f"run-{number}" for number in range(SCRIPTS)]


def ours(root: Path) -> Path:
    """A project as this one: a page and a snippet for each script."""
    shutil.copytree(ROOT / "publish", root / "publish")
    for folder in ("docs/notes", "snippets", "tests"):
        (root / folder).mkdir(parents=True)
    (root / "mkdocs.yml").write_text(CONFIG + OURS)
    (root / "pyproject.toml").write_text(PYPROJECT)
    shutil.copy(ROOT / "CITATION.cff", root)
    shutil.copy(ROOT / "tests" / "test_published.py", root / "tests")
    (root / "snippets" / "start.py").write_text(SETUP)
    (root / "docs" / "index.md").write_text("# Bench\n")
    for number, name in enumerate(names()):
        train, draw = code(number)
        cells = f"# %% train\n{train}\n# %% figure: losses\n{draw}"
        snippet = root / "snippets" / f"{name.replace('-', '_')}.py"
        snippet.write_text(f"from start import plt, torch\n\n{cells}")
        shown = [f"```python\n# %% {cell}\n```" for cell in ("setup", "train")]
        shown += ["```python\n# %% figure: losses\n```"]
        shown += [f"![Losses.](../published/{name}/losses-light.svg)"]
        page = "\n\n".join([f"# {name}", PROSE, *shown]) + "\n"
        (root / "docs" / "notes" / f"{name}.md").write_text(page)
    return root / "docs" / "notes" / f"{names()[0]}.md"


def gallery(root: Path, folder: str) -> Path:
    """The scripts as those of an examples' gallery."""
    (root / folder).mkdir(parents=True)
    (root / folder / "README.rst").write_text("Runs\n====\n")
    (root / folder / "README.md").write_text("# Runs\n")
    for number, name in enumerate(names()):
        train, draw = code(number)
        head = f'"""\n{name}\n{"=" * len(name)}\n\n{PROSE}\n"""\n'
        path = root / folder / f"plot_{name.replace('-', '_')}.py"
        path.write_text("\n".join([head, SETUP, train, draw]))
    return path


def sphinx_gallery(root: Path) -> Path:
    """Files of Sphinx-Gallery."""
    (root / "conf.py").write_text(
        SPHINX.format(extension='"sphinx_gallery.gen_gallery"') + GALLERY
    )
    (root / "index.rst").write_text(
        "Bench\n=====\n\n.. toctree::\n\n   gallery/index\n"
    )
    return gallery(root, "examples")


def mkdocs_gallery(root: Path) -> Path:
    """Files of mkdocs-gallery."""
    page = gallery(root, "docs/examples")
    plugin = "plugins:\n  - gallery:\n      examples_dirs: docs/examples\n"
    plugin += "      gallery_dirs: docs/generated\n"
    plugin += "nav: [index.md, generated]\n"
    (root / "mkdocs.yml").write_text(CONFIG + plugin)
    (root / "docs" / "index.md").write_text("# Bench\n")
    return page


def myst_nb(root: Path) -> Path:
    """Files of MyST-NB, which keeps what it ran."""
    settings = 'nb_execution_mode = "cache"\nnb_execution_timeout = 300\n'
    (root / "conf.py").write_text(SPHINX.format(extension='"myst_nb"') + settings)
    head = "---\nfile_format: mystnb\nkernelspec: {name: python3}\n---\n"
    for number, name in enumerate(names()):
        cells = [f"```{{code-cell}}\n{part}```" for part in (SETUP, *code(number))]
        page = root / f"{name}.md"
        page.write_text("\n\n".join([head, f"# {name}", PROSE, *cells]) + "\n")
    toc = "\n".join(names())
    (root / "index.md").write_text(f"# Bench\n\n```{{toctree}}\n{toc}\n```\n")
    return page


def mkdocs_jupyter(root: Path) -> Path:
    """Files of mkdocs-jupyter."""
    (root / "docs").mkdir()
    plugin = "plugins:\n  - mkdocs-jupyter: {execute: true}\n"
    (root / "mkdocs.yml").write_text(CONFIG + plugin)
    (root / "docs" / "index.md").write_text("# Bench\n")
    for number, name in enumerate(names()):
        prose = {"cell_type": "markdown", "metadata": {}, "source": PROSE}
        empty = {"cell_type": "code", "metadata": {}, "outputs": []}
        cells = [
            {**empty, "execution_count": None, "source": part}
            for part in (SETUP, *code(number))
        ]
        book = {"cells": [prose, *cells], "metadata": {}}
        page = root / "docs" / f"{name}.ipynb"
        page.write_text(json.dumps({**book, "nbformat": 4, "nbformat_minor": 4}))
    return page


def tools(others: Path) -> list[Tool]:
    """This package, and those in the environment `others`."""
    bin_of = str(others / "bin")
    mkdocs = [f"{bin_of}/mkdocs", "build", "-q"]
    sphinx = [f"{bin_of}/sphinx-build", "-q", ".", "site"]
    # Those of its tests that hold a page of any project.
    kinds = "docs or as_they or data_of or drawing or numbers_that or leaves"
    test = [sys.executable, "-m", "pytest", "-q", "-k", kinds]
    build = [sys.executable, "-m", "mkdocs", "build", "-q", "--strict"]
    return [
        Tool("this package, checked and built", ours, [test, build], checks=True),
        Tool("Sphinx-Gallery, two at once", sphinx_gallery, [sphinx]),
        Tool("mkdocs-gallery", mkdocs_gallery, [mkdocs]),
        Tool("MyST-NB, with its cache", myst_nb, [sphinx]),
        Tool("mkdocs-jupyter", mkdocs_jupyter, [mkdocs]),
    ]


def seconds(commands: list[list[str]], root: Path) -> list[float]:
    """How long each command takes; ClickException if one fails."""
    taken = []
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "OMP_NUM_THREADS": "1"}
    for command in commands:
        started = time.perf_counter()
        ran = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True
        )
        taken.append(time.perf_counter() - started)
        if ran.returncode:
            said = (ran.stdout + ran.stderr)[-2000:]
            raise click.ClickException(f"{' '.join(command)} failed:\n{said}")
    return taken


def compute() -> float:
    """How long the scripts take in one process, one after the other."""
    scripts = "\n".join([SETUP, *("\n".join(code(n)) for n in range(SCRIPTS))])
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "all.py").write_text(f"import matplotlib\n{scripts}")
        return seconds([[sys.executable, "all.py"]], Path(folder))[0]


def time_tool(tool: Tool, plain: float) -> str:
    """A line of the table: cold, unchanged, one page's prose changed."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        page = tool.write(root)
        if tool.checks:  # publish first, untimed and without its cache
            seconds([[sys.executable, "-m", "publish"]], root)
            shutil.rmtree(root / ".cache")
        cells = []
        for change in ("cold", "nothing", "prose"):
            if change == "prose":
                text = page.read_text()
                page.write_text(text.replace(PROSE, f"{PROSE} And falls."))
            taken = seconds(tool.commands, root)
            said = " + ".join(f"{one:.1f}" for one in taken)
            cells.append(f"{said} s ({sum(taken) / plain:.1f})")
    return f"{tool.name:34}" + "".join(f"{cell:>22}" for cell in cells)


def growth(counts: tuple[int, ...]) -> None:
    """Print how long building takes with each note copied so many times."""
    unit = 0.0
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name in ("docs", "publish", "snippets"):
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / name, root / name, ignore=ignored)
            for name in ("CITATION.cff", "mkdocs.yml", "pyproject.toml"):
                shutil.copy(ROOT / name, root)
            notes = multiply(root, count)
            build = [sys.executable, "-m", "mkdocs", "build", "-q"]
            (taken,) = seconds([build], root)
            unit = unit or taken / notes
            ratio = taken / notes / unit
            said = f"{notes:5} notes: {taken:6.1f} s, {ratio:.2f} times a note's first"
            click.echo(said)


def multiply(root: Path, count: int) -> int:
    """Make `count` of each note, with its files; return how many notes there are."""
    notes = [*root.glob("docs/notes/*.md")]
    for note in notes:
        if (note.with_suffix(".ipynb")).exists():
            continue  # the notebook page is not copied
        slug, module = note.stem, note.stem.replace("-", "_")
        for number in range(1, count):
            new, new_module = f"{slug}-{number}", f"{module}_{number}"
            text = note.read_text("utf-8").replace(
                f"published/{slug}/", f"published/{new}/"
            )
            note.with_name(f"{new}.md").write_text(text, "utf-8")
            snippets = root / "snippets"
            shutil.copy(snippets / f"{module}.py", snippets / f"{new_module}.py")
            published = root / "docs" / "published"
            shutil.copytree(published / slug, published / new)
            for suffix in (".py", ".ipynb"):
                old = published / new / f"{module}{suffix}"
                old.rename(published / new / f"{new_module}{suffix}")
    return len([*root.glob("docs/notes/*.md")])


@click.command(help=__doc__)
@click.option(
    "--others",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="The environment that has the other packages.",
)
@click.option("--times", default="1,10,100", show_default=True, help="Copies of notes.")
@interruptible("What was timed so far is above.")
def main(others: Path, times: str) -> None:
    """Print the tables."""
    plain = compute()
    click.echo(f"{SCRIPTS} scripts, one after the other in one process: {plain:.1f} s")
    click.echo("In brackets: times that.")
    heads = ("cold", "nothing changed", "prose changed")
    click.echo(" " * 34 + "".join(f"{head:>22}" for head in heads))
    for tool in tools(others.absolute()):
        click.echo(time_tool(tool, plain))
    click.echo("\nBuilding this site with each note copied:")
    growth(tuple(map(int, times.split(","))))


if __name__ == "__main__":
    main()
