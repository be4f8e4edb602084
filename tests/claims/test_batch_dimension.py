"""The claims of docs/notes/batch-dimension.md, held against its run."""

import numpy as np


def test_the_examples_keep_their_dimension_up_to_the_mean(values):
    sizes = np.array(values["sizes"])  # (6, 3): from X to the loss
    n = len(values["X"])
    assert (sizes[:5, 0] == n).all()
    assert n not in sizes[:, 1:]
    assert not sizes[5].any()


def test_single_passes_give_the_logits_of_the_batch(values):
    emb = values["C"][values["X"]]  # the batch, once more and without PyTorch
    h = np.tanh(emb.reshape(len(emb), -1) @ values["W1"] + values["b1"])
    logits = h @ values["W2"] + values["b2"]
    assert np.abs(values["alone"] - logits).max() < 1e-11
    assert values["widest"] < 1e-11


def test_a_batch_is_over_ten_times_faster_than_single_passes(values):
    assert values["speed_up"] > 10


def test_per_example_gradients_average_to_the_gradient_of_the_mean(values):
    each, of_mean = values["e"], values["m"]  # of the last parameter, b2
    assert each.shape == (32, *of_mean.shape)
    assert np.abs(each.mean(0) - of_mean).max() < 1e-12
    assert values["same_mean"]  # of all five
    assert np.abs(each - of_mean).max() > 1e-3  # one example isn't the mean


def test_the_bugs_show_neither_in_shapes_nor_in_the_size_of_the_loss(values):
    right, dim_0, no_keepdim = values["losses"]  # (30,) each
    chance = 2 * right.std() / np.sqrt(len(right))  # of a mean of 30 examples
    assert abs(dim_0.mean() - right.mean()) < chance
    assert abs(no_keepdim.mean() - right.mean()) < chance


def test_the_bugs_are_wrong(values):
    right, dim_0, no_keepdim = values["losses"]
    assert abs(dim_0.mean() - right.mean()) > 1e-3
    assert abs(no_keepdim.mean() - right.mean()) > 1e-3


def test_only_the_right_probabilities_sum_to_one(values):
    off = np.abs(values["sums"] - 1).max(1)  # (3,)
    assert off[0] < 1e-12
    assert (off[1:] > 1e-3).all()


def test_only_the_right_losses_leave_the_examples_apart(values):
    right, dim_0, no_keepdim = values["moved"] != 0  # (30, 30) each
    own = np.eye(30, dtype=bool)
    assert (right == own).all()
    assert dim_0.all()
    # the sum at the position that equals the label
    assert (no_keepdim == (own | own[values["y"]])).all()
    assert not own[values["y"]].diagonal().any()  # one dot too many a row
