"""The facts of docs/notes/mini-batch-gradient.md, held against its run.

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
    looks,
    model_of,
    step,
)
from .numpy_model import CHARS, X, Y, examples, generator, init, loss, softmax

# The axes of losses and apart: setting (start at 0.1, later at 0.1, later at 0.01),
# batch size (full, 256, 32), mark (1, 2, 4, ... 32 steps), model.
START, LATER, SLOW = 0, 1, 2
FULL, B256, B32 = 0, 1, 2
# On the way to the target, most models' runs make a difference in the last place a
# billion times as large, or more; in these two it grows least.
MODELS = 2, 6


def back(params, x, y):
    """Each example's inputs to each layer, and the slopes that come back to it."""
    C, W1, b1, W2, b2 = params
    emb = C[x].reshape(len(x), -1)
    h = np.tanh(emb @ W1 + b1)
    out = softmax(h @ W2 + b2) - np.eye(len(CHARS))[y]
    mid = (out @ W2.T) * (1 - h**2)
    of_c = np.zeros((len(x), *C.shape))
    rows = np.arange(len(x))[:, None]
    np.add.at(of_c, (rows, x), (mid @ W1.T).reshape(*x.shape, -1))
    return emb, h, out, mid, of_c


def example_gradients(params, x, y):
    """The gradient of each example's loss, by each of the five parameters."""
    emb, h, out, mid, of_c = back(params, x, y)
    of_w1, of_w2 = emb[:, :, None] * mid[:, None], h[:, :, None] * out[:, None]
    return [of_c, of_w1, mid, of_w2, out]


EXAMPLES, TIMES = np.unique(np.c_[X, Y], axis=0, return_counts=True)


def noise_scale(params):
    """The noise scale, from squared lengths of gradients that are never held."""
    emb, h, out, mid, of_c = back(params, EXAMPLES[:, :3], EXAMPLES[:, 3])
    squares = (of_c**2).sum((1, 2))
    squares += (out**2).sum(1) * (1 + (h**2).sum(1))
    squares += (mid**2).sum(1) * (1 + (emb**2).sum(1))
    full = square(batch_gradient(params, None))
    return (TIMES @ squares / N - full) / full


def square(tensors):
    return sum((t**2).sum() for t in tensors)


def less(left, right):
    return [a - b for a, b in zip(left, right, strict=True)]


def page_generator(values, after):
    """The page's generator, after what is drawn for the parts of the page named."""
    g = generator(0)
    if "training" in after:
        for _ in range(values["n_later"]):
            examples(g, 16, values["batch_size"])
    if "errors" in after:
        for B in [*values["sizes"]] * 2:
            for _ in range(values["draws"]):
                examples(g, 16, int(B))
    return g


def test_sixteen_models_start_each_from_its_own_seed(values):
    assert np.array_equal(values["X"], X)
    assert np.array_equal(values["Y"], Y)
    for k in range(16):
        for mine, its in zip(init(generator(k)), values["start"], strict=True):
            assert len(its) == 16
            assert np.allclose(mine, its[k], rtol=1e-14)


def test_later_is_after_600_steps_of_32_at_a_rate_of_a_tenth(values):
    assert (values["n_later"], values["batch_size"]) == (600, 32)
    for k in MODELS:
        params, g = init(generator(k)), page_generator(values, after=[])
        for ix in batches(g, values["batch_size"], values["n_later"]):
            params = step(params, values["lr"], ix[k])
        for mine, its in zip(params, values["later"], strict=True):
            assert np.allclose(mine, its[k], rtol=0, atol=1e-9)
        assert math.isclose(loss(params), values["loss_later"][k], rel_tol=1e-9)


def test_grouping_contexts_does_not_change_the_loss(values):
    assert abs(values["gap"]) < 1e-12
    assert 1 / 9 < len(values["contexts"]) / values["N"] < 1 / 7  # about an eighth
    for k, mean in enumerate(values["loss_later"]):
        assert math.isclose(mean, batch_loss(model_of(values["later"], k), None))


