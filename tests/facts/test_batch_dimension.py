"""The facts of docs/notes/batch-dimension.md, held against its run.

What the page says of gradients and of training is worked out again in NumPy, for two
of its sixteen models.
"""

import re
from functools import cache

import numpy as np
from matplotlib.colors import to_hex

from publish.check.drawing import CYCLE

from . import numpy_model as model

# The models that are trained again; each number is its seed. The bugs make rounding
# grow, least in these two: to some billionths of a nat after 200 steps.
AGAIN = (0, 9)
GROWN = 1e-6
FEW, BATCH, K, MANY = 500, 32, 30, 100
STEPS, RATE, SHOWN = 200, 0.1, 20
VERSIONS = ("right", "dim 0", "no keepdim")


@cache
def draws():
    """What the program draws, in its order, with its first generator."""
    g = model.generator(0)
    return {
        "params": model.init(g),
        "batch": model.examples(g, BATCH),
        "many": model.examples(g, 16, MANY, K),
    }


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
    """Model `i` after 200 steps on a version's loss, and the losses that it showed."""
    g = model.generator(1)
    params, shown = start(i), []
    for _ in range(STEPS):
        ix = model.examples(g, 16, K)[i]
        z = model.forward(params, model.X[ix])
        shown.append(losses_by(version, z, model.Y[ix]).mean())
        params = model.train(params, RATE, [ix], slopes_by(version))
    return params, np.array(shown)


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


def test_a_batch_saves_calls_and_no_arithmetic(values):
    few = values["few"]
    assert values["calls_loop"] == few * values["calls_batch"]
    # A product of matrices forward, two backward: for each layer's weights and input.
    weights = values["W1"].size + values["W2"].size
    assert values["flops_batch"] == values["flops_loop"] == 3 * 2 * weights * few


def test_single_passes_give_the_logits_of_the_batch(values):
    alone, batch = values["alone"], values["batch"]  # (16, 500, 30)
    assert alone.shape == batch.shape
    assert len(alone) == 16
    assert np.abs(alone - batch).max() < 1e-11
    # The models differ, and so do the examples.
    assert alone.std(axis=(0, 1)).min() > 1


def test_an_example_s_gradient_is_its_own(values):
    each = values["each"]
    size = values["batch_size"]
    for e, name in zip(each, ["C", "W1", "b1", "W2", "b2"], strict=True):
        assert e.shape == (size, *values[name].shape)
    # By the biases b2: the probabilities, less one at the label.
    logits, sums = softmax_sums(values)
    own = np.exp(logits) / sums[:, None]
    own[np.arange(len(own)), values["y"]] -= 1
    assert np.abs(each[4][: len(own)] - own).max() < 1e-12
    gigabytes = len(values["X"]) * 8 * sum(e[0].size for e in each) / 1e9
    assert abs(values["gigabytes"] - gigabytes) < 1e-9


def test_the_bugs_divide_by_what_the_page_says(values):
    right, dim_0, no_keepdim = values["losses"]  # (30,) each
    logits, sums = softmax_sums(values)
    y = values["y"]
    own = logits[np.arange(len(y)), y]
    assert np.abs(right - np.log(sums) + own).max() < 1e-9
    over_examples = np.log(np.exp(logits).sum(0))
    assert np.abs(dim_0 - over_examples[y] + own).max() < 1e-9
    assert np.abs(no_keepdim - np.log(sums)[y] + own).max() < 1e-9
    assert abs(dim_0.mean() - right.mean()) > 1e-3
    assert abs(no_keepdim.mean() - right.mean()) > 1e-3


def test_without_a_comparison_of_characters_b2_gets_no_gradient(values):
    right, dim_0, no_keepdim = values["moved_b2"]
    assert dim_0 < 1e-12
    assert min(right, no_keepdim) > 0.1


def test_only_the_right_probabilities_sum_to_one(values):
    off = np.abs(values["sums"] - 1).max(1)  # (3,)
    assert off[0] < 1e-12
    assert (off[1:] > 1e-3).all()
    assert list(values["sums_are_1"]) == [True, False, False]


def test_only_the_right_losses_leave_the_examples_apart(values):
    right, dim_0, no_keepdim = values["moved"] != 0  # (30, 30) each
    own = np.eye(len(right), dtype=bool)
    assert (right == own).all()
    assert dim_0.all()
    # the other example's place is the label
    assert (no_keepdim == (own | own[values["y"]])).all()
    assert not own[values["y"]].diagonal().any()  # one dot too many a row
    assert list(values["off_diagonal"]) == [0, own.size - len(own), len(own)]


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


def test_the_logits_of_the_batch_and_of_one_example_without_pytorch(values):
    assert values["few"] == FEW
    for i in AGAIN:
        z = model.forward(start(i), model.X[:FEW])  # (500, 30)
        assert np.abs(values["batch"][i] - z).max() < 1e-10
        one = model.forward(start(i), model.X[7:8])[0]
        assert np.abs(values["alone"][i, 7] - one).max() < 1e-10
    apart = np.abs(values["alone"] - values["batch"]).max((1, 2))
    assert (values["single_passes"] == apart).all()


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


