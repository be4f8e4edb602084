"""The facts of docs/notes/mini-batch-gradient.md, held against its run.

Two of the sixteen models are trained and measured once more by hand, in NumPy and on
the same batches; what the page says of all sixteen is taken from the run's arrays.
"""

import math

import numpy as np
import torch

from .mini_batches import (
    N,
    batch_gradient,
    batch_loss,
    batches,
    by_label,
    less,
    looks,
    model_of,
    square,
    step,
)
from .numpy_model import CHARS, X, Y, examples, generator, init, loss

# The axes of losses and apart: setting (start at 0.1, later at 0.1, later at 0.01),
# batch size (full, 256, 32), mark (1, 2, 4, ... 32 steps), model.
START, LATER, SLOW = 0, 1, 2
FULL, B256, B32 = 0, 1, 2
MODELS = 2, 6  # those that are trained again
RATE = float(np.float32(0.1))  # as the program's tensor has it


def page_generator(values, after):
    """The page's generator, after what is drawn for the parts of the page named."""
    g = generator(0)
    if "training" in after:
        for _ in range(values["n_later"]):
            examples(g, 16, values["batch_size"])
    if "steps" in after:
        for B in [*values["batches"]] * 3:
            for _ in batches(g, int(B), values["n_steps"]):
                pass
    return g


def row(params, ix):
    """The gradient over the examples at `ix`, of all if that is None, in one row."""
    return np.concatenate([part.ravel() for part in batch_gradient(params, ix)])


def cosine(left, right):
    return left @ right / np.sqrt((left @ left) * (right @ right))


def test_sixteen_models_start_each_from_its_own_seed(values):
    assert np.array_equal(values["X"], X)
    assert np.array_equal(values["Y"], Y)
    for k in range(16):
        for mine, its in zip(init(generator(k)), values["start"], strict=True):
            assert len(its) == 16
            assert np.allclose(mine, its[k], rtol=1e-14)


def test_later_is_after_600_steps_of_32_at_a_rate_of_a_tenth(values):
    assert (values["n_later"], values["batch_size"]) == (600, 32)
    for k in MODELS:
        params, g = init(generator(k)), generator(0)
        for ix in batches(g, values["batch_size"], values["n_later"]):
            params = step(params, RATE, ix[k])
        for mine, its in zip(params, values["later"], strict=True):
            assert np.allclose(mine, its[k], rtol=0, atol=1e-9)
        assert math.isclose(loss(params), values["loss_later"][k], rel_tol=1e-9)


def test_grouping_contexts_does_not_change_the_loss(values):
    for k, mean in enumerate(values["loss_later"]):
        assert math.isclose(mean, batch_loss(model_of(values["later"], k), None))


def test_the_cosines_of_two_minutes_are_printed(values, printed):
    assert list(values["sizes"]) == [8, 32, 256]
    g = generator(1)
    params = init(g)
    full, expected = row(params, None), []
    for B in (8, 32, 256):
        mini = row(params, examples(g, B))
        expected.append(f"batch {B}: cosine {cosine(mini, full):.2f}")
    assert printed("one-gradient").splitlines() == expected


def test_a_cloud_s_dots_have_their_true_length_and_angle(values):
    g = generator(1)
    params = init(g)
    full = row(params, None)
    length = np.sqrt(full @ full)
    for j, B in enumerate(values["sizes"]):
        assert (8, 32, 256)[j] == B
        for i in range(values["draws"]):
            mini = row(params, examples(g, int(B))) / length
            along, aside = values["along"][j, i], values["aside"][j, i]
            assert math.isclose(along, mini @ full / length, rel_tol=1e-9)
            assert math.isclose(math.hypot(along, aside), np.sqrt(mini @ mini))
            assert math.isclose(cosine(mini, full), along / math.hypot(along, aside))
    shown = [values[f"aside_{B}"] for B in values["sizes"]]
    assert np.allclose(shown, values["aside"].mean(1))


def test_a_flat_projection_would_hide_nearly_all_of_the_error(values):
    """The page draws lengths to the side, as no one direction holds much of them."""
    g = generator(1)
    params = init(g)
    full = row(params, None)
    for B in values["sizes"]:
        minis = np.stack([row(params, examples(g, int(B))) for _ in range(40)])
        rest = minis - np.outer(minis @ full / (full @ full), full)
        squares = np.linalg.eigvalsh(rest @ rest.T)
        assert squares[-1] / squares.sum() < 0.1


def test_one_gradient_s_error_is_that_of_the_batches_drawn(values):
    g = page_generator(values, after=["training", "steps"])
    begin = {k: model_of(values["start"], k) for k in MODELS}
    full = {k: row(begin[k], None) for k in MODELS}
    squares = {k: [] for k in MODELS}
    cosines = {k: [] for k in MODELS}
    for ix in batches(g, values["batch_size"], values["several"]):
        for k in MODELS:
            mini = row(begin[k], ix[k])
            squares[k].append(((mini - full[k]) ** 2).sum())
            cosines[k].append(cosine(mini, full[k]))
    for k in MODELS:
        error = math.sqrt(np.mean(squares[k]) / (full[k] @ full[k]))
        assert math.isclose(error, values["far_gradient"][k], rel_tol=1e-9)
        assert math.isclose(np.mean(cosines[k]), values["cosines"][k], rel_tol=1e-9)
    assert math.isclose(values["cosine"], values["cosines"].mean())
    # An error at a right angle to the gradient makes its cosine this small.
    alike = 1 / np.hypot(1, values["far_gradient"])
    assert abs(values["cosines"] / alike - 1).max() < 0.2


