"""The facts of docs/notes/first-weights.md, held against its run.

Two of the seeds are trained again in NumPy, from both starts and on the same batches.
From the weights as drawn, runs part at high rates: there less is asked of them.
"""

from functools import cache

import numpy as np
import pytest
from scipy.stats import t as student

from . import numpy_model as model
from .lr_runs import band, median, run

SEEDS = [0, 15]
AS_DRAWN, SCALED = BOTH = [0, 1]
SAME = 1e-9  # the same but for rounding
B, RATE, STEPS = 32, 0.1, 300


@cache
def start(which, seed):
    C, W1, b1, W2, b2 = model.init(model.generator(seed))
    if which == SCALED:
        W1, W2 = W1 * 5 / 3 / np.sqrt(30), W2 / 100
        b1, b2 = np.zeros(200), np.zeros(30)
    return [C, W1, b1, W2, b2]


@cache
def batches(of, steps):
    """What a generator with the seed `of` draws for sixteen models: (steps, 16, B)."""
    g = model.generator(of)
    return np.array([model.examples(g, 16, B) for _ in range(steps)])


@cache
def trained(which, seed, steps):
    """The parameters after so many steps, and the batch losses on the way."""
    return run(start(which, seed), [RATE] * steps, batches(0, steps)[:, seed])


def constant(params, rate, ix):
    return model.train(params, rate, ix)


def distance(one, other):
    return np.sqrt(sum(np.square(p - q).sum() for p, q in zip(one, other, strict=True)))


def test_the_models_are_the_same_draws_scaled(values):
    stacked = values["scaled_inputs"]
    C, W1, b1, _, _ = start(SCALED, 0)
    assert abs(stacked - (C[model.X].reshape(-1, 30) @ W1 + b1)).max() < SAME
    assert values["fan_in"] == 30
    assert 5 < np.sqrt(values["fan_in"]) < 6  # "more than five"
    assert (values["lr"], values["batch_size"], values["n_steps"]) == (RATE, B, STEPS)
    for seed in SEEDS:
        for one, other in zip(start(0, seed), values["drawn"], strict=True):
            assert np.array_equal(one, other[seed])


@pytest.mark.parametrize("which", BOTH)
def test_both_starts_are_trained_on_the_same_batches(values, which):
    for seed in SEEDS:
        begun = model.loss(start(which, seed))
        assert abs(begun - values["at_start"][which, seed]) < SAME
        _, losses = trained(which, seed, STEPS)
        assert abs(losses - values["batches"][which, :, seed]).max() < 1e-8
        for j, steps in enumerate([50, 200, 250, 300]):
            end = model.loss(trained(which, seed, steps)[0])
            assert abs(end - values["at"][which, j, seed]) < SAME


def test_the_scaled_start_is_nearly_a_uniform_guess(values):
    assert abs(values["uniform"] - np.log(30)) < 1e-12
    assert abs(values["at_start"][SCALED] - np.log(30)).max() < 0.05
    # As drawn, the loss doesn't come down to it in so many steps.
    assert values["at"][AS_DRAWN, 3].min() > np.log(30) > values["at"][SCALED, 0].max()


def test_what_to_try_goes_as_the_page_says(values):
    C, W1, b1, W2, b2 = start(SCALED, 0)
    as_drawn = [C, W1, b1, 100 * W2, b2]
    assert 0.7 < model.loss(as_drawn) / values["at_start"][AS_DRAWN, 0] < 1
    zero = [C, W1, b1, 0 * W2, b2]
    assert abs(model.loss(zero) - values["uniform"]) < 1e-12
    slopes = model.of_loss(model.forward(zero, model.X), model.Y)
    by = model.gradient(zero, model.X, slopes)
    assert [abs(p).max() > 0 for p in by] == [False, False, False, True, True]


def test_the_last_layer_alone_makes_the_difference(values):
    for seed in SEEDS:
        C, W1, _, _, _ = start(AS_DRAWN, seed)
        _, _, b1, W2, b2 = start(SCALED, seed)
        end = constant([C, W1, b1, W2, b2], RATE, batches(0, STEPS)[:, seed])
        other = model.loss(trained(SCALED, seed, STEPS)[0])
        assert abs(model.loss(end) - other - values["last_layer_alone"][seed]) < SAME


