"""What code reads, makes and changes by name, told from its text.

A note's top level may have a small part of Python; the rest is refused. The compiler
says which names code reads and makes. Which it changes is guessed, rather too many than
too few: a method whose name ends in "_" changes what it is called on, and what may
share memory with that.

It imports the standard library alone: a program's interpreter loads it by its path.
"""

from __future__ import annotations

import ast
import copy
import dis
import functools
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

# Methods that change what they are called on, as do those whose name ends in "_".
CHANGING = {"append", "clear", "extend", "insert", "pop", "remove", "sort", "update"}
CHANGING |= {"add", "setdefault", "step", "backward", "manual_seed", "set_state"}
# Methods whose result shares memory with what they are called on.
SHARING = {"T", "contiguous", "detach", "expand", "flatten", "items", "mT", "numpy"}
SHARING |= {"reshape", "select", "squeeze", "transpose", "unfold", "unsqueeze"}
SHARING |= {"values", "view"}
# Functions whose result holds what they are given.
HOLDING = {"dict", "enumerate", "iter", "list", "map", "reversed", "tuple", "zip"}
# The statements that a note's top level may have.
DEFINITIONS = (ast.FunctionDef, ast.ClassDef)
LOOPS_AND_BRANCHES = (ast.For, ast.If, ast.With)
SIMPLE = (ast.Assign, ast.AugAssign, ast.Expr, ast.Assert, ast.Raise, ast.Pass)
OTHERS = (ast.Break, ast.Continue, ast.Import, ast.ImportFrom)
KNOWN = (*DEFINITIONS, *LOOPS_AND_BRANCHES, *SIMPLE, *OTHERS)
LOADS = {"LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"}


class RefusedError(ValueError):
    """Code whose effects can't be told from its text; and its line."""

    def __init__(self, node: ast.stmt | ast.expr, what: str) -> None:
        super().__init__(f"{what}: what needs it, and what it needs, can't be told")
        self.line = node.lineno


def check(tree: ast.Module) -> None:
    """Raise RefusedError for what the top level of a note must not have."""
    for statement in tree.body:
        for part in outside_of_functions(statement):
            if isinstance(part, ast.NamedExpr):
                raise RefusedError(part, "`:=` outside of a function")
            if isinstance(part, ast.stmt) and not isinstance(part, KNOWN):
                kind = type(part).__name__.lower()
                raise RefusedError(part, f"`{kind}` outside of a function")
            if isinstance(part, ast.ImportFrom) and part.names[0].name == "*":
                raise RefusedError(part, "`import *`")
        for part in ast.walk(statement):
            if isinstance(part, ast.Global | ast.Nonlocal):
                raise RefusedError(part, f"`{type(part).__name__.lower()}`")