def test_the_runs_end_where_the_page_prints(values, printed):
    assert values["n_steps"] == 32
    expected = []
    for B in (32, 256, N):
        g = generator(1)
        params = init(g)
        for _ in range(32):
            ix = torch.randperm(N, generator=g)[:B].numpy()
            params = step(params, 0.1, None if B == N else ix)
        expected.append(f"batch {B}: loss on all {batch_loss(params, None):.2f}")
    assert printed("runs").splitlines() == expected


def test_the_start_is_worse_than_a_uniform_guess(values):
    begin = [batch_loss(model_of(values["start"], k), None) for k in range(16)]
    assert math.isclose(values["begin"], np.mean(begin))
    assert math.isclose(values["uniform"], math.log(len(CHARS)))
    assert min(begin) > 3 * values["uniform"]


def test_what_lies_between_two_ends_is_measured_on_the_line(values):
    g = page_generator(values, after=["training"])
    begin = {k: model_of(values["start"], k) for k in MODELS}
    ends = []
    for B in values["batches"]:
        params = dict(begin)
        for ix in batches(g, int(B), values["n_steps"]):
            params = {k: step(params[k], RATE, ix[k]) for k in MODELS}
        ends.append(params)

    def at(one, other, share):
        return [a + share * (b - a) for a, b in zip(one, other, strict=True)]

    for k in MODELS:
        one, other = ends[FULL][k], ends[B32][k]
        for share, losses in zip(values["shares"], values["across"], strict=True):
            there = batch_loss(at(one, other, share), None)
            assert math.isclose(there, losses[k], rel_tol=1e-6)
        away = math.sqrt(square(less(other, one)) / square(less(one, begin[k])))
        there = batch_loss(at(one, begin[k], away), None)
        assert math.isclose(there, values["back"][k], rel_tol=1e-6)
    across, back = values["across"], values["back"]
    assert np.allclose(across[0], values["losses"][START, FULL, -1])
    assert np.allclose(across[-1], values["losses"][START, B32, -1])
    assert (np.diff(across.mean(1)) > 0).all()  # the mean loss rises all the way
    assert math.isclose(values["cost_across"], (across[-1] - across[0]).mean())
    assert math.isclose(values["cost_back"], (back - across[0]).mean())
    # "Much less", in each of the sixteen models.
    assert ((across[-1] - across[0]) < (back - across[0]) / 4).all()
    assert (values["apart"][START, B32, -1] > 0.5).all()


def test_the_sizes_are_those_that_the_page_names(values):
    assert values["batches"][B32] == values["batch_size"] == 32
    assert values["batches"][B256] == values["large"] == 256
    assert values["batches"][FULL] == values["N"] == N
    assert list(values["marks"]) == [1, 2, 4, 8, 16, 32]
    assert values["n_steps"] == values["marks"][-1]
    assert math.isclose(values["lr"], 0.1, rel_tol=1e-6)


def test_a_full_step_costs_what_the_page_says(values):
    assert math.isclose(values["cost_256"] * values["batches"][B256], values["N"])
    assert math.isclose(values["cost_32"] * values["batch_size"], values["N"])
    # Batch 256 takes all its steps before the full set has paid for its first.
    assert values["n_steps"] * values["large"] < values["N"]


def test_losses_and_distances_are_those_of_runs_on_the_batches_drawn(values):
    g = page_generator(values, after=["training"])
    settings = [("start", RATE), ("later", RATE), ("later", RATE / 10)]
    for i, (place, rate) in enumerate(settings):
        begin = {k: model_of(values[place], k) for k in MODELS}
        moves = {}
        for j, B in enumerate(values["batches"]):
            params = dict(begin)
            for done, ix in enumerate(batches(g, int(B), values["n_steps"]), 1):
                params = {k: step(params[k], rate, ix[k]) for k in MODELS}
                for k in MODELS if done in values["marks"] else ():
                    mark = list(values["marks"]).index(done)
                    moves[j, mark, k] = move = less(params[k], begin[k])
                    full = moves[FULL, mark, k]
                    away = math.sqrt(square(less(move, full)) / square(full))
                    its = [values[name][i, j, mark, k] for name in ("losses", "apart")]
                    assert np.allclose(
                        its, [batch_loss(params[k], None), away], rtol=1e-6
                    )


