"""The facts of docs/notes/lr-trench.md, held against its run.

Two of the seeds are trained again in NumPy, on the same batches: at rates below the
trench, that gives the same to rounding. Past the trench runs part. There, what is read
off a run is read once more off its own losses.
"""

from functools import cache

import numpy as np

<<<<<<< HEAD
from .lr_runs import band, median, model, run, series
from .numpy_model import (
    X,
    Y,
    costs,
    examples,
    forward,
    generator,
    gradient,
    init,
    loss,
    normal,
    softmax,
)
=======
from .lr_runs import band, model, run, series
from .numpy_model import costs, examples, generator, init
>>>>>>> 2cc6a51d878a1337aa74a278a19652af11f0840d

SEEDS = [0, 15]
NEAR = 1e-6  # the same but for rounding, after as many as a thousand steps
QUARTERS = [0.25, 0.5, 0.75]
AROUND = [0.25, 0.5, 0.5**0.5, 1, 2**0.5, 2]  # times each seed's trench


def far(params, others):
    """The largest difference of two models' parameters."""
    return max(abs(p - q).max() for p, q in zip(params, others, strict=True))


@cache
def draws(size):
    """What the program's generator draws after the first run, in its order."""
    g = generator(0)
    shapes = {"sweeps": (1000, 16), "test": (500, 128)}

    def batches(steps, models):
        return np.array([examples(g, models, size) for _ in range(steps)])

    return {name: batches(*shape) for name, shape in shapes.items()}


def start(seed):
    return init(generator(seed))


def named(ax):
    """The series that the legend names: the dashed line has a text instead."""
    handles, names = ax.get_legend_handles_labels()
    for handle, name in zip(handles, names, strict=True):
        yield name, handle.get_xydata().T


def test_the_rates_rise_from_a_hundred_thousandth_to_one(values):
    assert np.abs(np.diff(values["lre"]) - 5 / 999).max() < 1e-12
    assert np.abs(np.log10(values["lrs"]) - values["lre"]).max() < 1e-12
    assert (values["lre_low"], values["lre_high"]) == (-5, 0)
    assert values["highest"] == 1
    assert values["n_sweep"] == len(values["losses"]) == len(values["sweeps"]) == 1000


def test_one_run_takes_a_new_batch_at_each_rate(values):
    g, below = generator(0), values["lrs"] < 0.1
    params = init(g)
    batches = [examples(g, values["batch_size"]) for _ in range(below.sum())]
    _, losses = run(params, values["lrs"][below], batches)
    assert abs(losses - np.array(values["losses"])[below]).max() < NEAR


def test_the_thick_line_is_the_mean_of_a_tenth_of_the_run(values):
    losses = np.array(values["losses"])
    means = np.array([losses[i : i + 101].mean() for i in range(900)])
    assert abs(values["smooth"] - means).max() < 1e-4  # in float32
    assert abs(values["start_loss"] - losses[:101].mean()) < 1e-4
    # The start is bad on purpose: guessing all characters alike is far better.
    assert abs(values["uniform"] - np.log(len(init(generator(0))[0]))) < 1e-6
    assert values["start_loss"] > 5 * values["uniform"]


def test_sixteen_seeds_sweep_side_by_side_each_with_its_own_batches(values):
    assert list(values["seeds"]) == list(range(16))
    assert {p.dtype for p in values["start"]} == {np.dtype("float64")}
    for seed in range(16):
        assert far(start(seed), model(values["start"], seed)) < 1e-12
    below = values["lrs"] < 0.1
    picked = draws(values["batch_size"])["sweeps"]
    for seed in SEEDS:
        _, losses = run(start(seed), values["lrs"][below], picked[below, seed])
        assert abs(losses - values["sweeps"][below, seed]).max() < NEAR


