"""What a program leaves: what its blocks print, make, draw, measure and fail with."""

from __future__ import annotations

import ast
import builtins
import json
import os
import pickle
import platform
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from publish.inside import machine, runner

Generator, randn = torch.Generator, torch.randn


def block(code: str, **about: object) -> dict[str, object]:
    plain = {"syntax": "python", "figure": False, "claim": None}
    return {**plain, "file": "demo.py", "line": 11, "code": code, **about}


@pytest.fixture(autouse=True)
def _put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restore what a program changes: elsewhere, it has an interpreter of its own."""
    for name in ("__note__", "__format__"):
        monkeypatch.setattr(builtins, name, None, raising=False)
    for name in ("Generator", "randn"):
        monkeypatch.setattr(torch, name, getattr(torch, name))
    monkeypatch.setattr(np.random, "default_rng", np.random.default_rng)
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    for name in ("DESCENT_SEEDS", "DESCENT_NUDGE", "MKL_CBWR"):
        monkeypatch.delenv(name, raising=False)


# Data


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (None, None),
        (True, True),
        (1, 1),
        (1.5, 1.5),
        ("a", "a"),
        (torch.tensor(1.5), 1.5),
        (np.float32(0.5), 0.5),
        (np.array(2), 2),
        (torch.ones(2), np.ones(2, np.float32)),
        (torch.ones(1, requires_grad=True) * 2, np.array([2], np.float32)),
        ([1, 2], np.array([1, 2])),
        ((1.5, True), np.array([1.5, 1.0])),
        (range(3), np.arange(3)),
        ([[1, 2], [3, 4]], np.array([[1, 2], [3, 4]])),
        ([torch.ones(2), [3.0, 4.0]], np.array([[1.0, 1.0], [3.0, 4.0]])),
        ([torch.tensor(1), 2], np.array([1, 2])),
        ([[1.0, 2.0], [3.0]], [np.array([1.0, 2.0]), np.array([3.0])]),
        ([[1.0, 2.0], 3.0], [np.array([1.0, 2.0]), 3.0]),
        ([], []),
        (["a", "b"], ["a", "b"]),
        ([1, "a"], [1, "a"]),
        ([None], [None]),
        ({"a": [1, 2], 3: "b"}, {"a": np.array([1, 2]), 3: "b"}),
    ],
    ids=repr,
)
def test_data_are_plain_without_torch(value: object, data: object):
    plain = runner.plain(value)
    assert type(plain) is type(data)
    assert repr(plain) == repr(data)


@pytest.mark.parametrize("value", [{1}, object(), print, [1, print], {"a": print}])
def test_what_is_no_data_is_not_plain(value: object):
    with pytest.raises(TypeError, match="is not data"):
        runner.plain(value)


@pytest.mark.parametrize("made", [np.zeros, torch.zeros])
def test_data_stay_what_they_are_when_a_program_goes_on(made: Callable):
    value = made(2)
    plain = runner.plain(value)
    value += 1
    assert plain.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("ax.plot(b, a)\nax.plot(c)", "b a c"),
        ("ax.plot(a, b)\nax.plot(a, c)", "a b c"),
        ("fig, ax = plt.subplots()\nax.plot(a)", "a"),
        ("draw(a)\nb = 2\ndraw(b)\ndraw(c)", "a c"),
        ("draw(plt, a)", "a"),
        ("for b in a:\n    draw(b)", "a"),
        ("draw([b for b in a])", "a"),
        ("draw(a[text])", "a text"),
        ("plt.show()", ""),
    ],
)
def test_a_figure_has_the_data_that_its_code_takes(code: str, names: str):
    given = {"a": torch.ones(2), "b": [1, 2], "c": 0.5, "text": ["x", "y"]}
    data = runner.data_of(code, {**given, "unused": 1, "plt": plt})
    assert list(data) == names.split()
    for name, value in data.items():
        assert repr(value) == repr(runner.plain(given[name]))


@pytest.mark.parametrize(
    ("value", "is_drawable"),
    [
        (True, True),
        (1, True),
        (1.5, True),
        ("a", True),
        (["a", "b"], True),
        ([], True),
        (["a", 1], False),
        ([[1.0, 2.0], [3.0]], False),
        ([True, False], True),
        (range(3), True),
        (np.ones(2, np.uint8), True),
        (np.array(["a", "bc"]), True),
        (np.ones(2, complex), False),
        (np.array([b"a"]), False),
        (np.array([None]), False),
        ({"a": 1}, False),
        (None, False),
    ],
    ids=repr,
)
def test_figures_and_claims_have_arrays_numbers_and_texts(
    value: object, is_drawable: bool
):
    if is_drawable:
        (drawn,) = runner.data_of("draw(a_b)", {"a_b": value}).values()
        measured = runner.value_of("a-b", {"a_b": value})
        assert list(measured) == ["a_b"]
        assert repr(measured["a_b"]) == repr(drawn) == repr(runner.plain(value))
        return
    with pytest.raises(TypeError, match=f"'a_b', a {type(value).__name__}, is no arr"):
        runner.data_of("draw(a_b)", {"a_b": value})
    with pytest.raises(TypeError, match="'a_b' is no array"):
        runner.value_of("a-b", {"a_b": value})


def test_a_figure_s_code_that_takes_a_function_is_refused():
    with pytest.raises(TypeError, match="'f' is no data"):
        runner.data_of("draw(f(a))", {"a": 1, "f": print})


def test_a_claim_s_cell_leaves_what_the_claim_is_about():
    (name,) = runner.value_of("a-b-c", {"a_b_c": [1.0], "a": 2, "b": 3})
    assert name == "a_b_c"
    with pytest.raises(NameError, match="'a-b' leaves no variable 'a_b'"):
        runner.value_of("a-b", {"a": 1, "b": 1})


@pytest.mark.parametrize(
    ("code", "left"),
    [
        ("a = 1", "a"),
        ("b, (a, *c) = 1, [2, 3]", "a b c"),
        ("b += 1", "b"),
        ("b[0] = 1", ""),
        ("for i in b:\n    if i:\n        a = i", "a i"),
        ("with b as a:\n    pass", "a"),
        ("import math as a", "a"),
        ("(a := 1)", "a"),
        ("a: int = 1", "a"),
        ("a = [i for i in b]", "a"),
        ("print(a, b)", ""),
        ("def f():\n    a = 1", ""),
        ("f = 1", ""),
        ("gone = 1\ndel gone", ""),
        ("thing = a = 1", "a"),  # `thing` is no data: it has no fingerprint
    ],
)
def test_a_block_leaves_the_data_that_it_made(code: str, left: str):
    made = {"a": [1, 2], "b": [3], "c": 4, "i": 5}
    namespace = {**made, "f": print, "thing": object()}
    found = runner.left_by(code, namespace)
    assert found == {
        name: runner.statements.fingerprint(made[name], {}) for name in left.split()
    }
    assert list(found) == left.split()


def test_data_that_hold_a_program_s_function_are_told_by_its_code():
    def left(code: str) -> dict[str, str]:
        namespace: dict[str, object] = {}
        exec(code, namespace)  # noqa: S102 (the code is this test's own)
        return runner.left_by("held = [f]", namespace)

    code = "def f():\n    return 1\n\n\nheld = [f]"
    assert left(code) == left(f"# moved\n{code}")
    assert left(code) != left(code.replace("1", "2"))


# Other seeds, other machines


def test_a_program_that_is_not_to_be_perturbed_draws_as_torch_does():
    machine.perturb(torch_too=True)
    assert torch.Generator is Generator
    assert torch.randn is randn


def test_other_seeds_are_the_page_s_shifted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DESCENT_SEEDS", "1000")
    machine.perturb(torch_too=True)
    g = torch.Generator().manual_seed(3)
    assert g.initial_seed() == 1003
    drawn = torch.randn(2, 5, generator=g, dtype=torch.float64)
    g = Generator().manual_seed(1003)
    assert torch.equal(drawn, randn(2, 5, generator=g, dtype=torch.float64))


def drawn_by_numpy(seed: int, *size: int) -> list[np.ndarray]:
    g = np.random.default_rng(seed)
    each = [g.standard_normal(size), g.normal(2.0, 3.0, size), g.random(size)]
    return [*each, np.array(g.normal([1.0, 2.0])), np.array(g.integers(9))]


def test_numpy_s_draws_are_perturbed_as_torch_s_are(monkeypatch: pytest.MonkeyPatch):
    plain = np.random.default_rng
    true, other = drawn_by_numpy(3, 500), drawn_by_numpy(1003, 500)
    machine.perturb(torch_too=False)
    for drawn, same in zip(drawn_by_numpy(3, 500), true, strict=True):
        assert np.array_equal(drawn, same)
    monkeypatch.setenv("DESCENT_NUDGE", "1")
    machine.perturb(torch_too=False)
    drawn = drawn_by_numpy(3, 500)
    for at in (0, 1):
        assert 0.3 < (drawn[at] != true[at]).mean() < 0.7
        assert np.allclose(drawn[at], true[at], rtol=1e-15, atol=1e-14)
    assert np.array_equal(drawn[2], true[2])  # no normal draws
    assert drawn[3].shape == true[3].shape == (2,)
    monkeypatch.delenv("DESCENT_NUDGE")
    monkeypatch.setenv("DESCENT_SEEDS", "1000")
    np.random.default_rng = plain
    machine.perturb(torch_too=False)
    for shifted, same in zip(drawn_by_numpy(3, 500), other, strict=True):
        assert np.array_equal(shifted, same)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_another_machine_draws_a_last_place_off(
    monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype
):
    true = randn(100, 90, generator=Generator().manual_seed(0), dtype=dtype)
    eps = torch.finfo(dtype).eps

    def off(number: str) -> torch.Tensor:
        """How far each draw is off, in units of its last place."""
        torch.Generator, torch.randn = Generator, randn
        monkeypatch.setenv("DESCENT_NUDGE", number)
        machine.perturb(torch_too=True)
        g = torch.Generator().manual_seed(0)
        drawn = torch.randn(100, 90, generator=g, dtype=dtype)
        assert drawn.dtype == dtype
        found = torch.zeros(100, 90)
        for each in (-1, 1):
            found[drawn == true * (1 + each * eps)] = each
        assert torch.equal(drawn == true, found == 0)
        return found

    first, second = off("1"), off("2")
    assert torch.equal(off("1"), first)  # a machine rounds alike each time
    for one in (-1, 0, 1):
        assert (first == one).double().mean() == pytest.approx(1 / 3, abs=0.03)
        for other in (-1, 0, 1):  # independent of the other machine
            both = (first == one) & (second == other)
            assert both.double().mean() == pytest.approx(1 / 9, abs=0.02)


@pytest.mark.parametrize(
    ("dtype", "places"),
    [
        (torch.float32, [0, 0, -1, -1, 1, -1, -1, 1, 1, 1, -1, 1, -1, 0, -1, 1]),
        (torch.float64, [-1, 0, 0, 1, 0, 0, 1, 0, 0, -1, 1, 1, 0, 0, 1, -1]),
    ],
)
def test_a_machine_is_the_one_that_tolerances_were_measured_on(
    monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype, places: list[int]
):
    monkeypatch.setattr(torch, "randn", torch.tensor)
    monkeypatch.setenv("DESCENT_NUDGE", "5")
    machine.perturb(torch_too=True)
    draws = [(-2.0) ** power for power in range(-8, 8)]
    drawn = torch.randn(draws, dtype=dtype)
    off = (drawn / torch.tensor(draws, dtype=dtype) - 1) / torch.finfo(dtype).eps
    assert off.tolist() == places


# Formatted numbers


@pytest.mark.parametrize(
    ("code", "text", "numbers"),
    [
        ("print(f'{x}')", "1.25", [[1.25, ""]]),
        ("print(f'{x:.1f} of {x * 2:5}')", "1.2 of   2.5", [[1.25, ".1f"], [2.5, "5"]]),
        ("n = 7\nprint(f'{x:{n}.1f}|')", "    1.2|", [[1.25, "7.1f"]]),
        ("print(f'{x!r:>6}')", "  1.25", [[1.25, ">6"]]),
        ("print(f'''{f'{x:.1f}':>5}''')", "  1.2", [[1.25, ".1f"]]),
        ("print(f'{torch.tensor(0.5):.2f}')", "0.50", [[0.5, ".2f"]]),
        ("print(f'{np.float32(0.5):.2f}')", "0.50", [[0.5, ".2f"]]),
        ("print(f'{np.array([0.5])}')", "[0.5]", []),
        ("print(f'{3} {x > 1} {str(x)}')", "3 True 1.25", []),
        ("print(f'{torch.tensor(3)}')", "3", []),
        ("print('{:.1f}, {}'.format(x, 2.5))", "1.2, 2.5", [[1.25, ".1f"], [2.5, ""]]),
        ("print('{} {a:.1f}'.format(x, a=x))", "1.25 1.2", [[1.25, ""]]),
        ("print('{0:.1f}'.format(x))", "1.2", []),
        ("print('{{}}{}%'.format(x))", "{}1.25%", [[1.25, ""]]),
        ("print('{:>4}'.format('{:.1f}'.format(x)))", " 1.2", [[1.25, ".1f"]]),
        ("print('{}'.format(x, 2.5))", "1.25", [[1.25, ""]]),
        ("print('a{}'.format(f'{x:.1f}'))", "a1.2", [[1.25, ".1f"]]),
        ("print('-'.join(['a', 'b']), str(x).upper())", "a-b 1.25", []),
        ("t = '{}'\nprint(t.format(x))", "1.25", []),
        ("print(format(x, '.1f'))", "1.2", []),
    ],
)
def test_each_float_that_is_formatted_is_noted(
    code: str, text: str, numbers: list[list[object]]
):
    given = {"torch": torch, "np": np, "x": 1.25}
    done = runner.run_block(block(code), given, None)
    assert (done["error"], done["output"]) == (None, f"{text}\n")
    assert repr(done["noted"]) == repr(numbers)  # plain numbers: no array, no tensor


@pytest.mark.parametrize(
    "code", ["f'{x:.1q}'", "'{:.1q}'.format(x)", "'{} {}'.format(x)", "f'{y}'"]
)
def test_what_cannot_be_formatted_fails_on_its_line(code: str):
    done = runner.run_block(block(f"x = 1.5\nz = (\n  {code})"), {}, None)
    assert 'File "demo.py", line 13, in <module>\n' in done["error"]


# Blocks


def test_a_block_leaves_what_it_made_and_printed():
    namespace: dict[str, object] = {}
    assert runner.run_block(block("x = 1\nprint(x)"), namespace, None) == {
        "error": None,
        "data": None,
        "left": {"x": runner.statements.fingerprint(1, {})},
        "noted": [],
        "output": "1\n",
        "warnings": [],
    }
    assert namespace["x"] == 1
    assert runner.run_block(block("print(x + 1)"), namespace, None)["output"] == "2\n"


def test_a_block_that_fails_keeps_what_it_did():
    namespace: dict[str, object] = {}
    done = runner.run_block(block("x = 1\nprint(x)\n1 / 0"), namespace, None)
    assert done["error"] == (
        "Traceback (most recent call last):\n"
        '  File "demo.py", line 13, in <module>\n'
        "ZeroDivisionError: division by zero\n"
    )
    assert (done["output"], done["left"], done["data"]) == ("1\n", {}, None)
    assert namespace["x"] == 1


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def f():\n    1 / 0\n\n\nf()", 'File "demo.py", line 15, in <module>\n'),
        ("x = 1\nx = = 2\n", 'File "demo.py", line 12\n    x = = 2\n'),
        ("x = 1\nreturn x", "File \"demo.py\", line 12\nSyntaxError: 'return' outside"),
        ("raise SystemExit(3)", "SystemExit: 3\n"),
    ],
)
def test_whatever_a_block_fails_with_is_its_error(code: str, said: str):
    assert said in runner.run_block(block(code), {}, None)["error"]


def test_an_interrupt_is_no_error_of_a_block():
    with pytest.raises(KeyboardInterrupt):
        runner.run_block(block("raise KeyboardInterrupt"), {}, None)


def test_what_a_block_warns_of_is_kept_each_time():
    code = "import warnings\nfor _ in range(2):\n    warnings.warn('odd', {kind})"
    for kind in ("UserWarning", "DeprecationWarning"):
        done = runner.run_block(block(code.format(kind=kind)), {}, None)
        assert done["warnings"] == [f"{kind}: odd"] * 2
        assert done["error"] is None


def test_that_there_is_no_screen_is_no_warning(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DISPLAY", ":0")  # without it, Matplotlib doesn't warn
    code = "import matplotlib.pyplot as plt\nplt.figure()\nplt.show()\nplt.close()"
    before = mpl.get_backend()
    mpl.use("Agg")
    try:
        done = runner.run_block(block(code), {}, None)
    finally:
        mpl.use(before)
    assert (done["error"], done["warnings"]) == (None, [])


def test_a_figure_s_block_leaves_the_data_that_it_draws():
    code = "height = f'{x[0]:.1f}'\nprint(height)"
    done = runner.run_block(block(code, figure=True), {"x": [1.5], "y": 1}, None)
    assert repr(done["data"]) == "{'x': array([1.5])}"
    assert (done["output"], done["noted"]) == ("1.5\n", [])
    done = runner.run_block(block("draw(x)", figure=True), {"x": print}, None)
    assert "TypeError: a figure's cell only draws" in done["error"]


def test_a_claim_s_block_leaves_what_it_measured():
    done = runner.run_block(block("a_b = [1.5]", claim="a-b"), {"x": 1}, None)
    assert repr(done["data"]) == "{'a_b': array([1.5])}"
    done = runner.run_block(block("a = 1", claim="a-b"), {}, None)
    assert "the claim 'a-b' leaves no variable" in done["error"]


@pytest.mark.parametrize(
    ("code", "output", "error"),
    [
        ("echo a; echo b >&2", "a\n", None),
        ("echo a; echo b >&2; exit 3", "a\n", "exit status 3\nb\n"),
        ("echo é\nfalse\necho b", "é\n", "exit status 1\n"),
        ("false | true", "", "exit status 1\n"),
        ("[[ $BASH ]] && echo a", "a\n", None),
    ],
)
def test_a_shell_s_block_ends_where_a_command_fails(
    code: str, output: str, error: str | None
):
    done = runner.run_block(block(code, syntax="bash"), {}, None)
    assert (done["output"], done["error"]) == (output, error)
    assert (done["left"], done["data"]) == ({}, None)


def test_a_shell_s_variable_that_is_not_set_is_an_error():
    done = runner.run_block(block("echo $no_such", syntax="sh"), {}, None)
    assert "no_such: unbound variable" in done["error"]


def test_statements_are_remembered_in_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(runner.statements, "LONG", -1)
    folder = tmp_path / "statements"

    def run(**given: object) -> dict[str, object]:
        runner.run_block(block("x = y + 1"), given, folder)
        return given

    assert run(y=1)["x"] == 2
    (kept,) = folder.iterdir()
    kept.write_bytes(pickle.dumps({"x": "kept"}))
    assert run(y=1)["x"] == "kept"
    assert run(y=2)["x"] == 3
    done = runner.run_block(block("x = 1\ny = x / 0"), {}, folder)
    assert 'File "demo.py", line 12, in <module>\nZeroDivis' in done["error"]


# The machine


CPU = """\
processor\t: 0
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 85
model name\t: A CPU: the fast: one
flags\t\t: fpu vme
power management:

