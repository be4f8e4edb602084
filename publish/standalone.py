"""What a block needs of the code above it to run alone: a slice of the page's program.

Statement by statement, backwards from the block: what makes or changes something that
is needed further down is taken, with what that needs in turn. Where code may change a
thing, it is taken to: a list that is appended to, a tensor changed in place, a
generator drawn from. The tests run each block alone and compare what it leaves, to
the last bit, with what it leaves in the page's program.
"""

from __future__ import annotations

import ast
import builtins
import functools
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby

from click import ClickException

from publish.pages import FENCE, Cell, Text

# Methods that change what they are called on; those of torch end in "_".
CHANGING = {"append", "clear", "extend", "insert", "pop", "remove", "sort", "update"}
CHANGING |= {"add", "setdefault", "step", "backward", "manual_seed", "set_state"}
# Methods whose result shares memory with what they are called on.
SHARING = {"T", "contiguous", "detach", "expand", "flatten", "items", "mT", "numpy"}
SHARING |= {"reshape", "select", "squeeze", "transpose", "unfold", "unsqueeze"}
SHARING |= {"values", "view"}
# Built-in functions whose result holds what they are given.
HOLDING = {"dict", "enumerate", "iter", "list", "map", "reversed", "tuple", "zip"}


@dataclass(frozen=True)
class Shown:
    """A block of Python on an expanded page: its fence's line, from 0, and its code."""

    fence: int
    indent: str
    code: str
    cell: Cell | None
    name: str  # the block's anchor on its page


def blocks(text: Text) -> list[Shown]:
    """The blocks of an expanded page's program, in order."""
    found: list[Shown] = []
    lines = iter(enumerate(text.lines))
    for fence, line in lines:
        if line.strip() != "```python":
            if other := FENCE.match(line):  # an output may print such a line
                next((end for _, end in lines if end.strip() == other["ticks"]), None)
            continue
        indent = line[: -len("```python")]
        inside = []
        for _, code in lines:
            if code == f"{indent}```":
                break
            inside.append(code)
        cell = text.cells.get(fence)
        name = cell.name.replace(": ", "-") if cell else str(len(found))
        code = textwrap.dedent("\n".join(inside)) + "\n"
        found.append(Shown(fence, indent, code, cell, f"code-{name}"))
    return found


@dataclass
class Effects:
    """What running a piece of code reads, makes anew and changes, by name."""

    reads: set[str] = field(default_factory=set)  # of what was there before
    makes: set[str] = field(default_factory=set)
    surely: set[str] = field(default_factory=set)  # of what it makes: in any case
    changes: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Function:
    """What calling a function reads and changes, beside what it returns."""

    parameters: list[str]
    body: Effects
    returned: set[str]  # the parameters that what it returns may share memory with


@dataclass(frozen=True)
class Statement:
    """A statement of a block: its lines, the comments above it among them."""

    block: int
    first: int
    last: int
    effects: Effects
    checks: bool  # whether all it does is to raise an error where something is wrong


