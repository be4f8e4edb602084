"""The facts of docs/notes/batch-dimension.md, held against its run.

What the page says of training is worked out again in NumPy, for two of its sixteen
models.
"""

from functools import cache

import numpy as np
from matplotlib.colors import to_hex

from publish.check.drawing import CYCLE

from . import numpy_model as model

# The models that are trained again; each number is its seed. The bugs make rounding
# grow, least in these two: to some billionths of a nat after 200 steps.
AGAIN = (0, 9)
GROWN = 1e-6
FEW, BATCH, K = 500, 32, 30
STEPS, RATE, SHOWN = 200, 0.1, 20
VERSIONS = ("right", "dim 0", "no keepdim")


@cache
def draws():
    """What the program draws, in its order, with its first generator."""
    g = model.generator(0)
    return {"params": model.init(g), "batch": model.examples(g, K)}


@cache
def start(i):
    """Model `i` before training."""
    return model.init(model.generator(i))


def losses_by(version, z, y):
    """Each example's loss: the log of a divisor over its label's exponential."""
    own = z[np.arange(len(y)), y]
    if version == "right":  # divided by the sum over its classes
        return np.log(np.exp(z).sum(1)) - own
    if version == "dim 0":  # by its label's sum over the examples
        return np.log(np.exp(z).sum(0))[y] - own
    # by the sum over the classes of another example, whose place is its label
    return np.log(np.exp(z).sum(1))[y] - own


def slopes_by(version):
    """The slopes of the mean of these losses by the logits, as a function."""

    def slopes(z, y):
        one_hot = np.eye(K)[y]
        if version == "right":
            up = model.softmax(z)
        elif version == "dim 0":
            up = model.softmax(z.T).T * one_hot.sum(0)
        else:
            up = model.softmax(z) * one_hot.sum(0)[:, None]
        return (up - one_hot) / len(y)

    return slopes


@cache
def trained(i, version):
    """Model `i` after 200 steps on a version's loss, and its losses.

    Those that it showed, and the true ones before every 20th step and at the end.
    """
    g = model.generator(1)
    params, shown, true = start(i), [], []
    for at in range(STEPS):
        if at % SHOWN == 0:
            true.append(model.loss(params))
        ix = model.examples(g, 16, K)[i]
        z = model.forward(params, model.X[ix])
        shown.append(losses_by(version, z, model.Y[ix]).mean())
        params = model.train(params, RATE, [ix], slopes_by(version))
    shown = np.array(shown).reshape(-1, SHOWN).mean(1)  # (10,)
    return params, shown, np.array([*true, model.loss(params)])


def softmax_sums(values):
    """The logits of the batch of two-bugs, and the sums of their exponentials."""
    x = values["x"]  # (30, 3)
    h = np.tanh(values["C"][x].reshape(len(x), -1) @ values["W1"] + values["b1"])
    logits = h @ values["W2"] + values["b2"]  # (30, 30)
    return logits, np.exp(logits).sum(1)


def test_the_examples_keep_their_dimension_up_to_the_mean(values):
    sizes = np.array(values["sizes"])  # (6, 3): from X to the loss
    n = len(values["X"])
    assert n == values["n_examples"]
    assert (sizes[:5, 0] == n).all()
    assert n not in sizes[:, 1:]
    assert not sizes[5].any()
    rest = [values[name] for name in ("context", "emb_size", "hidden", "n_chars")]
    assert [*sizes[1, 1:], sizes[2, 1], sizes[3, 1]] == rest
    assert values["joined"] == values["context"] * values["emb_size"]


def test_each_line_makes_the_tensor_that_the_page_says(values):
    C, W1, b1, W2, b2 = params = draws()["params"]
    for name, p in zip(("C", "W1", "b1", "W2", "b2"), params, strict=True):
        assert (values[name] == p).all()
        assert values[name].dtype == np.float64
    # An example at a time: three vectors, joined.
    for n in (0, 1, len(model.X) - 1):
        emb = np.stack([C[char] for char in model.X[n]])
        h = np.tanh(sum(emb.ravel()[k] * W1[k] for k in range(len(W1))) + b1)
        assert np.abs(values["emb"][n] - emb).max() == 0
        assert np.abs(values["h"][n] - h).max() < 1e-12
        z = sum(h[k] * W2[k] for k in range(len(W2))) + b2
        assert np.abs(model.forward(params, model.X[n : n + 1])[0] - z).max() < 1e-10
    assert values["hidden"] == len(h)
    assert values["n_chars"] == len(z) == len(model.CHARS)


def test_the_shapes_are_printed_in_their_order(values, printed):
    assert printed("shapes").splitlines() == [
        str(tuple(int(size) for size in shape)) for shape in values["shapes"]
    ]
    assert list(values["names"]) == ["X", "emb", "h", "logits", "losses", "loss"]


def test_the_data_are_windows_of_the_names(values):
    assert (values["X"] == model.X).all()
    assert (values["Y"] == model.Y).all()
    assert values["X"].shape == (values["n_examples"], values["context"])
    # The mean loss is the same from each context once, with counts of what follows.
    contexts, targets = values["full_set"]
    z = model.forward(start(0), contexts)
    log_q = np.log(model.softmax(z))
    mean = -(targets * log_q).sum() / len(contexts)
    assert abs(mean - model.loss(start(0))) < 1e-9


