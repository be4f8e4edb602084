"""What a block is found to need of the code above it."""

import pytest
from click import ClickException

from publish.page import slices

ABOVE = """\
import torch
import math  # not needed


# Draws.
def draw(g):
    return torch.randn(3, generator=g)


def other():
    return math.pi


g = torch.Generator().manual_seed(0)
first = draw(g)
second = draw(g)
print(first)
if first.shape != (3,):
    raise ValueError("not three")
rows, unused = [], other()
for i in range(3):
    row = first * i
    rows.append(row)
view = second.view(3)
view += 1
"""


def needed(block: str, above: str = ABOVE) -> str:
    program = slices.program([above, block], 1, "here")
    return program.removeprefix("# From here\n\n").removesuffix(block)


@pytest.mark.parametrize(
    ("block", "taken"),
    [
        ("print(1)\n", []),
        ("unused\n", ["import math", "def other", "rows, unused"]),
        ("rows\n", ["first =", "raise", "rows, unused", "rows.append", "import math"]),
        ("i\n", ["for i in range", "rows, unused", "first ="]),
        ("torch.rand(3, generator=g)\n", ["first = draw(g)", "second = draw(g)"]),
        ("second\n", ["first = draw(g)", "second = draw(g)", "view += 1"]),
        ("def f():\n    return first\n\n\nf()\n", ["# Draws.", "first = draw(g)"]),
        ("[first for first in [1]]\n", []),
        ("first = 1\nfirst\n", []),
        ("for first in [1]:\n    first\n", []),
    ],
)
def test_a_block_takes_what_it_needs_and_no_more(block: str, taken: list[str]):
    above = needed(block)
    for text in taken:
        assert text in above
    assert bool(above) == bool(taken)
    assert "print(first)" not in above
    for text in ("second", "view", "rows"):
        if not any(text in needs for needs in (block, *taken)):
            assert text not in above, above
    exec(above + block, {})  # noqa: S102 (running alone is what is tested)


@pytest.mark.parametrize(
    "change",
    [
        "x[0] = 2",
        "x += 1",
        "x.add_(1)",
        "y.add_(1)",
        "vmap(touch)(x)",
        "touch(x)",
        "touch(t=x)",
        "for each in x:\n    each.add_(1)",
        "[each.add_(1) for each in x]",
        "torch.add(x, 1, out=x)",
        "with torch.no_grad():\n    x.mul_(2)",
    ],
)
def test_whatever_changes_a_tensor_is_taken(change: str):
    above = "import torch\nfrom torch.func import vmap\n"
    above += "x = torch.zeros(3)\ny = x.view(3)\n"
    above += "def touch(t):\n    t.add_(1)\n    return t\n"
    assert change.splitlines()[0] in needed("print(x)\n", f"{above}{change}\n")


@pytest.mark.parametrize("wrong", ["while x:\n    x -= 1\n", "x = 1\ny = (z := x)\n"])
def test_what_can_t_be_told_is_refused(wrong: str):
    with pytest.raises(
        ClickException,
        match=r"Line \d of a block: .* outside of a f",
    ):
        needed("print(x)\n", wrong)


@pytest.mark.parametrize(
    "change",
    ["if False:\n    x = 2", "for x in []:\n    pass", "for _ in []:\n    x = 2"],
)
def test_what_may_not_be_made_is_taken_from_before(change: str):
    assert "x = 1\n" in needed("print(x)\n", f"x = 1\n{change}\n")


PIECES = [
    "import math\n\na = 1\nunused = 2\n\n# Three.\nb = 3\n",
    "c = [\n    a,\n    b,\n]\nd = math.pi",
    "\n    # The end.\nprint(c)\nprint(d)\n\n",
]


def test_lines_that_follow_each_other_are_one_piece():
    assert [*slices.ranges(PIECES, 2)] == [(0, 1, 3), (0, 5, 7), (1, 1, 5)]
    assert slices.as_attribute(PIECES, 2) == "0:1-3;0:5-7;1:1-5"
    assert slices.as_attribute(PIECES, 0) == ""
    codes = ["a = 1\n", "x = 0\nb = 2\n", "a, b\n"]
    assert slices.as_attribute(codes, 2) == "0:1-1;1:2-2"


def test_a_copied_program_has_its_origin_and_a_blank_line_between_blocks():
    assert (
        slices.program(PIECES, 2, "a page")
        == """\
# From a page

import math

a = 1

# Three.
b = 3

c = [
    a,
    b,
]
d = math.pi

    # The end.
print(c)
print(d)
"""
    )


def test_what_is_no_python_is_quoted():
    with pytest.raises(ClickException, match="no Python: 'x = = 1': invalid syntax"):
        needed("x\n", "x = = 1\n")