def test_the_readings_are_of_windows_of_a_tenth_of_the_sweep(values):
    lre, sweeps = values["lre"], values["sweeps"]  # (1000,), (1000, 16)
    means = [sweeps[i : i + 101].mean(0) for i in range(900)]
    smoothed = np.array(means)  # (900, 16): window i has lre[i + 50] in its middle
    assert np.abs(smoothed - values["smoothed"]).max() < 1e-9
    trench = 10 ** lre[smoothed.argmin(0) + 50]
    # The fall between two adjacent windows is placed where the first ends.
    fall = smoothed[:-101] - smoothed[101:]
    steepest = 10 ** lre[fall.argmax(0) + 100]
    assert np.abs(trench - values["trench"]).max() < 1e-12
    assert np.abs(steepest - values["steepest"]).max() < 1e-12
    assert np.abs(trench / steepest - values["trench_right"]).max() < 1e-9
    quoted = {
        "trench_min": trench.min(),
        "trench_max": trench.max(),
        "steepest_min": steepest.min(),
        "steepest_max": steepest.max(),
        "first_loss": np.median(smoothed[0]),
    }
    for name, value in quoted.items():
        assert abs(values[name] - value) < 1e-9, name


def test_the_lowest_rates_hardly_move_the_loss(values):
    low = np.argmin(np.abs(values["middle"] + 4))
    moved = values["sweep_mid"][0] - values["sweep_mid"][low]
    spread = values["sweep_high"] - values["sweep_low"]
    assert abs(moved) < spread[low]


def test_the_sweep_turns_up_after_the_trench(values):
    lowest = values["sweep_mid"].min()
    assert values["sweep_low"][-1] > lowest
    assert values["sweep_mid"].argmin() < len(values["sweep_mid"]) - 1


<<<<<<< HEAD
def test_the_recipe_is_a_run_from_the_start_at_each_of_ten_rates(values):
    rates = [0.001, 0.003, 0.006, 0.01, 0.03, 0.06, 0.1, 0.3, 0.6, 1]
    assert list(values["recipe"]) == rates
    assert (values["tries"], values["last"]) == (100, 20)
    picked = draws(values["batch_size"])["recipe"]
    for i, rate in enumerate(rates[:7]):
        for seed in SEEDS:
            _, losses = run(start(seed), [rate] * 100, picked[:, 16 * i + seed])
            end = losses[80:].mean()
            assert abs(end - values["recipe_end"][i, seed]) < NEAR


def test_the_recipe_s_best_rate_has_the_lowest_end(values):
    ends = values["recipe_end"]  # (10, 16)
    best = [values["recipe"][np.argmin(ends[:, seed])] for seed in range(16)]
    assert values["factor"] == 2
    apart = abs(np.log2(best / values["trench"]))
    assert np.array_equal(values["recipe_agrees"], apart < 1)


def test_the_recipe_s_dots_follow_the_sweep_as_far_as_it_goes(values):
    middle, smoothed = values["middle"], values["smoothed"]  # (900,), (900, 16)
    reached = values["recipe_lre"] < middle[-1]
    assert reached.sum() == 8
    dots = zip(
        values["recipe_lre"][reached], values["recipe_mid"][reached], strict=True
    )
    for exponent, height in dots:
        there = smoothed[np.abs(middle - exponent).argmin()]  # (16,)
        assert there.min() <= height <= there.max()


=======
>>>>>>> 2cc6a51d878a1337aa74a278a19652af11f0840d
def test_each_seed_is_trained_at_its_own_rates(values):
    trench = values["trench"]
    rates = [values["steepest"], *(times * trench for times in AROUND), np.ones(16)]
    assert np.abs(values["rates"] - rates).max() < 1e-12
    assert np.abs(values["multiples"] - rates / trench).max() < 1e-12
    assert np.abs(np.array(values["around"]) - AROUND).max() < 1e-12


def test_the_ends_are_of_the_last_hundred_of_five_hundred_steps(values):
    assert (values["horizon"], values["tail"]) == (500, 100)
    losses = values["constant"].reshape(500, 8, 16)
    assert np.abs(losses[400:].mean(0) - values["ends"]).max() < 1e-9
    picked = draws(values["batch_size"])["test"]
    for i in (0, 1):  # the steepest fall's rate, and a quarter of the trench's
        for seed in SEEDS:
            rate, batches = values["rates"][i, seed], picked[:, 16 * i + seed]
            _, again = run(start(seed), [rate] * 500, batches)
            assert abs(again - losses[:, i, seed]).max() < NEAR
    # At all rates, the first steps: there runs have not parted yet.
    for i in range(2, 8):
        for seed in SEEDS:
            rate, batches = values["rates"][i, seed], picked[:5, 16 * i + seed]
            _, again = run(start(seed), [rate] * 5, batches)
            assert abs(again - losses[:5, i, seed]).max() < NEAR


