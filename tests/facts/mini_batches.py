"""What the facts of both notes about mini-batches share, besides the model."""

import numpy as np
from matplotlib.colors import to_hex

from . import numpy_model
from .numpy_model import CHARS, X, Y, examples, forward, gradient, of_loss, softmax

N = len(X)
# Examples that share a context share its logits: each context is computed once, and
# counts as often as each character follows it.
CONTEXTS, which = np.unique(X, axis=0, return_inverse=True)  # (K, 3)
FOLLOWS = np.zeros((len(CONTEXTS), len(CHARS)))  # (K, 30): shares of all examples
np.add.at(FOLLOWS, (which.ravel(), Y), 1 / N)


def model_of(stacked, k):
    """The parameters of model `k` of those that are stacked."""
    return [tensor[k] for tensor in stacked]


def batches(g, B, steps, models=16):
    """The positions (models, B) of each step's examples; None for the full set's."""
    for _ in range(steps):
        # Before a step on the full set, the program draws 512, too, and drops them.
        ix = examples(g, models, 512 if B == N else B)
        yield [None] * models if B == N else ix


def batch_loss(params, ix):
    """The mean loss of the examples at `ix`; of all, if that is None."""
    if ix is None:
        logits = forward(params, CONTEXTS)
        return -(FOLLOWS * np.log(softmax(logits))).sum()
    return numpy_model.loss(params, ix)


def batch_gradient(params, ix):
    if ix is None:
        out = softmax(forward(params, CONTEXTS)) * FOLLOWS.sum(1, keepdims=True)
        return gradient(params, CONTEXTS, out - FOLLOWS)
    return gradient(params, X[ix], of_loss(forward(params, X[ix]), Y[ix]))


def step(params, rate, ix):
    by = batch_gradient(params, ix)
    return [p - rate * slope for p, slope in zip(params, by, strict=True)]


def square(tensors):
    return sum((t**2).sum() for t in tensors)


def less(left, right):
    return [a - b for a, b in zip(left, right, strict=True)]


def looks(line):
    return to_hex(line.get_color()), line.get_linestyle(), line.get_marker()


def by_label(legend, lines):
    """The one line that looks like each of the legend's entries, by its label."""
    named = {}
    for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True):
        alike = [line for line in lines if looks(line) == looks(handle)]
        assert len(alike) == 1, f"{len(alike)} lines look like {text.get_text()!r}"
        named[text.get_text()] = alike[0]
    return named