processor\t: 1
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 85
model name\t: A CPU: the fast: one
"""


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root folder of another system, whose /proc the runner reads."""
    (tmp_path / "proc" / "self").mkdir(parents=True)
    monkeypatch.setattr(machine, "Path", lambda path: tmp_path / path.lstrip("/"))
    return tmp_path


def test_a_machine_is_told_by_what_decides_the_last_bits(system: Path):
    (system / "proc" / "cpuinfo").write_text(CPU)
    told = machine.about()
    assert told.pop("mkl_mode") in ("", "none")  # depends on how torch was built
    assert told == {
        "torch": torch.__version__,
        "numpy": np.__version__,
        "capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "cpu": "GenuineIntel 6 85 A CPU: the fast: one",
    }


def test_a_cpu_is_told_by_what_is_known_of_it(
    system: Path, monkeypatch: pytest.MonkeyPatch
):
    (system / "proc" / "cpuinfo").write_text("model name\t: A CPU\n")
    assert machine.about()["cpu"] == "A CPU"
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    for processor, cpu in [("arm", "arm"), ("", "arm64")]:
        monkeypatch.setattr(platform, "processor", lambda name=processor: name)
        # Linux on ARM names no CPU; other systems have no /proc.
        (system / "proc" / "cpuinfo").write_text("BogoMIPS\t: 50.00\n")
        assert machine.about()["cpu"] == cpu
        (system / "proc" / "cpuinfo").unlink()
        assert machine.about()["cpu"] == cpu