def outside_of_functions(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all nodes in it, without the bodies of definitions."""
    yield node
    its = header(node) if isinstance(node, DEFINITIONS) else node
    for child in ast.iter_child_nodes(its):
        yield from outside_of_functions(child)


@dataclass
class Effects:
    """What running a piece of code does, by name."""

    reads: set[str] = field(default_factory=set)  # made by code before it
    makes: set[str] = field(default_factory=set)
    always_makes: set[str] = field(default_factory=set)  # whatever branch or loop runs
    changes: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Function:
    """What calling a function reads and changes outside of it and in its arguments."""

    reads: set[str]
    changes: set[str]
    parameters: list[str]


class Scope:
    """What is known of a program's names, statement by statement."""

    def __init__(self) -> None:
        self.functions: dict[str, Function] = {}
        self.modules: set[str] = set()
        self.shares: dict[str, set[str]] = {}  # whose memory a name's value may share

    def run(self, node: ast.stmt) -> Effects:
        """The effects of the next statement."""
        if isinstance(node, ast.For | ast.If | ast.With):
            return self.run_others(node)
        reads, makes = read_by(node), made_by(node)
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            self.functions[node.name] = self.function(node)
            if isinstance(node, ast.FunctionDef):
                reads = read_by(header(node))
            return Effects(reads, makes, makes)
        if isinstance(node, ast.Import | ast.ImportFrom):
            self.modules |= makes
        found = Effects(reads, makes, makes, self.changed_by(node))
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self.bind(target, node.value)
        self.call(found)
        return found

    def run_others(self, node: ast.For | ast.If | ast.With) -> Effects:
        """The effects of a `for`, `if` or `with`, however often its body is run."""
        found, given = Effects(), set[str]()
        heads: list[ast.AST] = []
        if isinstance(node, ast.For):
            heads, given = [node.iter], stored(node.target)
            self.bind(node.target, node.iter)
        elif isinstance(node, ast.If):
            heads = [node.test]
        else:
            heads = [item.context_expr for item in node.items]
            given = set().union(*(stored(item) for item in node.items))
        found.makes |= given
        for head in heads:
            found.reads |= read_by(head)
            found.changes |= self.changed_by(head)
        self.call(found)
        # A loop twice: a turn may change what only the turn before made share memory.
        for _ in range(2 if isinstance(node, ast.For) else 1):
            made = self.body(node.body, found, given)
        if isinstance(node, ast.With):
            found.always_makes = made
        else:
            self.body(node.orelse, found, set())
        return found

    def body(self, statements: list[ast.stmt], to: Effects, made: set[str]) -> set[str]:
        """Add to `to` what statements may do; return `made` and what they must make."""
        for statement in statements:
            inner = self.run(statement)
            to.reads |= inner.reads - made
            to.makes |= inner.makes
            to.changes |= inner.changes
            made = made | inner.always_makes
        return made

    def call(self, found: Effects) -> None:
        """Add what functions do to `found`: code that names one may call it."""
        called: set[str] = set()
        while new := found.reads & self.functions.keys() - called:
            called |= new
            for name in new:
                known = self.functions[name]
                found.reads |= known.reads
                found.changes |= self.held(known.changes - {*known.parameters})

    def held(self, names: Iterable[str]) -> set[str]:
        """Names, and those whose memory their values may share."""
        return {*names}.union(*(self.shares.get(name, set()) for name in names))

    def bind(self, target: ast.expr, value: ast.expr, again: bool = False) -> None:
        """Note what a target's names may share memory with; `again` keeps the old."""
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for part, its in zip(target.elts, value.elts, strict=False):
                self.bind(part, its, again)
            return
        shared = self.held(self.roots(value))
        for name in stored(target):
            before = self.shares.get(name, set()) if again else set()
            self.shares[name] = before | shared | {name}

    def roots(self, node: ast.expr) -> set[str]:
        """The names whose memory the value of an expression may share."""
        if isinstance(node, ast.Name):
            return {node.id} - self.modules
        if isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
            return self.roots(node.value)
        parts: list[ast.expr] = []
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            parts = node.elts
        elif isinstance(node, ast.Dict):
            parts = node.values
        elif isinstance(node, ast.IfExp):
            parts = [node.body, node.orelse]
        elif isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp):
            parts = [node.elt, *(each.iter for each in node.generators)]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            method = node.func.attr
            shares = method in SHARING or method.endswith("_")
            parts = [node.func.value] if shares else []
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            holds = node.func.id in HOLDING
            values = [*node.args, *(option.value for option in node.keywords)]
            parts = values if holds else []
        return set().union(*map(self.roots, parts))

    def changed_by(self, node: ast.AST) -> set[str]:
        """The names whose values code may change, but for what `call` adds."""
        found: set[str] = set()
        for part in outside_of_functions(node):
            if isinstance(part, ast.Attribute | ast.Subscript):
                if isinstance(part.ctx, ast.Store):
                    found |= self.roots(part)
            elif isinstance(part, ast.AugAssign):
                found |= self.roots(part.target)
            elif isinstance(part, ast.comprehension):
                self.bind(part.target, part.iter, again=True)
            elif isinstance(part, ast.Call):
                found |= self.changed_by_call(part)
            elif isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
                found |= self.changed_by_a_call_alone(part.value)
        return self.held(found)

    def changed_by_a_call_alone(self, call: ast.Call) -> set[str]:
        """What a call may change whose result is dropped: it was made for that."""
        method = call.func
        if not isinstance(method, ast.Attribute):
            return set()
        found = self.roots(method.value)
        # torch.set_num_threads(1) changes the module, for all that use it.
        if method.attr.startswith("set_"):
            found |= read_by(method) & self.modules
        return found

    def changed_by_call(self, call: ast.Call) -> set[str]:
        """The names whose values a call may change, but for what `call` adds."""
        found: set[str] = set()
        if isinstance(call.func, ast.Attribute):
            name = call.func.attr
            if name in CHANGING or name.rstrip("_") + "_" == name:
                found |= self.roots(call.func.value)
        for option in call.keywords:
            if option.arg in ("generator", "out"):
                found |= self.roots(option.value)
        for name in read_by(call.func) & self.functions.keys():
            known = self.functions[name]
            for parameter, value in given(known.parameters, call):
                # In vmap(function)(…), any parameter may get the value.
                each = isinstance(call.func, ast.Name)
                if known.changes & ({parameter} if each else {*known.parameters}):
                    found |= self.roots(value)
        return found

    def function(self, node: ast.FunctionDef | ast.ClassDef) -> Function:
        """What calling a function does, or making an object of a class and using it."""
        parameters: list[str] = []
        if isinstance(node, ast.FunctionDef):
            its = node.args
            named = [
                *its.posonlyargs,
                *its.args,
                *its.kwonlyargs,
                its.vararg,
                its.kwarg,
            ]
            parameters = [argument.arg for argument in named if argument]
        inner = Scope()
        inner.modules, inner.functions = self.modules, {**self.functions}
        inside = [part for part in ast.walk(node) if part is not node]
        for part in inside:
            if isinstance(part, ast.FunctionDef):
                inner.functions[part.name] = inner.function(part)
        bound: list[tuple[ast.expr, ast.expr]] = []
        for part in inside:
            if isinstance(part, ast.Assign):
                bound += [(target, part.value) for target in part.targets]
            elif isinstance(part, ast.For):
                bound.append((part.target, part.iter))
        for _ in bound:  # in a loop, each may be bound to one that is bound below it
            for target, value in bound:
                inner.bind(target, value, again=True)
        changes: set[str] = set().union(*map(inner.changed_by, node.body))
        reads = read_by(node)
        return Function(reads, changes & (reads | {*parameters}), parameters)


