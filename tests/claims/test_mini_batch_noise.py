"""The claims of docs/notes/mini-batch-noise.md, held against its run."""

import numpy as np

# The axes of before and after: place, batch size (8, 32, 128, 512, all),
# step, model.
START, LATER = 0, 1


def median_interval(x):
    """A 95 % interval for the median of 16 values: 4th to 13th of them."""
    ordered = np.sort(x)
    assert len(ordered) == 16
    return ordered[3], ordered[12]


def test_from_the_start_the_trend_falls_at_every_batch_size(values):
    assert values["fall"][START].min() > 0


def test_smaller_batches_bounce_more(values):
    change = np.diff(values["before"], axis=2).std(axis=2)  # (2, 5, 16)
    assert (np.diff(np.median(change, axis=2), axis=1) < 0).all()


def test_early_a_larger_batch_goes_up_less_often(values):
    up = values["up"][START].mean(axis=1)  # (5,)
    assert (np.diff(up) < 0).all()


def test_later_a_mini_batch_goes_up_half_of_the_time(values):
    up = values["up"][LATER]  # (5, 16)
    for share in up[:4]:
        low, high = median_interval(share)
        assert low <= 0.5 <= high
    # For the large batches, unlike at the start.
    assert median_interval(values["up"][START, 3])[1] < 0.5


def test_only_the_full_set_never_goes_up(values):
    up = values["up"]
    assert up[:, 4].max() == 0
    assert up[:, :4].min() > 0


def test_the_same_batch_goes_down(values):
    lower = values["after"] < values["before"]  # (2, 5, 25, 16)
    # Each model, at each place and batch size, in nearly all of 25 steps.
    assert lower.mean(axis=2).min() > 0.9
    assert lower[:, 1:].all()


def test_a_new_batch_leads_back_up(values):
    jump = values["before"][LATER, :4, 1:] - values["after"][LATER, :4, :-1]
    assert (jump.mean(axis=1) > 0).all()  # on average, in every model


def test_with_parameters_held_the_bounce_follows_the_formula(values):
    low, high = median_interval(values["slopes"])
    assert low < -0.5 < high
    # Nothing fitted. A standard deviation from 100 draws is good to 9 %, the
    # median of 16 of them to 3 %, so all eight of them to 10 %.
    ratio = np.median(values["bounces"][0] / values["theory"], axis=1)
    assert abs(np.log(ratio)).max() < np.log(1.1)


def test_with_parameters_held_the_next_loss_is_higher_half_of_the_time(values):
    low, high = median_interval(values["held_up"])
    assert low <= 0.5 <= high


def test_drawn_without_replacement_the_bounce_ends_at_zero(values):
    held, once = values["bounces"]  # (8, 16)
    assert once[7].max() < 1e-9 < held[7].min()
    B, N = values["powers"][6], values["N"]
    ratio = once[6] / values["theory"][6]
    assert ratio.max() < 1
    # The models share these draws, so 100 of them decide: good to 9 %.
    factor = np.sqrt((N - B) / (N - 1))
    assert abs(np.log(np.median(ratio) / factor)) < 2 * 0.09


def test_while_training_the_slope_is_steeper(values):
    slopes = values["slopes_moving"]
    error = slopes.std(ddof=1) / np.sqrt(len(slopes))
    assert slopes.mean() + 2 * error < -0.5


def test_later_batch_8_climbs_and_the_full_set_falls(values):
    assert values["fall"][LATER, 0].max() < 0
    assert values["fall"][LATER, 3:].min() > 0


def test_of_one_model_s_runs_only_the_full_set_s_never_goes_up(values):
    change = np.diff(values["one"], axis=1)  # (4, 199): batch 8, 32, 512, all
    assert change[3].max() < 0
    assert (change[:3] > 0).any(axis=1).all()


def test_a_new_batch_leads_back_up_more_often_than_not(values):
    up = values["before"][LATER, 1, 1:] > values["after"][LATER, 1, :-1]
    assert median_interval(up.mean(axis=0))[0] > 0.5
