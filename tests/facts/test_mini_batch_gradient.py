"""The facts of docs/notes/mini-batch-gradient.md, held against its run."""

import math

import numpy as np

# The axes of losses and apart: setting (start at 0.1, later at 0.1, later at 0.01),
# batch size (full, 256, 32), mark (1, 2, 4, ... 32 steps), model.
START, LATER, SLOW = 0, 1, 2
FULL, B256, B32 = 0, 1, 2


def example_gradients(params, x, y):
    """The gradient of each example's loss, by hand: (B, number of parameters)."""
    C, W1, b1, W2, b2 = params
    n, rows = len(x), np.arange(len(x))
    emb = C[x].reshape(n, -1)
    h = np.tanh(emb @ W1 + b1)
    logits = h @ W2 + b2
    out = np.exp(logits - logits.max(1, keepdims=True))
    out /= out.sum(1, keepdims=True)
    out[rows, y] -= 1
    mid = (out @ W2.T) * (1 - h**2)
    low = (mid @ W1.T).reshape(n, x.shape[1], -1)
    of_c = np.zeros((n, *C.shape))
    for place in range(x.shape[1]):
        of_c[rows, x[:, place]] += low[:, place]
    of_w1 = emb[:, :, None] * mid[:, None]
    of_w2 = h[:, :, None] * out[:, None]
    return np.hstack([g.reshape(n, -1) for g in (of_c, of_w1, mid, of_w2, out)])


def test_grouping_contexts_does_not_change_the_loss(values):
    assert abs(values["gap"]) < 1e-12
    assert 1 / 9 < len(values["contexts"]) / values["N"] < 1 / 7  # about an eighth


def test_the_noise_scale_is_that_of_all_examples_gradients(values):
    X, Y, N = values["X"], values["Y"], values["N"]
    for place, models in enumerate([values["start"], values["later"]]):
        params = [p[3] for p in models]
        total, squares = 0.0, 0.0
        for i in range(0, N, 500):
            g = example_gradients(params, X[i : i + 500], Y[i : i + 500])
            total = total + g.sum(0)
            squares += np.square(g).sum()
        full = np.square(total / N).sum()
        trace = squares / N - full
        assert math.isclose(values["G2"][place, 3], full, rel_tol=1e-9)
        assert math.isclose(values["trace"][place, 3], trace, rel_tol=1e-9)
        assert math.isclose(values["scales"][place, 3], trace / full, rel_tol=1e-9)


def test_the_prediction_is_the_formula(values):
    by_size = values["predicted"].swapaxes(0, 1)  # (5, 2, 16)
    for B, predicted in zip(values["sizes"], by_size, strict=True):
        formula = np.sqrt(values["trace"] / B) / np.sqrt(values["G2"])
        assert np.allclose(predicted, formula, rtol=1e-12)
    # It is one where the batch size is the noise scale.
    size, scale = values["sizes"][1], values["scales"]
    assert np.allclose(values["predicted"][:, 1] ** 2 * size, scale, rtol=1e-12)
    assert np.allclose(values["theory"], values["predicted"].mean(2))
    assert np.allclose(values["error"], values["errors"].mean(2))
    shown = [values["scale_start"], values["scale_later"]]
    assert np.allclose(shown, values["scales"].mean(1))


def test_the_sizes_are_those_that_the_page_names(values):
    sizes = values["sizes"]
    assert (sizes[0], sizes[-1]) == (8, 2048)
    assert sizes[1] == values["batch_size"] == values["batches"][B32] == 32
    assert values["n_steps"] == values["marks"][-1] == 32
    assert math.isclose(values["lr"], 0.1, rel_tol=1e-6)
    assert list(values["tries"]) == [2**k for k in range(3, 10)] + [values["N"]]


def test_a_full_step_costs_what_the_page_says(values):
    assert math.isclose(values["cost_256"] * values["batches"][B256], values["N"])
    assert math.isclose(values["cost_32"] * values["batch_size"], values["N"])
    # Batch 256 takes all its steps before the full set has paid for its first.
    assert values["n_steps"] * values["large"] < values["N"]


def test_after_one_step_away_is_the_error_of_a_gradient(values):
    apart = values["apart"]
    assert (apart[:, FULL] == 0).all()
    for setting, place in enumerate([0, 1, 1]):
        for size in (B256, B32):
            expected = np.sqrt(values["scales"][place] / values["batches"][size])
            measured = apart[setting, size, 0]
            assert 0.8 < np.mean(measured / expected) < 1.25
    away = apart.mean(3)
    shown = [values[name] for name in ("first_32", "last_32")]
    assert np.allclose(shown, away[SLOW, B32, [0, 5]])
    shown = [values[name] for name in ("start_first", "start_32")]
    assert np.allclose(shown, away[START, B32, [0, 5]])


def test_the_quoted_losses_are_those_of_the_figure(values):
    losses = values["losses"].mean(3)
    ends = values["end_full"], values["end_256"], values["end_32"]
    assert np.allclose(ends, losses[START, :, 5])
    assert math.isclose(values["one_step"], losses[START, FULL, 0])


def test_a_line_in_1_over_s_and_1_over_e_is_the_hyperbola(values):
    S, E = values["line"]
    s_min, e_min = values["few_steps"], values["few_examples"]
    assert np.allclose((S / s_min - 1) * (E / e_min - 1), 1)
    critical = e_min / s_min  # a run at this batch size takes twice of each
    assert math.isclose(s_min + e_min / critical, 2 * s_min)
    assert math.isclose(critical * (s_min + e_min / critical), 2 * e_min)


def test_the_fit_has_the_least_squares(values):
    S, E = values["S"][:-1], values["E"][:-1]  # (7, 16)
    sizes = np.array(values["tries"])
    assert np.allclose(values["E"], sizes[:, None] * values["S"])
    for k in range(S.shape[1]):
        A = np.stack([1 / S[:, k], 1 / E[:, k]], axis=1)
        left, right = A.T @ A, A.sum(0)
        fitted = np.linalg.solve(left, right)
        assert np.allclose(fitted, [values["S_min"][k], values["E_min"][k]])
    assert (values["S_min"] > 0).all()
    assert (values["E_min"] > 0).all()


def test_each_batch_size_keeps_one_of_three_rates(values):
    guess = 1.4 / (1 + 140 / np.array(values["tries"]))
    assert np.allclose(values["guess"], guess)
    part = values["best"] / guess
    assert np.isclose(part[:, None], [0.5, 1, 2]).any(axis=1).all()


def test_the_target_is_worse_than_a_uniform_guess(values):
    assert math.isclose(values["uniform"], math.log(len(values["chars"])))
    assert values["uniform"] < values["target"] < values["losses"][START, FULL, 0].min()