def test_the_noise_scale_is_that_of_all_examples_gradients(values):
    for k in MODELS:
        for place, models in enumerate([values["start"], values["later"]]):
            params, sums, squares = model_of(models, k), [0] * 5, 0
            for i in range(0, len(EXAMPLES), 100):
                x, y = EXAMPLES[i : i + 100, :3], EXAMPLES[i : i + 100, 3]
                times = TIMES[i : i + 100]
                each = example_gradients(params, x, y)
                pairs = zip(sums, each, strict=True)
                sums = [s + np.tensordot(times, g, 1) for s, g in pairs]
                squares += sum(
                    times @ (g.reshape(len(g), -1) ** 2).sum(1) for g in each
                )
            full = square(sums) / N**2
            trace = squares / N - full
            assert math.isclose(values["G2"][place, k], full, rel_tol=1e-9)
            assert math.isclose(values["trace"][place, k], trace, rel_tol=1e-9)
            assert math.isclose(values["scales"][place, k], trace / full, rel_tol=1e-9)
            assert math.isclose(noise_scale(params), trace / full, rel_tol=1e-9)
    shown = [values["scale_start"], values["scale_later"]]
    assert np.allclose(shown, values["scales"].mean(1))
    at_start, later = values["scales"]
    assert np.allclose(values["noise_growth"] * at_start, later)


def test_the_error_is_that_of_the_batches_drawn(values):
    g = page_generator(values, after=["training"])
    for place, models in enumerate([values["start"], values["later"]]):
        full = {k: batch_gradient(model_of(models, k), None) for k in MODELS}
        for j, B in enumerate(values["sizes"]):
            distances = {k: [] for k in MODELS}
            for ix in batches(g, int(B), values["draws"]):
                for k in MODELS:
                    mini = batch_gradient(model_of(models, k), ix[k])
                    distances[k].append(square(less(mini, full[k])))
            for k in MODELS:
                error = math.sqrt(np.mean(distances[k]) / square(full[k]))
                assert math.isclose(error, values["errors"][place, j, k], rel_tol=1e-9)


def test_the_prediction_is_the_formula(values):
    by_size = values["predicted"].swapaxes(0, 1)  # (5, 2, 16)
    for B, predicted in zip(values["sizes"], by_size, strict=True):
        formula = np.sqrt(values["trace"] / B) / np.sqrt(values["G2"])
        assert np.allclose(predicted, formula, rtol=1e-12)
    # The prediction is 1 where the batch size is the noise scale.
    size, scale = values["sizes"][1], values["scales"]
    assert np.allclose(values["predicted"][:, 1] ** 2 * size, scale, rtol=1e-12)
    assert np.allclose(values["theory"], values["predicted"].mean(2))
    assert np.allclose(values["error"], values["errors"].mean(2))


def test_the_claims_about_one_gradient_are_about_these_errors(values):
    errors, sizes = values["errors"], values["sizes"]
    assert np.array_equal(values["far_gradient"], errors[START, list(sizes).index(32)])
    for k in range(16):
        scales = values["scales"][:, k]
        in_scales = sizes / scales[:, None]  # (2, 5): batch size, in noise scales
        over = np.mean(errors[:, :, k] * np.sqrt(in_scales))
        assert math.isclose(values["error_over_prediction"][k], over)
        logs = np.log(in_scales).ravel(), np.log(errors[:, :, k]).ravel()
        assert math.isclose(values["error_slope"][k], np.polyfit(*logs, 1)[0])


def test_the_sizes_are_those_that_the_page_names(values):
    sizes = values["sizes"]
    assert (sizes[0], sizes[-1]) == (8, 2048)
    assert sizes[1] == values["batch_size"] == values["batches"][B32] == 32
    assert values["batches"][B256] == values["large"] == 256
    assert values["batches"][FULL] == values["N"] == N
    assert list(values["marks"]) == [1, 2, 4, 8, 16, 32]
    assert values["n_steps"] == values["marks"][-1]
    assert math.isclose(values["lr"], 0.1, rel_tol=1e-6)
    assert list(values["tries"]) == [2**k for k in range(3, 10)] + [values["N"]]


def test_a_full_step_costs_what_the_page_says(values):
    assert math.isclose(values["cost_256"] * values["batches"][B256], values["N"])
    assert math.isclose(values["cost_32"] * values["batch_size"], values["N"])
    # Batch 256 takes all its steps before the full set has paid for its first.
    assert values["n_steps"] * values["large"] < values["N"]