def given(parameters: list[str], call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """What a call gives for each parameter, as far as its text tells."""
    for position, value in enumerate(call.args):
        if isinstance(value, ast.Starred):  # it may fill all that follow
            yield from ((name, value) for name in parameters[position:])
        elif parameters:
            yield parameters[min(position, len(parameters) - 1)], value
    for option in call.keywords:
        names = [option.arg] if option.arg else parameters
        yield from ((name, option.value) for name in names)


def header(node: ast.AST) -> ast.stmt:
    """What runs where a definition stands: a function's defaults, but not its body."""
    assert isinstance(node, ast.FunctionDef | ast.ClassDef)
    without = copy.copy(node)
    without.body = [ast.Pass()]
    return without


def stored(node: ast.AST) -> set[str]:
    """The names that a target binds."""
    names = (part for part in ast.walk(node) if isinstance(part, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, ast.Store)}


def compiled(node: ast.AST) -> types.CodeType | None:
    """A statement or an expression as a program of its own."""
    if isinstance(node, ast.Break | ast.Continue):
        return None  # compiles in a loop only, and names nothing
    statement = ast.Expr(node) if isinstance(node, ast.expr) else node
    assert isinstance(statement, ast.stmt)
    tree = ast.fix_missing_locations(ast.Module([statement], []))
    return compile(tree, "<code>", "exec", dont_inherit=True)


@functools.cache
def globals_of(code: types.CodeType) -> frozenset[str]:
    """The global names that code reads, in its functions and comprehensions, too."""
    names = {s.argval for s in dis.get_instructions(code) if s.opname in LOADS}
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return frozenset(names.union(*map(globals_of, inner)))


def read_by(node: ast.AST) -> set[str]:
    """The names outside of a node that it reads."""
    code = compiled(node)
    return set(globals_of(code)) if code else set()


def made_by(node: ast.AST) -> set[str]:
    """The names that a statement binds, or may bind."""
    code = compiled(node)
    steps = dis.get_instructions(code) if code else ()
    return {step.argval for step in steps if step.opname == "STORE_NAME"}
