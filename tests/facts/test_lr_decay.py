"""The facts of docs/notes/lr-decay.md, held against its run."""

import numpy as np


def test_four_rates_in_the_order_that_the_page_says(values):
    rates = values["rates"]  # (4,)
    assert (np.diff(rates) > 0).all()
    assert rates[0] == values["low"]
    assert rates[2] == values["trench"]  # two below it, one above
    assert np.array_equal(values["lrs"][0], np.repeat(rates, values["n_seeds"]))
    assert np.ptp(values["lrs"], axis=0).max() == 0  # constant
    assert len(values["lrs"]) == values["n_steps"]


def test_kept_and_cut_begin_at_the_same_loss_of_the_same_batches(values):
    kept, cut = values["kept_batches"], values["cut_batches"]  # (100, 64)
    assert kept.shape == cut.shape == (values["n_more"], 4 * values["n_seeds"])
    assert np.array_equal(kept[0], cut[0])
    assert (kept[1:] != cut[1:]).all()


def test_drop_and_gain_are_differences_of_the_losses_over_all_examples(values):
    before, kept, cut = values["at_800"], values["kept"], values["cut"]  # (4, 16)
    assert np.array_equal(values["drop"], before - cut)
    assert np.array_equal(values["gain"], kept - cut)
    middle = np.sort(values["drop"], axis=1)[:, 7]  # as torch takes the median
    assert middle[0] == values["drop_low"]
    for name in ("drop", "gain"):
        half = np.quantile(values[name], [0.25, 0.75], axis=1)  # (2, 4)
        assert abs(half - values[f"{name}_half"]).max() < 1e-12
    assert abs(middle[2] / middle[0] - values["drop_times"]) < 1e-12


def test_the_exponent_is_a_least_squares_slope_on_log_axes(values):
    x, y = np.log(values["rates"]), np.log(values["drop"])  # (4,), (4, 16)
    slope, _ = np.polyfit(x, y, 1)  # (16,)
    assert abs(slope - values["drop_power"]).max() < 1e-9


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
    planned = values["planned"].reshape(values["n_short"], 6)
    assert np.array_equal(values["each"][:, :: values["n_seeds"]], planned)
    constant = values["at_500"][[0, 2]]  # (2, 16)
    assert np.array_equal(values["constant"], constant)
    ends = values["change"] + constant[:, None]  # (2, 3, 16): nats
    assert (ends > 0).all()
    assert len(np.unique(ends)) == ends.size
