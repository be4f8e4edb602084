"""The facts of docs/notes/lr-decay.md, held against its run.

Two of the seeds are trained again in NumPy, on the same batches. At the low rate that
gives the same losses to rounding. At the trench's runs part: there the first steps are
compared, and steps that go on from the run's own parameters.
"""

import numpy as np
import pytest

from .lr_runs import median, model, run, series
from .numpy_model import examples, generator, init, loss

SEEDS = [0, 15]
LOW, TRENCH = 0, 1  # of the two rates
SAME = 1e-9  # the same but for rounding
# For TOGETHER steps from the start, rounding stays below NEAR at every rate.
TOGETHER, NEAR = 30, 1e-6


def test_one_run_is_cut_to_a_tenth_at_the_step_that_the_page_says(values, drawn):
    g = generator(0)
    params = init(g)
    picked = [examples(g, 32) for _ in range(TOGETHER)]
    _, again = run(params, [0.2] * TOGETHER, picked)
    losses = np.array(values["losses"])  # (1000,)
    assert len(losses) == 1000
    assert abs(again - losses[:TOGETHER]).max() < NEAR
    assert values["lr"] == 0.02
    (ax,) = drawn("one-run")
    line, cut = ax.lines
    assert list(cut.get_xdata()) == [800, 800]
    assert np.array_equal(line.get_xdata(), np.arange(10, 1000, 20))
    smooth = losses.reshape(50, 20).mean(1)
    assert abs(line.get_ydata() - smooth).max() < 1e-5  # float32
    # It drops at the cut.
    assert smooth[42:].max() < smooth[30:40].min()


def test_sixteen_seeds_at_two_rates_from_their_own_starts(values):
    assert list(values["seeds"]) == list(range(16))
    assert list(values["rates"]) == [values["low"], values["trench"]] == [0.05, 0.2]
    steps = (values["n_short"], values["n_steps"], values["n_more"])
    assert steps == (500, 800, 100)
    assert values["lrs"].shape == (800, 32)
    assert np.array_equal(values["lrs"][0], np.repeat([0.05, 0.2], 16))
    g = generator(0)
    picked = np.array([examples(g, 32, values["batch_size"]) for _ in range(500)])
    for i, rate in enumerate(values["rates"]):
        n = 500 if i == LOW else TOGETHER
        for seed in SEEDS:
            k = 16 * i + seed
            params, early = run(init(generator(seed)), [rate] * n, picked[:n, k])
            assert abs(early - values["early"][:n, k]).max() < NEAR
            if i == LOW:
                assert abs(loss(params) - values["at_500"][i, seed]) < SAME
    for seed in range(16):
        there = loss(model(values["models"], seed))
        assert abs(there - values["at_800"][seed]) < SAME


def test_kept_and_cut_go_on_from_the_same_models_on_the_same_batches(values):
    n, rate = values["n_more"], values["trench"]
    g = generator(1)
    picked = np.array([examples(g, 16, values["batch_size"]) for _ in range(n)])
    assert np.array_equal(values["kept_batches"][0], values["cut_batches"][0])
    for seed in SEEDS:
        params = model(values["models"], seed)
        for name, its in (("kept", rate), ("cut", rate / 10)):
            end, losses = run(params, [its] * n, picked[:, seed])
            assert abs(loss(end) - values[name][seed]) < SAME
            assert abs(losses - values[f"{name}_batches"][:, seed]).max() < SAME


def test_the_claims_about_the_cut_are_what_their_sentences_say(values):
    fell = values["at_800"] - values["cut"]
    assert np.array_equal(values["cut_lowers"], fell)
    share = 1 - (values["at_800"] - values["kept"]) / fell
    assert abs(values["cut_share"] - share).max() < SAME


def test_the_fork_shows_the_trench_s_rate_kept_and_cut(values, drawn):
    (ax,) = drawn("cut")
    legs = series(ax)
    assert set(legs) == {"rate kept", "rate cut"}
    blocks = {}
    for word, name in (("rate kept", "kept_batches"), ("rate cut", "cut_batches")):
        blocks[word] = median(values[name].reshape(5, 20, 16).mean(1))  # (5,)
        assert np.array_equal(legs[word][0], np.arange(810, 900, 20))
        assert abs(legs[word][1] - blocks[word]).max() < SAME
    # Before it, the same rate up to the step of the cut.
    before, fork = ax.lines[0].get_xydata().T, ax.lines[3]
    both = np.concatenate([values["early"][300:, 16:], values["late"]])  # (500, 16)
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
    planned = values["planned"].reshape(n, 6)
    assert np.array_equal(values["each"], np.repeat(planned, 16, axis=1))
    # Its batches are the next ones after those of the constant rates.
    g, size = generator(0), values["batch_size"]
    for t in range(values["n_steps"]):
        examples(g, 32 if t < n else 16, size)
    picked = np.array([examples(g, 96, size) for _ in range(n)])
    losses = values["batch_losses"]  # (500, 96)
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
    for seed in range(16):
        # Against the constant rate: nats at the end, by the schedule's name.
        low, trench = (
            dict(zip(names, values["change"][i, :, seed], strict=True)) for i in (0, 1)
        )
        assert abs(values["step_gains"][seed] + trench["step"]) < SAME
        assert abs(values["decay_costs"][seed] - min(low.values())) < SAME


@pytest.mark.parametrize(("panel", "rate"), [(0, LOW), (1, TRENCH)])
def test_the_panels_show_each_schedule_from_the_rate_that_they_name(
    values, drawn, panel, rate
):
    axes = drawn("schedules")
    assert f"From {values['rates'][rate]:g}," in axes[panel].get_title("left")
    lines = series(axes[panel], legend=axes[0])
    early = values["early"].reshape(500, 2, 16)[:, rate]  # (500, 16)
    decayed = values["batch_losses"].reshape(500, 2, 3, 16)[:, panel]  # (500, 3, 16)
    raw = {"constant": early}
    raw |= {name: decayed[:, j] for j, name in enumerate(values["names"])}
    assert set(lines) == set(raw)
    for name, losses in raw.items():
        blocks = median(losses.reshape(25, 20, 16).mean(1))  # (25,)
        assert np.array_equal(lines[name][0], np.arange(110, 500, 20))
        assert abs(lines[name][1] - blocks[5:]).max() < SAME
    end = {name: line[1][-1] for name, line in lines.items()}
    if rate == LOW:
        # Every decay ends higher, step least so.
        assert end["constant"] < end["step"] < min(end["linear"], end["cosine"])
    else:
        assert min(end, key=end.get) == "step"