def test_the_diagram_shows_each_tensor_s_dimensions(values, drawn):
    (ax,) = drawn("shapes")
    n, hidden, k = values["n_examples"], values["hidden"], values["n_chars"]
    context, size = values["context"], values["emb_size"]
    tensors = {
        "X": [n, context],
        "emb": [n, context, size],
        "h": [n, hidden],
        "logits": [n, k],
        "losses": [n],
        "loss": [],
    }
    texts = {}  # at each height
    for text in ax.texts:
        texts.setdefault(round(text.get_position()[1], 2), []).append(text.get_text())
    heights = [y for name in tensors for y in texts if texts[y][0] == name]
    assert heights == sorted(heights, reverse=True)
    for middle, sizes in zip(heights, tensors.values(), strict=True):
        boxes = [bar for bar in ax.patches if abs(bar.get_y() + 0.4 - middle) < 0.01]
        lefts = [box.get_x() for box in boxes]
        assert lefts == sorted(lefts)
        written = texts.get(round(middle - 0.05, 2), [])
        assert written == [f"{size:,}" for size in sizes]
        # The examples' box stands first, hatched, in the colour of their name.
        hatched = [bool(box.get_hatch()) for box in boxes]
        colored = [to_hex(box.get_edgecolor()) == CYCLE["light"][1] for box in boxes]
        assert hatched == colored == [place == 0 for place in range(len(sizes))]
    (examples,) = (text for text in ax.texts if text.get_text() == "examples")
    assert examples.get_color() == "C1"
    # The operations from each tensor to the next.
    assert [texts[round(middle - 0.75, 2)] for middle in heights[:5]] == [
        ["↓ C[X]"],
        ["↓ tanh(emb.flatten(1) @ W1 + b1)"],
        ["↓ h @ W2 + b2"],
        ["↓ cross_entropy with Y"],
        ["↓ mean over the examples"],
    ]


def test_single_passes_give_the_logits_of_the_batch(values):
    alone, together = values["alone"], values["together"]  # (500, 30)
    assert alone.shape == together.shape == (FEW, K)
    assert values["few"] == FEW
    assert np.abs(alone - together).max() < 1e-11
    params = draws()["params"]
    rows = [model.forward(params, model.X[[i]])[0] for i in range(FEW)]
    assert np.abs(alone - rows).max() < 1e-10
    assert alone.std(axis=0).min() > 1  # the examples differ


def test_normalised_over_the_batch_logits_depend_on_their_company(values):
    def normed(params, x):
        C, W1, b1, W2, b2 = params
        h = np.tanh(C[x].reshape(len(x), -1) @ W1 + b1)
        return (h - h.mean(0)) / h.std(0, ddof=1) @ W2 + b2

    assert values["batch_size"] == BATCH
    assert values["batch_norm_mixes"].shape == (16,)
    for i in range(16):
        many = normed(start(i), model.X[:FEW])[:BATCH]
        few = normed(start(i), model.X[:BATCH])
        moved = (many - few).std(ddof=1) / many.std(ddof=1)
        assert abs(values["batch_norm_mixes"][i] - moved) < 1e-9


def test_the_bugs_divide_by_what_the_page_says(values):
    right, dim_0, no_keepdim = values["by_version"]  # (30,) each
    logits, sums = softmax_sums(values)
    y = values["y"]
    own = logits[np.arange(len(y)), y]
    assert np.abs(right - np.log(sums) + own).max() < 1e-9
    over_examples = np.log(np.exp(logits).sum(0))
    assert np.abs(dim_0 - over_examples[y] + own).max() < 1e-9
    assert np.abs(no_keepdim - np.log(sums)[y] + own).max() < 1e-9
    assert abs(dim_0.mean() - right.mean()) > 1e-3
    assert abs(no_keepdim.mean() - right.mean()) > 1e-3


def test_the_two_bugs_on_the_batch_of_as_many_examples_as_classes(values, printed):
    ix, params = draws()["batch"], draws()["params"]
    assert (values["y"] == model.Y[ix]).all()
    z = model.forward(params, model.X[ix])
    assert np.abs(values["logits"] - z).max() < 1e-10
    lines = printed("two-bugs").splitlines()
    means = []
    for version, losses, line in zip(
        VERSIONS, values["by_version"], lines, strict=True
    ):
        expected = losses_by(version, z, model.Y[ix])
        assert np.abs(losses - expected).max() < 1e-9, version
        assert line == f"{version:12}({K},), mean {expected.mean():.1f}"
        means.append(expected.mean())
    # Neither bug moves the mean by more than another batch may.
    error = values["by_version"][0].std(ddof=1) / np.sqrt(K)
    assert abs(values["error"] - error) < 1e-9
    assert np.abs(np.array(means[1:]) - means[0]).max() < 2 * error
    assert abs(values["uniform"] - np.log(K)) < 1e-6