def test_losses_and_distances_are_those_of_runs_on_the_batches_drawn(values):
    g = page_generator(values, after=["training", "errors"])
    settings = [("start", 0.1), ("later", 0.1), ("later", 0.01)]
    for i, (place, rate) in enumerate(settings):
        begin = {k: model_of(values[place], k) for k in MODELS}
        moves = {}
        for j, B in enumerate(values["batches"]):
            params = dict(begin)
            for done, ix in enumerate(batches(g, int(B), values["n_steps"]), 1):
                params = {k: step(params[k], rate, ix[k]) for k in MODELS}
                for k in MODELS if done in values["marks"] else ():
                    mark = list(values["marks"]).index(done)
                    moves[j, mark, k] = move = less(params[k], begin[k])
                    full = moves[FULL, mark, k]
                    away = math.sqrt(square(less(move, full)) / square(full))
                    its = [values[name][i, j, mark, k] for name in ("losses", "apart")]
                    # The page's rate is a float32: a tenth to seven digits.
                    assert np.allclose(
                        its, [batch_loss(params[k], None), away], rtol=1e-6
                    )


def test_after_one_step_away_is_the_error_of_a_gradient(values):
    apart = values["apart"]
    assert (apart[:, FULL] == 0).all()
    for setting, place in enumerate([0, 1, 1]):
        for size in (B256, B32):
            expected = np.sqrt(values["scales"][place] / values["batches"][size])
            measured = apart[setting, size, 0]
            assert 0.8 < np.mean(measured / expected) < 1.25
    away = apart.mean(3)
    assert np.allclose(values["away"], away)
    shown = [values[name] for name in ("first_32", "last_32")]
    assert np.allclose(shown, away[SLOW, B32, [0, 5]])
    shown = [values[name] for name in ("start_first", "start_32")]
    assert np.allclose(shown, away[START, B32, [0, 5]])


def test_the_quoted_losses_are_those_of_the_figure(values):
    losses = values["losses"].mean(3)
    ends = values["end_full"], values["end_256"], values["end_32"]
    assert np.allclose(values["loss"], losses)
    assert np.allclose(ends, losses[START, :, 5])
    assert math.isclose(values["one_step"], losses[START, FULL, 0])


def test_the_claims_about_many_steps_are_about_these_runs(values):
    losses, apart = values["losses"], values["apart"]
    full, large, _ = losses[START, :, -1]  # (16,) each, at the last mark
    assert np.allclose((1 + values["keeps_up"] / 100) * full, large)
    first, last = apart[SLOW, B32, [0, -1]]
    assert np.allclose(values["averaging"] * last, first)
    assert np.array_equal(values["not_in_place"], apart[START, B32, -1])
    full, _, small = values["loss_later"] - losses[LATER, :, -1]
    assert np.allclose(values["too_fast"] * full, small)


def looked_at():
    """The steps after which the loss is looked at: each about a quarter later."""
    step = 0
    while True:
        step += 1 + step // 4
        yield step


@pytest.mark.parametrize("j", range(8))
def test_the_steps_to_the_target_are_those_of_the_kept_rate(values, j):
    B, rate = int(values["tries"][j]), values["best"][j]
    trial = np.isclose(rate / values["guess"][j], [0.5, 1, 2]).argmax()
    for k in MODELS:
        params, looks_at, g = init(generator(k)), looked_at(), generator(B)
        seen, mark = [(0, batch_loss(params, None))], next(looks_at)
        drawn = batches(g, B, 1000, models=48)  # three rates for each of 16
        for done, ix in enumerate(drawn, 1):
            params = step(params, rate, ix[16 * trial + k])
            if done == mark:
                seen.append((done, batch_loss(params, None)))
                mark = next(looks_at)
                if seen[-1][1] <= values["target"]:
                    break
        (t0, above), (t1, below) = seen[-2:]
        crossing = np.interp(-values["target"], [-above, -below], [t0, t1])
        assert math.isclose(values["S"][j, k], crossing, rel_tol=1e-4)


