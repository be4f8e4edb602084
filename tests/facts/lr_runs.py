"""What the facts of both notes about the learning rate share, besides the model."""

import numpy as np
from matplotlib.colors import to_hex

from .numpy_model import X, Y, forward, gradient, of_loss, softmax


def run(params, rates, batches):
    """Take a step at each rate: the parameters, and the batch losses before it."""
    losses = []
    for rate, ix in zip(rates, batches, strict=True):
        x, y = X[ix], Y[ix]
        logits = forward(params, x)
        losses.append(-np.log(softmax(logits)[np.arange(len(y)), y]).mean())
        by = gradient(params, x, of_loss(logits, y))
        params = [p - rate * slope for p, slope in zip(params, by, strict=True)]
    return params, np.array(losses)


def model(stacked, i):
    """The parameters of model `i` of those that are stacked."""
    return [p[i] for p in stacked]


def median(values, axis=-1):
    """The lower of the two in the middle, as torch.median takes it."""
    return np.quantile(values, 0.5, axis=axis, method="lower")


def look(line):
    return to_hex(line.get_color()), line.get_linestyle(), line.get_marker()


def series(ax, legend=None):
    """Each series (2, n) of a panel, by the words of the legend's key that looks alike.

    The legend is the panel's own, or that of the panel `legend`.
    """
    lines = {look(line): line for line in ax.lines}
    assert len(lines) == len(ax.lines), "two lines look the same"
    keys = (legend or ax).get_legend()
    words = [text.get_text() for text in keys.get_texts()]
    assert len(set(words)) == len(words)
    return {
        word: lines[look(key)].get_xydata().T
        for word, key in zip(words, keys.legend_handles, strict=True)
    }


def band(filled):
    """A band's places, (n,), and the heights between which it lies there, (2, n)."""
    points = filled.get_paths()[0].vertices
    places = np.unique(points[:, 0])
    heights = [points[points[:, 0] == x, 1] for x in places]
    return places, np.array([(y.min(), y.max()) for y in heights]).T
