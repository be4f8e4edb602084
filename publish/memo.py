"""Run a program statement by statement, and none of them twice with the same inputs.

The blocks of a page, each copied with what it needs, repeat each other's training. A
statement that took long leaves what it changed in a folder, under a name made of its
code and of the values of everything that it could read. Whoever comes to the same
statement with the same values takes the result. A program that lacks something gets
a value that differs, or a NameError, and never somebody else's result.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import io
import os
import pickle
import time
import types
from pathlib import Path
from typing import Any

LONG = 0.05  # seconds: less is faster done than looked up
SIMPLE = (bool, int, float, str, range, types.NoneType)
GONE = ...  # in place of a function, which can't be kept


class NoDataError(TypeError):
    """A value that is more than its data: it can't be told from others, or kept."""


def fingerprint(value: Any, namespace: dict[str, Any]) -> str:
    """A name for a value: equal for equal data, and functions with equal code.

    Raises NoDataError for what has other state.
    """
    digest = hashlib.sha256()
    seen: set[str] = set()

    def add(*parts: object) -> None:
        for part in parts:
            digest.update(repr(part).encode() + b"\0")

    def take(value: Any) -> None:
        kind = type(value)
        add(kind.__module__, kind.__qualname__)
        if isinstance(value, types.ModuleType):
            add(value.__name__)
        elif isinstance(value, type):
            if value.__module__ == "__main__":
                raise NoDataError("a class")
            add(value.__module__, value.__qualname__)
        elif hasattr(value, "detach"):  # a tensor
            if value.grad_fn is not None or value.grad is not None:
                raise NoDataError("a tensor with a history")
            add(value.requires_grad)
            take(value.detach().numpy())
        elif hasattr(value, "tobytes") and hasattr(value, "dtype"):
            if value.dtype == object:
                raise NoDataError("an array of objects")
            add(value.dtype, getattr(value, "shape", ()))
            digest.update(value.tobytes())
        elif hasattr(value, "get_state"):  # a generator
            take(value.get_state())
        elif isinstance(value, (list, tuple)):
            add(len(value))
            for item in value:
                take(item)
        elif isinstance(value, dict):
            add(len(value))
            for key, item in value.items():
                take(key)
                take(item)
        elif isinstance(value, functools.partial):
            take([value.func, value.args, value.keywords])
        elif isinstance(value, types.FunctionType):
            function(value)
        elif isinstance(value, types.BuiltinFunctionType):
            add(value.__module__, value.__qualname__)
        # … or a dtype, a device.
        elif isinstance(value, SIMPLE) or kind.__module__ == "torch":
            add(value)
        else:
            raise NoDataError(kind.__qualname__)

    def function(value: types.FunctionType) -> None:
        add(value.__module__, value.__qualname__)
        take([value.__defaults__, value.__kwdefaults__])
        for cell in value.__closure__ or ():
            take(cell.cell_contents)
        if value.__globals__ is namespace:
            code(value.__code__)

    def code(value: types.CodeType) -> None:
        add(value.co_code, value.co_varnames, value.co_names)
        for constant in value.co_consts:
            code(constant) if isinstance(constant, types.CodeType) else add(constant)
        for name in value.co_names:
            if name in namespace and name not in seen:
                seen.add(name)
                add(name)
                take(namespace[name])

    take(value)
    return digest.hexdigest()


def named(node: ast.AST, kind: type[ast.expr_context]) -> set[str]:
    """The names that a node reads (ast.Load) or makes (ast.Store)."""
    names = (n for n in ast.walk(node) if isinstance(n, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, kind)}


def overwritten(node: ast.stmt) -> set[str]:
    """What a statement makes anew before it reads it: no input of it."""
    if isinstance(node, ast.Assign):
        return named(node, ast.Store) - named(node, ast.Load)
    if not isinstance(node, ast.For):
        return set()
    read = named(node.iter, ast.Load)
    made = named(node.target, ast.Store) - read
    for statement in node.body:
        read |= named(statement, ast.Load) - made
        if isinstance(statement, ast.Assign):
            made |= named(statement, ast.Store) - read
        else:
            read |= named(statement, ast.Store) - made
    return made


def within(node: ast.stmt, namespace: dict[str, Any]) -> set[str]:
    """What a statement may read: its own names, and those of functions it calls."""
    found: set[str] = set()
    wanted = named(node, ast.expr_context) - overwritten(node)
    while wanted:
        name = wanted.pop()
        found.add(name)
        codes = [getattr(namespace.get(name), "__code__", None)]
        for code in filter(None, codes):
            codes += [c for c in code.co_consts if isinstance(c, types.CodeType)]
            wanted |= {n for n in code.co_names if n in namespace} - found
    return found


def states(names: set[str], namespace: dict[str, Any]) -> dict[str, str]:
    """The fingerprints of those names that stand for something."""
    held = sorted(name for name in names if name in namespace)
    return {name: fingerprint(namespace[name], namespace) for name in held}


class Pickler(pickle.Pickler):
    """Pickles generators, too, by their state."""

    def reducer_override(self, value: Any) -> Any:
        if hasattr(value, "get_state") and hasattr(value, "manual_seed"):
            return generator, (value.get_state(),)
        return NotImplemented


def generator(state: Any) -> Any:
    """A generator in the given state."""
    import torch

    return torch.Generator().set_state(state)


def run(code: ast.Module, file: str, namespace: dict[str, Any], folder: Path) -> None:
    """Run a block's statements in `namespace`, remembering in `folder`."""
    for node in code.body:
        one = compile(ast.Module([node], []), file, "exec", dont_inherit=True)
        # What these do takes no time, or is done elsewhere: a text on the screen.
        simple = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Expr)
        names = within(node, namespace)
        if isinstance(node, simple) or "print" in names:
            exec(one, namespace)
            continue
        try:
            before = states(names, namespace)
        except NoDataError:
            exec(one, namespace)
            continue
        asked = f"{ast.unparse(node)}\0{sorted(before.items())}"
        kept = folder / hashlib.sha256(asked.encode()).hexdigest()[:40]
        if kept.exists():
            for name, value in pickle.loads(kept.read_bytes()).items():
                if value is GONE:
                    namespace.pop(name, None)
                    continue
                old = namespace.get(name)
                if old is not None and hasattr(value, "get_state"):
                    old.set_state(value.get_state())  # others may hold it, too
                else:
                    namespace[name] = value
            continue
        started = time.perf_counter()
        exec(one, namespace)
        if time.perf_counter() - started > LONG:
            remember(names, named(node, ast.Store), before, namespace, kept)


def remember(
    names: set[str],
    made: set[str],
    before: dict[str, str],
    namespace: dict[str, Any],
    kept: Path,
) -> None:
    """Keep what a statement changed, if all of it is data."""
    buffer = io.BytesIO()
    try:
        after = states(names | made, namespace)
        changed: dict[str, Any] = {}
        for name in after:
            value = namespace[name]
            if not callable(value):
                if before.get(name) != after[name]:
                    changed[name] = value
            elif name in made:
                # A loop's helper: whoever reads it later does so in vain, and is told.
                changed[name] = GONE
        Pickler(buffer).dump(changed)
    except (NoDataError, TypeError, AttributeError, pickle.PicklingError, RuntimeError):
        return
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(f".{os.getpid()}")
    part.write_bytes(buffer.getvalue())
    part.replace(kept)  # whole or not at all, whoever else writes it