def test_each_claim_about_the_ends_is_what_its_sentence_says(values):
    steepest, *around, beyond = values["ends"]  # (16,) each
    trench = around[AROUND.index(1)]
    cheaper = np.minimum(steepest, beyond)
    assert abs(cheaper / trench - values["both_sides_cost"]).max() < 1e-9
    lowest = np.minimum.reduce(around)
    assert abs(trench / lowest - values["trench_is_best"]).max() < 1e-9
    quoted = {
        "end_steepest": steepest.mean(),
        "end_beyond": beyond.mean(),
        "end_quarter": np.median(around[0]),
        "end_trench": np.median(trench),
    }
    for name, value in quoted.items():
        assert abs(values[name] - value) < 1e-9, name
    # Where it started: the mean of a hundred batches, nearly that of all examples.
    for seed in SEEDS:
        began = beyond[seed] / values["beyond_still_learns"][seed]
        each = costs(start(seed))
        n = 100 * values["batch_size"]
        assert abs(began - each.mean()) < 4 * each.std() / np.sqrt(n)
        assert abs(began - values["sweeps"][:100, seed].mean()) < 1e-9


<<<<<<< HEAD
def test_the_best_rate_is_the_bottom_of_a_parabola(values):
    x = np.log(values["rates"][1:4])  # (3, 16)
    for seed, best in enumerate(values["best"]):
        a, b, _ = np.polyfit(x[:, seed], values["ends"][1:4, seed], 2)
        assert a > 0
        assert abs(-b / (2 * a) - np.log(best)) < 1e-6
        assert x[0, seed] < np.log(best) < x[2, seed]


def fastai(lrs, losses):
    """What fastai's functions do, one sweep (T,) at a time and point by point."""
    mean, smooth = 0.0, []
    for t, one in enumerate(losses):
        mean = one + 0.98 * (mean - one)
        smooth.append(mean / (1 - 0.98 ** (t + 1)))
    first = len(losses) // 10
    lrs, losses = lrs[first:-5], np.array(smooth[first:-5])
    n = len(losses)
    slopes = (losses[1:] - losses[:-1]) / (np.log(lrs[1:]) - np.log(lrs[:-1]))
    longest, start, end = [1] * n, 0, 0
    for i in range(1, n):
        for j in range(i):
            if losses[i] < losses[j] and longest[i] < longest[j] + 1:
                longest[i] = longest[j] + 1
        if longest[end] < longest[i]:
            end, start = i, i - longest[i]
    third = (end - start) / 3
    assert abs(int(third) + int(third / 2) - (end - start) / 2) < 2  # half way
    valley = lrs[start + int(third) + int(third / 2)]
    return lrs[slopes.argmin()], valley, lrs[losses.argmin()] / 10


def test_the_suggestions_are_fastai_s(values):
    for seed in range(3):
        expected = fastai(values["lrs"], values["sweeps"][:, seed])
        found = values["suggestions"][:, seed]
        assert np.abs(found / expected - 1).max() < 1e-9
    steep, _, _ = values["suggestions"]
    assert (values["steep_min"], values["steep_max"]) == (steep.min(), steep.max())
    # fastai's own sweep rises through eight decades, up to but not including ten.
    decades = values["decades"]
    assert np.abs(decades - np.linspace(-7, 1, 101)[:-1]).max() < 1e-12
    assert values["n_short"] == len(decades)


def test_the_suggestions_costs_are_of_training_at_their_rates(values):
    suggested, best = values["suggestions"], values["best"]
    highest = np.maximum.reduce(list(suggested))
    assert abs(best / highest - values["suggestions_low"]).max() < 1e-9
    picked = draws(values["batch_size"])["suggested"]
    at_trench = values["ends"][values["names"].index("trench")]
    for i, name in enumerate(["valley", "tenth"]):
        for seed in SEEDS:
            rate, batches = suggested[1 + i, seed], picked[:, 16 * i + seed]
            _, losses = run(start(seed), [rate] * 1000, batches)
            cost = losses[900:].mean() / at_trench[seed]
            assert abs(cost - values[f"{name}_costs"][seed]) < NEAR