class Reader(ast.NodeVisitor):
    """Collect a node's effects, as a top-level statement or as a function's body."""

    def __init__(
        self,
        functions: dict[str, Function],
        modules: set[str],
        shares: dict[str, set[str]],
    ) -> None:
        self.functions, self.modules = functions, modules
        self.shares = shares  # what a name may share memory with, itself included
        self.effects = Effects()

    def change(self, names: Iterable[str]) -> None:
        for name in names:
            self.effects.changes |= self.shares.get(name, set()) | {name}

    def read(self, name: str) -> None:
        if hasattr(builtins, name):
            return
        self.effects.reads.add(name)
        # Whoever names a function may call it.
        if function := self.functions.get(name):
            self.effects.reads |= function.body.reads
            self.change(function.body.changes - set(function.parameters))

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.read(node.id)
        else:
            self.make(node.id)

    def make(self, *names: str) -> None:
        self.effects.makes |= {*names}
        self.effects.surely |= {*names}

    def bind(self, target: ast.expr, value: ast.expr) -> None:
        names = [n.id for n in ast.walk(target) if isinstance(n, ast.Name)]
        shared = self.roots(value)
        for name in names:
            self.shares[name] = {*shared, name}.union(
                *(self.shares.get(root, set()) for root in shared)
            )

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.store(target)
            if not isinstance(target, (ast.Attribute, ast.Subscript)):
                pairs = [(target, node.value)]
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = list(zip(target.elts, node.value.elts, strict=False))
                for part, value in pairs:
                    self.bind(part, value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        self.change(self.roots(node.target))
        for name in self.roots(node.target):
            self.read(name)
        self.visit(node.target)

    def store(self, target: ast.expr) -> None:
        if isinstance(target, (ast.Attribute, ast.Subscript)):
            self.change(self.roots(target))
        for part in getattr(target, "elts", []):
            self.store(part)
        if not hasattr(target, "elts"):
            self.visit(target)

    def visit_For(self, node: ast.For) -> None:
        self.visit(node.iter)
        self.bind(node.target, node.iter)
        names = {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)}
        # Twice: what a turn of the loop shares, the next may change.
        for _ in range(2):
            self.body(node.body, names)
        self.effects.makes |= names
        self.body(node.orelse, set())

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self.body(node.body, set())
        self.body(node.orelse, set())

    def visit_With(self, node: ast.With) -> None:
        for item in node.items:
            self.visit(item)
        self.effects.surely |= self.body(node.body, set())

    def body(self, statements: list[ast.stmt], surely: set[str]) -> set[str]:
        """Add the effects of statements that may run; return what they surely make."""
        for statement in statements:
            inner = Reader(self.functions, self.modules, self.shares)
            inner.visit(statement)
            self.effects.reads |= inner.effects.reads - surely
            self.effects.makes |= inner.effects.makes
            self.effects.changes |= inner.effects.changes
            surely = surely | inner.effects.surely
        return surely

    def comprehension(self, node: ast.AST) -> None:
        made: set[str] = set()
        inner = Reader(self.functions, self.modules, self.shares)
        for part in getattr(node, "generators", []):
            inner.visit(part.iter)
            self.bind(part.target, part.iter)
            names = (n.id for n in ast.walk(part.target) if isinstance(n, ast.Name))
            made |= set(names)
            for test in part.ifs:
                inner.visit(test)
        for name in ("elt", "key", "value"):
            if hasattr(node, name):
                inner.visit(getattr(node, name))
        self.effects.reads |= inner.effects.reads - made
        self.change(inner.effects.changes - made)

    # The names that ast.NodeVisitor calls.
    visit_ListComp = visit_SetComp = comprehension  # noqa: N815
    visit_DictComp = visit_GeneratorExp = comprehension  # noqa: N815

    def visit_Expr(self, node: ast.Expr) -> None:
        # Called and its result thrown away: for what it changes.
        call = node.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            self.change(self.roots(call.func.value))
            # As torch.set_num_threads(1): whoever uses the module is meant.
            if call.func.attr.startswith("set_"):
                named = {n.id for n in ast.walk(call.func) if isinstance(n, ast.Name)}
                self.change(named & self.modules)
        self.visit(call)

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        function = node.func
        if isinstance(function, ast.Attribute):
            named = function.attr
            if named in CHANGING or named.rstrip("_") + "_" == named:
                self.change(self.roots(function.value))
        for option in node.keywords:
            if option.arg in ("generator", "out"):
                self.change(self.roots(option.value))
        named_functions = [
            self.functions[name.id]
            for name in ast.walk(function)
            if isinstance(name, ast.Name) and name.id in self.functions
        ]
        for known in named_functions:
            changed = known.body.changes & set(known.parameters)
            if isinstance(function, ast.Name):
                for name, value in given(known, node):
                    if name in changed:
                        self.change(self.roots(value))
            elif changed:  # as in vmap(function)(…): any of them
                for value in node.args:
                    self.change(self.roots(value))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for default in [*node.args.defaults, *node.args.kw_defaults]:
            if default:
                self.visit(default)
        for decorator in node.decorator_list:
            self.visit(decorator)
        self.make(node.name)
        arguments = node.args
        parameters = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
        parameters += [a.arg for a in arguments.kwonlyargs]
        parameters += [a.arg for a in (arguments.vararg, arguments.kwarg) if a]
        self.functions[node.name] = self.function(parameters, node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        parameters = [a.arg for a in node.args.args]
        body = self.function(parameters, [ast.Return(node.body)]).body
        self.effects.reads |= body.reads
        self.change(body.changes - set(parameters))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for base in node.bases:
            self.visit(base)
        self.make(node.name)
        self.functions[node.name] = self.function([], node.body)

    def function(self, parameters: list[str], body: list[ast.stmt]) -> Function:
        # Names of its own share with nothing outside but its parameters.
        inner = Reader(dict(self.functions), self.modules, {})
        for statement in body:
            inner.visit(statement)
        found, its = inner.effects, set(parameters)
        own = found.makes - its
        outside = Effects(found.reads - own - its, changes=found.changes - own)
        returned: set[str] = set()
        for node in (n for statement in body for n in ast.walk(statement)):
            if isinstance(node, ast.Return) and node.value:
                for name in inner.roots(node.value):
                    returned |= inner.shares.get(name, set()) | {name}
        return Function(parameters, outside, returned & its)

    def imported(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            self.make(name)
            self.modules.add(name)

    visit_Import = visit_ImportFrom = imported  # noqa: N815 (ast's names)

    def roots(self, node: ast.expr) -> set[str]:
        """The names whose memory the value of an expression may share."""
        if isinstance(node, ast.Name):
            return set() if node.id in self.modules else {node.id}
        if isinstance(node, (ast.Subscript, ast.Starred)):
            return self.roots(node.value)
        if isinstance(node, ast.Attribute):
            return self.roots(node.value)
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return set().union(*map(self.roots, node.elts))
        if isinstance(node, ast.Dict):
            return set().union(*map(self.roots, node.values))
        if isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.SetComp)):
            shared = self.roots(node.elt)
            return shared.union(*(self.shares.get(name, set()) for name in shared))
        if isinstance(node, ast.IfExp):
            return self.roots(node.body) | self.roots(node.orelse)
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Attribute):
                shares = function.attr in SHARING or function.attr.endswith("_")
                return self.roots(function.value) if shares else set()
            if not isinstance(function, ast.Name):
                return set()
            if function.id in HOLDING:
                return set().union(*map(self.roots, node.args))
            if known := self.functions.get(function.id):
                return set().union(
                    *(
                        self.roots(value)
                        for name, value in given(known, node)
                        if name in known.returned
                    )
                )
        return set()


