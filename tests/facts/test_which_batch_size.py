"""The facts of docs/notes/which-batch-size.md, held against its run.

Two of the sixteen models are trained and measured once more by hand, in NumPy and on
the same batches; what the page says of all sixteen is taken from the run's arrays.
"""

import math

import numpy as np
import pytest

from .mini_batches import (
    N,
    batch_gradient,
    batch_loss,
    batches,
    by_label,
    less,
    looks,
    model_of,
    square,
    step,
)
from .numpy_model import CHARS, X, Y, examples, generator, init, softmax

# In these, rounding grows least on the way to the target.
MODELS = 2, 6
SIZES = [8, 32, 128, 512, N]
START, LATER = 0, 1


def example_gradients(params, x, y):
    """The gradient of each example's loss, by each of the five parameters."""
    C, W1, b1, W2, b2 = params
    emb = C[x].reshape(len(x), -1)
    h = np.tanh(emb @ W1 + b1)
    out = softmax(h @ W2 + b2) - np.eye(len(CHARS))[y]
    mid = (out @ W2.T) * (1 - h**2)
    of_c = np.zeros((len(x), *C.shape))
    rows = np.arange(len(x))[:, None]
    np.add.at(of_c, (rows, x), (mid @ W1.T).reshape(*x.shape, -1))
    of_w1, of_w2 = emb[:, :, None] * mid[:, None], h[:, :, None] * out[:, None]
    return [of_c, of_w1, mid, of_w2, out]


def noise_scale(params, ix):
    """How far the examples' gradients scatter, over the full gradient's square."""
    each = example_gradients(params, X[ix], Y[ix])
    scatter = sum(((g - g.mean(0)) ** 2).sum() for g in each) / (len(ix) - 1)
    return scatter / square(batch_gradient(params, None))


def exact_scale(params):
    """The same from all examples: the mean square of their gradients, less the full."""
    squares = 0
    for part in np.array_split(np.arange(N), 40):
        each = example_gradients(params, X[part], Y[part])
        squares += sum((g**2).sum() for g in each)
    full = square(batch_gradient(params, None))
    return (squares / N - full) / full


def draw_each(g, size):
    """Positions of examples, drawn for one model after the other."""
    return [examples(g, size) for _ in range(16)]


def test_sixteen_models_start_each_from_its_own_seed(values):
    assert np.array_equal(values["X"], X)
    assert np.array_equal(values["Y"], Y)
    for k in range(16):
        for mine, its in zip(init(generator(k)), values["start"], strict=True):
            assert len(its) == 16
            assert np.allclose(mine, its[k], rtol=1e-14)


def test_the_target_lies_between_the_start_and_a_uniform_guess(values):
    begin = [batch_loss(model_of(values["start"], k), None) for k in range(16)]
    assert math.isclose(values["first_loss"], np.mean(begin))
    assert math.isclose(values["uniform"], math.log(len(CHARS)))
    assert values["uniform"] < values["target"] < min(begin)


def test_the_sizes_and_rates_are_those_that_the_page_names(values):
    assert list(values["sizes"]) == SIZES
    rates = np.array(values["rates"])
    assert rates.shape == (5, 3)
    assert np.allclose(rates[:, 1:] / rates[:, :-1], 2)
    # The middle one took the fewest steps.
    assert (values["best"] == 1).all()
    means = values["steps"].mean(2)
    assert (means[:, 1] < means[:, 0]).all()
    assert (means[:, 1] < means[:, 2]).all()


def crossing(params, rate, B, k, every, target):
    """After how many steps model k is at the target, on a line between two looks."""
    seen = [(0, batch_loss(params, None))]
    for done, ix in enumerate(batches(generator(B), B, 1000), 1):
        params = step(params, rate, ix[k])
        if done % every == 0:
            seen.append((done, batch_loss(params, None)))
            if seen[-1][1] <= target:
                break
    (t0, above), (t1, below) = seen[-2:]
    return np.interp(-target, [-above, -below], [t0, t1])


@pytest.mark.parametrize("j", range(5))
def test_the_steps_to_the_target_are_those_of_a_run_at_that_rate(values, j):
    about = SIZES[j], values["every"][j], values["target"]
    for tried in (0, 1) if j in (0, 2) else (1,):
        rate = values["rates"][j][tried]
        for k in MODELS:
            B, every, target = about
            steps = crossing(init(generator(k)), rate, B, k, every, target)
            assert math.isclose(values["steps"][j, tried, k], steps, rel_tol=1e-4)
    assert np.array_equal(values["S"][j], values["steps"][j, 1])
    assert np.allclose(values["E"][j], SIZES[j] * values["S"][j])


