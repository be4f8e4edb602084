"""The facts of docs/notes/cut-and-rate.md, held against its run.

Two of the seeds are trained again in NumPy, on the same batches. At the two low rates
that gives the same losses to rounding. At the two high ones runs part: there the first
steps are compared, and steps that go on from the run's own parameters.
"""

import numpy as np
from matplotlib.colors import to_hex

from .lr_runs import model, run, series
from .numpy_model import examples, generator, init, loss

SEEDS = [0, 15]
LOW, TRENCH = 0, 2  # of the four rates
SAME = 1e-9  # the same but for rounding
# For TOGETHER steps from the start, rounding stays below NEAR at every rate.
TOGETHER, NEAR = 30, 1e-6


def batches(seed, steps, models, size):
    """A list of batches a model: (models, steps, size)."""
    g = generator(seed)
    drawn = [examples(g, models, size) for _ in range(steps)]
    return np.array(drawn).swapaxes(0, 1)


def trained_on(params, rates, batches):
    """The full loss 25 steps on and at the end."""
    soon, _ = run(params, rates[:25], batches[:25])
    end, _ = run(soon, rates[25:], batches[25:])
    return loss(soon), loss(end)


def test_four_rates_in_the_order_that_the_page_says(values):
    rates = values["rates"]  # (4,)
    # As its claims name them: 0.2 the trench's rate, two below it and one above.
    assert list(rates) == [0.05, 0.1, 0.2, 0.3]
    assert (values["low"], values["trench"]) == (rates[LOW], rates[TRENCH])
    assert np.array_equal(values["lrs"][0], np.repeat(rates, values["n_seeds"]))
    assert np.ptp(values["lrs"], axis=0).max() == 0  # constant
    assert len(values["lrs"]) == values["n_steps"]


def test_sixteen_seeds_train_side_by_side_from_their_own_starts(values):
    assert list(values["seeds"]) == list(range(16))
    assert values["n_seeds"] == 16
    losses = values["losses"]  # (800, 64)
    assert losses.shape == (values["n_steps"], 64) == (800, 64)
    picked = batches(0, 800, 64, values["batch_size"])
    for i, rate in enumerate(values["rates"]):
        n = 800 if rate <= 0.1 else TOGETHER
        for seed in SEEDS:
            k = 16 * i + seed
            params, again = run(init(generator(seed)), [rate] * n, picked[k][:n])
            assert abs(again - losses[:n, k]).max() < NEAR
            # The loss over all examples, of the models that go on from step 800.
            there = loss(model(values["models"], k))
            assert abs(there - values["at_800"][i, seed]) < SAME
            if n == 800:
                assert abs(loss(params) - there) < SAME


def test_kept_and_cut_go_on_from_the_same_models_on_the_same_batches(values):
    n = values["n_more"]
    assert (values["n_soon"], n) == (25, 100)
    picked = batches(1, n, 64, values["batch_size"])
    for i, rate in enumerate(values["rates"]):
        for seed in SEEDS:
            k = 16 * i + seed
            params = model(values["models"], k)
            _, end = trained_on(params, [rate] * n, picked[k])
            assert abs(end - values["kept"][i, seed]) < SAME
            soon, end = trained_on(params, [rate / 10] * n, picked[k])
            assert abs(soon - values["cut_soon"][i, seed]) < SAME
            assert abs(end - values["cut"][i, seed]) < SAME


def test_the_low_rate_is_cut_once_more_after_twice_as_many_steps(values):
    steps, n, low = values["n_steps"], values["n_more"], values["low"]
    more = batches(2, steps, 16, values["batch_size"])
    picked = batches(1, n, 16, values["batch_size"])
    for seed in SEEDS:
        slow, _ = run(model(values["models"], seed), [low] * steps, more[seed])
        for mine, its in zip(slow, model(values["slow"], seed), strict=True):
            assert abs(mine - its).max() < SAME
        _, kept = trained_on(slow, [low] * n, picked[seed])
        _, cut = trained_on(slow, [low / 10] * n, picked[seed])
        assert abs(kept - values["slow_kept"][seed]) < SAME
        assert abs(cut - values["slow_cut"][seed]) < SAME
    later = values["slow_kept"] - values["slow_cut"]
    assert abs(values["low_rate_later"] - later).max() < SAME


def test_each_claim_about_the_cut_is_what_its_sentence_says(values):
    rates = list(values["rates"])
    for seed in range(16):
        at = {
            name: dict(zip(rates, values[name][:, seed], strict=True))
            for name in ("at_800", "kept", "cut", "cut_soon")
        }
        fell = {r: at["at_800"][r] - at["cut"][r] for r in rates}
        beat = {r: at["kept"][r] - at["cut"][r] for r in rates}
        said = {
            "every_cut_lowers": min(fell.values()),
            "cut_beats": min(beat[0.1], beat[0.2], beat[0.3]),
            "low_rate": beat[0.05],
        }
        # The exponent is a least-squares slope on log axes.
        x = np.log(rates)
        exponent, _ = np.polyfit(x, np.log(list(fell.values())), 1)
        soon = [at["at_800"][r] - at["cut_soon"][r] for r in rates]
        sooner, _ = np.polyfit(x, np.log(soon), 1)
        said |= {"drop_power": exponent, "power_falls": sooner - exponent}
        for name, value in said.items():
            assert abs(values[name][seed] - value) < SAME, name


def test_the_quoted_drop_is_a_median_over_the_seeds(values):
    fell = np.sort(values["at_800"] - values["cut"], axis=1)[:, 7]  # (4,)
    assert abs(values["drop_low"] - fell[LOW]) < SAME


def test_the_drops_by_rate_are_those_of_their_names(values, drawn):
    (ax,) = drawn("drop")
    lines = series(ax)
    kinds = {
        "before minus after": values["at_800"] - values["cut"],
        "kept minus cut": values["kept"] - values["cut"],
    }  # (4, 16) each
    assert set(lines) == set(kinds)
    for (word, each), bars in zip(kinds.items(), ax.collections, strict=True):
        assert np.array_equal(lines[word][0], values["rates"])
        assert abs(lines[word][1] - np.sort(each)[:, 7]).max() < SAME
        # In its colour, bars for the middle half of the seeds.
        (line,) = (x for x in ax.lines if x.get_label() == word)
        assert bars.get_label().startswith("_")
        color = bars.get_color()[0][:3]
        assert to_hex(color) == to_hex(line.get_color())
        ends = np.array(bars.get_segments())  # (4, 2, 2): bar, end, x and y
        assert np.array_equal(ends[:, 0, 0], values["rates"])
        half = np.quantile(each, [0.25, 0.75], axis=1).T  # (4, 2)
        assert abs(ends[:, :, 1] - half).max() < SAME
    # Both rise, to the highest rate; kept minus cut begins below zero.
    before, kept = lines["before minus after"][1], lines["kept minus cut"][1]
    assert (np.diff(before) > 0).all()
    assert (np.diff(kept) > 0).all()
    assert kept[LOW] < 0 < before[LOW]
    assert 2 / 3 < (kept[3] - kept[0]) / (before[3] - before[0]) < 3 / 2
