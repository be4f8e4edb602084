"""The facts of docs/notes/mini-batch-noise.md, held against its run.

Two of the sixteen models are trained and measured once more by hand, in NumPy and on
the same batches; what the page says of all sixteen is taken from the run's arrays.
"""

import math

import numpy as np
import torch
from matplotlib.colors import to_rgba

from .mini_batches import N, batch_loss, batches, by_label, looks, model_of, step
from .numpy_model import X, Y, costs, examples, generator, init

# The axes of before: place, batch size (8, 32, 128, 512, all), step, model.
START, LATER = 0, 1
SIZES = [8, 32, 128, 512, N]
MODELS = 3, 12


def page_generator(values, after):
    """The page's generator, after what is drawn for the parts of the page named."""
    g = generator(0)
    if "graph" in after:
        init(g)
        examples(g, len(values["xb"]))
    if "by iteration" in after:
        for B in (8, 32, 512, N):
            for _ in range(values["n_shown"]):
                examples(g, B)
    if "training" in after:
        for _ in range(values["n_before"]):
            examples(g, 16, values["batch_size"])
    if "steps" in after:
        for B in SIZES * 2:
            for _ in batches(g, B, values["n_steps"]):
                pass
    return g


def test_the_sizes_are_those_that_the_page_names(values):
    shown = [values[name] for name in ("small", "batch_size", "large", "N")]
    assert shown == [8, 32, 512, N]
    assert list(values["sizes"]) == SIZES
    assert (values["n_before"], values["lr"]) == (600, 0.1)
    assert np.array_equal(values["X"], X)
    assert np.array_equal(values["Y"], Y)


def test_sixteen_models_start_each_from_its_own_seed(values):
    assert values["n_seeds"] == 16
    for k in range(16):
        for mine, its in zip(init(generator(k)), values["start"], strict=True):
            assert len(its) == 16
            assert np.allclose(mine, its[k], rtol=1e-14)


def test_the_graph_is_of_four_examples_and_five_parameters(values):
    leaves = values["leaves"]
    assert list(leaves) == ["C", "W1", "b1", "W2", "b2", "X", "Y"]
    assert np.array_equal(leaves["X"], values["xb"])
    assert np.array_equal(leaves["Y"], values["yb"])
    assert len(values["xb"]) == len(values["yb"]) == 4
    g = generator(0)
    for mine, its in zip(init(g), list(leaves.values())[:5], strict=True):
        assert np.allclose(mine, its, rtol=1e-14)
    ix = examples(g, 4)
    assert np.array_equal(X[ix], leaves["X"])
    assert np.array_equal(Y[ix], leaves["Y"])


def test_each_run_of_one_model_is_on_batches_of_its_size(values):
    g = page_generator(values, after=["graph"])
    for row, B in enumerate([8, 32, 512, N]):
        params = init(generator(0))
        drawn = [examples(g, B) for _ in range(values["n_shown"])]
        # The first 60 of 200 steps: at batch 8, the last depend on rounding.
        for t, ix in enumerate(drawn[:60]):
            its, batch = values["one"][row, t], None if B == N else ix
            assert math.isclose(its, batch_loss(params, batch), rel_tol=1e-9)
            params = step(params, values["lr"], batch)


def test_later_is_after_training_on_the_batches_drawn(values):
    for k in MODELS:
        g = page_generator(values, after=["graph", "by iteration"])
        params = init(generator(k))
        for ix in batches(g, values["batch_size"], values["n_before"]):
            params = step(params, values["lr"], ix[k])
        for mine, its in zip(params, values["later"], strict=True):
            assert np.allclose(mine, its[k], rtol=0, atol=1e-9)