@pytest.mark.parametrize("j", [0, 3])  # batch 8, 64
def test_at_half_and_twice_the_kept_rate_the_median_model_is_slower(values, j):
    B = int(values["tries"][j])
    median = np.sort(values["S"][j])[7]  # as torch takes it
    trial = np.isclose(values["best"][j] / values["guess"][j], [0.5, 1, 2]).argmax()
    for other, part in enumerate([0.5, 1, 2]):
        if other == trial:
            continue
        models = [init(generator(k)) for k in range(16)]
        for ix in batches(generator(B), B, math.ceil(median), models=48):
            own = ix[16 * other : 16 * (other + 1)]
            rate = part * values["guess"][j]
            models = [step(p, rate, i) for p, i in zip(models, own, strict=True)]
        there = [batch_loss(params, None) <= values["target"] for params in models]
        assert sum(there) < 8


def test_each_batch_size_keeps_one_of_three_rates(values):
    guess = 1.4 / (1 + 140 / np.array(values["tries"]))
    assert np.allclose(values["guess"], guess)
    part = values["best"] / guess
    assert np.isclose(part[:, None], [0.5, 1, 2]).any(axis=1).all()


def test_a_line_in_1_over_s_and_1_over_e_is_the_hyperbola(values):
    S, E = values["line"]
    s_min, e_min = values["few_steps"], values["few_examples"]
    assert np.allclose((S / s_min - 1) * (E / e_min - 1), 1)
    critical = e_min / s_min  # at this size, a run takes twice the fewest of each
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
    means = values["S_min"].mean(), values["E_min"].mean()
    assert np.allclose(means, [values["few_steps"], values["few_examples"]])


def test_the_claims_about_the_hyperbola_are_about_its_fit(values):
    S, sizes = values["S"], np.array(values["tries"])
    s_min, e_min = values["S_min"], values["E_min"]
    on_it = s_min + e_min / sizes[:7, None]  # (7, 16): its steps, batch 8 to 512
    miss = abs(on_it / S[:7] - 1).mean(0)
    assert np.allclose(values["hyperbola_miss"], 100 * miss)
    # The full set has no noise, like an endless batch: it needs the fewest steps.
    assert np.allclose(values["full_steps"] * S[7], s_min)
    # At the critical batch size, the hyperbola takes twice the steps and examples.
    critical = values["critical_batch"]
    assert np.allclose(s_min + e_min / critical, 2 * s_min)
    assert np.allclose(critical * (s_min + e_min / critical), 2 * e_min)


@pytest.mark.parametrize("run", ["fast", "slow"])
def test_the_noise_scale_along_a_run_is_its_mean_until_the_target(values, run):
    B, rate, every = N, values["best"][7], 1  # the full set at its best rate
    if run == "slow":
        B, rate, every = values["large"], 0.1, 8
    claim = {"fast": "noise_over_critical", "slow": "slow_noise"}[run]
    for k in MODELS:
        params, scales = init(generator(k)), []
        for done, ix in enumerate(batches(generator(B), B, 1000)):
            if done % every == 0:
                if batch_loss(params, None) <= values["target"]:
                    break
                scales.append(noise_scale(params))
            params = step(params, rate, ix[k])
        assert math.isclose(values[run][k], np.mean(scales), rel_tol=1e-6)
    assert np.allclose(values[claim] * values["critical_batch"], values[run])


def test_the_target_is_worse_than_a_uniform_guess(values):
    assert math.isclose(values["uniform"], math.log(len(CHARS)))
    assert values["uniform"] < values["target"] < values["losses"][START, FULL, 0].min()


