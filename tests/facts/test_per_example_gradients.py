"""The facts of docs/notes/per-example-gradients.md, held against its run.

Two of the sixteen models are trained and measured once more by hand, in NumPy and on
the same batches.
"""

from functools import cache

import numpy as np
import torch

from . import numpy_model as model

# The models that are trained again. Training makes rounding grow; gradients are worked
# out at the run's own parameters.
AGAIN = (0, 12)
GROWN, SAME = 1e-5, 1e-9
STEPS, RATE, BATCH, FEW, K = 200, 0.1, 32, 300, 30
VERSIONS = ("right", "dim 0", "no keepdim")


def shuffled(g):
    """Positions of a batch and of other examples, none twice."""
    order = torch.randperm(len(model.X), generator=g)
    return order[: BATCH + FEW].numpy()


@cache
def draws():
    """What the program draws, in its order, with its generator."""
    g = model.generator(0)
    return {
        "training": [model.examples(g, 16, BATCH) for _ in range(STEPS)],
        "batch": (drawn := shuffled(g))[:BATCH],
        "others": drawn[BATCH:],
        "of models": [shuffled(g) for _ in range(16)],
        "jacobian": model.examples(g, K),
    }


def params_of(values, i):
    """Model `i` after its training, as the run has it."""
    return [p[i] for p in values["models"]]


def by_param(params, ix):
    """The gradients of the mean loss of the examples `ix`, by each parameter."""
    x, y = model.X[ix], model.Y[ix]
    slopes = model.of_loss(model.forward(params, x), y)
    return model.gradient(params, x, slopes)


def gradient(params, ix):
    """The same in one row."""
    return np.concatenate([part.ravel() for part in by_param(params, ix)])


def rows(values, i, what):
    """A gradient for each of the examples that were drawn for model `i`."""
    drawn = draws()["of models"][i] if what == "of models" else draws()[what]
    params = params_of(values, i)
    return np.stack([gradient(params, [n]) for n in drawn])


def test_the_models_are_trained_as_the_page_says(values):
    about = [values[name] for name in ("n_steps", "lr", "batch_size", "few", "n_chars")]
    assert about == [STEPS, RATE, BATCH, FEW, K]
    for i in AGAIN:
        params = model.init(model.generator(i))
        params = model.train(params, RATE, [ix[i] for ix in draws()["training"]])
        for own, run in zip(params, values["models"], strict=True):
            assert len(run) == 16
            assert np.abs(run[i] - own).max() < GROWN
    for first, run in zip(params_of(values, 0), values["params"], strict=True):
        assert (run == first).all()


def test_each_row_is_one_example_s_gradient(values, printed):
    assert np.abs(values["each"] - rows(values, 0, "batch")).max() < SAME
    assert np.abs(values["again"] - values["each"]).max() < SAME
    size = sum(part.size for part in params_of(values, 0))
    assert values["each"].shape == (BATCH, size)
    assert values["size"] == size
    assert printed("loop") == f"({BATCH}, {size}) -> ({size},)\n"
    assert printed("in-one-call") == "the same: True\n"
    # By the biases b2, which are its end: the probabilities, less one at the label.
    ix = draws()["batch"]
    own = model.softmax(model.forward(params_of(values, 0), model.X[ix]))
    own[np.arange(BATCH), model.Y[ix]] -= 1
    assert np.abs(values["each"][:, -K:] - own).max() < SAME


def test_their_mean_is_the_gradient_of_the_mean_loss(values):
    whole = gradient(params_of(values, 0), draws()["batch"])
    assert np.abs(values["mean"] - whole).max() < SAME
    assert np.abs(values["each"].mean(0) - whole).max() < SAME
    assert np.linalg.norm(whole) > 0.1


def test_what_a_gradient_for_each_example_takes(values):
    bytes_each = 8 * sum(part.size for part in params_of(values, 0))
    assert abs(values["megabytes"] - BATCH * bytes_each / 1e6) < 1e-9
    assert values["n_examples"] == len(model.X)
    assert abs(values["gigabytes"] - len(model.X) * bytes_each / 1e9) < 1e-9


def test_the_squared_length_of_a_mean_has_two_parts(values, printed):
    each = rows(values, 0, "batch")
    products = each @ each.T / BATCH**2  # (32, 32)
    square = (each.mean(0) ** 2).sum()
    assert abs(products.sum() - square) < 1e-9 * square
    share = np.trace(products) / square
    assert abs(values["own_share"] - share) < SAME
    assert 0.9 < share < 1
    assert printed("right-angles") == f"from each example with itself: {share:.0%}\n"
    lengths = np.linalg.norm(each, axis=1)
    cosines = each @ each.T / np.outer(lengths, lengths)
    pairs = cosines[~np.eye(BATCH, dtype=bool)]
    assert abs(values["typical"] - np.sqrt((pairs**2).mean())) < SAME
    assert abs(pairs.mean()) < values["typical"] / 3 < 0.02
    assert values["right_angles"] == np.sqrt(BATCH)
    # So a gradient lies along the mean by little more than what it is of it.
    along = each @ each.mean(0)
    own = lengths**2 / BATCH
    assert np.corrcoef(along, own)[0, 1] > 0.9


