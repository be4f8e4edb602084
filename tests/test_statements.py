"""A statement is run anew exactly when something that it reads has changed."""

import ast
import cmath
import functools
import math
import os
import pickle
import re
import types
from array import array
from pathlib import Path

import numpy as np
import pytest
import torch

from publish.inside import statements

SETUP = """\
import functools
import time
from contextlib import nullcontext

import torch

a, b, c, i, x, y, z = ([1, 2] for _ in range(7))


def pair(left, right=0):
    kept = [left, right, c]
    return kept


def indirect(value):
    return [pair(value) for _ in range(2)]


def plus(value, by=1):
    return value + by


def told(value):
    print(value)
    return value


g = torch.Generator().manual_seed(0)
"""


def started(setup: str = SETUP) -> dict[str, object]:
    """The names that a statement finds, made by code that is not remembered."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    exec(setup, namespace)  # noqa: S102 (the code is this file's own)
    return namespace


class Remembered:
    """A folder in which each statement is remembered, however fast it is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, code: str, setup: str = SETUP, **given: object) -> dict[str, object]:
        namespace = started(setup)
        namespace.update(given)
        statements.run(ast.parse(code), "here.py", namespace, self.folder)
        return namespace

    def kept(self) -> list[Path]:
        return sorted(self.folder.glob("*"))

    def is_taken(self, code: str, setup: str = SETUP, **given: object) -> bool:
        """Whether what is remembered of a statement is taken instead of a run."""
        for path in self.kept():
            path.write_bytes(pickle.dumps({"taken": True}))
        return "taken" in self.run(code, setup, **given)


@pytest.fixture
def remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Remembered:
    monkeypatch.setattr(statements, "LONG", -1)
    return Remembered(tmp_path / "statements")


@pytest.mark.parametrize(
    ("code", "read", "not_read"),
    [
        ("y = a", "a", "b y"),
        ("y, (z, *x) = a, [b, b]", "a b", "c x y z"),
        ("y += a", "a y", "b"),
        ("y[0] = a", "a y", "b"),
        ("y = [a, y]", "a y", "b"),
        ("y = z = a", "a", "y z"),
        ("y: list = a", "a", "b"),
        ("assert a or b", "a b", "c y"),
        ("for i in a:\n    y = [i, b]", "a b", "c i y"),
        ("for i in a:\n    y = i\n    z = y", "a", "i y z"),
        ("for i in a:\n    z = y\n    y = i", "a y", "i z"),
        ("for i in a:\n    y = b\nelse:\n    z = [y, c]", "a b c y", "i z"),
        ("for i in a:\n    y = b\nelse:\n    z = [i, c]", "a b c i", "y z"),
        ("for i in a:\n    pass\nelse:\n    z = c\n    y = z", "a c", "i y z"),
        (
            "for i, x in zip(a, b):\n    for y in [c]:\n        z = [i, x, y]",
            "a b c",
            "i",
        ),
        ("for a in a:\n    y = a", "a", "y"),
        ("if a[0] > 1:\n    y = b\nelse:\n    y = c", "a b c", "y z"),
        ("if a:\n    y = b\n    z = y\nelse:\n    z = y", "a b y", "z"),
        ("if a:\n    y = b\nelse:\n    x = c\n    z = x", "a b c", "x y z"),
        ("if a:\n    a = b\n    y = a", "a b", "y"),
        ("if a:\n    y = b\n    for i in c:\n        z = i", "a b c", "i x y z"),
        ("if a:\n    y = b\n    if c:\n        z = 1", "a b c", "x y z"),
        ("if a:\n    pass\nelif b:\n    y = c", "a b c", "y"),
        ("while len(a) < 3:\n    a += b\n    y = z", "a b z", "y"),
        ("with nullcontext(a):\n    y = b\n    z = y", "a b", "y z"),
        ("with nullcontext(a) as x:\n    y = [x, b]", "a b", "y"),
        ("with nullcontext(a), nullcontext(b):\n    y = [c]", "a b c", "y"),
        ("try:\n    y = a\nexcept TypeError:\n    y = b", "a b", "c"),
        ("y = [i for i in a if i != b]", "a b", "i y"),
        ("y = {i: [x, c] for i, x in zip(a, b)}", "a b c", "i x y"),
        ("y = sum(i * x for i in a for x in b)", "a b", "i x y"),
        ("y = [x for i in [a, b] for x in i]", "a b", "i x y"),
        ("y = sorted(a, key=lambda i: -i)", "a", "i y"),
        ("y = sorted(a, key=lambda i: i * b[0])", "a b", "i y"),
        ("y = [lambda x: x + i for i in a][0](*b[:1])", "a b", "i x y"),
        ("y = pair(a)", "a c", "b y"),
        ("y = pair(right=a, left=b)", "a b c", "x y"),
        ("y = indirect(a)", "a c", "b y"),
        ("y = pair([a, b, i, x, z])", "a b c i x z", "y"),
        ("y = [plus(*a[:1]), indirect([b, i, x, z])]", "a b c i x z", "y"),
        ("y = [pair, a][1]", "a c", "b y"),
        ("for i in a:\n    y = indirect(i)", "a c", "b i y"),
        ("y = functools.partial(pair, a)(b)", "a b c", "x y"),
    ],
)
def test_a_statement_is_run_anew_when_what_it_reads_has_changed(
    remembered: Remembered, code: str, read: str, not_read: str
):
    remembered.run(code)
    assert len(remembered.kept()) == 1
    assert remembered.is_taken(code)
    for name in not_read.split():
        assert remembered.is_taken(code, **{name: [7, 8]}), name
    for name in read.split():
        assert not remembered.is_taken(code, **{name: [3, 2]}), name


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("y = plus(1)", "value + by", "value - by"),
        ("y = plus(1)", "by=1", "by=2"),
        ("y = pair(a)", "[left, right, c]", "[left, right, a]"),
        ("y = indirect(a)", "[left, right, c]", "[left, right]"),
        ("y = indirect(a)", "range(2)", "range(3)"),
    ],
)
def test_a_statement_is_run_anew_when_a_function_has_changed(
    remembered: Remembered, code: str, old: str, new: str
):
    remembered.run(code)
    assert remembered.is_taken(code)
    assert remembered.is_taken(code, SETUP.replace("functools", "functools, dis", 1))
    assert not remembered.is_taken(code, SETUP.replace(old, new, 1))


