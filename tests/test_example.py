"""Another project is published and checked by the same package: see tests/example."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from publish.check import differences, lists, publishing
from publish.check.program import Record, check_block, run
from publish.page.source import notes
from publish.project import ROOT


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, published: beside it lies the package, as its pages' builder."""
    root = tmp_path_factory.mktemp("example") / "coins"
    shutil.copytree(ROOT / "tests" / "example", root)
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "publish", root / "publish", ignore=unwanted)
    for _ in range(2):  # the first page quotes the note
        failed = publishing.publish_notes(notes(root))
        assert not failed, failed
    assert not lists.rewrite(root)[1]
    for note in notes(root):
        publishing.rewrite_notebooks(note)
    return root


@pytest.fixture(scope="module")
def record(example: Path) -> Record:
    return run(notes(example)[0])


def test_it_runs_and_gives_what_it_published(record: Record):
    for index in range(len(record.blocks)):
        check_block(record, index)
    assert len(record.done) == 4
    assert differences.same_machine(record)
    assert not differences.differences(record)
    assert not differences.runs_part(record.page)


def test_its_site_is_built_with_its_own_name_and_words(example: Path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-q"]
    subprocess.run(command, cwd=example, check=True)
    page = (example / "site" / "notes" / "mean-of-tosses" / "index.html").read_text()
    assert "off by 0.01" in page
    assert "Someone" in page
    script = (example / "docs" / "published" / "mean-of-tosses").glob("*.py")
    head = next(script).read_text("utf-8").split("\n\n")[0]
    assert "From Coin Notes: https://coins.example/" in head
    assert "Needs Python 3.11 or later, numpy and matplotlib." in head
    for text in (page, head):
        assert "orch" not in text
        assert "Descent" not in text