def test_losses_before_and_after_steps_are_those_of_the_batches_drawn(values):
    g = page_generator(values, after=["graph", "by iteration", "training"])
    for i, place in enumerate(["start", "later"]):
        begin = {k: model_of(values[place], k) for k in MODELS}
        for j, B in enumerate(SIZES):
            params = dict(begin)
            for t, ix in enumerate(batches(g, B, values["n_steps"])):
                for k in MODELS:
                    before = batch_loss(params[k], ix[k])
                    its = values["before"][i, j, t, k]
                    assert math.isclose(its, before, rel_tol=1e-7)
                    params[k] = step(params[k], values["lr"], ix[k])
                    if B < N:
                        after = batch_loss(params[k], ix[k])
                        its = values["after"][i, j, t, k]
                        assert math.isclose(its, after, rel_tol=1e-7)
            for k in MODELS:
                fall = batch_loss(begin[k], None) - batch_loss(params[k], None)
                assert math.isclose(values["fall"][i, j, k], fall, rel_tol=1e-7)


def test_the_claims_about_rises_are_about_these_steps(values):
    before, after = values["before"], values["after"]
    for k in range(16):
        assert values["trend_falls"][k] == min(values["fall"][START, :, k])
        assert values["small_climbs"][k] == -values["fall"][LATER, 0, k]
        rises = before[:, :, 1:, k] > before[:, :, :-1, k]  # (2, 5, 24)
        assert math.isclose(values["later_half"][k], rises[LATER, :4].mean())
        assert math.isclose(values["early_trend"][k], rises[START, 3].mean())
        down = before[:, 4, :-1, k] - before[:, 4, 1:, k]  # (2, 24): of the full set
        assert math.isclose(values["full_set_falls"][k], 1000 * down.min())
        lowered = [after[i, j, :, k] < before[i, j, :, k] for i, j in np.ndindex(2, 4)]
        assert math.isclose(values["same_batch"][k], np.mean(lowered))
        own, then = before[LATER, 1, :, k], after[LATER, 1, :, k]  # batch 32
        gained, back = sum(own[:-1] - then[:-1]), sum(own[1:] - then[:-1])
        assert math.isclose(values["given_back"][k], back / gained)


def test_of_one_model_s_runs_only_the_full_set_s_never_goes_up(values):
    one = values["one"]  # (4, 200): batch 8, 32, 512, all
    assert one.shape[1] == values["n_shown"]
    change = np.diff(one, axis=1)  # (4, 199)
    assert change[3].max() < 0
    assert (change[:3] > 0).any(axis=1).all()
    assert (np.diff(change.std(axis=1)) < 0).all()  # less from panel to panel
    half = one.shape[1] // 2
    assert (one[:, half:].mean(axis=1) < one[:, :half].mean(axis=1)).all()


def test_the_table_counts_rises(values):
    before = values["before"]  # (2, 5, 25, 16)
    rises = (before[:, :, 1:] > before[:, :, :-1]).mean(axis=2)  # (2, 5, 16)
    assert before.shape[2:] == (values["n_steps"], values["n_seeds"])
    assert abs(rises - values["up"]).max() < 1e-12
    assert rises[:, 4].max() == 0
    shares = rises.mean(axis=2)  # (2, 5)
    # At the start, a larger batch goes up less often.
    assert (np.diff(shares[START]) < 0).all()


def test_the_picture_of_twelve_steps_is_of_the_run(values):
    own = values["own"]  # (2, 12): before, after
    assert np.array_equal(own[0], values["before"][LATER, 1, :12, 0])
    assert np.array_equal(own[1], values["after"][LATER, 1, :12, 0])
    assert (own[1] < own[0]).all()
    assert (own[0, 1:] > own[1, :-1]).mean() > 0.5  # most dotted lines


def test_the_spread_is_that_of_all_examples_losses(values):
    for k in MODELS:
        losses = costs(model_of(values["later"], k))  # (N,)
        assert abs(losses - values["each"][k]).max() < 1e-9
        assert abs(losses.std() - values["spread"][k]) < 1e-9


def test_the_line_is_the_formula(values):
    B, sigma = values["powers"], values["spread"]  # (8,), (16,)
    theory = np.sqrt(2) * sigma / np.sqrt(B)[:, None]  # (8, 16)
    assert abs(theory / values["theory"] - 1).max() < 1e-12
    assert B[0] == 1
    assert B[7] == values["N"] == len(values["X"])


