"""What code reads, makes and changes is told from its text, or the code is refused."""

import ast

import pytest

from publish.inside import effects
from publish.inside.effects import RefusedError, Scope

ABOVE = """\
import torch
from torch.func import vmap
x, y, n, rows = 1, 2, 3, []
view = x.view(3)
pair = (x, y)
def touch(t, other=None):
    t.add_(1)
    return t
def count():
    global_rows = rows
    global_rows.append(n)
def rate():
    return n
def many(*ts):
    ts[0].add_(1)
class Model:
    def forward(self, value):
        return value + y
"""


def names(text: str) -> set[str]:
    return {*text.split()}


def effects_of(code: str, above: str = ABOVE) -> effects.Effects:
    *before, last = ast.parse(f"{above}\n{code}").body
    scope = Scope()
    for node in before:
        scope.run(node)
    return scope.run(last)


@pytest.mark.parametrize(
    ("code", "reads", "makes", "always"),
    [
        ("a = x", "x", "a", "a"),
        ("a, (b, *c) = x", "x", "a b c", "a b c"),
        ("a += x", "a x", "a", "a"),
        ("rows[n] = x", "rows n x", "", ""),
        ("rows.first = x", "rows x", "", ""),
        ("print(x)", "print x", "", ""),
        ("assert x > n, y", "x n y", "", ""),
        ("raise ValueError(x)", "ValueError x", "", ""),
        ("pass", "", "", ""),
        ("import a.b", "", "a", "a"),
        ("import a.b as c", "", "c", "c"),
        ("from a import b", "", "b", "b"),
        ("a = [i * n for i in x if i]", "n x", "a", "a"),
        ("a = {i: n for i in x}", "n x", "a", "a"),
        ("a = [x for x in y]", "y", "a", "a"),
        ("a = lambda t, u=n: t + x", "n x", "a", "a"),
        ("a = dict(x=y)", "dict y", "a", "a"),
        ("a = f'{x:{n}}'", "x n", "a", "a"),
        ("for i in x:\n    a = i + y", "x y", "i a", ""),
        ("for i in x:\n    a = i\n    b = a", "x", "i a b", ""),
        ("for i in x:\n    b = a\n    a = i", "x a", "i a b", ""),
        ("for i, (j, k) in x:\n    break\nelse:\n    a = n", "x n", "i j k a", ""),
        ("for i in x:\n    if y:\n        continue\n    a = n", "x y n", "i a", ""),
        ("if x:\n    a = y\nelse:\n    b = n", "x y n", "a b", ""),
        ("if x:\n    a = y\nelse:\n    b = a", "x y a", "a b", ""),
        ("with x as a:\n    b = a + y", "x y", "a b", "a b"),
        ("with x as (a, b), y:\n    pass", "x y", "a b", "a b"),
        ("def f(t, u=n):\n    return t + x", "n", "f", "f"),
        ("@y\ndef f(t: n) -> x:\n    return t", "y n x", "f", "f"),
        ("class A(x):\n    size = n", "x n", "A", "A"),
        # Code that names a function may call it, and so reads what the function reads.
        ("a = rate()", "rate n", "a", "a"),
        ("a = vmap(rate)(x)", "vmap rate n x", "a", "a"),
        ("count()", "count rows n", "", ""),
        ("a = Model()(x)", "Model y x", "a", "a"),
        ("for i in x:\n    a = rate()", "x rate n", "i a", ""),
        ("if rate():\n    pass", "rate n", "", ""),
    ],
)
def test_what_code_reads_and_makes(code: str, reads: str, makes: str, always: str):
    found = effects_of(code)
    # Names that every class statement reads.
    own = {"__name__", "__build_class__"}
    assert found.reads - own == names(reads)
    assert found.makes == names(makes)
    assert found.always_makes == names(always)