def test_no_keepdim_is_right_on_average_before_training(values):
    g, off = model.generator(2), []
    params = [values[name] for name in ("C", "W1", "b1", "W2", "b2")]
    for _ in range(1000):
        ix = model.examples(g, K)
        z, y = model.forward(params, model.X[ix]), model.Y[ix]
        right, _, other = (losses_by(version, z, y) for version in VERSIONS)
        off.append(other.mean() - right.mean())
    off = np.array(off)
    assert abs(off.mean()) < 4 * off.std(ddof=1) / np.sqrt(len(off))
    # It is noise: far more than nothing on one batch.
    assert off.std() > 0.5


def test_training_with_each_version_without_pytorch_is_the_same(values):
    about = [values[name] for name in ("n_steps", "lr", "shown_over", "n_chars")]
    assert about == [STEPS, RATE, SHOWN, K]
    assert values["shown"].shape == (3, STEPS // SHOWN, 16)
    assert values["true"].shape == (3, STEPS // SHOWN + 1, 16)
    for i in AGAIN:
        for at, version in enumerate(VERSIONS):
            _, shown, true = trained(i, version)
            assert np.abs(values["shown"][at, :, i] - shown).max() < GROWN, version
            assert np.abs(values["true"][at, :, i] - true).max() < GROWN, version


def test_what_the_bugs_cost_in_training(values):
    for i in AGAIN:
        right, dim_0, no_keepdim = (trained(i, version) for version in VERSIONS)
        harm = dim_0[2][-1] - right[2][-1]
        assert abs(values["dim_0_harm"][i] - harm) < GROWN
        harm = no_keepdim[2][-1] - right[2][-1]
        assert abs(values["no_keepdim_harm"][i] - harm) < GROWN
        fall = dim_0[1][0] - dim_0[1][-1]
        assert abs(values["dim_0_shows_learning"][i] - fall) < GROWN


def test_without_a_comparison_of_characters_b2_gets_no_gradient(values):
    right, dim_0, no_keepdim = values["moved_b2"]
    assert dim_0 < 1e-12
    assert min(right, no_keepdim) > 0.1


def test_what_is_shown_falls_alike_and_the_true_loss_does_not(values, drawn):
    left, right = drawn("shown-and-true")
    titles = [ax.get_title("left") for ax in (left, right)]
    assert titles == ["The loss that you are shown", "The true loss"]
    middles = np.arange(SHOWN / 2, STEPS, SHOWN)
    for ax, all_losses, at in (
        (left, values["shown"], middles),
        (right, values["true"], np.arange(0, STEPS + 1, SHOWN)),
    ):
        assert [line.get_label() for line in ax.lines] == list(VERSIONS)
        assert [line.get_linestyle() for line in ax.lines] == ["-", "--", ":"]
        for line, losses in zip(ax.lines, all_losses, strict=True):
            assert np.array_equal(line.get_xdata(), at)
            assert np.abs(line.get_ydata() - losses.mean(1)).max() < 1e-9
            assert (np.diff(line.get_ydata()) < 0).all()
    for row, (text, line) in enumerate(zip(right.texts, right.lines, strict=True)):
        assert text.get_text() == line.get_label()
        assert text.get_color() == f"C{row}"
        assert to_hex(line.get_color()) == CYCLE["light"][row]
        assert abs(text.get_position()[1] - line.get_ydata()[-1]) < 3
    ends = [[line.get_ydata()[-1] for line in ax.lines] for ax in (left, right)]
    quoted = ["right", "dim_0", "no_keepdim"]
    assert np.allclose(ends[0], [values[f"shown_{name}"] for name in quoted])
    assert np.allclose(ends[1], [values[f"true_{name}"] for name in quoted])
    assert np.allclose(values["true"][:, 0].mean(1), values["true_start"])
    assert np.ptp(ends[0]) < 2
    assert ends[1][1] > 2 * ends[1][2] > 2 * ends[1][0]
    # It flattens out: the last fifth of its steps bring less than a tenth of the fall.
    dim_0 = right.lines[1].get_ydata()
    assert dim_0[-3] - dim_0[-1] < (dim_0[0] - dim_0[-1]) / 10


def alone_by(version, z, y):
    """Each example's loss in a batch of one."""
    if version == "dim 0":  # each number is divided by itself
        return np.zeros(len(y))
    return losses_by("right", z, y)  # a single sum stretches to any shape


def test_two_checks_find_both_bugs(values, printed):
    ix, params = draws()["batch"], draws()["params"]
    z, y = model.forward(params, model.X[ix]), model.Y[ix]
    e = np.exp(z)
    probs = [e / e.sum(1)[:, None], e / e.sum(0), e / e.sum(1)]
    lines = printed("catch-them").splitlines()
    for version, sums, p, line in zip(
        VERSIONS, values["sums"], probs, lines, strict=True
    ):
        assert np.abs(sums - p.sum(1)).max() < 1e-9
        one = np.abs(sums - 1).max() < 1e-12
        same = np.abs(alone_by(version, z, y) - losses_by(version, z, y)).max() < 1e-9
        assert one == same == (version == "right")
        told = f"sums to one: {one} same alone: {same}"
        assert line.split() == [*version.split(), *told.split()]
