"""The claims of docs/notes/mini-batch-gradient.md, held against its run."""

import numpy as np

# The axes: setting (start at 0.1, later at 0.1, later at 0.01), batch size
# (full, 256, 32, 8), mark (1, 2, 4, ... 32 steps), model.
START, LATER, SLOW = 0, 1, 2
FULL, B256, B32, B8 = 0, 1, 2, 3


def median_interval(x):
    """A 95 % interval for the median of 16 values: 4th to 13th of them."""
    ordered = np.sort(x)
    assert len(ordered) == 16
    return ordered[3], ordered[12]


def test_one_gradient_of_32_examples_is_not_close(values):
    assert values["errors"][:, 1].min() > 1  # in every model, at both places
    assert values["cosines"][:, 1].max() < 0.71  # always beyond 45 degrees


def test_the_error_is_worse_later(values):
    start, later = values["errors"]  # (5, 16), paired by model
    assert (later > start).all()
    start, later = values["cosine"]  # (5,), medians of the models
    assert (later < start).all()


def test_the_error_falls_as_one_over_the_root_of_the_batch_size(values):
    for errors in values["errors"]:
        low, high = median_interval(errors[0] / errors[4])
        assert low < np.sqrt(2048 / 8) < high


def test_the_error_crosses_the_gradient_where_the_page_says(values):
    start, later = values["error"]
    assert start[1] > 1 > start[2]  # between 32 and 128
    assert later[3] > 1 > later[4]  # above 512


def test_grouping_contexts_does_not_change_the_loss(values):
    assert abs(values["gap"]) < 1e-12


def test_batch_256_keeps_up_with_the_full_set(values):
    losses = values["losses"][START, :, 5]
    excess = losses[B256] / losses[FULL] - 1
    # Within the spread of the models themselves, each of them.
    spread = losses[FULL].std() / losses[FULL].mean()
    assert abs(excess).max() < spread
    # Batch 32 doesn't quite, in any model.
    assert (losses[B32] > losses[FULL]).all()


def test_mini_batches_are_far_ahead_by_examples(values):
    losses = values["losses"][START]
    one_full_step = losses[FULL, 0]
    assert values["N"] > 32 * 256  # what batch 256 has spent by the end
    assert losses[B256, 5].max() < one_full_step.min()
    assert losses[B32, 5].max() < one_full_step.min()


def test_many_small_steps_come_closer_than_one(values):
    apart = values["apart"][:, 1:]
    assert (apart[:, :, 5] < apart[:, :, 0]).all()
    # Nowhere faster than averaging would allow: the root of 32 steps.
    low, _ = median_interval(apart[SLOW, 1, 0] / apart[SLOW, 1, 5])
    assert low < np.sqrt(32)


def test_later_the_rate_must_be_small(values):
    losses, before = values["losses"][:, :, 5], values["before"]
    fall = before - losses  # (3, 4, 16)
    assert fall[LATER, B32].max() < fall[LATER, FULL].min()
    assert (losses[LATER, B8] > before).all()
    # At a tenth of the rate, most of the full set's descent.
    low, _ = median_interval(fall[SLOW, B32] / fall[SLOW, FULL])
    assert low > 0.5
    # But such steps don't lead as far.
    assert (fall[SLOW, FULL] < fall[LATER, FULL]).all()


def test_at_the_start_batch_32_is_close_in_loss_but_not_in_parameters(values):
    assert values["apart"][START, B32, 5].min() > 0.5
    gained = values["losses"][START, :, 0] - values["losses"][START, :, 5]
    low, _ = median_interval(gained[B32] / gained[FULL])
    assert low > 0.5


def test_counting_contexts_gives_the_loss_over_all_examples(values):
    assert abs(values["gap"]) < 1e-12
