"""The facts of docs/notes/reproducible-init.md, held against its run.

What the page says of training is worked out again in NumPy, for the first and the last
of its sixteen models.
"""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_hex

from publish.check.drawing import CYCLE
from publish.check.pytest_plugin import PROGRAMS, page_of_facts

from . import numpy_model as model

AGAIN = (0, 15)  # the models that are trained again; the seed of each is one more
STEPS, RATE, BATCH = 50, 0.1, 32
ARRANGEMENTS = ("together", "separate", "reseeded")


@pytest.fixture
def printed(request):
    """What each cell printed in the run whose facts are held, by its name."""
    record = request.config.stash[PROGRAMS].record(page_of_facts(request.path))
    blocks = zip(record.blocks, record.done, strict=True)
    return {block.name: done.output for block, done in blocks}


@cache
def batches(runs):
    """Of each step of so many runs, the examples: (16, 32). Seeded once, with 1."""
    g = model.generator(1)
    return [model.examples(g, 16, BATCH) for _ in range(runs * STEPS)]


@cache
def start(i):
    """Model `i` before training."""
    return model.init(model.generator(i + 1))


@cache
def runs_of(i, reseed=False, rate=RATE):
    """Model `i` after each of five runs, each of which goes on from the one before.

    With `reseed`, each run takes the batches of the first.
    """
    params, after = start(i), []
    for run in range(5):
        first = 0 if reseed else run * STEPS
        taken = [ix[i] for ix in batches(5)[first : first + STEPS]]
        params = model.train(params, rate, taken)
        after.append(params)
    return after


@cache
def losses_of(i, reseed=False, rate=RATE):
    """The losses over all examples after each of these runs: (5,)."""
    return np.array([model.loss(params) for params in runs_of(i, reseed, rate)])


def test_the_page_s_own_cells_by_hand(values):
    # One model: its parameters and its batches come from one generator.
    assert values["lr"] == RATE
    g = model.generator(1)
    params = model.init(g)
    assert abs(model.loss(params) - values["in_memory"]) < 1e-9
    trained = model.train(
        params, RATE, [model.examples(g, BATCH) for _ in range(STEPS)]
    )
    assert abs(model.loss(trained) - values["on_screen"]) < 1e-9
    # The first cell, run again, leaves the parameters that it drew.
    for p, again in zip(values["params"], params, strict=True):
        assert (p == again).all()


def test_two_cells_or_one_the_first_run_prints_the_same_loss(values, printed):
    for cell in ("train", "together"):
        assert printed[cell] == f"loss on all names: {values['on_screen']:.4f}\n"


def test_the_start_is_worse_than_a_guess(values):
    assert values["uniform"] == np.log(len(model.CHARS))
    assert values["in_memory"] > 2 * values["on_screen"] > 2 * values["uniform"]


def test_in_one_cell_the_loss_is_the_same_to_the_last_bit(values):
    together = values["together"]  # (reruns, 16)
    assert len(together) == values["reruns"] == 5
    assert (together == values["separate"][0]).all()
    # And no two of the models are the same.
    assert len(set(values["separate"][-1])) == len(values["seeds"]) == 16


def test_the_first_run_is_the_same_in_all_three_arrangements(values):
    assert (values["reseeded"][0] == values["separate"][0]).all()
    assert (values["together"][0] == values["separate"][0]).all()


def test_five_runs_are_one_of_five_times_the_length(values):
    for i in AGAIN:
        once = model.train(start(i), RATE, [ix[i] for ix in batches(5)])
        assert abs(values["separate"][-1][i] - model.loss(once)) < 1e-9


def test_with_seeded_batches_the_loss_falls_at_each_run_as_well(values):
    assert (np.diff(values["reseeded"], axis=0) < 0).all()


def test_seeded_in_the_cell_each_run_sees_the_same_examples(values):
    assert values["repeated"] == values["n_steps"] * values["batch_size"]
    assert values["ix"].shape == (16, values["repeated"])


def test_the_runs_are_those_of_training_without_pytorch(values):
    about = [values[name] for name in ("reruns", "n_steps", "lr", "batch_size")]
    assert about == [5, STEPS, RATE, BATCH]
    assert list(values["seeds"]) == list(range(1, 17))
    for name in ARRANGEMENTS:
        assert values[name].shape == (5, 16)
        assert values[name].dtype == np.float64
    for i in AGAIN:
        own, reseeded = losses_of(i), losses_of(i, reseed=True)
        assert np.abs(values["separate"][:, i] - own).max() < 1e-9
        assert np.abs(values["together"][:, i] - own[0]).max() < 1e-9
        assert np.abs(values["reseeded"][:, i] - reseeded).max() < 1e-9
        # What the cell leaves is the model that it trained last.
        for p, again in zip(values["models"], runs_of(i, reseed=True)[-1], strict=True):
            assert np.abs(p[i] - again).max() < 1e-9


