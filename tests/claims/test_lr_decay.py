"""The claims of docs/notes/lr-decay.md, held against its run."""

import numpy as np


def error(samples):
    """The standard error of the mean over the seeds."""
    return np.std(samples, ddof=1) / np.sqrt(len(samples))


def test_the_loss_is_lower_after_the_cut_in_every_seed(values):
    assert (values["drop"] > 0).all()  # (4, 16)


def test_going_on_at_the_trench_rate_brings_far_less(values):
    kept, cut = values["kept_drop"][2], values["drop"][2]
    assert np.median(kept) < np.median(cut) / 2
    assert (kept < cut).all()


def test_the_loss_at_the_trench_rate_still_falls(values):
    kept = values["kept_drop"][2]
    assert kept.mean() - 2 * error(kept) > 0


def test_the_drop_grows_with_the_rate(values):
    for name in ("drop", "gain"):
        step = np.diff(values[name], axis=0)  # (3, 16): to the next rate
        for seeds in step:
            assert seeds.mean() - 2 * error(seeds) > 0


def test_the_drop_grows_a_little_less_than_in_proportion(values):
    power = values["power"]  # (16,)
    assert power.mean() + 2 * error(power) < 1
    assert power.mean() - 2 * error(power) > 0.5


def test_the_cut_beats_going_on_but_not_at_the_lowest_rate(values):
    gain = values["gain"]  # (4, 16)
    assert (gain[1:] > 0).all()
    assert gain[0].mean() + 2 * error(gain[0]) < 0


def test_from_the_trench_step_decay_ends_lowest(values):
    step, linear, _ = values["change"][1]  # (16,) each
    assert step.mean() + 2 * error(step) < 0
    assert (step < 0).sum() >= 14
    ahead = linear - step
    assert ahead.mean() - 2 * error(ahead) > 0


def test_from_the_trench_linear_gains_and_cosine_is_unsettled(values):
    _, linear, cosine = values["change"][1]
    assert linear.mean() + 2 * error(linear) < 0
    assert np.median(cosine) < 0
    assert (cosine > 0).sum() >= 3


def test_from_a_low_rate_every_decay_ends_higher_in_every_seed(values):
    change = values["change"][0]  # (3, 16)
    assert (change > 0).all()


def test_from_a_low_rate_linear_and_cosine_cost_more_than_step(values):
    step, linear, cosine = values["change"][0]
    assert (linear > step).all()
    assert (cosine > step).all()


def test_in_the_middle_linear_and_cosine_lead(values):
    constant = values["curves"][10:20, 2].mean()  # steps 200 to 400 at rate 0.2
    _, linear, cosine = values["middle"][10:20, 1].mean(axis=0)
    assert linear < constant
    assert cosine < constant