def test_the_units_of_both_starts(values, drawn, printed):
    axes = drawn("units")
    said = [values["bad_full"], values["good_full"]]
    for which, line in zip(BOTH, printed("saturated").splitlines(), strict=True):
        C, W1, b1, _, _ = start(which, 0)
        inputs = C[model.X].reshape(-1, 30) @ W1 + b1
        h = np.tanh(inputs)
        share = 100 * (abs(h) > 0.99).mean()
        assert abs(share - said[which]) < SAME
        assert line.endswith(f"+-{inputs.std():.1f}, saturated {share:.0f}%")
        counted = np.histogram(h, 40, (-1, 1))[0] / h.size
        bars = axes[which].patches
        assert len(bars) == values["n_bins"] == 40
        # A value on the border of two bars may be counted in either.
        heights = np.array([bar.get_height() for bar in bars])
        assert abs(heights - counted).max() < 1e-5
        assert abs(heights.sum() - 1) < SAME
        lefts = [bar.get_x() for bar in bars]
        assert abs(np.array(lefts) - (np.arange(40) / 20 - 1)).max() < SAME
        ends = 100 * (counted[0] + counted[-1])
        assert abs(ends - [values["bad_ends"], values["good_ends"]][which]) < 1e-3
    # From 2.65 on, tanh is within a hundredth of one.
    assert abs(np.arctanh(0.99) - 2.65) < 0.01
    assert axes[0].get_title("left") == "as drawn"


def test_the_lines_are_the_medians_of_both_starts(values, drawn):
    (ax,) = drawn("loss")
    x = np.arange(5, 300, 10)
    for which, (line, filled) in enumerate(
        zip(ax.lines[:2], ax.collections, strict=True)
    ):
        blocks = values["batches"][which].reshape(30, 10, 16).mean(1)  # (30, 16)
        places, heights = line.get_xdata(), line.get_ydata()
        assert np.array_equal(places, x)
        assert abs(heights - np.median(blocks, axis=1)).max() < SAME
        at, edges = band(filled)
        assert np.array_equal(at, x)
        assert abs(edges - [blocks.min(1), blocks.max(1)]).max() < SAME
    above, below = (line.get_ydata() for line in ax.lines[:2])
    uniform = ax.lines[2].get_ydata()
    assert np.allclose(uniform, np.log(30))
    assert (above > np.log(30)).all()  # "still above it when the figure ends"
    assert (below < np.log(30)).all()
    assert abs(median(values["batches"][SCALED, 0]) - np.log(30)) < 0.1


def of_dim_0(z, y):
    """The slopes by the logits, with the softmax summed over the examples."""
    e = np.exp(z - z.max(0))
    labels = np.eye(z.shape[1])[y]
    return (labels.sum(0) * e / e.sum(0) - labels) / len(y)


def of_minus_p(z, y):
    """The slopes of the mean of -p by the logits."""
    p = model.softmax(z)
    picked = p[np.arange(len(y)), y][:, None]
    return -picked * (np.eye(z.shape[1])[y] - p) / len(y)


def mean_p(params):
    return np.exp(-model.costs(params)).mean()


@pytest.mark.parametrize("which", BOTH)
def test_two_wrong_losses_are_trained_on(values, which):
    assert (values["rate_p"], values["n_wrong"]) == (3, 200)
    for seed in SEEDS:
        ix = batches(0, 200)[:, seed]
        right = trained(which, seed, 200)[0]
        wrong = model.train(start(which, seed), RATE, ix, of_dim_0)
        harm = model.loss(wrong) - model.loss(right)
        assert abs(harm - values["harm"][which, seed]) < 1e-6
        plain = model.train(start(which, seed), 3, ix, of_minus_p)
        assert abs(mean_p(right) - values["p_log"][which, seed]) < SAME
        # As drawn, at so high a rate, runs part.
        near = 1e-6 if which == SCALED else 0.05
        assert abs(mean_p(plain) - values["p_plain"][which, seed]) < near
        if which == SCALED:
            assert abs(model.loss(plain) - values["plain_loss"][which, seed]) < 1e-5


@pytest.mark.parametrize("which", BOTH)
def test_no_temperature_near_the_best_one_has_less_loss(values, which):
    for seed in SEEDS:
        z = model.forward(trained(which, seed, STEPS)[0], model.X)
        best = values["best_t"][which, seed]
        near = best * 2 ** np.array([-1 / 40, 0, 1 / 40])
        probs = [model.softmax(z / t)[np.arange(len(z)), model.Y] for t in near]
        left, least, right = (-np.log(p).mean() for p in probs)
        assert least < min(left, right)


