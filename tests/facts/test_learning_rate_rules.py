"""The facts of docs/notes/learning-rate-rules.md, held against its run.

Two of the seeds are trained again in NumPy, on the same batches: at rates below the
trench, that gives the same to rounding. Past the trench runs part. There, what is read
off a run is read once more off its own losses.
"""

from functools import cache

import numpy as np

from .lr_runs import band, model, run, series
from .numpy_model import examples, generator, init

SEEDS = [0, 15]
NEAR = 1e-6  # the same but for rounding, after as many as a thousand steps
QUARTERS = [0.25, 0.5, 0.75]


def far(params, others):
    """The largest difference of two models' parameters."""
    return max(abs(p - q).max() for p, q in zip(params, others, strict=True))


@cache
def draws(size):
    """What the program's generator draws, in its order."""
    g = generator(0)
    shapes = {"sweeps": (1000, 16), "costs": (500, 48)}
    shapes |= {"short": (100, 16), "recipe": (100, 160)}

    def batches(steps, models):
        return np.array([examples(g, models, size) for _ in range(steps)])

    return {name: batches(*shape) for name, shape in shapes.items()}


def start(seed):
    return init(generator(seed))


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


def test_the_sweeps_and_their_trenches(values):
    assert np.abs(values["lre"] - np.linspace(-5, 0, 1000)).max() < 1e-12
    assert np.abs(np.log10(values["lrs"]) - values["lre"]).max() < 1e-12
    assert list(values["seeds"]) == list(range(16))
    for seed in range(16):
        assert far(start(seed), model(values["start"], seed)) < 1e-12
    below = values["lrs"] < 0.1
    picked = draws(values["batch_size"])["sweeps"]
    for seed in SEEDS:
        _, losses = run(start(seed), values["lrs"][below], picked[below, seed])
        assert abs(losses - values["sweeps"][below, seed]).max() < NEAR
    means = [values["sweeps"][i : i + 101].mean(0) for i in range(900)]
    smoothed = np.array(means)  # (900, 16): window i has lre[i + 50] in its middle
    assert np.abs(smoothed - values["smoothed"]).max() < 1e-9
    trench = 10 ** values["lre"][smoothed.argmin(0) + 50]
    assert np.abs(trench - values["trench"]).max() < 1e-12
    assert values["n_sweep"] == len(values["sweeps"]) == 1000
    assert abs(values["first_loss"] - np.median(smoothed[0])) < 1e-9


def test_the_suggestions_are_fastai_s(values):
    for seed in range(3):
        expected = fastai(values["lrs"], values["sweeps"][:, seed])
        found = values["suggestions"][:, seed]
        assert np.abs(found / expected - 1).max() < 1e-9
    # fastai's own sweep rises through eight decades, up to but not including ten.
    decades = values["decades"]
    assert np.abs(decades - np.linspace(-7, 1, 101)[:-1]).max() < 1e-12
    assert values["n_short"] == len(decades)


def test_the_suggestions_costs_are_of_training_at_their_rates(values):
    suggested, trench = values["suggestions"], values["trench"]
    highest = np.maximum.reduce(list(suggested))
    assert abs(trench / highest - values["suggestions_low"]).max() < 1e-9
    assert (values["horizon"], values["tail"]) == (500, 100)
    valley, tenth, at_trench = values["ends"]  # (16,) each
    assert abs(valley / at_trench - values["valley_costs"]).max() < 1e-9
    assert abs(tenth / at_trench - values["tenth_costs"]).max() < 1e-9
    picked = draws(values["batch_size"])["costs"]
    for i, ends in enumerate([valley, tenth]):
        for seed in SEEDS:
            rate, batches = suggested[1 + i, seed], picked[:, 16 * i + seed]
            _, losses = run(start(seed), [rate] * 500, batches)
            assert abs(losses[400:].mean() - ends[seed]) < NEAR
    assert np.array_equal(values["rates"], [*suggested[1:], trench])