def test_with_parameters_held_a_batch_loss_is_a_mean_of_the_examples_drawn(values):
    parts = ["graph", "by iteration", "training", "steps"]
    g = page_generator(values, after=parts)
    for t in range(20):  # of 200 draws, all made alike
        repeats = examples(g, 16, N)
        once = torch.rand(16, N, generator=g).argsort(1).numpy()
        for k in MODELS:
            assert len(np.unique(once[k])) == N
            for drawing, ix in enumerate([repeats, once]):
                losses = values["each"][k, ix[k]]
                for size, B in enumerate([1, 4, 16, 64, 256, 1024, 4096, N]):
                    its = values["frozen"][drawing, t, size, k]
                    assert math.isclose(its, losses[:B].mean(), rel_tol=1e-9)


def test_the_bounce_is_the_deviation_of_changes(values):
    powers, trained = np.log(values["powers"]), np.log(SIZES[:4])
    assert values["frozen"].shape == (2, 200, 8, 16)
    for k in range(16):
        for drawing in range(2):
            draws = values["frozen"][drawing, :, :, k]  # (200, 8)
            bounce = (draws[1:] - draws[:-1]).std(axis=0, ddof=1)
            assert np.allclose(values["bounces"][drawing, :, k], bounce, atol=1e-12)
        losses = values["before"][LATER, :, :, k]  # (5, 25)
        moving = (losses[:, 1:] - losses[:, :-1]).std(axis=1, ddof=1)
        assert np.allclose(values["moving"][:, k], moving)
        held, once = values["bounces"][:, :, k]  # (8,) each
        law = math.sqrt(2) * values["spread"][k] / np.sqrt(values["powers"])
        assert math.isclose(values["held_ratio"][k], np.mean(held / law))
        slope = np.polyfit(powers, np.log(held), 1)[0]
        assert math.isclose(values["held_slope"][k], slope)
        slope = np.polyfit(trained, np.log(moving[:4]), 1)[0]
        assert math.isclose(values["moving_slope"][k], slope)
        factor = math.sqrt((N - 4096) / (N - 1))
        assert math.isclose(values["none_twice"][k], once[6] / law[6] / factor)


def test_with_parameters_held_the_next_loss_is_higher_half_of_the_time(values):
    draws = values["frozen"][0]  # (200, 8, 16)
    n = len(draws)
    share = (np.diff(draws, axis=0) > 0).mean(axis=(0, 2))  # (8,)
    # Of n draws in random order, the rises have a variance of (n + 1) / 12.
    error = np.sqrt((n + 1) / 12) / (n - 1) / np.sqrt(draws.shape[2])
    assert abs(share - 0.5).max() < 4 * error


def test_drawn_without_repeats_the_bounce_ends_at_zero(values):
    held, once = values["bounces"]  # (8, 16)
    assert once[7].max() < 1e-9 < held[7].min()
    ratio = np.median(held[7] / values["theory"][7])
    assert abs(ratio - 1) < 0.1
    B, N = values["powers"][6], values["N"]
    assert B == 4096
    assert abs(values["factor"] - np.sqrt((N - B) / (N - 1))) < 1e-12
    assert values["factor"] < 0.9


def test_the_bounces_of_the_picture_are_the_run_s(values):
    middle = np.sort(values["bounces"], axis=2)[:, :, 7]  # as torch's median
    assert np.array_equal(middle[0], values["held"])
    assert np.array_equal(middle[1], values["once"])
    assert (values["held_1"], values["held_all"]) == (middle[0, 0], middle[0, 7])
    trained = values["trained"]  # (5,): batch 8, 32, 128, 512, all
    assert trained[4] == values["bounce_full"]
    assert trained[4] < values["line"][7] / 2  # far below the line
    sigma = np.median(values["spread"])
    law = np.sqrt(2) * sigma / np.sqrt(values["sizes"][:4])  # (4,)
    assert abs(np.log(trained[:4] / law)).max() < np.log(1.5)  # close to it


