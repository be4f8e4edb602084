"""Write published files all or none: if that is interrupted, the old ones stay."""

from __future__ import annotations

import os
from pathlib import Path

from click import ClickException

from publish.project import ROOT


class NotWrittenError(ClickException):
    """A file that can't be written: a full disk, a folder that is read-only."""

    def __init__(self, path: Path, error: OSError) -> None:
        where = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        what = f"{where}: can't be written ({error.strerror or error})."
        super().__init__(f"{what} Nothing was changed. Make room, then run it again.")


def write(files: dict[Path, str | bytes]) -> list[Path]:
    """Write those that differ from what is there; return which.

    Each is first written beside its place; they replace the old once all are whole.
    """
    parts: dict[Path, Path] = {}
    try:
        for path, text in files.items():
            content = text.encode() if isinstance(text, str) else text
            try:
                if not path.exists() or path.read_bytes() != content:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    parts[path] = path.with_name(f".{path.name}.{os.getpid()}")
                    _write(parts[path], content)
            except OSError as error:
                raise NotWrittenError(path, error) from None
        for path, part in parts.items():
            part.replace(path)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
    return list(parts)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())  # some disks say only now that they are full
