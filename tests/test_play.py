"""The scripts that train in the browser give PyTorch's numbers, in Node as well."""

from __future__ import annotations

import functools
import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from matplotlib.colors import XKCD_COLORS

from publish.project import ROOT

PLAY = ROOT / "docs" / "assets" / "play"
NODE = Path(sys.executable).with_name("node")
NAMES = [name.removeprefix("xkcd:") for name in XKCD_COLORS]
WORDS = {
    "the notes'": NAMES,
    "two": ["sun", "moon"],  # so few characters that b2 is drawn one by one
    "in other scripts": ["солнце", "луна", "звезда", "日本語", "naïve", "a𝒳b"],
}
ROUNDING = 1e-9  # nats; what both add up in another order stays far below
# Seeds and the numbers drawn in turn: PyTorch's ways to draw depend on how many.
DRAWS = [
    ["normal", 300],
    ["normal", 16],
    ["normal", 30],
    ["normal", 7],
    ["integers", 10705, 700],
    ["normal", 5],
    ["uniform"],
    ["uniform32"],
    ["integers", 3, 10],
]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """The steps are small: two threads would wait for each other most of the time."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def in_node(job: dict[str, Any]) -> Any:
    command = [str(NODE), str(ROOT / "tests" / "play" / "in_node.mjs")]
    done = subprocess.run(
        command, input=json.dumps(job), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def drawn(seed: int) -> list[list[float]]:
    g = torch.Generator().manual_seed(seed)
    double = functools.partial(torch.randn, generator=g, dtype=torch.float64)
    ways = {
        "normal": double,
        "integers": lambda n, count: torch.randint(n, (count,), generator=g),
        "uniform": lambda: torch.rand((), generator=g, dtype=torch.float64),
        "uniform32": lambda: torch.rand((), generator=g),
    }
    return [np.ravel(ways[str(way)](*about)).tolist() for way, *about in DRAWS]


@pytest.mark.parametrize("seed", [0, 1, 12345, 2**32 - 1])
def test_random_numbers_are_pytorch_s(seed: int):
    job = {"seed": seed, "draws": DRAWS}
    for (way, *_), ours, theirs in zip(DRAWS, in_node(job), drawn(seed), strict=True):
        if way == "normal":
            # Logarithms and cosines may round otherwise in the last bits.
            assert np.allclose(ours, theirs, rtol=1e-13, atol=1e-15)
        else:
            assert ours == theirs


class Reference:
    """The notes' training once more, in PyTorch: one model, from a seed."""

    def __init__(self, words: list[str], seed: int, start: str) -> None:
        self.chars = [".", *sorted(set("".join(words)))]
        ids = [[self.chars.index(c) for c in f"...{word}."] for word in words]
        windows = [w[i : i + 4] for w in ids for i in range(len(w) - 3)]
        self.X, self.Y = torch.tensor(windows).split([3, 1], dim=1)
        self.Y = self.Y[:, 0]
        self.g = torch.Generator().manual_seed(seed)
        k = len(self.chars)
        shapes = [(k, 10), (30, 200), (200,), (200, k), (k,)]
        double = {"generator": self.g, "dtype": torch.float64}
        self.params = [torch.randn(shape, **double) for shape in shapes]
        if start == "scaled":
            for p, times in zip(
                self.params[1:], (5 / 3 / 30**0.5, 0, 0.01, 0), strict=True
            ):
                p *= times
        self.first = [p.clone().ravel() for p in self.params]
        for p in self.params:
            p.requires_grad_()

    def loss(self, ix: torch.Tensor | slice = slice(None)) -> torch.Tensor:
        C, W1, b1, W2, b2 = self.params
        h = torch.tanh(C[self.X[ix]].flatten(1) @ W1 + b1)
        return F.cross_entropy(h @ W2 + b2, self.Y[ix])

    def train(self, lrs: list[float], batch_size: int) -> list[float]:
        losses = []
        for lr in lrs:
            ix = torch.randint(len(self.X), (batch_size,), generator=self.g)
            loss = self.loss(ix)
            grads = torch.autograd.grad(loss, self.params)
            with torch.no_grad():
                for p, grad in zip(self.params, grads, strict=True):
                    p -= lr * grad
            losses.append(loss.item())
        return losses


CASES = [
    (words, start, batch_size)
    for words in WORDS
    for start in ("standard", "scaled")
    for batch_size in (1, 7, 32)
]


@pytest.mark.parametrize(("words", "start", "batch_size"), CASES)
def test_a_run_is_pytorch_s(words: str, start: str, batch_size: int):
    lrs = [0.001, 0.01, 0.003] * 20
    about = {"words": WORDS[words], "seed": 3, "start": start}
    found = in_node({**about, "lrs": lrs, "batchSize": batch_size})
    theirs = Reference(WORDS[words], 3, start)
    assert found["chars"] == theirs.chars
    assert found["size"] == len(theirs.X)
    for ours, first in zip(found["first"], theirs.first, strict=True):
        values = [float(value) for value in ours.split()]
        assert np.allclose(values, first[: len(values)], rtol=1e-13, atol=0)
    losses = theirs.train(lrs, batch_size)
    assert np.allclose(found["losses"], losses, rtol=0, atol=ROUNDING)
    full = theirs.loss()
    grads = torch.autograd.grad(full, theirs.params)
    length = math.sqrt(sum(grad.square().sum().item() for grad in grads))
    # By counts, with each context once, and example by example.
    assert np.allclose(found["full"], full.item(), rtol=0, atol=ROUNDING)
    assert found["gradients"] < ROUNDING * length
    assert abs(found["length"] - length) < ROUNDING * length


def published(slug: str, figure: str) -> dict[str, Any]:
    path = ROOT / "docs" / "published" / slug / f"{figure}.json"
    return dict(json.loads(path.read_text("utf-8"))["series"])


def allowed(series: dict[str, Any]) -> np.ndarray[Any, Any]:
    """How far PyTorch under another rounding may be from each published value."""
    each = [value for times, value in series["tolerance"] for _ in range(times)]
    return np.maximum(each, ROUNDING)


SWEEP = {"seed": 0, "start": "standard", "batchSize": 32, "words": NAMES}


def test_the_trench_s_sweep_is_the_published_one_as_far_as_pytorch_agrees():
    series = published("lr-trench", "one-run")
    lrs = [10.0**e for e in series["lre"]["values"]]
    losses = in_node({**SWEEP, "lrs": lrs})["losses"]
    assert_published(losses, series["losses"])


def assert_published(losses: list[float], series: dict[str, Any]) -> None:
    apart = np.abs(np.subtract(losses, series["values"]))
    assert (apart <= allowed(series)).all()
    # Past the trench runs part; most steps come before.
    assert (apart <= ROUNDING).mean() > 0.8


def test_the_noise_s_run_is_the_published_one():
    series = published("mini-batch-noise", "held")
    found = in_node({**SWEEP, "lrs": [0.1] * 150})["losses"]
    assert_published(found, series["losses"])


def test_the_words_are_the_set_up_s():
    assert json.loads((PLAY / "words.json").read_text("utf-8")) == NAMES


def test_bad_words_are_refused_with_a_sentence():
    for words, said in {
        ("sun",): "two different words",
        ("sun", "sun"): "two different words",
        ("a.b", "c"): "full stop",
        ("x" * 150_000, "y" * 60_000): "at most 200,000 characters",
    }.items():
        with pytest.raises(subprocess.CalledProcessError) as error:
            in_node({**SWEEP, "words": words, "lrs": []})
        assert said in error.value.stderr
