"""The facts of docs/notes/lr-decay.md, held against its run.

Two of the seeds are trained again in NumPy, on the same batches. At the two low rates
that gives the same losses to rounding. At the two high ones runs part: there the first
steps are compared, and steps that go on from the run's own parameters.
"""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from .lr_runs import median, model, run, series
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
    """The full loss 25 steps on and at the end, and the batch losses on the way."""
    soon, first = run(params, rates[:25], batches[:25])
    end, rest = run(soon, rates[25:], batches[25:])
    return loss(soon), loss(end), np.concatenate([first, rest])


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
    assert {p.dtype for p in values["models"]} == {np.dtype("float64")}
    losses = np.concatenate([values["early"], values["late"]])  # (800, 64)
    assert losses.shape == (values["n_steps"], 64)
    assert (len(values["early"]), values["n_steps"]) == (values["n_short"], 800)
    picked = batches(0, 800, 64, values["batch_size"])
    for i, rate in enumerate(values["rates"]):
        n = 800 if rate <= 0.1 else TOGETHER
        for seed in SEEDS:
            k = 16 * i + seed
            rates, start = [rate] * n, init(generator(seed))
            params, early = run(start, rates[:500], picked[k][: min(n, 500)])
            assert abs(early - losses[: len(early), k]).max() < NEAR
            if n == 800:
                assert abs(loss(params) - values["at_500"][i, seed]) < SAME
                _, late = run(params, rates[500:], picked[k][500:])
                assert abs(late - losses[500:, k]).max() < SAME
            # The loss over all examples, of the models that go on from step 800.
            there = loss(model(values["models"], k))
            assert abs(there - values["at_800"][i, seed]) < SAME


def test_kept_and_cut_go_on_from_the_same_models_on_the_same_batches(values):
    n = values["n_more"]
    assert (values["n_soon"], n) == (25, 100)
    assert values["kept_batches"].shape == values["cut_batches"].shape == (n, 64)
    assert np.array_equal(values["kept_batches"][0], values["cut_batches"][0])
    picked = batches(1, n, 64, values["batch_size"])
    for i, rate in enumerate(values["rates"]):
        for seed in SEEDS:
            k = 16 * i + seed
            params = model(values["models"], k)
            _, end, losses = trained_on(params, [rate] * n, picked[k])
            assert abs(end - values["kept"][i, seed]) < SAME
            assert abs(losses - values["kept_batches"][:, k]).max() < SAME
            soon, end, losses = trained_on(params, [rate / 10] * n, picked[k])
            assert abs(soon - values["cut_soon"][i, seed]) < SAME
            assert abs(end - values["cut"][i, seed]) < SAME
            assert abs(losses - values["cut_batches"][:, k]).max() < SAME


def test_the_low_rate_is_cut_once_more_after_twice_as_many_steps(values):
    steps, n, low = values["n_steps"], values["n_more"], values["low"]
    more = batches(2, steps, 16, values["batch_size"])
    picked = batches(1, n, 16, values["batch_size"])
    for seed in SEEDS:
        slow, _ = run(model(values["models"], seed), [low] * steps, more[seed])
        for mine, its in zip(slow, model(values["slow"], seed), strict=True):
            assert abs(mine - its).max() < SAME
        _, kept, _ = trained_on(slow, [low] * n, picked[seed])
        _, cut, _ = trained_on(slow, [low / 10] * n, picked[seed])
        assert abs(kept - values["slow_kept"][seed]) < SAME
        assert abs(cut - values["slow_cut"][seed]) < SAME
        assert abs(kept - cut - values["low_rate_later"][seed]) < SAME
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
            "cut_lowers": min(fell.values()),
            "cut_share": beat[0.2] / fell[0.2],
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


def test_the_quoted_drops_are_medians_over_the_seeds(values):
    fell = np.sort(values["at_800"] - values["cut"], axis=1)[:, 7]  # (4,)
    assert abs(values["drop_low"] - fell[LOW]) < SAME
    assert abs(values["drop_times"] - fell[TRENCH] / fell[LOW]) < SAME


def test_the_fork_shows_the_trench_s_rate_kept_and_cut(values, drawn):
    (ax,) = drawn("cut")
    legs = series(ax)
    assert set(legs) == {"rate kept", "rate cut"}
    blocks = {}
    for word, name in (("rate kept", "kept_batches"), ("rate cut", "cut_batches")):
        own = values[name][:, 16 * TRENCH : 16 * TRENCH + 16]  # (100, 16)
        blocks[word] = median(own.reshape(5, 20, 16).mean(1))  # (5,)
        assert np.array_equal(legs[word][0], np.arange(810, 900, 20))
        assert abs(legs[word][1] - blocks[word]).max() < SAME
    # Before it, the same rate up to the step of the cut.
    before, fork = ax.lines[0].get_xydata().T, ax.lines[3]
    both = np.concatenate([values["early"], values["late"]])[300:, 32:48]
    level = median(both.reshape(25, 20, 16).mean(1))  # (25,)
    assert np.array_equal(before[0], np.arange(310, 800, 20))
    assert abs(before[1] - level).max() < SAME
    assert list(fork.get_xdata()) == [values["n_steps"]] * 2
    # With the rate kept, the loss stays near where it was; with it cut, it falls.
    kept, cut = blocks["rate kept"], blocks["rate cut"]
    assert abs(kept - level[-5:].mean()).max() < np.ptp(level)
    assert (cut[1:] < kept[1:]).all()
    assert cut[-1] < cut[0]
    assert cut[-1] < level.min()


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