def test_another_statement_is_not_taken_for_it(remembered: Remembered):
    remembered.run("y = [a, b]")
    assert not remembered.is_taken("y = [b, a]")
    assert not remembered.is_taken("z = [a, b]")
    assert remembered.is_taken("y = [a,  b]  # the same")


def test_a_statement_that_lacks_a_name_fails_as_it_would(remembered: Remembered):
    remembered.run("y = pair(a)")
    for name in ("a", "c", "pair"):
        with pytest.raises(NameError, match=f"'{name}' is not defined"):
            remembered.run(f"del {name}\ny = pair(a)")


@pytest.mark.parametrize(
    ("code", "made"),
    [
        ("y = [a, 'new']", {"y": [[1, 2], "new"]}),
        ("y, z = a, b + [3]", {"y": [1, 2], "z": [1, 2, 3]}),
        ("y += a", {"y": [1, 2, 1, 2]}),
        ("a[0], y = 5, 6", {"a": [5, 2], "y": 6}),
        ("new = a", {"new": [1, 2]}),
        ("for i in a:\n    y = i * 2", {"i": 2, "y": 4}),
        ("for i in a:\n    z = plus(i)", {"i": 2, "z": 3}),
        ("y = torch.ones(2)", {"y": torch.ones(2)}),
    ],
)
def test_what_a_statement_changed_is_kept_and_nothing_else(
    remembered: Remembered, code: str, made: dict[str, object]
):
    first = remembered.run(code)
    (kept,) = remembered.kept()
    assert repr(pickle.loads(kept.read_bytes())) == repr(made)
    second = remembered.run(code)
    assert {name: repr(second[name]) for name in made} == {
        name: repr(first[name]) for name in made
    }


@pytest.mark.parametrize("code", ["y = grow()", "for i in a:\n    y = grow_twice()"])
def test_what_a_function_changes_of_its_globals_is_kept(
    remembered: Remembered, code: str
):
    grow = (
        "def grow():\n    b.append(c[0])\n    return c\n\n\n"
        "def grow_twice():\n    grow()\n    return grow()\n"
    )
    first = remembered.run(code, SETUP + grow)
    assert len(first["b"]) > 2
    (kept,) = remembered.kept()
    assert statements.load(kept)["b"] == first["b"]
    assert remembered.run(code, SETUP + grow)["b"] == first["b"]


@pytest.mark.parametrize(
    "code",
    [
        "y = lambda: 1",
        "y, f = 1, plus",
        "y = torch.vmap(torch.sin)",
        "y = object()",
        "y = torch.ones(1, requires_grad=True) * 2",
        "with nullcontext():\n    f = plus\n    y = 1",
    ],
)
def test_what_is_no_data_is_made_anew(remembered: Remembered, code: str):
    for _ in range(2):
        assert remembered.run(code)["y"] != [1, 2]
    assert remembered.kept() == []


