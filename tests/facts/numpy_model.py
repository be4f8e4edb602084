"""The examples and the model that all notes share, once more and without PyTorch.

PyTorch only draws: the same seeds give the same parameters and batches as in the
programs. All arithmetic is NumPy's, in float64.
"""

import numpy as np
import torch
from matplotlib.colors import XKCD_COLORS

NAMES = [name.removeprefix("xkcd:") for name in XKCD_COLORS]
CHARS = sorted({".", *"".join(NAMES)}, key=lambda char: (char != ".", char))
# Three characters before, and the one that comes; "." begins and ends a name.
WINDOWS = [
    [CHARS.index(char) for char in f"...{name}."[i : i + 4]]
    for name in NAMES
    for i in range(len(name) + 1)
]
X, Y = np.array(WINDOWS)[:, :3], np.array(WINDOWS)[:, 3]  # (N, 3), (N,)


def generator(seed):
    return torch.Generator().manual_seed(seed)


def normal(g, *shape):
    return torch.randn(shape, generator=g, dtype=torch.float64).numpy()


def examples(g, *shape):
    """Positions of random examples."""
    return torch.randint(len(X), shape, generator=g).numpy()


def init(g):
    """C, W1, b1, W2 and b2, from a standard normal."""
    k = len(CHARS)
    shapes = [(k, 10), (3 * 10, 200), (200,), (200, k), (k,)]
    return [normal(g, *shape) for shape in shapes]


def forward(params, x):
    """Logits for the contexts x: (B, 30)."""
    C, W1, b1, W2, b2 = params
    return np.tanh(C[x].reshape(len(x), -1) @ W1 + b1) @ W2 + b2


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def costs(params, x=X, y=Y):
    """Each example's cost: minus the log of the probability of the next character."""
    return -np.log(softmax(forward(params, x))[np.arange(len(y)), y])


def loss(params, ix=...):
    """The mean cost of the examples `ix`, or of all."""
    return costs(params, X[ix], Y[ix]).mean()


def gradient(params, x, slopes):
    """The gradient by each parameter, from the slopes by the logits: (B, 30)."""
    C, W1, b1, W2, _ = params
    emb = C[x].reshape(len(x), -1)
    h = np.tanh(emb @ W1 + b1)
    before = (slopes @ W2.T) * (1 - h**2)
    by_C = np.zeros_like(C)
    np.add.at(by_C, x, (before @ W1.T).reshape(*x.shape, -1))
    return [by_C, emb.T @ before, before.sum(0), h.T @ slopes, slopes.sum(0)]


def of_loss(z, y):
    """The slopes of the mean loss by the logits z."""
    return (softmax(z) - np.eye(z.shape[1])[y]) / len(y)


def train(params, rate, batches, slopes=of_loss):
    """The parameters after a step of gradient descent on each batch of positions."""
    for ix in batches:
        x, y = X[ix], Y[ix]
        by = gradient(params, x, slopes(forward(params, x), y))
        params = [p - rate * slope for p, slope in zip(params, by, strict=True)]
    return params
