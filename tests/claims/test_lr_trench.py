"""The claims of docs/notes/lr-trench.md, held against its run."""

import numpy as np


def error(samples):
    """The standard error of the mean over the seeds."""
    return np.std(samples, ddof=1) / np.sqrt(len(samples))


def test_the_lowest_rates_hardly_move_the_loss(values):
    low = np.argmin(np.abs(values["middle"] + 4))
    moved = values["sweep_mid"][0] - values["sweep_mid"][low]
    spread = values["sweep_high"] - values["sweep_low"]
    assert abs(moved) < spread[low]


def test_the_trench_lies_right_of_every_steepest_fall(values):
    assert values["trench"].min() > values["steepest"].max()


def test_the_trench_is_sharper_than_the_steepest_fall(values):
    assert np.std(values["trench"]) < np.std(values["steepest"])


def test_the_sweep_turns_up_after_the_trench(values):
    lowest = values["sweep_mid"].min()
    assert values["sweep_low"][-1] > lowest
    assert values["sweep_mid"].argmin() < len(values["sweep_mid"]) - 1


def test_the_recipe_finds_the_rate_nearest_the_trench(values):
    nearest = [
        np.abs(values["recipe_lre"] - seed).argmin() for seed in values["trench"]
    ]
    best = values["recipe_end"].argmin(0)  # (16,)
    assert np.bincount(nearest).argmax() == np.bincount(best).argmax()


def test_the_trench_ends_lower_than_steepest_and_beyond(values):
    steepest, _, trench, beyond = values["ends"]  # (16,) each
    assert (trench < steepest).all()
    assert (trench < beyond).all()


def test_steepest_and_beyond_end_at_about_twice_the_loss(values):
    steepest, _, trench, beyond = values["ends"]
    for ratio in (steepest / trench, beyond / trench):
        assert 1.5 < np.median(ratio) < 2.5


def test_half_the_trench_is_nearly_as_good(values):
    steepest, half, trench, beyond = values["ends"]
    gap = half - trench
    assert gap.mean() - 2 * error(gap) > 0
    assert half.max() < min(steepest.min(), beyond.min())
    assert np.median(half / trench) < 1.25


def test_a_rate_beyond_the_trench_still_ends_below_its_start(values):
    losses = values["test_losses"][:, 3]  # (1000, 16)
    assert np.isfinite(losses).all()
    assert (losses[-100:].mean(0) < losses[0]).all()


def test_the_lowest_loss_of_the_sweep_is_above_the_end_at_its_rate(values):
    assert values["smoothed"].min() > values["ends"][2].max()


def test_a_shorter_sweep_moves_the_steepest_fall_more(values):
    shifts, errors = [], []
    for name in ("steepest", "trench"):
        long, short = values[name], values[f"short_{name}"]
        shifts.append(short.mean() - long.mean())
        errors.append(np.hypot(error(long), error(short)))
    assert shifts[1] - 2 * errors[1] > 0
    assert shifts[0] - shifts[1] > 2 * np.hypot(*errors)
    assert 10 ** shifts[1] < 2


def test_twins_part_only_past_the_trench(values):
    assert values["gap"][:800].max() < 1e-7
    assert values["gap"][-100:].max() > 1


def test_the_recipe_s_dots_follow_the_sweep_as_far_as_it_goes(values):
    middle, smoothed = values["middle"], values["smoothed"]  # (900,), (900, 16)
    reached = values["recipe_lre"] < middle[-1]
    assert reached.sum() == 8
    for exponent, loss in zip(
        values["recipe_lre"][reached], values["recipe_mid"][reached], strict=True
    ):
        there = smoothed[np.abs(middle - exponent).argmin()]  # (16,)
        assert there.min() <= loss <= there.max()


def test_beyond_the_trench_the_loss_falls_fast_and_then_crawls(values):
    beyond = values["blocks"][:, 3]  # (50, 16): means of 20 steps
    first, later = beyond[0] - beyond[3], beyond[25] - beyond[49]
    assert (first / 60 > 10 * later / 480).all()  # a step, in every seed
