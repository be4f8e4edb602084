"""The facts of docs/notes/mini-batch-noise.md, held against its run."""

import numpy as np

# The axes of before: place, batch size (8, 32, 128, 512, all), step, model.
START, LATER = 0, 1


def test_the_graph_is_of_four_examples_and_five_parameters(values):
    leaves = values["leaves"]
    assert list(leaves) == ["C", "W1", "b1", "W2", "b2", "X", "Y"]
    assert np.array_equal(leaves["X"], values["xb"])
    assert np.array_equal(leaves["Y"], values["yb"])
    assert len(values["xb"]) == len(values["yb"]) == 4


def test_of_one_model_s_runs_only_the_full_set_s_never_goes_up(values):
    one = values["one"]  # (4, 200): batch 8, 32, 512, all
    assert one.shape[1] == values["n_shown"]
    change = np.diff(one, axis=1)  # (4, 199)
    assert change[3].max() < 0
    assert (change[:3] > 0).any(axis=1).all()
    assert (np.diff(change.std(axis=1)) < 0).all()  # less from panel to panel
    half = one.shape[1] // 2
    assert (one[:, half:].mean(axis=1) < one[:, :half].mean(axis=1)).all()


def test_the_table_counts_rises(values):
    before = values["before"]  # (2, 5, 25, 16)
    rises = (before[:, :, 1:] > before[:, :, :-1]).mean(axis=2)  # (2, 5, 16)
    assert before.shape[2:] == (values["n_steps"], values["n_seeds"])
    assert abs(rises - values["up"]).max() < 1e-12
    assert rises[:, 4].max() == 0
    shares = rises.mean(axis=2)  # (2, 5)
    # At the start, a larger batch goes up less often.
    assert (np.diff(shares[START]) < 0).all()


def test_the_picture_of_twelve_steps_is_of_the_run(values):
    own = values["own"]  # (2, 12): before, after
    assert np.array_equal(own[0], values["before"][LATER, 1, :12, 0])
    assert np.array_equal(own[1], values["after"][LATER, 1, :12, 0])
    assert (own[1] < own[0]).all()
    assert (own[0, 1:] > own[1, :-1]).mean() > 0.5  # most dotted lines


def test_the_spread_is_that_of_all_examples_losses(values):
    C, W1, b1, W2, b2 = (p[0] for p in values["later"])  # the first model
    X, Y, N = values["X"], values["Y"], values["N"]
    h = np.tanh(C[X].reshape(N, -1) @ W1 + b1)  # (N, 200)
    logits = h @ W2 + b2  # (N, 30)
    losses = np.log(np.exp(logits).sum(1)) - logits[np.arange(N), Y]  # (N,)
    assert abs(losses - values["each"][0]).max() < 1e-9
    assert abs(losses.std() - values["spread"][0]) < 1e-9


def test_the_line_is_the_formula(values):
    B, sigma = values["powers"], values["spread"]  # (8,), (16,)
    theory = np.sqrt(2) * sigma / np.sqrt(B)[:, None]  # (8, 16)
    assert abs(theory / values["theory"] - 1).max() < 1e-12
    assert B[0] == 1
    assert B[7] == values["N"] == len(values["X"])


def test_with_parameters_held_the_next_loss_is_higher_half_of_the_time(values):
    draws = values["frozen"][0]  # (200, 8, 16)
    n = len(draws)
    share = (np.diff(draws, axis=0) > 0).mean(axis=(0, 2))  # (8,)
    # Of n draws in random order, the rises have a variance of (n + 1) / 12.
    error = np.sqrt((n + 1) / 12) / (n - 1) / np.sqrt(draws.shape[2])
    assert abs(share - 0.5).max() < 4 * error


def test_drawn_without_repeats_the_bounce_ends_at_zero(values):
    held, once = values["bounces"]  # (8, 16)
    assert once[7].max() < 1e-9 < held[7].min()
    ratio = np.median(held[7] / values["theory"][7])
    assert abs(ratio - 1) < 0.1
    B, N = values["powers"][6], values["N"]
    assert B == 4096
    assert abs(values["factor"] - np.sqrt((N - B) / (N - 1))) < 1e-12
    assert values["factor"] < 0.9


def test_the_bounces_of_the_picture_are_the_run_s(values):
    middle = np.sort(values["bounces"], axis=2)[:, :, 7]  # as torch's median
    assert np.array_equal(middle[0], values["held"])
    assert np.array_equal(middle[1], values["once"])
    assert (values["held_1"], values["held_all"]) == (middle[0, 0], middle[0, 7])
    trained = values["trained"]  # (5,): batch 8, 32, 128, 512, all
    assert trained[4] == values["bounce_full"]
    assert trained[4] < values["line"][7] / 2  # far below the line
    sigma = np.median(values["spread"])
    law = np.sqrt(2) * sigma / np.sqrt(values["sizes"][:4])  # (4,)
    assert abs(np.log(trained[:4] / law)).max() < np.log(1.5)  # close to it
