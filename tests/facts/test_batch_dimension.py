"""The facts of docs/notes/batch-dimension.md, held against its run."""

import numpy as np


def softmax_sums(values):
    """Of the batch of two-bugs, once more and without PyTorch: logits, their sums."""
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
    # the sum at the position that equals the label
    assert (no_keepdim == (own | own[values["y"]])).all()
    assert not own[values["y"]].diagonal().any()  # one dot too many a row
    assert list(values["off_diagonal"]) == [0, own.size - len(own), len(own)]