@pytest.mark.parametrize(
    ("built", "asked", "mode"),
    [
        ("  - Intel(R) oneAPI MKL Version 2024", None, ""),
        ("  - Intel(R) oneAPI MKL Version 2024", "COMPATIBLE", "COMPATIBLE"),
        ("  - LAPACK is enabled (OpenBLAS)", None, "none"),
        ("  - LAPACK is enabled (OpenBLAS)", "COMPATIBLE", "none"),
    ],
)
def test_the_mode_of_mkl_counts_where_torch_has_it(
    monkeypatch: pytest.MonkeyPatch, built: str, asked: str | None, mode: str
):
    monkeypatch.setattr(torch.__config__, "show", lambda: built)
    if asked:
        monkeypatch.setenv("MKL_CBWR", asked)
    assert machine.about()["mkl_mode"] == mode


def test_linux_knows_the_most_memory_that_a_process_has_held(system: Path):
    status = "VmPeak:\t    4096 kB\nVmHWM:\t    2560 kB\nVmRSS:\t    1024 kB\n"
    (system / "proc" / "self" / "status").write_text(status)
    assert machine.peak_megabytes() == 2.5


@pytest.mark.parametrize(("name", "unit"), [("linux", 2**10), ("darwin", 2**20)])
def test_other_systems_tell_it_in_units_of_their_own(
    system: Path, monkeypatch: pytest.MonkeyPatch, name: str, unit: int
):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    monkeypatch.setattr(sys, "platform", name)
    assert machine.peak_megabytes() == pytest.approx(before / unit, rel=0.1)


