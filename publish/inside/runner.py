"""Run a program's blocks in order in this interpreter, and record what they made.

publish/check/pool.py starts it as `python -I runner.py numpy torch`. It can import
nothing of this project, as where a reader pastes a program. It imports those modules,
which takes longer than many programs, and then takes jobs line by line: a file with
blocks, and one for their record. It runs each job in a fork of itself, in an empty
folder. When its input ends, it ends, and so do its forks.
"""

import ast
import builtins
import contextlib
import importlib.util
import io
import json
import os
import pickle
import resource
import select
import string
import subprocess
import sys
import tempfile
import threading
import traceback
import types
import warnings
from pathlib import Path
from typing import Any


def load(name: str) -> types.ModuleType:
    """A module of the folder that this one is in, by its path."""
    spec = importlib.util.spec_from_file_location(
        name, Path(__file__).with_name(f"{name}.py")
    )
    assert spec
    assert spec.loader
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


effects = load("effects")
machine = load("machine")
statements = load("statements")


def plain(value: Any) -> Any:
    """A value without torch: scalars as they are, tensors and lists as arrays.

    Raises TypeError for what is not data.
    """
    import numpy as np

    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if hasattr(value, "detach"):
        value = value.detach().numpy()
    if isinstance(value, (np.ndarray, np.generic)):
        return value.item() if value.ndim == 0 else value.copy()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, range)):
        items = [plain(item) for item in value]
        numeric = all(isinstance(i, (bool, int, float, np.ndarray)) for i in items)
        shapes = {np.shape(item) for item in items} if numeric else set()
        return np.array(items) if len(shapes) == 1 else items
    raise TypeError(f"{type(value).__name__} is not data")