def test_a_gradient_for_each_example_and_their_mean(values):
    # the gradient of the mean of loss_i is the mean of the gradients of loss_i
    ix, params = draws()["batch"], draws()["params"]
    each = []
    for n in ix:
        x, y = model.X[[n]], model.Y[[n]]
        slopes = model.of_loss(model.forward(params, x), y)
        each.append(model.gradient(params, x, slopes))
    x, y = model.X[ix], model.Y[ix]
    of_mean = model.gradient(params, x, model.of_loss(model.forward(params, x), y))
    for run, *own, mean in zip(values["each"], *each, of_mean, strict=True):
        assert run.shape == (BATCH, *mean.shape)
        assert np.abs(run - np.stack(own)).max() < 1e-10
        assert np.abs(run.mean(0) - mean).max() < 1e-10
    assert values["mean_of_gradients"].shape == (16,)


def test_the_two_bugs_on_the_batch_of_as_many_examples_as_classes(values):
    ix, params = draws()["batch"][:K], draws()["params"]
    assert (values["y"] == model.Y[ix]).all()
    z = model.forward(params, model.X[ix])
    assert np.abs(values["logits"] - z).max() < 1e-10
    for version, losses in zip(VERSIONS, values["losses"], strict=True):
        expected = losses_by(version, z, model.Y[ix])
        assert np.abs(losses - expected).max() < 1e-9, version


def test_off_by_so_many_standard_errors_of_a_batch(values):
    assert values["many"] == MANY
    assert values["off"].shape == (16, MANY, 3)
    for i in range(16):
        off = []
        for ix in draws()["many"][i]:
            z, y = model.forward(start(i), model.X[ix]), model.Y[ix]
            right, *bugs = (losses_by(version, z, y) for version in VERSIONS)
            error = right.std(ddof=1) / np.sqrt(K)
            off.append([(bug.mean() - right.mean()) / error for bug in bugs])
        dim_0, no_keepdim = np.array(off).T  # (100,) each
        assert abs(values["dim_0_looks_right"][i] - np.abs(dim_0).mean()) < 1e-9
        on_average = values["no_keepdim_right_on_average"][i]
        assert abs(on_average - no_keepdim.mean()) < 1e-9


def test_training_with_each_version_without_pytorch_is_the_same(values):
    about = [values[name] for name in ("n_steps", "lr", "shown_over", "n_chars")]
    assert about == [STEPS, RATE, SHOWN, K]
    # What the page's table shows: `shown` and `true`, version by version.
    true = dict(
        zip(
            VERSIONS,
            (values["right"], values["dim_0"], values["no_keepdim"]),
            strict=True,
        )
    )
    for i in AGAIN:
        for version, shown in zip(VERSIONS, values["shown"], strict=True):
            params, again = trained(i, version)
            assert shown.shape == (STEPS, 16)
            assert np.abs(shown[:, i] - again).max() < GROWN, version
            assert abs(true[version][i] - model.loss(params)) < GROWN, version


def test_what_the_bugs_cost_in_training(values):
    for i in AGAIN:
        right, dim_0, no_keepdim = (
            model.loss(trained(i, version)[0]) for version in VERSIONS
        )
        assert abs(values["dim_0_harm"][i] - (dim_0 - right)) < GROWN
        assert abs(values["no_keepdim_harm"][i] - (no_keepdim - right)) < GROWN
        shown = trained(i, "dim 0")[1]
        fall = shown[0] - shown[-SHOWN:].mean()
        assert abs(values["dim_0_shows_learning"][i] - fall) < GROWN


def test_each_version_s_rows_and_who_moves_whom(values):
    ix, params = draws()["batch"][:K], draws()["params"]
    z, y = model.forward(params, model.X[ix]), model.Y[ix]
    e = np.exp(z)
    sums = [e / e.sum(1)[:, None], e / e.sum(0), e / e.sum(1)]  # over the classes
    for run, probs in zip(values["sums"], sums, strict=True):
        assert np.abs(run - probs.sum(1)).max() < 1e-9
    # Move the logits of one example j, and see whose loss moves.
    for version, moved in zip(VERSIONS, values["moved"], strict=True):
        before = losses_by(version, z, y)
        for j in range(K):
            after = z.copy()
            after[j] += np.linspace(0.1, 0.2, K)
            moves = np.abs(losses_by(version, after, y) - before) > 1e-12
            assert (moved[:, j] >= moves).all(), version
    assert [moved.sum() for moved in values["moved"]] == [K, K * K, 2 * K]


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


def test_the_table_of_training_has_the_first_the_last_and_the_true_loss(
    values, printed
):
    head, *rows = printed("train-with-each").splitlines()
    assert re.split(r"  +", head)[1:] == ["loss shown: first", "last", "true loss"]
    names, over = ["right", "dim 0", "no keepdim"], values["shown_over"]
    for name, row, losses, true in zip(
        names, rows, values["shown"], values["true"], strict=True
    ):
        expected = losses[:over].mean(), losses[-over:].mean(), true.mean()
        assert row.startswith(name)
        numbers = row.removeprefix(name).split()
        assert numbers == [f"{number:.1f}" for number in expected]