def test_each_line_is_the_median_of_the_models_in_its_range(values):
    for name in ARRANGEMENTS:
        losses = np.sort(values[name], axis=1)
        assert (values[f"{name}_low"] == losses[:, 0]).all()
        assert (values[f"{name}_high"] == losses[:, -1]).all()
        median = losses[:, 7:9].mean(1)
        assert np.abs(values[f"{name}_mid"] - median).max() < 1e-12
    assert values["loss_first"] == values["separate_mid"][0]
    for name in ARRANGEMENTS:
        assert values[f"loss_{name}"] == values[f"{name}_mid"][4]
    # "It ends between the two", and the start in a cell of its own ends lowest.
    ends = [values[f"loss_{name}"] for name in ("separate", "reseeded", "together")]
    assert ends[0] < ends[1] < ends[2] == values["loss_first"]


def test_the_figure_names_its_three_lines_and_bands(values, drawn):
    (ax,) = drawn("reruns")
    named = {
        "initialised in the training cell": "together",
        "only the batches seeded there": "reseeded",
        "initialised in a cell of its own": "separate",
    }
    texts = {text.get_text(): text for text in ax.texts}
    assert texts.keys() == named.keys()
    lines = {to_hex(line.get_color()): line for line in ax.lines}
    bands = {to_hex(band.get_facecolor()[0]): band for band in ax.collections}
    assert len(lines) == len(bands) == 3
    for label, name in named.items():
        colour = CYCLE["light"][int(texts[label].get_color()[1])]
        assert list(lines[colour].get_xdata()) == [1, 2, 3, 4, 5]
        assert (lines[colour].get_ydata() == values[f"{name}_mid"]).all()
        points = {tuple(point) for point in bands[colour].get_paths()[0].vertices}
        for edge in ("low", "high"):
            drawn_edge = enumerate(values[f"{name}_{edge}"], start=1)
            assert points >= set(drawn_edge)
    # Each name is nearest to its own line: from above for two, from below for one.
    at = {name: texts[label].get_position()[1] for label, name in named.items()}
    assert at["together"] > values["loss_together"] > at["reseeded"]
    assert at["reseeded"] > values["reseeded_high"][3]
    assert at["separate"] < values["separate_low"][:4].min()
    assert str(values["n_steps"]) in ax.get_xlabel()


def test_the_claims_of_the_three_arrangements(values):
    for i in AGAIN:
        own, reseeded = losses_of(i), losses_of(i, reseed=True)
        # The least fall of four re-runs.
        falls = [before - after for before, after in pairwise(own)]
        assert len(falls) == 4
        assert abs(values["own_cell_goes_on"][i] - min(falls)) < 1e-9
        behind = reseeded[4] - own[4]
        assert abs(values["seeded_batches_fall_behind"][i] - behind) < 1e-9


def test_the_claims_hold_one_value_for_each_model(values):
    separate, reseeded = values["separate"], values["reseeded"]  # (5, 16)
    gaps = {
        "own_cell_goes_on": (separate[:-1] - separate[1:]).min(0),
        "seeded_batches_fall_behind": reseeded[4] - separate[4],
    }
    for name, gap in gaps.items():
        assert values[name].shape == (16,)
        assert np.abs(values[name] - gap).max() < 1e-12, name


def test_learnt_by_heart_is_the_loss_on_the_examples_of_a_run(values):
    assert values["repeated"] == STEPS * BATCH
    for i in AGAIN:
        ix = np.concatenate([ix[i] for ix in batches(1)])
        assert (values["ix"][i] == ix).all()
        last = runs_of(i, reseed=True)[-1]
        by_heart = model.loss(last) - model.loss(last, ix)
        assert abs(values["seeded_batches_by_heart"][i] - by_heart) < 1e-9


def test_the_same_start_at_a_rate_lowered_by_a_twentieth(values):
    assert values["lower"] == 1 / 20
    for i in AGAIN:
        lower = losses_of(i, rate=RATE * 19 / 20)[0] - losses_of(i)[0]
        assert abs(values["same_start"][i] - lower) < 1e-9
    # "Higher on average": by more than its interval is wide.
    moved = values["same_start"]  # (16,)
    assert values["by_lower"] == moved.mean() > 2.13 * moved.std(ddof=1) / 4


def test_two_runs_are_so_many_times_as_far_apart(values):
    # Each model is held against three others, which no other model is held against.
    g = model.generator(2)
    taken = [model.examples(g, 48, BATCH) for _ in range(STEPS)]
    others = np.asarray(values["strangers"]).reshape(3, 16)
    for k in AGAIN:
        params = model.init(model.generator(17 + k))
        again = model.loss(model.train(params, RATE, [ix[k] for ix in taken]))
        assert abs(others[0, k] - again) < 1e-9
    ends = values["separate"][0]  # after the first run, at the same rate
    times = [np.mean(abs(others[:, i] - ends[i])) for i in range(16)]
    times = np.array(times) / values["same_start"].mean()
    assert np.abs(values["other_start_hides_rate"] / times - 1).max() < 1e-9