def test_a_function_reads_what_the_functions_do_that_it_calls():
    code = (
        "def more():\n    return rate() + y\ndef most():\n    return more()\na = most()"
    )
    assert effects_of(code).reads == names("most more rate n y")


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("a = x", ""),
        ("a = x.sum()", ""),
        ("a = x.__len__()", ""),
        ("print(x)", ""),
        ("a = touch", ""),
        ("y += 1", "y"),
        ("y.data -= x.grad", "y"),
        ("y[n] = x", "y"),
        ("y[n].data = x", "y"),
        ("y.add_(x)", "y"),
        ("a = y.add_(x)", "y"),
        ("a = y.view(3).add_(x)", "y"),
        ("a = rows.pop()", "rows"),
        ("rows.append(x)", "rows"),
        ("y.plot(x)", "y"),  # called, and its result thrown away
        ("a = y.plot(x)", ""),
        ("torch.add(x, 1, out=y)", "y"),
        ("a = torch.randn(3, generator=y)", "y"),
        ("torch.set_num_threads(1)", "torch"),
        ("torch.manual_seed(0)", ""),
        ("rows[torch.pi].set_it(1)", "rows torch"),
        ("with torch.no_grad():\n    y.mul_(2)", "y"),
        ("if n:\n    y.mul_(2)\nelse:\n    rows.clear()", "y rows"),
        ("for i in rows:\n    pass\nelse:\n    y.mul_(2)", "y"),
        # A change reaches what shares memory with the changed value.
        ("x.add_(1)", "x"),
        ("view.add_(1)", "view x"),
        ("pair[0].add_(1)", "pair x y"),
        ("for i in rows:\n    i.add_(1)", "rows i"),
        ("for i, j in zip(rows, [y]):\n    i.data -= 1", "rows y i"),
        ("for i in [1]:\n    y = rows\n    rows = y\n    y.clear()", "y rows"),
        ("a = [i.add_(1) for i in rows]", "rows i"),
        ("a = [j.add_(1) for i in rows for j in i]", "rows i j"),
        ("a = {i.pop() for i in (rows if n else y)}", "rows y i"),
        ("a = list(map(lambda t: rows.append(t), y))", "rows"),
        # Functions may change their arguments and the names that they read.
        ("a = touch(y)", "y"),
        ("a = touch(n, y)", "n"),
        ("a = touch(t=y)", "y"),
        ("a = touch(other=y)", ""),
        ("a = touch(*rows)", "rows"),
        ("a = touch(**rows)", "rows"),
        ("a = many(n, y)", "n y"),
        ("a = touch(y.view(3))", "y"),
        ("a = vmap(touch)(y, rows)", "y rows"),
        ("count()", "rows"),
        ("a = rate()", ""),
        # Several at once.
        ("with rows.append(1) as a, n.clear() as b:\n    pass", "rows n"),
        ("rows[0], n[0] = 1, 2", "rows n"),
        ("rows.append(n.pop())", "rows n"),
        ("torch.add(x, 1, generator=rows, out=n)", "rows n"),
        ("a, *b = x, y, n", ""),
        ("a = {1: n}[1].add_(1)", "n"),
        ("a = n.abs_().add_(1)", "n"),
        # A turn of a loop may change what the turn before it shared.
        ("for i in [1]:\n    n.add_(1)\n    n = rows", "n rows"),
    ],
)
def test_what_code_may_change(code: str, changes: str):
    assert effects_of(code).changes == names(changes)


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        ("t.add_(1)", "y"),
        ("own = t.view(3)\n    own.add_(1)", "y"),
        ("for own in t:\n        own.add_(1)", "y"),
        ("own = t.sum()\n    own += 1", ""),
        ("own = [t]\n    own[0].add_(1)", "y"),
        ("while True:\n        own = t\n        own.add_(1)", "y"),
        ("while True:\n        own.add_(1)\n        own = t", "y"),
        ("while True:\n        own.add_(1)\n        own = u\n        u = t", "y"),
        ("own = t\n    own.add_(1)\n    own = [1]", "y"),
        ("for own in t:\n        own.add_(1)\n    for own in [1]:\n        pass", "y"),
        ("def inner(u):\n        u.add_(1)\n    inner(t)", "y"),
        ("x.add_(1)", "x"),
        ("x = 1\n    x += 1", ""),
    ],
)
def test_what_a_function_does_to_what_it_is_given(body: str, changes: str):
    code = f"def f(t):\n    {body}\na = f(y)"
    plain = "import torch\nx, y = 1, 2\n"
    assert effects_of(code, plain).changes == names(changes)


def test_what_is_made_anew_shares_nothing_any_more():
    plain = "x = 1\ny = x\n"
    assert effects_of("y.add_(1)", plain).changes == {"x", "y"}
    assert effects_of("y.add_(1)", f"{plain}y = 2\n").changes == {"y"}
    assert effects_of("y.add_(1)", "x = 1\ny, z = 2, x\n").changes == {"y"}
    assert effects_of("z.add_(1)", "x = 1\ny, z = 2, x\n").changes == {"x", "z"}


@pytest.mark.parametrize(
    ("code", "line", "said"),
    [
        ("x = 1\nwhile x:\n    x -= 1", 2, "`while` outside of a function"),
        ("try:\n    x = 1\nexcept E:\n    pass", 1, "`try` outside of a function"),
        ("if x:\n    del y", 2, "`delete` outside of a function"),
        ("for x in y:\n    match x:\n        case 1: pass", 2, "`match` outside"),
        ("x: int = 1", 1, "`annassign` outside of a function"),
        ("async def f(): pass", 1, "`asyncfunctiondef` outside"),
        ("if (n := 10) > 5:\n    pass", 1, "`:=` outside of a function"),
        ("a = [(b := c) for c in d]", 1, "`:=` outside of a function"),
        ("def f(x=(n := 1)):\n    pass", 1, "`:=` outside of a function"),
        ("from math import *", 1, r"`import \*`"),
        ("def f():\n    global x\n    x = 1", 2, "`global`"),
        ("def f():\n    def g():\n        nonlocal x", 3, "`nonlocal`"),
    ],
)
def test_what_can_t_be_told_is_refused(code: str, line: int, said: str):
    with pytest.raises(RefusedError, match=said) as error:
        effects.check(ast.parse(code))
    assert error.value.line == line


def test_a_function_may_hold_all_of_python():
    body = "while (x := y):\n        try:\n            del x\n        finally:\n"
    code = f"def f(y):\n    {body}            pass\n"
    effects.check(ast.parse(code))
    effects.check(ast.parse(ABOVE))
