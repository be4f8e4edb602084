"""The claims of docs/notes/reproducible-init.md, held against its run."""

import numpy as np


def test_a_cell_of_its_own_lets_each_re_run_go_on(values):
    separate = values["separate"]  # (reruns, 16)
    assert (np.diff(separate, axis=0) < 0).all()


def test_five_runs_are_one_run_of_five_times_the_length(values):
    assert values["same_as_once"] is True


def test_the_same_cell_starts_again_at_each_run(values):
    together = values["together"]  # (reruns, 16)
    assert (together == together[0]).all()
    assert (together[0] == values["separate"][0]).all()


def test_seeding_the_batches_in_the_cell_ends_higher_for_every_model(values):
    assert (values["reseeded"][-1] > values["separate"][-1]).all()


def test_re_running_the_initialisation_leaves_an_untrained_model(values):
    untrained = np.log(30)  # no better than guessing all 30 symbols alike
    assert values["in_memory"] > untrained
    assert values["in_memory"] > 2 * values["on_screen"]


def test_a_seed_in_the_cell_draws_the_same_and_one_at_the_top_does_not(values):
    assert values["same_in_cell"] is True
    assert values["same_from_top"] is False