def test_on_fastai_s_own_sweep_a_tenth_of_the_minimum_is_compared_with_the_best(values):
    rates = 10 ** values["decades"]
    picked = draws(values["batch_size"])["short"]
    for seed in SEEDS:
        _, losses = run(start(seed), rates, picked[:, seed])
        tenth = fastai(rates, losses)[2] / values["best"][seed]
        assert abs(tenth - values["tenth_of_a_short_sweep"][seed]) < NEAR


def dot(u, v):
    return sum((x * y).sum() for x, y in zip(u, v, strict=True))


def extreme(params, v, n, shift):
    """Power iteration on differences of gradients: the eigenvalue, error and vector."""
    for _ in range(n):
        v = [x / np.sqrt(dot(v, v)) for x in v]
        ahead, behind = (
            full_gradient([p + s * x for p, x in zip(params, v, strict=True)])
            for s in (1e-4, -1e-4)
        )
        product = [(a - b) / 2e-4 for a, b in zip(ahead, behind, strict=True)]
        value = dot(v, product)
        error = np.sqrt(max(dot(product, product) - value**2, 0))
        v = [y + shift * x for x, y in zip(v, product, strict=True)]
    return value, error, v


def test_the_sharpness_is_the_largest_eigenvalue_of_the_hessian(values):
    assert sum(p[0].size for p in values["settled"]) == values["n_params"]
    noise = draws(values["batch_size"])["noise"]
    for seed in SEEDS:
        params = model(values["settled"], seed)
        found = 2 / values["limit"][seed]
        # Twenty steps from noise, and no shift.
        value, _, _ = extreme(params, model(noise, seed), 20, 0)
        assert abs(value / found - 1) < 1e-5
        value, error, _ = extreme(params, model(values["vector"], seed), 1, 0)
        assert error < 0.2 * value
        assert found < value * (1 + 1e-6)  # the estimate only grows
        # From another start and after more steps, it is not much larger.
        rng = np.random.default_rng(seed)
        other = [rng.normal(size=p.shape) for p in params]
        value, _, _ = extreme(params, other, 50, 0)
        assert 0.9 < found / value < 1.05


def test_near_the_start_some_eigenvalues_are_as_negative(values):
    noise = draws(values["batch_size"])["noise"]
    for seed in SEEDS:
        params = start(seed)
        value, _, _ = extreme(params, model(noise, seed), 15, 10)
        assert abs(2 / value / values["start_limit"][seed] - 1) < 1e-5
        value, _, _ = extreme(params, model(noise, seed), 40, -25)
        assert value < -1 / values["start_limit"][seed]  # half the sharpness
    ends = values["start_limit"].min(), values["start_limit"].max()
    assert (values["limit_min"], values["limit_max"]) == ends


def test_before_training_the_limit_s_multiples_are_tolerated_or_not(values):
    assert (values["few"], values["high"]) == (10, 4)
    for seed in SEEDS:
        limit = values["start_limit"][seed]
        assert abs(full_loss(start(seed)) - loss(start(seed))) < 1e-9
        _, losses = descend(start(seed), values["high"] * limit, 10)
        assert values["start_tolerates"][seed] == (np.diff(losses) < 0).all()


def test_the_models_that_settle_are_the_trench_s(values):
    first = 16 * values["names"].index("trench")
    assert values["settle"] == 20
    for seed in SEEDS:
        trained = model(values["trained"], first + seed)
        settled, _ = descend(trained, values["trench"][seed], 20)
        assert far(settled, model(values["settled"], seed)) < NEAR
    ratio = values["limit"] / values["trench"]
    assert abs(ratio - values["trench_under_limit"]).max() < 1e-9


def test_the_rates_along_the_edge_are_the_multiples_of_the_limit(values):
    assert list(values["multiples"]) == [values["below"], values["above"]]
    assert (values["times"][0] == np.array(values["multiples"])[:, None]).all()
    losses = values["descents"]  # (2, 30, 16)
    assert losses.shape[1] == values["n_edge"] == values["stops"][-1]
    assert list(values["stops"]) == [0, 10, 20, 30]
    for i, multiple in enumerate(values["multiples"]):
        for seed in SEEDS:
            rate = multiple * values["limit"][seed]
            params = model(values["settled"], seed)
            v = model(values["vector"], seed)
            for j in (1, 2, 3):
                params, ten = descend(params, rate, 10)
                # Each is the loss before its step.
                its = losses[i, 10 * j - 10 : 10 * j, seed]
                assert abs(ten[:10] - its).max() < NEAR
                sharpness, _, v = extreme(params, v, 5, 0)
                found = sharpness / (2 / rate)
                assert abs(found / values["times"][j, i, seed] - 1) < 1e-4


