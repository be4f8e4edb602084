"""Run a program statement by statement, and none of them twice with the same inputs.

The blocks of a page, each copied with what it needs, repeat each other's training. So
what a long statement changed is kept in a folder, under a name made of its code and of
the values of everything that it could read. A program that comes to the same statement
with the same values takes that result. One that lacks something has other values, or
gets a NameError: it never takes another program's result.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import io
import os
import pickle
import threading
import time
import types
from pathlib import Path
from typing import Any

if __package__:
    from publish.inside import effects
else:  # loaded by its path, after effects.py, without the project around it
    # mypy sees the project alone, where no module has this name.
    import effects  # type: ignore[import-not-found, no-redef]
LONG = 0.05  # seconds: running less is faster than looking it up
SIMPLE = (bool, int, float, str, range, types.NoneType)
# A list of nothing but these is told from any other by its text.
PRINTED = {bool, int, float, str, types.NoneType}
GONE = ...  # in place of a function, which can't be kept


class NoDataError(TypeError):
    """A value that is more than data: no fingerprint tells it from others."""


def fingerprint(value: Any, namespace: dict[str, Any]) -> str:
    """A name for a value: equal for equal data, and for functions with equal code.

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
            add(value.dtype, value.shape)
            digest.update(value.tobytes())
        elif hasattr(value, "get_state"):  # a generator
            take(value.get_state())
        elif isinstance(value, (list, tuple)):
            add(len(value))
            if PRINTED.issuperset(map(type, value)):
                add(list(value))
                return
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
        # Those of torch are dtypes and devices.
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
        for name in sorted(effects.globals_of(value)):
            if name in namespace and name not in seen:
                seen.add(name)
                add(name)
                take(namespace[name])

    take(value)
    return digest.hexdigest()


def may_read(node: ast.stmt, namespace: dict[str, Any]) -> set[str]:
    """The names that a statement may read, itself or in functions that it calls."""
    found: set[str] = set()
    wanted = effects.Scope().run(node).reads
    while wanted:
        name = wanted.pop()
        found.add(name)
        code = getattr(namespace.get(name), "__code__", None)
        if code:
            known = namespace.keys() | {"print"}
            wanted |= effects.globals_of(code) & known - found
    return found


def fingerprints(names: set[str], namespace: dict[str, Any]) -> dict[str, str]:
    """The fingerprints of the values of those names that have one."""
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
    """Run a block's statements in `namespace`; keep and find results in `folder`."""
    for node in code.body:
        one = compile(ast.Module([node], []), file, "exec", dont_inherit=True)
        # These take no time, or do more than change variables: they may print.
        simple = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Expr)
        names = may_read(node, namespace)
        if isinstance(node, simple) or "print" in names:
            exec(one, namespace)
            continue
        try:
            before = fingerprints(names, namespace)
        except NoDataError:
            exec(one, namespace)
            continue
        asked = f"{ast.unparse(node)}\0{sorted(before.items())}"
        kept = folder / hashlib.sha256(asked.encode()).hexdigest()[:40]
        known = load(kept)
        if known is not None:
            for name, value in known.items():
                if value is GONE:
                    namespace.pop(name, None)
                    continue
                old = namespace.get(name)
                if old is not None and hasattr(value, "get_state"):
                    old.set_state(value.get_state())  # in place: others may hold it
                else:
                    namespace[name] = value
            continue
        started = time.perf_counter()
        exec(one, namespace)
        if time.perf_counter() - started > LONG:
            remember(names, node, before, namespace, kept)


def remember(
    names: set[str],
    node: ast.stmt,
    before: dict[str, str],
    namespace: dict[str, Any],
    kept: Path,
) -> None:
    """Keep what a statement changed, if all of it is data."""
    buffer, made = io.BytesIO(), effects.made_by(node)
    try:
        after = fingerprints(names | made, namespace)
        changed: dict[str, Any] = {}
        for name in after:
            value = namespace[name]
            if not callable(value):
                if before.get(name) != after[name]:
                    changed[name] = value
            elif name in made and not isinstance(node, ast.For):
                return  # what this makes is a function, which can't be kept
            elif name in made:
                # A loop's helper is dropped: code that reads it later gets a NameError.
                changed[name] = GONE
        Pickler(buffer).dump(changed)
    except (NoDataError, TypeError, AttributeError, pickle.PicklingError, RuntimeError):
        return
    with contextlib.suppress(OSError):  # on a full disk, it is run again next time
        keep(kept, buffer.getvalue())


def load(kept: Path) -> Any:
    """What is pickled in a file; None if it isn't there, or not whole."""
    try:
        content = kept.read_bytes()
        with contextlib.suppress(OSError):  # the folder may be read-only
            os.utime(kept)  # `forget` removes what was read last, last
        return pickle.loads(content)
    except Exception:  # a pickle that is cut short can raise any
        return None


def keep(kept: Path, content: bytes) -> None:
    """Write a file whole or not at all, even if others write it, too."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
    try:
        part.write_bytes(content)
        part.replace(kept)
    finally:
        part.unlink(missing_ok=True)


def forget(folder: Path, most: int) -> None:
    """Remove the files longest unread, until `folder` has at most `most` bytes."""
    found = []
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # another session removes them, too
            if path.is_file():
                about = path.stat()
                found.append((about.st_mtime, about.st_size, path))
    total = 0
    for _, size, path in sorted(found, reverse=True):
        total += size
        if total > most:
            with contextlib.suppress(OSError):  # removed by another session
                path.unlink()