@pytest.mark.parametrize("j", [1, 2])  # batch 32, 128
@pytest.mark.parametrize("tried", [0, 2])
def test_at_half_and_twice_the_best_rate_most_models_are_slower(values, j, tried):
    B, rate = SIZES[j], values["rates"][j][tried]
    models = [init(generator(k)) for k in range(16)]
    for ix in batches(generator(B), B, math.ceil(values["S"][j].mean())):
        models = [step(p, rate, i) for p, i in zip(models, ix, strict=True)]
    there = [batch_loss(params, None) <= values["target"] for params in models]
    assert sum(there) < 8


def test_the_fit_has_the_least_squares_and_leaves_out_the_full_set(values):
    S, E = values["S"][:4], values["E"][:4]
    for k in range(16):
        A = np.stack([1 / S[:, k], 1 / E[:, k]], axis=1)
        fitted = np.linalg.solve(A.T @ A, A.sum(0))
        assert np.allclose(fitted, [values["S_min"][k], values["E_min"][k]])
    means = values["S_min"].mean(), values["E_min"].mean()
    assert np.allclose(means, [values["few_steps"], values["few_examples"]])
    assert math.isclose(values["full_steps"], values["S"][4].mean())
    # An endless batch would take about as many steps as the full set does.
    assert 0.85 < values["few_steps"] / values["full_steps"] < 1.15


def test_at_the_critical_batch_size_a_run_takes_twice_the_fewest_of_each(values):
    s_min, e_min = values["S_min"], values["E_min"]
    critical = values["critical_batch"]
    S = s_min + e_min / critical  # on the hyperbola
    assert np.allclose(S, 2 * s_min)
    assert np.allclose(critical * S, 2 * e_min)
    for B in SIZES:
        S = s_min + e_min / B
        assert np.allclose((S / s_min - 1) * (B * S / e_min - 1), 1)
    # Far below it, twice the batch nearly halves the steps; far above, not at all.
    S = values["few_steps"] + values["few_examples"] / np.array([8, 16, 1024, 2048])
    assert S[1] / S[0] < 0.55
    assert 2 * S[3] / S[2] > 1.8


def test_the_claims_about_proportion_take_four_times_the_batch_and_the_rate(values):
    rates, steps = values["rates"], values["steps"]
    critical = values["critical_batch"].mean()
    for claim, few, more in (
        ("in_proportion", (0, 1), (1, 1)),
        ("past_critical", (2, 0), (3, 1)),
    ):
        (i, low), (j, high) = few, more
        assert SIZES[j] / SIZES[i] == 4
        assert math.isclose(rates[j][high] / rates[i][low], 4)
        assert np.allclose(values[claim] * steps[j, high], steps[i, low])
    assert SIZES[1] < critical / 4
    assert SIZES[3] > 3 * critical
    assert (values["best_8"], values["best_32"]) == (rates[0][1], rates[1][1])
    assert (values["low_128"], values["best_512"]) == (rates[2][0], rates[3][1])


def test_the_table_has_the_best_rates_and_the_theory_s(values):
    names = ["8", "32", "128", "512", "full"]
    for j, name in enumerate(names):
        best = values["rates"][j][1]
        assert values[f"best_{name}"] == best
    sums = [values[f"sum_{name}"] for name in names[:4]]
    assert np.allclose(sums, [values["rates"][j][1] / SIZES[j] for j in range(4)])
    # For a sum the same at first, and then it falls.
    assert math.isclose(sums[0], sums[1])
    assert sums[1] > sums[2] > sums[3]
    assert values["best_512"] == values["best_full"]
    critical = values["critical_batch"].mean()
    for j, name in enumerate(names[:4]):
        theory = values["best_full"] / (1 + critical / SIZES[j])
        assert math.isclose(values[f"rule_{name}"], theory)
        # It is low, but the rate below it is lower.
        assert values["rates"][j][0] < theory < values[f"best_{name}"]


def test_the_error_and_its_prediction_are_those_of_the_examples_drawn(values):
    assert (values["n_later"], values["lr_later"], values["draws"]) == (200, 0.1, 4)
    g = generator(0)
    models = {k: init(generator(k)) for k in MODELS}
    for place in (START, LATER):
        if place == LATER:
            later = generator(0)
            for ix in batches(later, 32, 200):
                models = {k: step(models[k], 0.1, ix[k]) for k in MODELS}
            for k in MODELS:
                for mine, its in zip(models[k], values["later"], strict=True):
                    assert np.allclose(mine, its[k], rtol=0, atol=1e-9)
        else:
            for _ in range(200):
                examples(g, 16, 32)
        drawn = draw_each(g, 256)
        for k in MODELS:
            scale = noise_scale(models[k], drawn[k])
            assert math.isclose(values["scales"][place, k], scale, rel_tol=1e-6)
            assert 0.75 < scale / exact_scale(models[k]) < 1.33
        for k in range(16):
            for j, B in enumerate(SIZES[:4]):
                drawn = [examples(g, B) for _ in range(4)]
                if k not in MODELS:
                    continue
                full = batch_gradient(models[k], None)
                off = [square(less(batch_gradient(models[k], i), full)) for i in drawn]
                error = math.sqrt(np.mean(off) / square(full))
                assert math.isclose(values["errors"][place, j, k], error, rel_tol=1e-6)