def given(function: Function, call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """What a call gives for each parameter, as far as its text tells."""
    for position, value in enumerate(call.args):
        if isinstance(value, ast.Starred):  # and all that may come of it
            yield from ((name, value) for name in function.parameters[position:])
        elif position < len(function.parameters):
            yield function.parameters[position], value
    for option in call.keywords:
        if option.arg:
            yield option.arg, option.value


@functools.cache  # a page asks for each of its blocks
def statements(codes: tuple[str, ...]) -> list[list[Statement]]:
    """The statements of each block of a program, in order."""
    functions: dict[str, Function] = {}
    modules: set[str] = set()
    shares: dict[str, set[str]] = {}
    found: list[list[Statement]] = []
    for block, code in enumerate(codes):
        line = 0
        found.append([])
        try:
            body = ast.parse(code).body
        except SyntaxError as error:
            wrong = (error.text or "").strip()[:60]
            problem = f"this is no Python: {wrong!r}: {error.msg}."
            raise ClickException(f"{problem} Mend it, or end the fence.") from None
        for node in body:
            reader = Reader(functions, modules, shares)
            reader.visit(node)
            last = node.end_lineno or node.lineno
            parts = node.body if isinstance(node, ast.If) else [node]
            checks = all(isinstance(part, (ast.Assert, ast.Raise)) for part in parts)
            statement = Statement(block, line + 1, last, reader.effects, checks)
            found[-1].append(statement)
            line = last
    return found


def needs(codes: list[str], block: int) -> list[Statement]:
    """What must run before `block` of a program, from the blocks before it."""
    program = statements(tuple(codes))
    needed: set[str] = set()
    taken = []
    above = [statement for part in program[:block] for statement in part]
    for statement in reversed([*above, *program[block]]):
        effects = statement.effects
        if statement.block != block:
            for_that = effects.makes | effects.changes
            if not (effects.reads if statement.checks else for_that) & needed:
                continue
            taken.append(statement)
        needed -= effects.surely
        needed |= effects.reads
    return taken[::-1]


def ranges(codes: list[str], block: int) -> Iterator[tuple[int, int, int]]:
    """The lines that `block` needs of those before it: (block, first, last)."""
    joined: list[Statement] = []
    for _, same in groupby(needs(codes, block), key=lambda statement: statement.block):
        for statement in same:
            before = joined[-1] if joined else None
            follows = before and before.last + 1 == statement.first
            if before and follows and before.block == statement.block:
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
