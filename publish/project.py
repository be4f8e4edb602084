"""A project: its folder, its settings, and how its source files are read.

pyproject.toml says what is particular to it, mkdocs.yml its name and addresses:

    [tool.publish]
    setup = "color_names"              the snippet that each program begins with
    needs = ["torch", "matplotlib"]    what a reader installs to run one
    notebooks = ["reproducible-init"]  the pages that the site shows as notebooks

Only the standard library and click are needed here: a site is built without torch.
"""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click import ClickException

ROOT = Path(__file__).resolve().parent.parent


class PageError(ClickException):
    """A mistake in a source file: where it is, what is wrong and what to do."""

    def __init__(self, path: Path, line: int, problem: str, remedy: str) -> None:
        self.path, self.line = path, line
        where = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        super().__init__(f"{where}:{line}: {problem} {remedy}")


def read_text(path: Path) -> str:
    """A source file's text; PageError for one that can't be read."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise PageError(path, line, "this is no UTF-8.", "Save it as UTF-8.") from None
    except OSError as error:
        problem = f"it can't be read: {error.strerror}."
        raise PageError(path, 1, problem, "Mend or remove it.") from None


def is_source(path: Path, root: Path = ROOT) -> bool:
    """Whether a file below `root` is the project's: hidden ones are an editor's."""
    return not any(part.startswith(".") for part in path.relative_to(root).parts)


def files(root: Path, pattern: str) -> list[Path]:
    """The project's files that match `pattern`, in the order of their names."""
    return sorted(path for path in root.glob(pattern) if is_source(path, root))


@dataclass(frozen=True)
class Settings:
    """What pyproject.toml says of the pages' programs."""

    setup: str = "setup"
    needs: tuple[str, ...] = ("numpy", "matplotlib")
    notebooks: tuple[str, ...] = ()
    python: str = "3.11"  # the oldest that programs run in


def settings(root: Path) -> Settings:
    """The project's settings; PageError for a name that is none of them."""
    path = root / "pyproject.toml"
    return _parsed(read_text(path) if path.exists() else "", path)


@functools.cache  # every page reads them
def _parsed(text: str, path: Path) -> Settings:
    try:
        about = tomllib.loads(text)
        given: dict[str, Any] = about.get("tool", {}).get("publish", {})
        requires = about.get("project", {}).get("requires-python", "")
        if found := re.search(r">=\s*([\d.]+)", requires):
            given["python"] = found[1]
        kept: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in given.items()
        }
        return Settings(**kept)
    except (TypeError, tomllib.TOMLDecodeError) as error:
        remedy = "Its [tool.publish] has setup, needs and notebooks, or less."
        raise PageError(path, 1, f"{error}.", remedy) from None


def setup_of(root: Path) -> Path:
    """The snippet that each program begins with."""
    return root / "snippets" / f"{settings(root).setup}.py"


def configured(root: Path, key: str) -> str:
    """A setting of mkdocs.yml, without a slash at its end; "" where there is none.

    An address may be a variable's default: `site_url: !ENV [SITE_URL, "https://…"]`.
    """
    config = root / "mkdocs.yml"
    text = config.read_text("utf-8") if config.exists() else ""
    found = re.search(rf"^{key}: *(.+)$", text, re.MULTILINE)
    if not found:
        return ""
    address = re.search(r"https?://[^\s\"\]]+", found[1])
    return (address[0] if address else found[1].strip("\"' ")).rstrip("/")


def nav(root: Path) -> list[str]:
    """The pages that mkdocs.yml names, in the order of its navigation."""
    config = root / "mkdocs.yml"
    text = config.read_text("utf-8") if config.exists() else ""
    return re.findall(r"[\w./-]+\.md\b", text)