def test_each_claim_about_the_edge_is_what_its_sentence_says(values):
    losses, times = values["descents"], values["times"]  # (2, 30, 16), (4, 2, 16)
    for seed in range(16):
        below, above = ((along[1:] > along[:-1]).any() for along in losses[:, :, seed])
        assert values["limit_holds"][seed] == (above and not below)
    assert values["below"] < 1 < values["above"]
    assert abs(values["edge_falls"] - losses[1, 29] / losses[1, 0]).max() < 1e-9
    assert np.array_equal(values["edge_hovers"], abs(times[3, 1] - 1.5) < 0.5)


def test_twins_differ_in_the_last_bit_of_ten_weights(values):
    weights = np.tile(values["start"][0][:, 0], (5, 1))  # (80, 10): alike at each rate
    assert weights.shape == values["w"].shape == (80, 10)
    # To the next number above.
    spacing = np.nextafter(weights, np.inf) - weights
    far = np.linalg.norm(spacing, axis=1)  # (80,)
    assert np.allclose(values["apart"][0].ravel(), far, rtol=1e-12, atol=0)
    # No step rounds the difference away.
    assert values["apart"].min() > 0
    assert len(values["apart"]) == values["n_twin"] == 100
    ordered = values["twin_rates"]
    low, high = values["trench_min"], values["trench_max"]
    assert ordered[1] < low * 0.95 <= values["rate_trench"] <= high < ordered[3]


def test_twins_see_the_same_batches_at_five_rates(values):
    rates = list(values["twin_rates"])
    assert rates == [0.05, 0.1, 0.2, 0.4, 1]
    named = ("below", "half", "trench", "past", "beyond")
    assert rates == [values[f"rate_{name}"] for name in named]
    picked = draws(values["batch_size"])["twins"]
    for i, rate in enumerate(rates[:2]):
        for seed in SEEDS:
            k = 16 * i + seed
            params, _ = run(start(seed), [rate] * 100, picked[:, k])
            assert far(params, model(values["params"], k)) < NEAR
            assert far(params, model(values["params"], 80 + k)) < NEAR


def test_the_twins_distance_is_over_all_weights(values):
    """The last distance is taken before the last step, the parameters after it."""
    apart = values["apart"]  # (100, 5, 16)
    one_step = abs(np.diff(np.log(apart), axis=0)).max(0)  # (5, 16)
    for i in range(5):
        for seed in range(16):
            k = 16 * i + seed
            one, two = (model(values["params"], j) for j in (k, 80 + k))
            between = [p - q for p, q in zip(one, two, strict=True)]
            distance = np.sqrt(dot(between, between))
            moved = abs(np.log(distance / apart[-1, i, seed]))
            assert moved <= one_step[i, seed]
            if i == 4:
                way = [p - q for p, q in zip(one, start(seed), strict=True)]
                share = apart[-1, i, seed] / np.sqrt(dot(way, way))
                assert abs(share - values["twins_part"][seed]) < 1e-9


def test_each_claim_about_the_twins_is_what_its_sentence_says(values):
    apart = dict(zip(values["twin_rates"], values["apart"].swapaxes(0, 1), strict=True))
    assert np.array_equal(values["twins_below"], apart[0.05][-1])
    # A factor a step: the slope of the logarithm between two steps.
    for name, rate, first, last in (
        ("twins_in_the_trench", 0.2, 20, 99),
        ("twins_beyond", 1, 5, 20),
    ):
        rise = np.log(apart[rate][last]) - np.log(apart[rate][first])
        factor = np.exp(rise / (last - first))
        assert abs(factor - values[name]).max() < 1e-9


