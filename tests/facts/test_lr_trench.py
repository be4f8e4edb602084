"""The facts of docs/notes/lr-trench.md, held against its run.

Two of the seeds are trained again in NumPy, on the same batches: at rates below the
trench, that gives the same to rounding. Past the trench runs part. There, what is read
off a run is read once more off its own losses.
"""

from functools import cache

import numpy as np

from .lr_runs import band, model, run, series
from .numpy_model import costs, examples, generator, init

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
    # The marks along the bottom: the bars far left of the crosses.
    assert abs(10 ** bars[0] - values["steepest"]).max() < 1e-12
    assert abs(10 ** crosses[0] - values["trench"]).max() < 1e-12
    assert bars[0].max() < crosses[0].min()
    assert np.ptp([*bars[1], *crosses[1]]) == 0
    assert bars[1][0] < sweep[1].min()


def test_the_valley_s_figure_shows_each_rate_under_its_name(values, drawn):
    (ax,) = drawn("test")
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