def test_a_statement_that_reads_what_is_no_data_is_run_anew(remembered: Remembered):
    for value in ("first", "second"):
        state = types.SimpleNamespace(value=value)
        assert remembered.run("y = state.value", state=state)["y"] == value
    assert remembered.kept() == []


def test_a_loop_s_helper_is_not_there_when_what_it_made_is(remembered: Remembered):
    code = "for i in a:\n    f = lambda: b\n    y = f()\nz = 1"
    assert callable(remembered.run(code)["f"])
    for given in ({}, {"f": 1}):
        taken = remembered.run(code, **given)
        assert "f" not in taken
        assert (taken["y"], taken["i"], taken["z"]) == ([1, 2], 2, 1)
    with pytest.raises(NameError, match="'f' is not defined"):
        remembered.run(f"{code}\nf()")


@pytest.mark.parametrize(
    "code",
    [
        "import math",
        "from math import pi",
        "def f():\n    return a",
        "class A:\n    pass",
        "a.append(3)",
        "for i in a:\n    print(i)",
        "with nullcontext():\n    y = print(a)",
    ],
)
def test_what_takes_no_time_or_prints_is_run_each_time(
    remembered: Remembered, code: str, capsys: pytest.CaptureFixture[str]
):
    remembered.run(code)
    said = capsys.readouterr().out
    assert ("print" in code) == bool(said)
    assert not remembered.is_taken(code)
    assert capsys.readouterr().out == said
    assert remembered.kept() == []


def test_what_prints_in_a_function_is_run_each_time(
    remembered: Remembered, capsys: pytest.CaptureFixture[str]
):
    for _ in range(2):
        assert remembered.run("y = [told(value) for value in a]")["y"] == [1, 2]
        assert capsys.readouterr().out == "1\n2\n"


def test_whatever_becomes_of_a_statement_the_next_is_run(remembered: Remembered):
    state = types.SimpleNamespace(value=1)
    code = "import math\ny = object()\nk = state.value\nz = [a, math.pi]\nx = 3"
    for _ in range(2):
        made = remembered.run(code, state=state)
        assert (made["k"], made["z"], made["x"]) == (1, [[1, 2], math.pi], 3)
    assert len(remembered.kept()) == 2


def test_only_what_took_long_is_kept(tmp_path: Path):
    remembered = Remembered(tmp_path)
    remembered.run("y = a")
    assert remembered.kept() == []
    remembered.run("for i in range(2):\n    time.sleep(0.03)")
    assert len(remembered.kept()) == 1


def test_a_generator_goes_on_from_the_state_in_which_it_was_left(
    remembered: Remembered,
):
    code = "y = torch.rand(2, generator=g)"
    for _ in range(2):
        held = torch.Generator().manual_seed(7)
        made = remembered.run(code, g=held)
        assert made["g"] is held  # other names may hold it, too
        fresh = torch.Generator().manual_seed(7)
        assert torch.equal(made["y"], torch.rand(2, generator=fresh))
        assert torch.equal(held.get_state(), fresh.get_state())
    assert len(remembered.kept()) == 1
    assert not remembered.is_taken(code, g=fresh)


def test_a_generator_that_a_statement_made_is_made_in_its_state(remembered: Remembered):
    code = "h = torch.Generator().manual_seed(a[0])"
    for _ in range(2):
        assert torch.equal(
            torch.rand(3, generator=remembered.run(code)["h"]),
            torch.rand(3, generator=torch.Generator().manual_seed(1)),
        )
    assert remembered.is_taken(code)


def test_a_generator_is_of_the_program_s_own_kind(
    remembered: Remembered, monkeypatch: pytest.MonkeyPatch
):
    class Shifted(torch.Generator):  # as `perturb` does in publish/inside/machine.py
        def manual_seed(self, seed: int) -> torch.Generator:
            return super().manual_seed(seed + 1000)

    monkeypatch.setattr(torch, "Generator", Shifted)
    code = "h, k = [torch.Generator().manual_seed(a[0]) for _ in b]"
    for _ in range(2):
        held = remembered.run(code)
        for made in (held["h"], held["k"]):
            assert made.initial_seed() == 1001
            assert made.manual_seed(2).initial_seed() == 1002
    (kept,) = remembered.kept()
    assert isinstance(statements.load(kept)["h"], Shifted)


