"""The facts of docs/notes/all-eight.md, held against its run.

Two of the sixteen seeds are trained again in NumPy with each piece left out, and so is
the model that invents the names: from this start, rounding doesn't grow.
"""

from functools import cache

import numpy as np
import torch

from . import numpy_model as model

SEEDS = (0, 15)
NEAR = 1e-6
STEPS, RATE, SIZE = 600, 0.3, 32


def scaled(params):
    C, W1, b1, W2, b2 = params
    # 30 inputs: three characters of ten numbers each.
    return [C, W1 * 5 / 3 / np.sqrt(30), 0 * b1, 0.01 * W2, 0 * b2]


@cache
def batches():
    g = model.generator(1)
    return [model.examples(g, 16, SIZE) for _ in range(STEPS)]


def over_examples(z, y):
    """The slopes of the loss whose softmax sums over the examples."""
    one_hot = np.eye(z.shape[1])[y]
    return (model.softmax(z.T).T * one_hot.sum(0) - one_hot) / len(y)


def of_minus_p(z, y):
    """The slopes of the mean of -p."""
    p, one_hot = model.softmax(z), np.eye(z.shape[1])[y]
    own = p[np.arange(len(y)), y]
    return own[:, None] * (p - one_hot) / len(y)


def run(seed, start=scaled, rates=None, slopes=model.of_loss):
    """The loss on all names after a step at each rate."""
    params = start(model.init(model.generator(seed)))
    decayed = [RATE if t < 450 else RATE / 10 for t in range(STEPS)]
    rates = decayed if rates is None else rates
    for rate, ix in zip(rates, batches(), strict=False):
        params = model.train(params, rate, [ix[seed]], slopes)
    return model.loss(params)


def on_all(seed, steps):
    params = scaled(model.init(model.generator(seed)))
    return model.loss(model.train(params, RATE, [...] * steps))


def test_each_piece_is_left_out_as_the_page_says(values):
    assert (values["T"], values["trench"], values["batch_size"]) == (STEPS, RATE, SIZE)
    decayed = np.repeat([RATE, RATE / 10], [450, 150])
    # As many examples, rounded up.
    once = -(-STEPS * SIZE // len(model.X))
    assert values["once"] == once == 2
    for seed in SEEDS:
        expected = {
            "nothing": run(seed),
            "the right dimension": run(seed, slopes=over_examples),
            "small first weights": run(seed, start=lambda drawn: drawn),
            # The last of four runs of the cell: its 150 steps are at the full rate.
            "a cell of their own": run(seed, rates=[RATE] * 150),
            "the logarithm": run(seed, slopes=of_minus_p),
            "mini-batches": on_all(seed, once),
            "the trench": run(seed, rates=decayed / 10),
            "decay": run(seed, rates=[RATE] * STEPS),
        }
        assert list(values["pieces"]) == list(expected)
        for end, (name, again) in zip(
            values["ends"][:, seed], expected.items(), strict=True
        ):
            near = 0.2 if name == "small first weights" else NEAR
            assert abs(end - again) < near, name


def test_the_claims_are_differences_of_the_rows(values):
    rows = dict(zip(values["pieces"], values["ends"], strict=True))
    best = rows.pop("nothing")
    assert np.array_equal(values["recipe_ends"], best)
    cheapest = np.min(list(rows.values()), axis=0) - best
    assert abs(values["cheapest_piece"] - cheapest).max() < 1e-12
    assert abs(values["decay_pays"] - (rows["decay"] - best)).max() < 1e-12
    assert min(rows, key=lambda name: rows[name].mean()) == "decay"
    above = rows["the logarithm"] - np.log(len(model.CHARS))
    assert abs(values["no_logarithm"] - above).max() < 1e-12


def test_the_figure_has_a_row_of_seeds_for_each_piece(values, drawn):
    (ax,) = drawn("left-out")
    *rows, guess = ax.lines
    assert set(guess.get_xdata()) == {np.log(len(model.CHARS))}
    names = [label.get_text() for label in ax.get_yticklabels()]
    without = [f"without {piece}" for piece in values["pieces"][1:]]
    assert names == ["all pieces", *without]
    for place, (row, ends) in enumerate(zip(rows, values["ends"], strict=True)):
        assert np.array_equal(row.get_xdata(), ends)
        assert set(row.get_ydata()) == {place}
        assert row.get_color() == ("C1" if place else "C0")
    low, high = ax.get_ylim()
    assert low > high, "the first row stands on top"
    # All pieces lie furthest left, and only without the logarithm right of a guess.
    assert (values["ends"][0] < values["ends"][1:]).all()
    middle = values["ends"].mean(1)
    assert [middle[4] > values["guess"]] == [True]
    assert (np.delete(middle, 4) < values["guess"]).all()


@cache
def trained():
    """The recipe's parameters after its steps, its first loss, and its generator."""
    g = model.generator(0)
    params, first = scaled(model.init(g)), None
    for step in range(3000):
        ix = model.examples(g, SIZE)
        first = model.loss(params, ix) if first is None else first
        params = model.train(params, RATE if step < 2250 else RATE / 10, [ix])
    return params, first, g


def test_the_recipe_without_pytorch(values, printed):
    params, first, g = trained()
    assert values["n_steps"] == 3000
    for name, p in zip(("C", "W1", "b1", "W2", "b2"), params, strict=True):
        assert abs(values[name] - p).max() < NEAR
    said = f"first batch {first:.2f}, at the end, on all names {model.loss(params):.2f}"
    assert printed("train").strip() == said
    # What it invents: draws by inversion, a character at a time.
    names = []
    for _ in range(12):
        ids = [0, 0, 0]
        while len(ids) == 3 or ids[-1]:
            p = model.softmax(model.forward(params, np.array([ids[-3:]])))[0]
            u = torch.rand((), generator=g).item()
            ids.append(int((np.cumsum(p) < u).sum()))
        names.append("".join(model.CHARS[i] for i in ids[3:-1]))
    lines = [
        f"{n} {'(in the list)' if n in model.NAMES else ''}".strip() for n in names
    ]
    assert [line.strip() for line in printed("invent").splitlines()] == lines
    assert values["n_names"] == len(names) == 12
    assert values["in_list"] == sum(name in model.NAMES for name in names)
