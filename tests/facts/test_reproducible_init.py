"""The facts of docs/notes/reproducible-init.md, held against its run."""

import numpy as np


def test_five_runs_are_one_to_the_last_bit(values):
    assert (values["five_runs_are_one"] == 0).all()
    # And no two of the models are the same.
    assert len(set(values["separate"][-1])) == len(values["seeds"]) == 16


def test_the_same_cell_starts_again_to_the_last_bit(values):
    together = values["together"]  # (reruns, 16)
    assert len(together) == values["reruns"] == 5
    assert (together == values["separate"][0]).all()


def test_the_first_run_is_the_same_in_all_three_arrangements(values):
    assert (values["reseeded"][0] == values["separate"][0]).all()


def test_seeded_in_the_cell_each_run_sees_the_same_examples(values):
    assert values["repeated"] == values["n_steps"] * values["batch_size"]
    assert values["ix"].shape == (16, values["repeated"])


def test_re_running_the_initialisation_leaves_an_untrained_model(values):
    untrained = np.log(len(values["chars"]))  # guessing all symbols alike
    assert values["in_memory"] > untrained
    assert values["in_memory"] > 2 * values["on_screen"]


def test_initialised_again_training_arrives_at_what_the_screen_shows(values):
    C, W1, b1, W2, b2 = values["params"]  # the proof's, and without PyTorch
    x, y = values["X"], values["Y"]
    logits = np.tanh(C[x].reshape(len(x), -1) @ W1 + b1) @ W2 + b2
    costs = np.log(np.exp(logits).sum(1)) - logits[np.arange(len(y)), y]
    assert abs(costs.mean() - values["on_screen"]) < 1e-9


def test_a_seed_in_the_cell_draws_the_same_and_one_at_the_top_does_not(values):
    assert values["same_in_cell"] is True
    assert values["same_from_top"] is False