@pytest.mark.parametrize("which", BOTH)
def test_one_gradient_is_far_and_ten_steps_arrive_close(values, which):
    assert (values["n_few"], len(values["few"])) == (10, 10)
    drawn = batches(2, 16)
    for seed in SEEDS:
        params = start(which, seed)

        def slopes(ix, params=params):
            x, y = model.X[ix], model.Y[ix]
            return model.gradient(params, x, model.of_loss(model.forward(params, x), y))

        whole = slopes(np.arange(len(model.X)))
        size = distance(whole, [0 * p for p in whole])
        far = [distance(slopes(ix), whole) / size for ix in drawn[:6, seed]]
        assert abs(np.mean(far) - values["error"][which, seed]) < SAME
        small = model.loss(constant(params, RATE, drawn[6:, seed]))
        full = model.loss(constant(params, RATE, [np.arange(len(model.X))] * 10))
        assert abs(100 * (small / full - 1) - values["lag"][which, seed]) < 1e-6


@pytest.mark.parametrize("which", BOTH)
def test_the_bounce_is_that_of_batches_at_held_parameters(values, which):
    sizes = values["sizes"]
    assert list(sizes) == [4, 16, 64, 256, 1024]
    g = model.generator(3)
    bounce = np.zeros((5, len(SEEDS)))
    costs = [model.costs(trained(which, seed, STEPS)[0]) for seed in SEEDS]
    for j, size in enumerate(sizes):
        ix = model.examples(g, 16, 200 * int(size))
        for k, seed in enumerate(SEEDS):
            means = costs[k][ix[seed]].reshape(200, size).mean(1)
            bounce[j, k] = np.diff(means).std(ddof=1)
    slope = np.polyfit(np.log(sizes), np.log(bounce), 1)[0]
    assert abs(slope - values["exponent"][which, SEEDS]).max() < 1e-8