=======
>>>>>>> 2cc6a51d878a1337aa74a278a19652af11f0840d
def test_one_run_s_figure_is_of_the_one_run(values, drawn):
    (ax,) = drawn("one-run")
    lines = series(ax)
    assert list(lines) == ["each batch", "mean of 101 batches"]
    thin, thick = lines.values()
    assert np.array_equal(thin, [values["lre"], values["losses"]])
    # Each mean is placed in the middle of what it is of.
    assert np.array_equal(thick[0], values["lre"][50:950])
    smoothed = np.convolve(values["losses"], np.ones(101) / 101, "valid")
    assert abs(thick[1] - smoothed).max() < 1e-4
    # Flat, a fall, a trench, a rise.
    assert abs(smoothed[200] - smoothed[0]) < (smoothed[0] - smoothed.min()) / 4
    assert 400 < smoothed.argmin() < 899
    assert smoothed[-1] > smoothed.min()


def test_the_trench_s_figure_shows_each_reading_under_its_name(values, drawn):
    (ax,) = drawn("trench")
    lines = series(ax)
    words = ["median sweep, smoothed", "steepest fall, by seed", "trench, by seed"]
    assert list(lines) == words
    sweep, bars, crosses = lines.values()
    smoothed = np.array([values["sweeps"][i : i + 101].mean(0) for i in range(900)])
    lows, mids, highs = np.quantile(smoothed, QUARTERS, axis=1)
    middle = values["lre"][50:950]
    assert np.array_equal(sweep[0], middle)
    assert abs(sweep[1] - mids).max() < 1e-9
    places, heights = band(ax.collections[0])
    assert np.array_equal(places, middle)
    assert abs(heights - [lows, highs]).max() < 1e-9
<<<<<<< HEAD
    # The dots, and their bars for the middle half.
    lows, mids, highs = np.quantile(values["recipe_end"], QUARTERS, axis=1)
    assert abs(10 ** dots[0] - values["recipe"]).max() < 1e-12
    assert abs(dots[1] - mids).max() < 1e-9
    ends = np.array(ax.collections[1].get_segments())  # (10, 2, 2)
    assert np.array_equal(ends[:, 0, 0], dots[0])
    assert abs(ends[:, :, 1].T - [lows, highs]).max() < 1e-9
    assert dots[1].argmin() == 7
=======
>>>>>>> 2cc6a51d878a1337aa74a278a19652af11f0840d
    # The marks along the bottom: the bars far left of the crosses.
    assert abs(10 ** bars[0] - values["steepest"]).max() < 1e-12
    assert abs(10 ** crosses[0] - values["trench"]).max() < 1e-12
    assert bars[0].max() < crosses[0].min()
    assert np.ptp([*bars[1], *crosses[1]]) == 0
    assert bars[1][0] < sweep[1].min()


def test_the_valley_s_figure_shows_each_rate_under_its_name(values, drawn):
    (ax,) = drawn("test")
<<<<<<< HEAD
    marks = series(ax)
    trench, best = values["trench"], values["best"]
    at = {
        "steepest fall": values["steepest"],
        "trench / 3": trench / 3,
        "trench": trench,
        "trench x 3": 3 * trench,
        "beyond": np.ones(16),
    }
    assert list(marks) == [*at, "best rate, by seed"]
    for i, (name, rates) in enumerate(at.items()):
        assert abs(marks[name][0] - rates).max() < 1e-12
        assert np.array_equal(marks[name][1], values["ends"][i])
    assert np.array_equal(marks["best rate, by seed"][0], best)
    # A valley: higher the further from the trench, on both sides of it.
    heights = {name: np.median(marks[name][1]) for name in at}
    around = heights["trench / 3"], heights["trench x 3"]
    assert heights["trench"] < min(around)
    assert heights["steepest fall"] > around[0]
    assert heights["beyond"] > around[1]
    assert marks["best rate, by seed"][1].max() < min(values["ends"].ravel())