def data_of(code: str, namespace: dict[str, Any]) -> dict[str, Any]:
    """What a figure's code takes from the program: its free variables, as data."""
    tree = ast.parse(code)
    made: set[str] = set().union(*map(effects.made_by, tree.body))
    read: set[str] = set().union(*map(effects.read_by, tree.body)) - made - {"plt"}
    data = {}
    # In the order of first use, each name once.
    names = (node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    for name in dict.fromkeys(names):
        if name not in read or name not in namespace:
            continue
        try:
            data[name] = plain(namespace[name])
        except TypeError as error:
            raise TypeError(
                f"a figure's cell only draws, from data made before it: {name!r} "
                f"is no data ({error}). Compute in the cell before."
            ) from None
        if not drawable(data[name]):
            kind = type(namespace[name]).__name__
            raise TypeError(
                f"{name!r}, a {kind}, is no array of numbers. A figure's cell draws "
                "from arrays, numbers and texts: make some of it in the cell before."
            )
    return data


def drawable(value: Any) -> bool:
    """Whether a figure's file can hold a plain value: it can't hold dictionaries."""
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    if hasattr(value, "dtype"):
        return value.dtype.kind in "biufU"
    return isinstance(value, (bool, int, float, str))


def value_of(claim: str, namespace: dict[str, Any]) -> dict[str, Any]:
    """What a claim's cell measured: the variable of its name."""
    name = claim.replace("-", "_")
    if name not in namespace:
        raise NameError(f"the cell of the claim {claim!r} leaves no variable {name!r}")
    value = plain(namespace[name])
    if not drawable(value):
        raise TypeError(f"{name!r} is no array with a number for each seed")
    return {name: value}


def left_by(code: str, namespace: dict[str, Any]) -> dict[str, str]:
    """The fingerprints of the data that a block made, by name."""
    made: set[str] = set().union(*map(effects.made_by, ast.parse(code).body))
    left = {}
    for name in sorted(made & namespace.keys()):
        if not callable(namespace[name]):
            # What has no fingerprint is no data, as an open file.
            with contextlib.suppress(TypeError, RuntimeError):
                left[name] = statements.fingerprint(namespace[name], namespace)
    return left


class Noting(ast.NodeTransformer):
    """Change code so that it notes each number before formatting it: see `noting`."""

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        self.generic_visit(node)
        spec = node.format_spec or ast.JoinedStr([])
        call = ast.Call(ast.Name("__note__", ast.Load()), [node.value, spec], [])
        node.value = ast.copy_location(call, node.value)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        function = node.func
        if not isinstance(function, ast.Attribute) or function.attr != "format":
            return node
        if isinstance(function.value, ast.Constant):
            name = ast.copy_location(ast.Name("__format__", ast.Load()), node)
            node.args.insert(0, function.value)
            node.func = name
        return node


def noting(tree: ast.Module, noted: list[list[Any]]) -> ast.Module:
    """Code that notes in `noted` each float that it formats, and how.

    Whether a digit that is shown survives other rounding can be told from the number
    that was formatted, not from the text.
    """

    def note(value: Any, spec: str) -> Any:
        number = value
        if hasattr(value, "ndim") and value.ndim == 0:
            number = value.item()
        if isinstance(number, float):
            noted.append([number, spec])
        return value

    def form(text: str, /, *values: Any, **named: Any) -> str:
        fields = [part for part in string.Formatter().parse(text) if part[1] == ""]
        for value, (_, _, spec, _) in zip(values, fields, strict=False):
            note(value, spec or "")
        return text.format(*values, **named)

    vars(builtins).update(__note__=note, __format__=form)
    Noting().visit(tree)
    return ast.fix_missing_locations(tree)


def run_block(
    block: dict[str, Any], namespace: dict[str, Any], folder: Path | None
) -> dict[str, Any]:
    """Run one block; return what it printed, what went wrong, and its data.

    `folder` holds results of statements that were run before.
    """
    done: dict[str, Any] = {"error": None, "data": None, "left": {}, "noted": []}
    stdout = io.StringIO()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        # Only says that there is no screen here.
        warnings.filterwarnings("ignore", ".*non-interactive.*cannot be shown")
        # Only says that this machine took more than a second to place a legend.
        warnings.filterwarnings("ignore", '.*loc="best" can be slow')
        try:
            if block["syntax"] == "python":
                # Blank lines in front, so that a traceback has the file's lines.
                source = "\n" * (block["line"] - 1) + block["code"]
                tree = ast.parse(source, block["file"])
                if block["figure"]:
                    done["data"] = data_of(block["code"], namespace)
                else:
                    tree = noting(tree, done["noted"])
                with contextlib.redirect_stdout(stdout):
                    if folder:
                        statements.run(tree, block["file"], namespace, folder)
                    else:
                        code = compile(tree, block["file"], "exec", dont_inherit=True)
                        exec(code, namespace)
                done["left"] = left_by(block["code"], namespace)
                if block["claim"]:
                    done["data"] = value_of(block["claim"], namespace)
            else:
                shell = ["bash", "-euo", "pipefail", "-c", block["code"]]
                ran = subprocess.run(shell, capture_output=True, text=True)
                stdout.write(ran.stdout)
                if ran.returncode:
                    done["error"] = f"exit status {ran.returncode}\n{ran.stderr}"
        except KeyboardInterrupt:
            raise  # no error of the block's
        except BaseException:
            kind, error, frames = sys.exc_info()
            ours = {__file__, statements.__file__}
            while frames and frames.tb_frame.f_code.co_filename in ours:
                frames = frames.tb_next
            done["error"] = "".join(traceback.format_exception(kind, error, frames))
    done["output"] = stdout.getvalue()
    done["warnings"] = [f"{w.category.__name__}: {w.message}" for w in caught]
    return done


def end_with_input() -> None:
    """End this process when its input ends: then the one that started it is gone.

    Blocks have no input: one that asks for some gets an EOFError, and doesn't wait.
    """
    watched = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    def wait() -> None:
        other_end = select.poll()
        other_end.register(watched, 0)  # reports only that it was closed
        if any(event & select.POLLHUP for _, event in other_end.poll()):
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def main(blocks_file: str, record_file: str) -> None:
    """Run the blocks in `blocks_file`; write their record to `record_file`."""
    end_with_input()
    job = json.loads(Path(blocks_file).read_text("utf-8"))
    os.environ.update(job["environment"])
    blocks, folder = job["blocks"], job["statements"] and Path(job["statements"])
    import matplotlib

    matplotlib.use("Agg")
    machine.perturb(torch_too=any("torch" in block["code"] for block in blocks))
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    namespace = vars(module)
    namespace["__builtins__"] = builtins
    record: dict[str, Any] = {"blocks": [], "values": {}}
    for block in blocks:
        done = run_block(block, namespace, folder)
        record["blocks"].append(done)
        if block["figure"]:
            import matplotlib.pyplot as plt

            plt.close("all")
        if done["error"]:
            break
    for name, value in namespace.items():
        if job["values"] and not name.startswith("_"):
            # It is no data, a list that holds itself, or a view that NumPy lacks.
            with contextlib.suppress(TypeError, ValueError, RuntimeError):
                record["values"][name] = plain(value)
    record["machine"] = machine.about()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    record["cpu_seconds"] = usage.ru_utime + usage.ru_stime
    record["megabytes"] = machine.peak_megabytes()
    Path(record_file).write_bytes(pickle.dumps(record))


def serve(modules: list[str]) -> None:
    """Run the jobs that come line by line, each in a fork; say how each one ended."""
    # Tests run one after the other, so they are what others wait for: they come first.
    os.nice(5)
    for name in modules:
        with contextlib.suppress(Exception):  # the block that imports it reports it
            importlib.import_module(name)
    for line in sys.stdin:
        sys.stdout.flush()
        # In this process's folder, which is removed even if the process is killed.
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as empty:
            child = os.fork()
            if not child:
                os.chdir(empty)
                run_job(*json.loads(line))
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(f"ended with {status}", flush=True)


def run_job(blocks_file: str, record_file: str) -> None:
    """Run the blocks in `blocks_file`, and end; write errors beside the record."""
    errors = os.open(f"{record_file}.errors", os.O_WRONLY | os.O_CREAT)
    os.dup2(errors, 2)
    os.close(errors)
    try:
        main(blocks_file, record_file)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1:])
