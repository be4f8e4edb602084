"""What editors and systems leave beside the sources is no page and no snippet."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from publish.check.program import blocks_of
from publish.page.source import Page, notes, pages
from publish.project import ROOT

SOURCES = ["docs", "publish", "snippets", "README.md", "mkdocs.yml", "pyproject.toml"]


def leave_files(root: Path) -> None:
    """Make the files that Emacs, Jupyter and macOS leave behind."""
    folder, snippets = root / "docs" / "notes", root / "snippets"
    (folder / ".#lr-trench.md").symlink_to("someone@host.1234:5678")
    (snippets / ".#lr_trench.py").symlink_to("someone@host.1234:5678")
    (folder / "._lr-trench.md").write_bytes(b"\0\5\x16\7\xff")
    (snippets / "._lr_trench.py").write_bytes(b"\0\5\x16\7\xff")
    for kept in (folder / ".ipynb_checkpoints", root / "docs" / ".ipynb_checkpoints"):
        kept.mkdir()
        (kept / "lr-trench-checkpoint.md").write_text("```python\n1 / 0\n```\n")
    (snippets / ".ipynb_checkpoints").mkdir()
    (snippets / ".ipynb_checkpoints" / "a-checkpoint.py").write_text("1 / 0\n")


@pytest.fixture(scope="module")
def littered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project's sources with such files among them."""
    root = tmp_path_factory.mktemp("project")
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, root / name)
    leave_files(root)
    return root


def names(root: Path) -> list[list[Path]]:
    found = [notes(root), pages(root)]
    return [[page.path.relative_to(root) for page in part] for part in found]


def test_they_are_no_pages_and_no_snippets(littered: Path):
    assert names(littered) == names(ROOT)


def collected(where: Path, code: Path) -> list[str]:
    """The blocks that pytest finds in the folder `where`, with the code in `code`."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["--collect-only", str(where), str(where / "README.md")]
    path = os.pathsep.join(filter(None, [str(code), os.environ.get("PYTHONPATH")]))
    ran = subprocess.run(
        command,
        cwd=where.parent,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return [line for line in ran.stdout.splitlines() if "::" in line]


def test_pytest_collects_the_pages_alone_and_by_a_link_as_well(
    littered: Path, tmp_path: Path
):
    link = tmp_path / "link"
    link.symlink_to(littered)
    found = collected(littered, littered)
    with_blocks = [p for p in [*pages(), Page(ROOT / "README.md")] if blocks_of(p)]
    stems = {Path(line.partition("::")[0]).stem for line in found}
    assert stems == {page.slug for page in with_blocks}
    assert collected(link, littered) == found