def test_the_figure_by_iteration_says_which_panel_is_which(values, drawn):
    panels = drawn("iterations")
    assert [ax.get_title("left") for ax in panels] == [
        f"batch {values['small']}",
        f"batch {values['batch_size']}",
        f"batch {values['large']}",
        "full set",
    ]
    for row, ax in enumerate(panels):  # a test above checks each row's batch size
        (line,) = ax.lines
        assert np.array_equal(line.get_xdata(), range(values["n_shown"]))
        assert np.array_equal(line.get_ydata(), values["one"][row])


def test_the_figure_of_twelve_steps_says_which_line_is_which(values, drawn):
    (ax,) = drawn("zigzag")
    (legend,) = ax.figure.legends
    (changes,) = ax.collections
    step_handle, change_handle = legend.legend_handles
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == ["a step: same batch", "a new batch: same parameters"]
    before, after = values["before"][LATER, 1, :, 0], values["after"][LATER, 1, :, 0]
    assert len(ax.lines) == 12
    for t, line in enumerate(ax.lines):
        assert looks(line) == looks(step_handle)
        assert line.get_linestyle() == "-"
        assert line.get_xydata().tolist() == [[t, before[t]], [t + 1, after[t]]]
    assert np.allclose(changes.get_color(), to_rgba(change_handle.get_color()))
    ((_, dashes),) = changes.get_linestyle()
    assert dashes  # dotted
    ends = [segment.tolist() for segment in changes.get_segments()]
    assert ends == [[[t, after[t - 1]], [t, before[t]]] for t in range(1, 12)]


def test_the_figure_of_bounces_says_which_mark_is_which(values, drawn):
    (ax,) = drawn("bounce")
    lines = by_label(ax.get_legend(), ax.lines)
    theory = lines["theory, nothing fitted"].get_xydata()
    held = lines["parameters held"].get_xydata()
    once = lines["held, none twice"].get_xydata()
    trained = lines["while training"].get_xydata()
    assert len(lines) == len(ax.lines) == 4
    powers = [1, 4, 16, 64, 256, 1024, 4096, N]
    sigma = np.sort(values["spread"])[7]  # as torch's median
    assert np.allclose(theory, np.c_[powers, sigma * np.sqrt(2 / np.array(powers))])
    for marks, bounces in [
        (held, values["bounces"][0]),
        (once, values["bounces"][1, :7]),  # zero, the last, is on no log axis
        (trained, values["moving"]),
    ]:
        assert np.array_equal(marks[:, 1], np.sort(bounces, axis=1)[:, 7])
    assert held[:, 0].tolist() == powers
    assert once[:, 0].tolist() == powers[:7]
    assert trained[:, 0].tolist() == SIZES
    assert abs(held[:, 1] / theory[:, 1] - 1).max() < 0.1  # on the line
    assert once[6, 1] < 0.9 * theory[6, 1]  # below it, at batches of thousands
    (text,) = ax.texts
    assert text.get_text() == "full set"
    assert text.get_position()[1] == trained[4, 1] == values["bounce_full"]
    assert trained[4, 1] < 0.5 * theory[7, 1]
    assert "batch size" in ax.get_xlabel()
    assert "bounce" in ax.get_ylabel()


def test_the_table_of_steps_has_each_size_s_shares_at_the_start_and_later(
    values, printed
):
    head, *rows = printed("steps").splitlines()
    assert head.endswith("at the start, later")
    losses = values["before"]  # (2, 5, 25, 16)
    for j, row in enumerate(rows):
        size, *shares = row.split()
        assert int(size) == values["sizes"][j]
        rises = losses[:, j, 1:] > losses[:, j, :-1]  # (2, 24, 16)
        assert shares == [f"{share:.0%}" for share in rises.mean(axis=(1, 2))]