def test_a_generator_of_numpy_goes_on_likewise(remembered: Remembered):
    code = "k = RandomState(a[0])\ny = k.random()"
    for _ in range(2):
        made = remembered.run(code, RandomState=np.random.RandomState)
        assert (made["y"], made["k"].random()) == tuple(
            np.random.RandomState(1).random(2)
        )
    assert [statements.load(kept) is None for kept in remembered.kept()] == [
        False,
        False,
    ]


def test_a_statement_of_the_block_s_file_is_named_where_it_fails(
    remembered: Remembered,
):
    with pytest.raises(ZeroDivisionError) as failed:
        remembered.run("y = 1\n\nz = 1 / 0")
    assert str(failed.traceback[-1].path).endswith("here.py")
    assert failed.traceback[-1].lineno + 1 == 3
    assert len(remembered.kept()) == 1


def test_a_block_has_its_own_future(remembered: Remembered):
    # It doesn't inherit this project's `from __future__ import annotations`.
    made = remembered.run("def f(value: a): ...\nclass A:\n    value: b\ny: a = 1")
    assert made["f"].__annotations__ == {"value": [1, 2]}
    assert made["A"].__annotations__ == {"value": [1, 2]}
    assert made["__annotations__"] == {"y": [1, 2]}


# Fingerprints


def function(code: str, **given: object) -> tuple[object, dict[str, object]]:
    """A function `f` of a program, and what the names of the program stand for."""
    namespace = {"__name__": "__main__", **given}
    exec(code, namespace)  # noqa: S102 (the code is this file's own)
    return namespace["f"], namespace


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def closure(value: object) -> types.FunctionType:
    def f():
        return value

    return f


def differing() -> list[object]:
    """Values whose fingerprints must differ, made anew each time."""
    bits = torch.arange(4, dtype=torch.int32)
    return [
        *(None, True, 1, 1.0, 2, "1", "None", range(1), range(2), 0.0, -0.0),
        *([], (), {}, [1], (1,), LikeList([1]), [1, 2], [2, 1], (1, 2)),
        *([1, [2]], [[1], 2], [[1, 2]], [[], 1], [[1]]),
        *([True], [1.0], ["1"], [None], ["None"], ["1", "2"], ["1', '2"], [range(1)]),
        *({1: 2}, {2: 1}, {1: 2, 3: 4}, {1: {2: 3}, 4: 5}, {1: {2: 3, 4: 5}}),
        *(math, cmath, list, tuple, dict, np.ndarray, torch.nn.ReLU, torch.nn.SELU),
        *(LikeList, abs, max, math.sin, cmath.sin, torch.sin, torch.vmap),
        *(torch.float32, torch.float64, torch.device("cpu"), torch.device("meta")),
        *(bits, bits.view(torch.float32), bits.view(2, 2), bits.flip(0), bits[:3]),
        *(bits.numpy(), np.float32(1), np.float64(1), np.float64(2), np.array(1.0)),
        *(torch.ones(2), torch.ones(2, requires_grad=True), torch.ones(2).double()),
        *(seeded(0), seeded(1), closure(1), closure(2), closure([1])),
        *(functools.partial(max, 1), functools.partial(max, 2)),
        *(functools.partial(min, 1), functools.partial(max, key=1)),
    ]


# Only its module tells it from the built-in list.
LikeList = type("list", (list,), {})


def test_values_that_differ_have_other_names_and_equal_ones_the_same():
    names = [statements.fingerprint(value, {}) for value in differing()]
    assert names == [statements.fingerprint(value, {}) for value in differing()]
    doubled = [differing()[i] for i, n in enumerate(names) if names.count(n) > 1]
    assert doubled == []


FUNCTIONS = [
    "def f(x):\n    return x + 1",
    "def f(x):\n    return x - 1",
    "def f(x):\n    return x + 2",
    "def f(y):\n    return y + 1",
    "def f(x):\n    return x.real",
    "def f(x):\n    return x.imag",
    "def f(x=1):\n    return x + 1",
    "def f(x=2):\n    return x + 1",
    "def f(*, x=1):\n    return x + 1",
    "def f(*, x=2):\n    return x + 1",
    "def f(x):\n    def g():\n        return 1\n    return g",
    "def f(x):\n    def g():\n        return 2\n    return g",
    "def f(x):\n    return a",
    "def f(x):\n    return b",
    "def f(x):\n    return [a for _ in x]",
    "def f(x):\n    return lambda: lambda: a",
    "def f(x):\n    return f(a)",
    "def f(x):\n    return g(x)\n\n\ndef g(x):\n    return f(x)",
    "def f(x):\n    return g(x)\n\n\ndef g(x):\n    return f(a)",
    "def g(x):\n    return 1\n\n\nf = g",
    "def g():\n    def f(x):\n        return x + 1\n    return f\n\n\nf = g()",
]