def test_after_one_step_away_is_the_error_of_a_gradient(values):
    apart = values["apart"]
    assert (apart[:, FULL] == 0).all()
    measured = apart[START, B32, 0].mean() / values["far_gradient"].mean()
    assert 0.8 < measured < 1.25
    away = apart.mean(3)
    assert np.allclose(values["away"], away)
    shown = [values[name] for name in ("first_32", "last_32")]
    assert np.allclose(shown, away[SLOW, B32, [0, 5]])
    shown = [values[name] for name in ("start_first", "start_32")]
    assert np.allclose(shown, away[START, B32, [0, 5]])


def test_the_quoted_losses_are_those_of_the_figure(values):
    losses = values["losses"].mean(3)
    ends = values["end_full"], values["end_256"], values["end_32"]
    assert np.allclose(values["level"], losses)
    assert np.allclose(ends, losses[START, :, 5])
    assert math.isclose(values["one_step"], losses[START, FULL, 0])


def test_the_claims_about_many_steps_are_about_these_runs(values):
    losses, apart = values["losses"], values["apart"]
    full, large, _ = losses[START, :, -1]  # (16,) each, at the last mark
    assert np.allclose((1 + values["keeps_up"] / 100) * full, large)
    first, last = apart[SLOW, B32, [0, -1]]
    assert np.allclose(values["averaging"] * last, first)
    full, _, small = values["loss_later"] - losses[LATER, :, -1]
    assert np.allclose(values["too_fast"] * full, small)


def test_the_figure_of_the_cloud_says_which_dot_is_which(values, drawn):
    (ax,) = drawn("cloud")
    clouds = [line for line in ax.lines if looks(line)[2] != "None"]
    rays = [line for line in ax.lines if looks(line)[2] == "None"]
    said = {text.get_text(): text for text in ax.texts}
    for j, (B, cloud) in enumerate(zip((8, 32, 256), clouds, strict=True)):
        aside, along = cloud.get_data()
        assert np.allclose(aside, values["aside"][j])
        assert np.allclose(along, values["along"][j])
        label = said[f"batch {B}"]
        assert aside.min() < label.get_position()[0] < aside.max()
        assert along.max() < label.get_position()[1] < ax.get_ylim()[1]
        for ray, *tip in zip(rays[40 * j :], aside, along, strict=False):
            assert np.allclose(ray.get_xydata(), [[0, 0], tip])
        assert abs(along.mean() - 1) < 0.15  # about as far along as the full one
    far, middle, near = (cloud.get_xdata() for cloud in clouds)
    assert far.min() > middle.max() > middle.min() > near.max()
    assert middle.min() > 1  # batch 32: further to the side than the full one is long
    assert ax.get_aspect() == 1  # angles are true
    (arrow,) = [text for text in ax.texts if getattr(text, "arrow_patch", None)]
    assert arrow.xy == (0, 1)
    assert arrow.get_position() == (0, 0)
    assert "side" in ax.get_xlabel()
    assert "along" in ax.get_ylabel()


def test_the_figure_of_losses_says_which_line_is_which(values, drawn):
    by_steps, by_examples = drawn("work")
    assert by_steps.get_xlabel() == "step"
    assert by_examples.get_xlabel() == "examples processed"
    left = by_label(by_steps.get_legend(), by_steps.lines)
    right = by_label(by_steps.get_legend(), by_examples.lines)
    sizes = {"full set": N, "batch 256": 256, "batch 32": 32}
    assert left.keys() == right.keys() == sizes.keys()
    for name, B in sizes.items():
        j = list(values["batches"]).index(B)
        losses = values["losses"][START, j].mean(1)
        for line, cost in [(left[name], 1), (right[name], B)]:
            assert np.array_equal(line.get_xdata(), cost * np.array(values["marks"]))
            assert np.allclose(line.get_ydata(), losses)
    full, large, small = (line.get_ydata() for line in left.values())
    assert abs(large / full - 1).max() < 0.05  # one lies on the other
    assert (full < small).all()
    assert (large < small).all()
    assert right["full set"].get_xdata()[0] > right["batch 256"].get_xdata()[-1]


def test_the_figure_of_distances_says_which_line_is_which(values, drawn):
    panels = drawn("arrival")
    legend = panels[0].get_legend()
    for ax, B in zip(panels, [256, 32], strict=True):
        assert ax.get_title("left") == f"batch {B}"
        j = list(values["batches"]).index(B)
        names = ["start, rate 0.1", "later, rate 0.1", "later, rate 0.01"]
        lines = by_label(legend, ax.lines)
        assert list(lines) == names
        for setting, name in enumerate(names):
            line = lines[name]
            assert np.array_equal(line.get_xdata(), values["marks"])
            assert np.allclose(line.get_ydata(), values["apart"][setting, j].mean(1))
            assert (np.diff(line.get_ydata()) < 0).all()
        (dotted,) = [line for line in ax.lines if looks(line)[1] == ":"]
        assert set(dotted.get_ydata()) == {1}
    # The page quotes from the panel of batch 32, the last.
    slow, start = lines["later, rate 0.01"], lines["start, rate 0.1"]
    ends = slow.get_ydata()[[0, -1]], start.get_ydata()[[0, -1]]
    assert np.allclose(ends[0], [values["first_32"], values["last_32"]])
    assert np.allclose(ends[1], [values["start_first"], values["start_32"]])