def test_the_prediction_is_the_formula(values):
    assert list(values["tried"]) == SIZES[:4]
    for j, B in enumerate(SIZES[:4]):
        formula = np.sqrt(values["scales"] / B)  # (2, 16)
        assert np.allclose(values["predicted"][:, j], formula)
    over = (values["errors"] / values["predicted"]).mean((0, 1))
    assert np.allclose(values["error_over_prediction"], over)
    shown = [values["scale_start"], values["scale_later"]]
    assert np.allclose(shown, values["scales"].mean(1))
    assert (values["scales"][LATER] > 2 * values["scales"][START]).all()  # it grows


def test_two_batch_sizes_give_the_noise_scale(values, printed):
    assert (values["small"], values["large"]) == (8, 512)
    g = generator(0)
    params, lines = init(g), []
    for done in range(301):
        if done in (0, 100, 300):
            means = [
                np.mean(
                    [square(batch_gradient(params, examples(g, B))) for _ in range(50)]
                )
                for B in (8, 512)
            ]
            # |G|^2 + scatter / B, twice.
            length, scatter = np.linalg.solve([[1, 1 / 8], [1, 1 / 512]], means)
            lines.append(f"step {done}: noise scale {scatter / length:.0f}")
            assert 0.75 < scatter / length / exact_scale(params) < 1.33
        params = step(params, 0.1, examples(g, 32))
    assert printed("two-batches").splitlines() == lines


@pytest.mark.parametrize("run", ["fast", "slow"])
def test_the_noise_scale_along_a_run_is_its_mean_above_the_target(values, run):
    B, rate, every, claim = N, values["best_full"], 2, "noise_over_critical"
    if run == "slow":
        B, rate, every, claim = 128, values["best_128"] / 8, 16, "slow_noise"
        assert (values["slow_batch"], values["slow_rate"]) == (B, rate)
    g, models = generator(B), {k: init(generator(k)) for k in MODELS}
    losses, scales = values[f"{run}_losses"], values[f"{run}_scales"]
    assert losses.shape == scales.shape
    above = {k: [] for k in MODELS}
    for look in range(len(losses)):
        drawn = draw_each(g, 64)
        for k in MODELS:
            loss, scale = batch_loss(models[k], None), noise_scale(models[k], drawn[k])
            assert math.isclose(losses[look, k], loss, rel_tol=1e-5)
            assert math.isclose(scales[look, k], scale, rel_tol=1e-4)
            if loss > values["target"]:
                above[k].append(scale)
        for _ in range(every):
            ix = [None] * 16 if B == N else examples(g, 16, B)
            models = {k: step(models[k], rate, ix[k]) for k in MODELS}
    for k in MODELS:
        assert math.isclose(values[run][k], np.mean(above[k]), rel_tol=1e-4)
    assert (losses[-1] > values["target"]).any()  # it goes on until all are there
    assert np.allclose(values[claim] * values["critical_batch"], values[run])


def test_from_scaled_weights_the_noise_scale_is_larger_and_grows(values):
    g, models = generator(0), {}
    for k in MODELS:
        C, W1, b1, W2, b2 = init(generator(k))
        models[k] = [C, W1 * 5 / 3 / 30**0.5, 0 * b1, W2 * 0.01, 0 * b2]
    begin = dict(models)
    for ix in batches(g, 32, 200):
        models = {k: step(models[k], 0.1, ix[k]) for k in MODELS}
    for name, those in [("good_start", begin), ("good_later", models)]:
        drawn = draw_each(g, 64)
        for k in MODELS:
            scale = noise_scale(those[k], drawn[k])
            assert math.isclose(values[name][k], scale, rel_tol=1e-6)
    first, last = values["good_start"].mean(), values["good_later"].mean()
    assert math.isclose(values["good_first"], first)
    assert math.isclose(values["good_growth"], last / first)
    assert first > values["scale_start"]
    assert last > values["scale_later"]