# A program


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict]:
    """Run a program in this interpreter, and read its record."""
    monkeypatch.setattr(runner, "end_with_input", lambda: None)

    def run(
        *blocks: str | dict[str, object],
        statements: Path | None = None,
        values: bool = True,
    ) -> dict:
        job, record = tmp_path / "job.json", tmp_path / "record.pickle"
        all_of_it = [block(one) if isinstance(one, str) else one for one in blocks]
        about = {"blocks": all_of_it, "environment": {}, "values": values}
        about["statements"] = statements and str(statements)
        job.write_text(json.dumps(about, ensure_ascii=False), "utf-8")
        runner.main(str(job), str(record))
        return pickle.loads(record.read_bytes())

    return run


def test_a_program_s_blocks_are_run_one_after_the_other(run: Callable[..., dict]):
    record = run("x = 1\nprint('é')", "y = x + 1", "print(y)")
    assert [done["output"] for done in record["blocks"]] == ["é\n", "", "2\n"]
    assert record["values"] == {"x": 1, "y": 2}
    assert run("x = 1", values=False)["values"] == {}


def test_a_program_ends_with_the_block_that_fails(run: Callable[..., dict]):
    record = run("x = 1", "1 / 0", "x = 2")
    assert [bool(done["error"]) for done in record["blocks"]] == [False, True]
    assert record["values"] == {"x": 1}


