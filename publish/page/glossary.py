"""The words that pages explain on hover and focus: docs/glossary.md.

nat, nats                  a term, and how else it is written
:   The unit of …          what it means, in plain words
"""

from __future__ import annotations

import re
from pathlib import Path

FILE = Path("docs", "glossary.md")
ENTRY = re.compile(r"^(?P<terms>\S.*)\n:   (?P<meaning>.+)$", re.MULTILINE)


def entries(root: Path) -> list[re.Match[str]]:
    """The words with their meanings; [] for a site without a glossary."""
    path = root / FILE
    return [*ENTRY.finditer(path.read_text("utf-8") if path.exists() else "")]


def read(root: Path) -> dict[str, str]:
    """The meaning of each way to write a term, with a capital as well."""
    meanings = {}
    for entry in entries(root):
        for term in entry["terms"].split(", "):
            meanings[term] = meanings[term[0].upper() + term[1:]] = entry["meaning"]
    return meanings