def test_the_edge_s_figure_names_each_side_of_the_line(values, drawn):
    (ax,) = drawn("edge")
    limit, *lines = ax.lines
    assert list(limit.get_ydata()) == [1, 1]
    quarters = np.quantile(values["times"], QUARTERS, axis=2)  # (3, 4, 2)
    said = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert abs(said.pop("2 / rate") - 1) < 0.1
    for i, multiple in enumerate(values["multiples"]):
        lows, mids, highs = quarters[:, :, i]
        assert np.array_equal(lines[i].get_xdata(), [0, 10, 20, 30])
        assert abs(lines[i].get_ydata() - mids).max() < 1e-9
        filled = ax.collections[i]
        assert to_hex(filled.get_facecolor()[0]) == to_hex(lines[i].get_color())
        assert abs(band(filled)[1] - [lows, highs]).max() < 1e-9
        # A curve's name is on the same side of the line as the curve.
        height = said.pop(f"at {multiple:g} times the limit")
        assert ((mids < 1) == (height < 1)).all()
    assert said == {}
    below, above = quarters[1].T  # (4,) each
    assert below[0] < below[-1] < 1 < above.min()
    wide = quarters[2] - quarters[0]  # (4, 2)
    assert wide[-1, 1] > wide[-1, 0]


def test_the_twins_figure_names_each_line_by_its_rate(values, drawn):
    (ax,) = drawn("twins")
    logs = np.log10(values["apart"])  # (100, 5, 16)
    heights = []
    for i, rate in enumerate(values["twin_rates"]):
        line, text = ax.lines[i], ax.texts[i]
        assert np.array_equal(line.get_xdata(), np.arange(100))
        assert abs(line.get_ydata() - median(logs[:, i])).max() < 1e-9
        filled = ax.collections[i]
        assert to_hex(filled.get_facecolor()[0]) == to_hex(line.get_color())
        ends = [logs[:, i].min(1), logs[:, i].max(1)]
        assert abs(band(filled)[1] - ends).max() < 1e-9
        # A curve's name is at its end, moved a little where two would overlap.
        assert text.get_text() == f"rate {rate:g}"
        heights.append(text.get_position()[1])
        assert abs(heights[i] - line.get_ydata()[-1]) < 1
    assert heights == sorted(heights)
    # The higher the rate, the sooner the twins part.
    mids = median(logs)  # (100, 5)
    assert mids[:, :2].max() < -10
    first = (mids[:, 2:] > -10).argmax(0)  # (3,)
    assert (np.diff(first) < 0).all()
    assert first.min() > 0


def test_what_is_printed_of_the_sweeps_is_the_ends_of_what_the_seeds_read(
    values, printed
):
    steepest, trench = values["steepest"], values["trench"]  # (16,) each
    assert printed("sixteen").splitlines() == [
        f"steepest fall: rates from {steepest.min():.3f} to {steepest.max():.3f}",
        f"trench:        rates from {trench.min():.1f} to {trench.max():.1f}",
    ]
    limit = f"2 / sharpness at the start: {values['start_limit'].mean():.1f}"
    assert printed("sharpness").splitlines() == [limit]
=======
    marks = dict(named(ax))
    words = ["six rates, median", "steepest fall, by seed"]
    assert list(marks) == [*words, "end of the sweep, by seed"]
    trench, ends = values["trench"], values["ends"]
    around, steepest, beyond = marks.values()
    lows, mids, highs = np.quantile(ends[1:7], QUARTERS, axis=1)
    assert abs(around - [AROUND, mids]).max() < 1e-9
    places, heights = band(ax.collections[0])
    assert abs(places - AROUND).max() < 1e-12
    assert abs(heights - [lows, highs]).max() < 1e-9
    assert abs(steepest - [values["steepest"] / trench, ends[0]]).max() < 1e-9
    assert abs(beyond - [1 / trench, ends[7]]).max() < 1e-9
    # The dashed line is each seed's own trench.
    assert list(ax.lines[0].get_xdata()) == [1, 1]
    assert [text.get_text() for text in ax.texts] == ["its trench"]
    # A valley: higher the further from the trench, on both sides of it. A little left
    # of it the loss is about the same; as far to the right, it has risen.
    assert mids.argmin() in (2, 3)
    assert (np.diff(mids[:3]) < 0).all()
    assert (np.diff(mids[3:]) > 0).all()
    assert mids[4] - mids[3] > 2 * abs(mids[2] - mids[3])
    assert np.median(ends[0]) > mids[0]
    assert np.median(ends[7]) > mids[-1]
>>>>>>> 2cc6a51d878a1337aa74a278a19652af11f0840d