def test_a_program_is_the_main_module(run: Callable[..., dict]):
    record = run(
        "import __main__\nx = 1\nprint(__name__, __main__.x)",
        "class A:\n    pass\n\n\nprint(A.__module__)",
        "import builtins\nprint(__builtins__ is builtins)",
    )
    said = [done["output"] for done in record["blocks"]]
    assert said == ["__main__ 1\n", "__main__\n", "True\n"]


def test_a_record_has_the_data_of_a_program_and_nothing_else(run: Callable[..., dict]):
    deep = "deep = 1\nfor _ in range(99):\n    deep = [deep]"  # too deep for an array
    within = "within = []\nwithin.append(within)"
    record = run(
        "_own, f, a = 1, print, [1, 2]", f"import math\n{deep}\n{within}", "b = 'x'"
    )
    assert sorted(record["values"]) == ["a", "b"]
    assert record["values"]["a"].tolist() == [1, 2]


def test_a_figure_is_closed_before_the_next_block(run: Callable[..., dict]):
    draw = "import matplotlib.pyplot as plt\nplt.subplots()\nplt.subplots()"
    count = "print(len(plt.get_fignums()), plt.get_backend().lower())"
    before = mpl.get_backend()
    mpl.use("svg")
    try:
        record = run(draw, count, block("plt.subplots()", figure=True), count)
    finally:
        mpl.use(before)
    said = [done["output"] for done in record["blocks"]]
    assert said == ["", "2 agg\n", "", "0 agg\n"]