def test_the_figure_of_the_trade_off_says_which_dot_is_which(values, drawn):
    (ax,) = drawn("trade-off")
    assert ax.get_xlabel().startswith("examples")
    assert ax.get_ylabel().startswith("steps")
    lines = by_label(ax.get_legend(), ax.lines)
    measured, fitted = lines["measured"], lines["hyperbola, fitted"]
    for text, (E, S), steps in zip(
        ax.texts, measured.get_xydata(), values["S"], strict=True
    ):
        assert text.xy == (E, S)
        assert math.isclose(S, steps.mean())
        # A dot's examples over its steps are the batch size beside it.
        name = text.get_text().removeprefix("batch ")
        assert math.isclose(E / S, N if name == "full set" else int(name))
    clouds = [line for line in ax.lines if looks(line)[2] == "."]
    for k, cloud in enumerate(clouds):
        assert np.allclose(cloud.get_ydata(), values["S"][:, k])
        assert np.allclose(cloud.get_xdata() / cloud.get_ydata(), SIZES)
    assert len(clouds) == 16
    level, upright = (line for line in ax.lines if looks(line)[1] == ":")
    (s_min, _), (e_min, _) = level.get_ydata(), upright.get_xdata()
    E, S = fitted.get_xydata().T
    assert np.allclose((S / s_min - 1) * (E / e_min - 1), 1)
    assert E.min() > e_min
    assert S.min() > s_min
    assert math.isclose(s_min, values["S_min"].mean())
    assert math.isclose(e_min, values["E_min"].mean())
    # The curve runs through the dots, from the upper left to the lower right.
    assert (np.diff(measured.get_xdata()) > 0).all()
    assert (np.diff(measured.get_ydata()) < 0).all()
    on_it = s_min + e_min / np.array(SIZES)  # (5,): its steps
    assert abs(measured.get_ydata() / on_it - 1).max() < 0.15


def test_the_figure_of_errors_says_which_line_is_which(values, drawn):
    (ax,) = drawn("error")
    lines = by_label(ax.figure.legends[0], ax.lines)
    assert len(lines) == 4
    for place, name in enumerate(["start", "later"]):
        predicted, measured = lines[f"predicted, {name}"], lines[f"measured, {name}"]
        scales, errors = values["scales"][place], values["errors"][place]
        for j, B in enumerate(SIZES[:4]):
            for line in (predicted, measured):
                assert line.get_xdata()[j] == B
            assert math.isclose(predicted.get_ydata()[j], np.sqrt(scales / B).mean())
            assert math.isclose(measured.get_ydata()[j], errors[j].mean())
        # On log axes, a straight line is at one at about the noise scale.
        at_one = 8 * predicted.get_ydata()[0] ** 2
        assert abs(at_one / values[f"scale_{name}"] - 1) < 0.1
        apart = measured.get_ydata() / predicted.get_ydata() - 1
        assert abs(apart).max() < 0.1  # the dots lie on the lines
    start, later = lines["predicted, start"], lines["predicted, later"]
    assert (start.get_ydata() < later.get_ydata()).all()
    assert start.get_ydata()[-1] < 1 < later.get_ydata()[-1]  # one is yet to cross it
    (dotted,) = [line for line in ax.lines if line.get_linestyle() == ":"]
    assert set(dotted.get_ydata()) == {1}
    assert "batch size" in ax.get_xlabel()
    assert "error" in ax.get_ylabel()


def test_the_figure_of_two_runs_says_which_line_is_which(values, drawn):
    (ax,) = drawn("along")
    lines = by_label(ax.get_legend(), ax.lines)
    ends = []
    for name, run in (("full set, best rate", "fast"), ("batch 128, slow", "slow")):
        line = lines[name]
        shown = len(line.get_xdata())
        losses = values[f"{run}_losses"][:shown]
        scales = values[f"{run}_scales"][:shown]
        assert np.allclose(line.get_xdata(), losses.mean(1))
        assert np.allclose(line.get_ydata(), scales.mean(1))
        assert (np.diff(line.get_xdata()) < 0).all()
        assert line.get_ydata().argmin() == 0
        assert line.get_ydata().argmax() == shown - 1
        ends.append(line.get_ydata()[[0, -1]])
    fast, slow = ends
    assert np.allclose(fast, [values["fast_first"], values["fast_end"]])
    assert math.isclose(slow[1], values["slow_end"])
    assert abs(slow[0] / fast[0] - 1) < 0.1  # both begin at about the same
    (dotted,) = [line for line in ax.lines if looks(line)[1] == ":"]
    critical = values["critical_batch"].mean()
    assert np.allclose(dotted.get_ydata(), critical)
    assert fast[0] < critical < fast[1] < slow[1] / 2
    # At the same loss, the slow run's is the larger one.
    slow = lines["batch 128, slow"].get_data()
    for loss, scale in lines["full set, best rate"].get_xydata()[1:]:
        if loss > slow[0].min():
            assert np.interp(-loss, -slow[0], slow[1]) > 1.3 * scale
    assert ax.xaxis_inverted()
    assert "loss" in ax.get_xlabel()
    assert "noise scale" in ax.get_ylabel()