def test_functions_are_told_by_their_code():
    def name(code: str) -> str:
        return statements.fingerprint(*function(code, a=1, b=1))

    names = [name(code) for code in FUNCTIONS]
    assert len(set(names)) == len(FUNCTIONS)
    assert names == [name(f"\n\n{code}  # elsewhere") for code in FUNCTIONS]


@pytest.mark.parametrize(
    "code", [code for code in FUNCTIONS if re.search(r"\ba\b", code)]
)
def test_functions_are_told_by_the_globals_that_they_read(code: str):
    def name(**given: object) -> str:
        return statements.fingerprint(*function(code, **given))

    assert name(a=1, b=1) == name(a=1, b=2) == name(a=1)
    assert len({name(a=1), name(a=2), name(a=[1]), name()}) == 4


def test_functions_of_libraries_are_told_by_their_names():
    def name(code: str, **given: object) -> str:
        found, _ = function(code, **given)
        return statements.fingerprint(found, {"a": 1})

    assert name("def f():\n    return a", a=1) == name("def f():\n    return b")
    named = "def f():\n    return a"
    assert name(named) != name(f"{named}\n\n\nf.__module__ = 'other'")
    assert name(named) != name(f"{named}\n\n\nf.__qualname__ = 'other'")


def test_a_name_is_part_of_what_a_function_reads():
    code = "def f():\n    return a, b"
    first, second = function(code, a=1), function(code, b=1)
    assert statements.fingerprint(*first) != statements.fingerprint(*second)


def with_gradient() -> torch.Tensor:
    x = torch.ones(1, requires_grad=True)
    (x * 2).sum().backward()
    return x


@pytest.mark.parametrize(
    "value",
    [
        {1, 2},
        object(),
        array("d", [1.0]),
        [1, [object()]],
        {"a": object()},
        {object(): "a"},
        np.array([object()]),
        torch.ones(1, requires_grad=True) * 2,
        with_gradient(),
        type("Own", (), {"__module__": "__main__"}),
        functools.partial(max, object()),
        closure(object()),
        torch.nn.ReLU(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_more_than_its_data_has_no_name(value: object):
    with pytest.raises(statements.NoDataError):
        statements.fingerprint(value, {})
    with pytest.raises(statements.NoDataError):
        statements.fingerprint(*function("def f():\n    return a", a=value))


# Files


def test_a_file_is_kept_whole_and_nothing_beside_it(tmp_path: Path):
    kept = tmp_path / "new" / "folder" / "name"
    for content in (b"first", b"second"):
        statements.keep(kept, content)
        assert kept.read_bytes() == content
        assert list(kept.parent.iterdir()) == [kept]


def test_a_file_that_cannot_be_kept_leaves_nothing(tmp_path: Path):
    kept = tmp_path / "name"
    kept.mkdir()
    with pytest.raises(OSError, match="name"):
        statements.keep(kept, b"content")
    assert list(tmp_path.iterdir()) == [kept]


def test_where_nothing_can_be_kept_statements_are_run(remembered: Remembered):
    remembered.folder.touch()
    for _ in range(2):
        assert remembered.run("y = [a, 3]")["y"] == [[1, 2], 3]
    assert remembered.folder.read_bytes() == b""


@pytest.mark.parametrize("size", [0, 1, 9])
def test_what_is_kept_in_part_is_made_anew(remembered: Remembered, size: int):
    remembered.run("y = [a, 3]")
    (kept,) = remembered.kept()
    whole = kept.read_bytes()
    kept.write_bytes(whole[:size])
    assert statements.load(kept) is None
    assert remembered.run("y = [a, 3]")["y"] == [[1, 2], 3]
    assert statements.load(kept) == {"y": [[1, 2], 3]}


def test_what_was_not_asked_for_longest_is_forgotten(tmp_path: Path):
    for age, name in enumerate(("newest", "asked for", "older", "oldest")):
        statements.keep(tmp_path / "machine" / name, pickle.dumps("x" * 100))
        os.utime(tmp_path / "machine" / name, (1000 - age, 1000 - age))
    size = (tmp_path / "machine" / "newest").stat().st_size
    assert statements.load(tmp_path / "machine" / "asked for") == "x" * 100
    statements.forget(tmp_path, 4 * size)
    assert len(list((tmp_path / "machine").iterdir())) == 4
    statements.forget(tmp_path, 2 * size + 1)
    left = {path.name for path in (tmp_path / "machine").iterdir()}
    assert left == {"newest", "asked for"}
    statements.forget(tmp_path / "nowhere", 0)