def test_a_sweep_from_scaled_weights_is_read_as_the_page_says(values):
    lre = np.linspace(-2.5, 0, 200)
    assert abs(lre - values["lre"]).max() < 1e-12
    window = values["window"]
    assert abs((window - 1) * (lre[1] - lre[0]) - 0.5) < 0.01  # half a decade
    for seed in SEEDS:
        _, losses = run(start(SCALED, seed), 10**lre, batches(0, 200)[:, seed])
        smooth = np.convolve(losses, np.ones(window) / window, "valid")
        mid = lre[window // 2 :][: len(smooth)]
        falls = smooth[:-window] - smooth[window:]
        steepest = mid[window // 2 :][falls.argmax()]
        assert abs(10 ** mid[smooth.argmin()] - values["trench"][1, seed]) < SAME
        assert abs(10**steepest - values["steepest"][1, seed]) < SAME
    # The last rate that the smoothed curve reaches is beyond both trenches.
    assert values["trench"].mean(1).max() < 10 ** mid[-1]
    # The two constant rates lie near the steepest fall and in the trench.
    assert (values["rate_steep"], values["rate_trench"]) == (0.03, 0.3)
    assert 0.5 < values["steepest"].mean() / values["rate_steep"] < 2
    low, high = values["trench"].min(), values["trench"].max()
    assert low < values["rate_trench"] < high


@pytest.mark.parametrize("which", BOTH)
def test_the_trench_s_rate_is_held_against_the_steepest_fall_s(values, which):
    assert values["n_rates"] == 50
    for seed in SEEDS:
        ix = batches(4, 50)[:, seed]
        slow = model.loss(constant(start(which, seed), 0.03, ix))
        assert abs(slow - values["steep_end"][which, seed]) < SAME
        fast = model.loss(constant(start(which, seed), 0.3, ix))
        near = SAME if which == SCALED else 0.1  # as drawn, runs part
        assert abs(fast - values["trench_end"][which, seed]) < near


@pytest.mark.parametrize("which", BOTH)
def test_twins_past_the_trench(values, which):
    assert (values["nudge"], values["beyond"]) == (1e-10, 1)
    for seed in SEEDS:
        one = start(which, seed)
        other = [p.copy() for p in one]
        other[0][0, 0] += 1e-10
        apart = []
        for steps in [5, 15]:
            ix = batches(steps, steps)[:, seed]
            one, other = constant(one, 1, ix), constant(other, 1, ix)
            apart.append(distance(one, other))
        growth = (apart[1] / apart[0]) ** (1 / 15)
        assert abs(growth - values["growth"][which, seed]) < 1e-3
    # As drawn they part, and scaled they don't.
    assert values["growth"][AS_DRAWN].min() > 2
    assert values["growth"][SCALED].max() < 1.1


def cut(which, seed, rate):
    params = constant(start(which, seed), rate, batches(0, 300)[:, seed])
    ix = batches(5, 100)[:, seed]
    ends = [constant(params, r, ix) for r in (rate, rate / 10)]
    return [model.loss(p) for p in [params, *ends]]


@pytest.mark.parametrize("which", BOTH)
def test_the_rate_is_kept_and_cut_from_the_same_models(values, which):
    assert (values["rate_cut"], values["n_before"], values["n_after"]) == (
        *(0.15, 300, 100),
    )
    for seed in SEEDS:
        again = cut(which, seed, 0.15)
        near = SAME if which == SCALED else 1e-3  # as drawn, runs begin to part
        for name, value in zip(["uncut", "kept", "lower"], again, strict=True):
            assert abs(value - values[name][which, seed]) < near
        if which == SCALED:
            _, kept, lower = cut(which, seed, 0.3)
            assert abs(kept - lower - values["from_the_trench"][seed]) < SAME


def test_each_claim_is_what_its_sentence_says(values):
    v = values
    said = {
        "starts_lower": v["at_start"][0] - v["at_start"][1],
        "ends_lower": v["at"][0, 3] - v["at"][1, 3],
        "dim_0_still_harms": v["harm"][1],
        "minus_p_leads": v["p_plain"][1] - v["p_log"][1],
        "a_little_unsure": v["best_t"][1],
        "still_far": v["error"][1],
        "trench_still_right": v["trench"][1] / v["steepest"][1],
        "nudge_stays": v["growth"][1],
        "cut_still_lowers": v["uncut"][1] - v["lower"][1],
        "going_on_is_better": v["lower"][1] - v["kept"][1],
    }
    for name, value in said.items():
        assert abs(value - v[name]).max() < SAME, name


def test_each_value_of_the_table_is_a_mean_and_its_half_interval(values):
    v = values
    rerun = v["at"][:, 0] - v["at"][:, 2]
    rows = {
        ("harm0", "harm0w"): v["harm"][0],
        ("rerun0", "rerun0w"): rerun[0],
        ("rerun1", "rerun1w"): rerun[1],
        ("temp0", "temp0w"): v["best_t"][0],
        ("p0", "p0w"): v["p_plain"][0] - v["p_log"][0],
        ("error0", "error0w"): v["error"][0],
        ("lag0", "lag0w"): v["lag"][0],
        ("lag1", "lag1w"): v["lag"][1],
        ("power0", "power0w"): v["exponent"][0],
        ("power1", "power1w"): v["exponent"][1],
        ("ratio0", "ratio0w"): v["trench"][0] / v["steepest"][0],
        ("end0", "end0w"): v["steep_end"][0] - v["trench_end"][0],
        ("end1", "end1w"): v["steep_end"][1] - v["trench_end"][1],
        ("growth0", "growth0w"): v["growth"][0],
        ("drop0", "drop0w"): v["uncut"][0] - v["lower"][0],
        ("gain0", "gain0w"): v["lower"][0] - v["kept"][0],
    }
    for (mean, half), found in rows.items():
        width = student.ppf(0.975, 15) * found.std(ddof=1) / 4
        assert abs(v[mean] - found.mean()) < SAME, mean
        assert abs(v[half] - width) < 1e-4 * width, half


def test_the_table_s_verdicts_are_those_of_its_values(values):
    def clear(name):  # which side of zero (the mean, half) lies on
        mean, half = values[name], values[f"{name}w"]
        return 0 if abs(mean) < half else np.sign(mean)

    # Changes: the sign, or the side of one.
    assert clear("p0") == -1 < values["minus_p_leads"].min()
    assert clear("gain0") == -1 < 0 < values["going_on_is_better"].mean()
    assert values["best_t"][0].min() > 2 > 1 > values["best_t"][1].max()
    # Survives: the same side with both.
    for name in ["harm", "lag"]:
        assert (values[name].mean(1) > 0).all()
    assert (values["error"] > 1).all()
    assert (abs(values["exponent"].mean(1) + 0.5) < 0.02).all()
    assert (values["steep_end"] > values["trench_end"]).all()
    assert (values["trench"] > 2 * values["steepest"]).all()
    assert (values["uncut"] > values["lower"]).all()
    assert (values["at"][:, 0] > values["at"][:, 2]).all()
