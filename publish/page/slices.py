"""What a block needs of the code above it to run alone: a slice of the page's program.

Backwards from the block, each statement is taken that makes or changes something that
is needed further down; then what it reads is needed, too. What code may change counts
as changed: a list that is appended to, a tensor changed in place, a generator drawn
from. The tests run each block alone and compare what it leaves, to the last bit, with
what it leaves in the page's program.
"""

from __future__ import annotations

import ast
import builtins
import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from click import ClickException

from publish.inside import effects
from publish.inside.effects import Effects, Scope

BUILT_IN = {*dir(builtins)}


@dataclass(frozen=True)
class Statement:
    """A statement of a block: its lines, the comments above it among them."""

    block: int
    first: int
    last: int
    effects: Effects
    checks: bool  # whether all it does is to raise an error where something is wrong


@functools.cache  # needed once for each block of a page
def statements(codes: tuple[str, ...]) -> list[list[Statement]]:
    """The statements of each block of a program, in order.

    Raises ClickException for what is no Python, or whose effects can't be told.
    """
    scope = Scope()
    found: list[list[Statement]] = []
    for block, code in enumerate(codes):
        line = 0
        found.append([])
        for node in parse(code).body:
            last = node.end_lineno or node.lineno
            parts = node.body if isinstance(node, ast.If) else [node]
            checks = all(isinstance(part, (ast.Assert, ast.Raise)) for part in parts)
            statement = Statement(block, line + 1, last, scope.run(node), checks)
            found[-1].append(statement)
            line = last
    made = {name for part in found for one in part for name in one.effects.makes}
    for statement in (one for part in found for one in part):
        statement.effects.reads -= BUILT_IN - made
    return found


def parse(code: str) -> ast.Module:
    """Parse a block's code; ClickException for what a note's top level can't have."""
    try:
        tree = ast.parse(code)
        effects.check(tree)
    except SyntaxError as error:
        wrong = (error.text or "").strip()[:60]
        problem = f"this is no Python: {wrong!r}: {error.msg}."
        raise ClickException(f"{problem} Mend it, or end the fence.") from None
    except effects.RefusedError as error:
        said = f"Line {error.line} of a block: {error}. Put it into a function."
        raise ClickException(said) from None
    return tree


def needs(codes: list[str], block: int) -> list[Statement]:
    """What must run before `block` of a program, from the blocks before it."""
    program = statements(tuple(codes))
    needed: set[str] = set()
    taken = []
    above = [statement for part in program[:block] for statement in part]
    for statement in reversed([*above, *program[block]]):
        does = statement.effects
        if statement.block != block:
            for_that = does.makes | does.changes
            if not (does.reads if statement.checks else for_that) & needed:
                continue
            taken.append(statement)
        needed -= does.always_makes
        needed |= does.reads
    return taken[::-1]


def ranges(codes: list[str], block: int) -> Iterator[tuple[int, int, int]]:
    """The lines that `block` needs of those before it: (block, first, last)."""
    joined: list[Statement] = []
    for statement in needs(codes, block):
        before = joined[-1] if joined else None
        here = statement.block, statement.first
        if before and (before.block, before.last + 1) == here:
            joined[-1] = replace(before, last=statement.last)
        else:
            joined.append(statement)
    for piece in joined:
        yield piece.block, piece.first, piece.last


def as_attribute(codes: list[str], block: int) -> str:
    """What `block` needs, for its page's script: "0:8-23;0:31-78" and so on."""
    return ";".join(f"{number}:{a}-{b}" for number, a, b in ranges(codes, block))


def program(codes: list[str], block: int, origin: str) -> str:
    """A program that runs `block` alone, as the copy button gives it."""
    pieces = [f"# From {origin}"]
    for _, same in groupby(ranges(codes, block), key=lambda piece: piece[0]):
        lines: list[str] = []
        for number, first, last in same:
            lines += codes[number].split("\n")[first - 1 : last]
        pieces.append("\n".join(lines).strip("\n"))
    return "\n\n".join([*pieces, codes[block].strip("\n")]) + "\n"