def test_the_figure_of_errors_says_which_line_is_which(values, drawn):
    (ax,) = drawn("error")
    lines = by_label(ax.figure.legends[0], ax.lines)
    assert len(lines) == 4
    for place, name in enumerate(["start", "later"]):
        predicted, measured = lines[f"predicted, {name}"], lines[f"measured, {name}"]
        scales, errors = values["scales"][place], values["errors"][place]
        for j, B in enumerate(values["sizes"]):
            for line in (predicted, measured):
                assert line.get_xdata()[j] == B
            assert math.isclose(predicted.get_ydata()[j], np.sqrt(scales / B).mean())
            assert math.isclose(measured.get_ydata()[j], errors[j].mean())
        # On log axes, a straight line crosses one at about the noise scale.
        logs = np.log(predicted.get_xydata())
        crosses = math.exp(np.interp(0, -logs[:, 1], logs[:, 0]))
        shown = values[f"scale_{name}"]
        assert abs(crosses / shown - 1) < 0.1
        apart = measured.get_ydata() / predicted.get_ydata() - 1
        assert abs(apart).max() < 0.1  # the dots lie on the lines
    start, later = lines["predicted, start"], lines["predicted, later"]
    assert (start.get_ydata() < later.get_ydata()).all()
    (dotted,) = [line for line in ax.lines if line.get_linestyle() == ":"]
    assert set(dotted.get_ydata()) == {1}
    assert "batch size" in ax.get_xlabel()
    assert "error" in ax.get_ylabel()


def test_the_figure_of_losses_says_which_line_is_which(values, drawn):
    by_steps, by_examples = drawn("work")
    assert by_steps.get_xlabel() == "step"
    assert by_examples.get_xlabel() == "examples processed"
    left = by_label(by_steps.get_legend(), by_steps.lines)
    right = by_label(by_steps.get_legend(), by_examples.lines)
    sizes = {"full set": N, "batch 256": 256, "batch 32": 32}
    assert left.keys() == right.keys() == sizes.keys()
    for name, B in sizes.items():
        j = list(values["batches"]).index(B)
        losses = values["losses"][START, j].mean(1)
        for line, cost in [(left[name], 1), (right[name], B)]:
            assert np.array_equal(line.get_xdata(), cost * np.array(values["marks"]))
            assert np.allclose(line.get_ydata(), losses)
    full, large, small = (line.get_ydata() for line in left.values())
    assert abs(large / full - 1).max() < 0.05  # one lies on the other
    assert (full < small).all()
    assert (large < small).all()
    assert right["full set"].get_xdata()[0] > right["batch 256"].get_xdata()[-1]


def test_the_figure_of_distances_says_which_line_is_which(values, drawn):
    panels = drawn("arrival")
    legend = panels[0].get_legend()
    for ax, B in zip(panels, [256, 32], strict=True):
        assert ax.get_title("left") == f"batch {B}"
        j = list(values["batches"]).index(B)
        names = ["start, rate 0.1", "later, rate 0.1", "later, rate 0.01"]
        lines = by_label(legend, ax.lines)
        assert list(lines) == names
        for setting, name in enumerate(names):
            line = lines[name]
            assert np.array_equal(line.get_xdata(), values["marks"])
            assert np.allclose(line.get_ydata(), values["apart"][setting, j].mean(1))
            assert (np.diff(line.get_ydata()) < 0).all()
        (dotted,) = [line for line in ax.lines if looks(line)[1] == ":"]
        assert set(dotted.get_ydata()) == {1}
    # The page quotes from the panel of batch 32, the last.
    slow, start = lines["later, rate 0.01"], lines["start, rate 0.1"]
    ends = slow.get_ydata()[[0, -1]], start.get_ydata()[[0, -1]]
    assert np.allclose(ends[0], [values["first_32"], values["last_32"]])
    assert np.allclose(ends[1], [values["start_first"], values["start_32"]])


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
        assert np.allclose(cloud.get_xdata() / cloud.get_ydata(), values["tries"])
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
    on_it = s_min + e_min / np.array(values["tries"])  # (8,): its steps
    assert abs(measured.get_ydata() / on_it - 1).max() < 0.25


def test_the_table_of_rates_has_the_guess_and_the_best_in_their_columns(
    values, printed
):
    head, *rows = printed("trade-off").splitlines()
    assert head.split() == ["batch", "rate:", "guess", "best"]
    for j, row in enumerate(rows):
        expected = values["tries"][j], values["guess"][j], values["best"][j]
        size, *rates = row.split()
        assert int(size) == expected[0]
        assert rates == [f"{rate:.2f}" for rate in expected[1:]]


def test_the_noise_scales_are_printed_where_they_belong(values, printed):
    start, later = values["trace"] / values["G2"]  # (16,) each
    said = f"noise scale: {start.mean():.0f} at the start, {later.mean():.0f} later"
    assert printed("noise-scale").splitlines() == [said]