def test_the_schedules_are_what_the_page_says(values):
    n = values["n_short"]
    t = np.arange(n)
    for i, start in enumerate([values["low"], values["trench"]]):
        step, linear, cosine = values["planned"][:, i].T / start  # (500,) each
        assert abs(step - np.where(t < 3 * n / 4, 1, 0.1)).max() < 1e-12
        assert abs(linear - (1 - t / n)).max() < 1e-12
        assert abs(cosine - (1 + np.cos(np.pi * t / n)) / 2).max() < 1e-12
    # Linear and cosine spend half of what a constant rate does.
    spent = values["planned"].mean(axis=0) / values["planned"][0]  # (2, 3)
    assert abs(spent[:, 1:] - 0.5).max() < 0.01
    assert values["names"] == ["step", "linear", "cosine"]


def test_each_model_trains_with_its_schedule_and_is_compared_with_its_own_rate(
    values,
):
    n = values["n_short"]
    assert n == 500
    planned = values["planned"].reshape(n, 6)
    assert np.array_equal(values["each"], np.repeat(planned, 16, axis=1))
    # Its batches are the next ones after those of the constant rates.
    g = generator(0)
    for _ in range(values["n_steps"]):
        examples(g, 64, values["batch_size"])
    picked = np.array([examples(g, 96, values["batch_size"]) for _ in range(n)])
    losses = values["losses"]  # (500, 96)
    for i, start in enumerate([LOW, TRENCH]):
        for j in range(3):
            for seed in SEEDS:
                k = 48 * i + 16 * j + seed
                steps = n if start == LOW else TOGETHER
                rates = planned[:steps, 3 * i + j]
                again, batch = run(init(generator(seed)), rates, picked[:steps, k])
                assert abs(batch - losses[:steps, k]).max() < NEAR
                ended = model(values["decayed"], k)
                if steps == n:
                    for mine, its in zip(again, ended, strict=True):
                        assert abs(mine - its).max() < SAME
                change = loss(ended) - values["at_500"][start, seed]
                assert abs(change - values["change"][i, j, seed]) < SAME


def test_each_claim_about_the_schedules_is_what_its_sentence_says(values):
    names = values["names"]
    early = values["early"].reshape(500, 4, 16)
    decayed = values["losses"].reshape(500, 2, 3, 16)
    for seed in range(16):
        # Against the constant rate: nats at the end, by the schedule's name.
        low, trench = (
            dict(zip(names, values["change"][i, :, seed], strict=True)) for i in (0, 1)
        )
        other = min(trench["linear"], trench["cosine"])
        ahead = [
            early[200:400, TRENCH, seed].mean()
            - decayed[200:400, 1, names.index(name), seed].mean()
            for name in ("linear", "cosine")
        ]
        said = {
            "step_gains": -trench["step"],
            "step_ahead": other - trench["step"],
            "middle_leads": min(ahead),
            "decay_costs": min(low.values()),
        }
        for name, value in said.items():
            assert abs(values[name][seed] - value) < SAME, name


@pytest.mark.parametrize(("panel", "rate"), [(0, LOW), (1, TRENCH)])
def test_the_panels_show_each_schedule_from_the_rate_that_they_name(
    values, drawn, panel, rate
):
    axes = drawn("schedules")
    assert f"From {values['rates'][rate]:g}," in axes[panel].get_title("left")
    lines = series(axes[panel], legend=axes[0])
    early = values["early"].reshape(500, 4, 16)[:, rate]  # (500, 16)
    decayed = values["losses"].reshape(500, 2, 3, 16)[:, panel]  # (500, 3, 16)
    raw = {"constant": early}
    raw |= {name: decayed[:, j] for j, name in enumerate(values["names"])}
    assert set(lines) == set(raw)
    for name, losses in raw.items():
        blocks = median(losses.reshape(25, 20, 16).mean(1))  # (25,)
        assert np.array_equal(lines[name][0], np.arange(110, 500, 20))
        assert abs(lines[name][1] - blocks[5:]).max() < SAME
    end = {name: line[1][-1] for name, line in lines.items()}
    later = lines["constant"][0] > 250  # from the middle of the run on
    constant = lines["constant"][1]
    if rate == LOW:
        # Every decay ends higher, step least so.
        assert end["constant"] < end["step"] < min(end["linear"], end["cosine"])
    else:
        assert min(end, key=end.get) == "step"
        for name in ("linear", "cosine"):
            assert (lines[name][1] < constant)[later].mean() > 0.5
