"""Fences: where a page's blocks begin and end, and which languages they may name."""

from __future__ import annotations

import re
from collections.abc import Iterator

FENCE = re.compile(r"^(?P<indent>\s*)(?P<ticks>`{3,})(?P<info>.*)$")
EXPECTED = "<!--pytest-codeblocks:expected-output-->"
# The languages that a fence may name: code under any other word, such as a misspelt
# "py" or a title, would never be run.
RUN_LANGUAGES = {"python", "sh", "bash"}
SHOWN_LANGUAGES = {"text"}


def is_inside(line: str) -> bool:
    """Whether a line belongs to the admonition that begins above it."""
    return not line.strip() or line.startswith("    ")


def ranges(lines: list[str]) -> Iterator[tuple[int, int, re.Match[str] | None]]:
    """Split lines into fences, with all in them, and what stands between.

    (start, stop, fence) each, `fence` the match of a fence's first line, or None. The
    last fence may lack its end.
    """
    at = 0
    while at < len(lines):
        start, fence = at, FENCE.match(lines[at])
        at += 1
        while at < len(lines) and not (
            closes(lines[at], fence) if fence else FENCE.match(lines[at])
        ):
            at += 1
        at += bool(fence)
        yield start, min(at, len(lines)), fence


def closes(line: str, fence: re.Match[str]) -> bool:
    """Whether a line ends the fence."""
    return line.strip() == fence["ticks"]