def test_on_fastai_s_own_sweep_a_tenth_of_the_minimum_is_compared_with_the_trench(
    values,
):
    rates, losses = 10 ** values["decades"], values["short"]
    picked = draws(values["batch_size"])["short"]
    low = rates < 0.1
    for seed in SEEDS:
        _, again = run(start(seed), rates[low], picked[low, seed])
        assert abs(again - losses[low, seed]).max() < NEAR
    for seed in range(16):
        tenth = fastai(rates, losses[:, seed])[2]
        # The minimum itself lies far right of the trench.
        assert 10 * tenth > 3 * values["trench"][seed]
        ratio = tenth / values["trench"][seed]
        assert abs(ratio - values["tenth_of_a_short_sweep"][seed]) < NEAR


def test_the_recipe_is_a_run_from_the_start_at_each_of_ten_rates(values):
    rates = [0.001, 0.003, 0.006, 0.01, 0.03, 0.06, 0.1, 0.3, 0.6, 1]
    assert list(values["recipe"]) == rates
    assert (values["tries"], values["last"]) == (100, 20)
    # It takes as many steps in all as one sweep.
    assert values["tries"] * len(rates) == values["n_sweep"]
    losses = values["losses"].reshape(100, 10, 16)
    assert np.abs(losses[80:].mean(0) - values["recipe_end"]).max() < 1e-9
    picked = draws(values["batch_size"])["recipe"]
    for i, rate in enumerate(rates):
        n = 100 if rate <= 0.1 else 5  # past the trench, runs part
        for seed in SEEDS:
            _, again = run(start(seed), [rate] * n, picked[:n, 16 * i + seed])
            assert abs(again - losses[:n, i, seed]).max() < NEAR


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


def test_the_suggestions_figure_names_each_row_of_marks(values, drawn):
    (ax,) = drawn("suggestions")
    sweep, *rows = ax.lines
    lows, mids, highs = np.quantile(values["smoothed"], QUARTERS, axis=1)
    assert np.array_equal(sweep.get_xdata(), values["lre"][50:950])
    assert abs(sweep.get_ydata() - mids).max() < 1e-9
    assert abs(band(ax.collections[0])[1] - [lows, highs]).max() < 1e-9
    marks = {}
    for row in rows:
        (height,) = set(row.get_ydata())
        (name,) = (t for t in ax.texts if t.get_position()[1] == height)
        marks[name.get_text()] = 10 ** row.get_xdata()
    assert list(marks) == ["steep", "valley", "minimum / 10", "trench"]
    for found, rates in zip(marks.values(), values["suggestions"], strict=False):
        assert abs(found - rates).max() < 1e-12
    assert abs(marks["trench"] - values["trench"]).max() < 1e-12
    for name in ("steep", "valley", "minimum / 10"):
        assert marks[name].max() < marks["trench"].min()
    # Steep is strewn, through two decades; the other two are steady.
    wide = {name: np.ptp(np.log10(rates)) for name, rates in marks.items()}
    assert wide["steep"] > 2
    assert max(wide["valley"], wide["minimum / 10"]) < 0.5
    named = ["steep_typical", "valley_typical", "tenth_typical", "trench_typical"]
    for name, rates in zip(named, marks.values(), strict=True):
        lower = np.quantile(rates, 0.5, method="lower")
        assert abs(values[name] - lower) < 1e-12, name


def test_the_recipe_s_figure_has_the_dots_beside_the_sweep(values, drawn):
    (ax,) = drawn("recipe")
    lines = series(ax)
    assert list(lines) == ["one sweep", "ten runs of 100 steps"]
    assert (len(values["recipe"]), values["tries"]) == (10, 100)
    sweep, dots = lines.values()
    lows, mids, highs = np.quantile(values["smoothed"], QUARTERS, axis=1)
    assert np.array_equal(sweep[0], values["lre"][50:950])
    assert abs(sweep[1] - mids).max() < 1e-9
    assert abs(band(ax.collections[0])[1] - [lows, highs]).max() < 1e-9
    # The dots, and their bars for the middle half.
    lows, mids, highs = np.quantile(values["recipe_end"], QUARTERS, axis=1)
    assert abs(10 ** dots[0] - values["recipe"]).max() < 1e-12
    assert abs(dots[1] - mids).max() < 1e-9
    ends = np.array(ax.collections[1].get_segments())  # (10, 2, 2)
    assert np.array_equal(ends[:, 0, 0], dots[0])
    assert abs(ends[:, :, 1].T - [lows, highs]).max() < 1e-9
    # The lowest is the third from the right: the last two rise again.
    assert dots[1].argmin() == 7