def test_the_claims_of_two_models_without_pytorch(values):
    assert values["own"].shape == (16, BATCH)
    assert values["rest"].shape == (16, FEW)
    for i in AGAIN:
        each = rows(values, i, "of models")
        own, rest = each[:BATCH], each[BATCH:]
        mean = own.mean(0)
        longest = np.linalg.norm(own, axis=1).max() / np.linalg.norm(mean)
        assert abs(values["longest_over_mean"][i] - longest) < SAME
        against = rest @ mean
        assert np.abs(values["rest"][i] - against).max() < SAME
        assert values["others_against"][i] == (against < 0).mean()
        # A small step for the batch raises the loss of just these.
        params = params_of(values, i)
        steps = by_param(params, draws()["of models"][i][:BATCH])
        after = [p - 1e-6 * step for p, step in zip(params, steps, strict=True)]
        ix = draws()["of models"][i][BATCH:]
        x, y = model.X[ix], model.Y[ix]
        rise = model.costs(after, x, y) - model.costs(params, x, y)
        clear = np.abs(against) > 1e-3
        assert ((rise > 0) == (against < 0))[clear].all()
        assert clear.mean() > 0.8


def test_dots_rise_and_crosses_scatter_about_zero(values, drawn):
    (ax,) = drawn("directions")
    mean = rows(values, 0, "batch").mean(0)
    length = np.linalg.norm(mean)
    crosses, dots, arrow = ax.lines
    looks = [(line.get_marker(), line.get_color()) for line in ax.lines]
    assert looks == [("x", "C1"), ("o", "C0"), ("^", "C2")]
    for line, what in ((crosses, "others"), (dots, "batch")):
        each = rows(values, 0, what)
        along = each @ mean / length**2
        side = np.linalg.norm(each - np.outer(along, mean), axis=1) / length
        assert np.abs(line.get_ydata() - along).max() < SAME
        assert np.abs(line.get_xdata() - side).max() < SAME
        whole = np.linalg.norm(each, axis=1) / length
        assert np.abs(np.hypot(along, side) - whole).max() < 1e-9
        low, high = ax.get_ylim()
        assert low < along.min() < along.max() < high
    assert (arrow.get_xdata() == 0).all()
    assert list(arrow.get_ydata()) == [0, 1]
    words = {text.get_text(): text.get_color() for text in ax.texts}
    assert words == {
        "the mean": "C2",
        "in the batch": "C0",
        "other examples": "C1",
    }
    far = np.argmax(dots.get_ydata())
    assert dots.get_ydata()[far] == values["far_along"]
    assert dots.get_xdata()[far] == values["far_side"]
    assert np.corrcoef(dots.get_xdata(), dots.get_ydata())[0, 1] > 0.8
    # The crosses: as far to the side, and on both sides of zero.
    assert crosses.get_xdata().max() > values["far_side"]
    below = (crosses.get_ydata() < 0).mean()
    assert 0.3 < below < 0.5
    assert np.abs(crosses.get_ydata()).max() < 1.5


def losses_by(version, z, y):
    """Each example's loss: the log of a divisor over its label's exponential."""
    own = z[np.arange(len(y)), y]
    if version == "right":  # divided by the sum over its classes
        return np.log(np.exp(z).sum(1)) - own
    if version == "dim 0":  # by its label's sum over the examples
        return np.log(np.exp(z).sum(0))[y] - own
    # by the sum over the classes of another example, whose place is its label
    return np.log(np.exp(z).sum(1))[y] - own


def test_each_row_of_dots_is_whose_logits_move_a_loss(values, printed):
    ix, params = draws()["jacobian"], params_of(values, 0)
    z, y = model.forward(params, model.X[ix]), model.Y[ix]
    assert (values["y"] == y).all()
    # Move the logits of one example j, and see whose loss moves.
    for version, moved in zip(VERSIONS, values["moved"], strict=True):
        before = losses_by(version, z, y)
        for j in range(K):
            after = z.copy()
            after[j] += np.linspace(0.1, 0.2, K)
            moves = np.abs(losses_by(version, after, y) - before) > 1e-12
            assert (moved[:, j] >= moves).all(), version
    assert list(values["dots"]) == [K, K * K, 2 * K]
    assert printed("jacobian") == f"dots: [{K}, {K * K}, {2 * K}]\n"


def test_only_the_right_losses_leave_the_examples_apart(values):
    right, dim_0, no_keepdim = values["moved"] != 0  # (30, 30) each
    own = np.eye(len(right), dtype=bool)
    assert (right == own).all()
    assert dim_0.all()
    # the other example's place is the label
    assert (no_keepdim == (own | own[values["y"]])).all()
    assert not own[values["y"]].diagonal().any()  # one dot too many a row


def test_the_panels_are_named_after_their_versions(values, drawn):
    panels = drawn("catch-them")
    assert [ax.get_title("left") for ax in panels] == list(VERSIONS)
    y = values["y"]
    diagonal = {(i, i) for i in range(K)}
    dots = {
        "right": diagonal,
        "dim 0": {(j, i) for i in range(K) for j in range(K)},
        "no keepdim": diagonal | {(label, i) for i, label in enumerate(y)},
    }
    for ax in panels:
        (markers,) = ax.lines
        found = set(zip(markers.get_xdata(), markers.get_ydata(), strict=True))
        assert found == dots[ax.get_title("left")]
    assert panels[0].get_ylabel() == "loss of example i"
    assert panels[1].get_xlabel() == "example j, whose logits change"