def test_a_program_is_perturbed_if_it_has_torch(
    run: Callable[..., dict], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DESCENT_SEEDS", "1000")
    run("x = 1")
    assert torch.Generator is Generator
    record = run("import torch", "x = torch.Generator().manual_seed(1).initial_seed()")
    assert record["values"] == {"x": 1001}


def test_a_program_leaves_its_machine(
    run: Callable[..., dict], monkeypatch: pytest.MonkeyPatch
):
    assert run("x = 1")["machine"] == machine.about()
    monkeypatch.delitem(sys.modules, "torch")
    told = run("x = 1")["machine"]
    assert told == {"numpy": np.__version__, "cpu": machine.cpu()} == machine.about()


def test_a_program_s_statements_are_remembered(
    run: Callable[..., dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(runner.statements, "LONG", -1)
    folder = tmp_path / "statements"
    assert run("x = 1", statements=folder)["values"] == {"x": 1}
    assert len(list(folder.iterdir())) == 1


def test_what_a_program_took_is_measured(run: Callable[..., dict]):
    before = time.process_time()
    record = run("x = 1")
    after = time.process_time()
    assert before - 0.01 <= record["cpu_seconds"] <= after + 0.01
    assert record["megabytes"] == pytest.approx(machine.peak_megabytes(), rel=0.1)


@pytest.fixture
def given_input() -> Iterator[int]:
    """The end of a pipe to write to, whose other end is this process's input."""
    before = os.dup(0)
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.dup2(reading, 0)
    os.close(reading)
    yield writing
    os.dup2(before, 0)
    os.close(before)


def test_a_program_gets_no_input_and_ends_with_it(
    given_input: int, monkeypatch: pytest.MonkeyPatch
):
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    known = threading.enumerate()
    runner.end_with_input()
    (watching,) = set(threading.enumerate()) - set(known)
    assert watching.daemon
    assert os.read(0, 1) == b""
    os.write(given_input, b"not for the program")
    watching.join(0.05)
    assert watching.is_alive()
    os.close(given_input)
    watching.join(5)
    assert ended == [1]


def test_a_module_of_the_runner_s_own_is_found_by_its_path(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setitem(sys.modules, "effects", None)
    module = runner.load("effects")
    assert module.__name__ == "effects"
    assert Path(module.__file__) == Path(runner.__file__).with_name("effects.py")
    assert sys.modules["effects"] is module
    assert module.made_by(ast.parse("x = 1").body[0]) == {"x"}


def test_a_slow_machine_s_legend_is_no_warning():
    code = """\
import warnings
warnings.warn('Creating legend with loc="best" can be slow with large amounts of data.')
"""
    assert runner.run_block(block(code), {}, None)["warnings"] == []
