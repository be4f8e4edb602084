"""The facts of docs/notes/mini-batch-noise.md, held against its run.

The one model is trained once more by hand, in NumPy and on the same batches, and so are
two of the sixteen; what the page says of all sixteen is taken from the run's arrays.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.colors import to_rgba

from .mini_batches import N, batch_loss, batches, by_label, looks, model_of, step
from .numpy_model import X, Y, costs, examples, generator, init

# The axes of before, same and unmoved: place, batch size, step, model.
START, LATER = 0, 1
SIZES = [8, 32, 128, 512]
MODELS = 3, 12


def page_generator(values, after):
    """The page's generator, after what is drawn for the parts of the page named."""
    g = generator(0)
    if "two minutes" in after:
        init(g)
        examples(g, 150, 32)
    if "training" in after:
        for _ in range(values["n_before"]):
            examples(g, 16, values["batch_size"])
    if "steps" in after:
        for B in SIZES * 2:
            for _ in batches(g, B, values["n_steps"]):
                pass
    return g


def two_minutes(steps=150, rate=0.1, size=32, same=False):
    """One model's losses, the parameters held after 100 steps, and all batches."""
    g = generator(0)
    params, drawn, losses, held = init(g), examples(g, 150, size), [], None
    for t in range(steps):
        ix = drawn[0 if same else t]
        held = params if t == 100 else held
        losses.append(batch_loss(params, ix))
        params = step(params, rate, ix)
    return np.array(losses), held, drawn


def deviation(losses):
    return np.diff(losses, axis=0).std(axis=0, ddof=1)


def test_the_sizes_are_those_that_the_page_names(values):
    shown = [values[name] for name in ("small", "batch_size", "large", "N")]
    assert shown == [8, 32, 512, N]
    assert list(values["sizes"]) == SIZES
    assert (values["n_before"], values["n_steps"], values["lr"]) == (100, 50, 0.1)
    assert np.array_equal(values["X"], X)
    assert np.array_equal(values["Y"], Y)


def test_the_first_model_learns_and_is_held_on_the_same_batches(values):
    losses, held, drawn = two_minutes()
    assert np.array_equal(values["batches"], drawn)
    assert np.allclose(values["losses"], losses, rtol=1e-9)
    assert values["loss_first"] == values["losses"][0] > 28
    for mine, its in zip(held, values["held"], strict=True):
        assert np.allclose(mine, its, rtol=0, atol=1e-9)
    still = [batch_loss(held, ix) for ix in drawn[100:]]
    assert np.allclose(values["held_losses"], still, rtol=1e-9)


def test_held_it_bounces_as_it_does_while_learning(values):
    learning, held = np.array(values["losses"][100:]), np.array(values["held_losses"])
    assert len(learning) == len(held) == values["n_changes"] + 1 == 50
    alike = (np.diff(learning) > 0) == (np.diff(held) > 0)
    assert values["alike"] == alike.sum() > 0.9 * len(alike)
    assert math.isclose(values["bounce_learning"], deviation(learning))
    assert math.isclose(values["bounce_held"], deviation(held))
    assert abs(deviation(learning) / deviation(held) - 1) < 0.1
    # The solid line sinks below the dashed one: first they are one, then they part.
    gaps = held - learning
    assert gaps[0] == 0
    assert 0 < 2 * gaps[:10].mean() < gaps[-10:].mean()


def test_the_figure_of_a_held_model_says_which_line_is_which(values, drawn):
    (ax,) = drawn("held")
    lines = by_label(ax.get_legend(), ax.lines)
    assert len(lines) == len(ax.lines) == 2
    learning, held = lines["learning"], lines["held from step 100 on"]
    assert learning.get_xdata().tolist() == list(range(60, 150))
    assert np.array_equal(learning.get_ydata(), values["losses"][60:])
    assert held.get_xdata().tolist() == list(range(100, 150))
    assert np.array_equal(held.get_ydata(), values["held_losses"])
    assert (learning.get_linestyle(), held.get_linestyle()) == ("-", "--")
    assert values["n_before"] == 100


def autograd_graph(ix):
    """What autograd records of a batch's loss: each leaf with how far it is from it."""
    g = generator(0)
    names = ["C", "W1", "b1", "W2", "b2"]
    params = [torch.tensor(p, requires_grad=True) for p in init(g)]
    C, W1, b1, W2, b2 = params
    x, y = torch.tensor(X[ix]), torch.tensor(Y[ix])
    h = torch.tanh(C[x].flatten(1) @ W1 + b1)
    loss = F.cross_entropy(h @ W2 + b2, y)
    found, kept, waiting = {}, {}, [(loss.grad_fn, 0)]
    while waiting:
        node, depth = waiting.pop()
        if hasattr(node, "variable"):
            (name,) = [
                n for n, p in zip(names, params, strict=True) if p is node.variable
            ]
            found[name] = depth
        indices = getattr(node, "_saved_indices", ())
        if any(t is x for t in indices):
            kept["X"] = depth
        if getattr(node, "_saved_target", None) is y:
            kept["Y"] = depth
        waiting += [(child, depth + 1) for child, _ in node.next_functions]
    return found, kept


def test_the_drawn_graph_is_what_the_loss_is_computed_from(values, drawn):
    (ax,) = drawn("graph")
    boxed = {t.get_text(): t for t in ax.texts if t.get_text() and t.get_bbox_patch()}
    assert sorted(boxed) == ["C", "W1", "W2", "X", "Y", "b1", "b2"]
    height = {name: text.get_position()[1] for name, text in boxed.items()}
    rows = [t for t in ax.texts if t.get_position()[0] == 2.4 and t.get_text()]
    rows = {t.get_position()[1]: t.get_text() for t in rows}
    for name in ("C", "X"):
        assert rows[height[name]] == "C[X]"
    for name in ("W1", "b1"):
        assert rows[height[name]] == "tanh(… @ W1 + b1)"
    for name in ("W2", "b2"):
        assert rows[height[name]] == "… @ W2 + b2"
    assert rows[height["Y"]] == "cross-entropy"
    assert rows[min(rows)] == "loss"
    # Autograd's own graph has the same order, but its leaves are the parameters alone:
    # X and Y are kept by the operations that they go into, the first and the last.
    leaves, kept = autograd_graph(values["batches"][0])
    assert sorted(leaves) == ["C", "W1", "W2", "b1", "b2"]
    order = sorted(leaves, key=leaves.get)
    assert order == sorted(order, key=lambda name: (height[name], leaves[name]))
    assert kept == {"Y": 0, "X": leaves["C"] - 1}


def test_the_drawn_graph_tells_parameters_from_the_batch(values, drawn):
    (ax,) = drawn("graph")
    titles = {t.get_text(): t for t in ax.texts}
    assert titles["parameters"].get_color() == "C0"
    assert titles["the batch"].get_color() == "C1"
    looks = {"parameters": set(), "the batch": set()}
    counts = dict.fromkeys(looks, 0)
    for text in ax.texts:
        if text.get_text() and (box := text.get_bbox_patch()):
            kind = "the batch" if text.get_text() in "XY" else "parameters"
            shape = type(box.get_boxstyle()).__name__
            looks[kind].add((to_rgba(box.get_edgecolor()), shape))
            counts[kind] += 1
    ((color, shape),), ((other, square),) = looks.values()
    assert color != other
    assert (shape, square) == ("Round", "Square")
    # As many as the model has, and the two tensors of a batch.
    assert counts == {"parameters": len(values["held"]), "the batch": 2}


def test_the_arrows_lead_to_the_loss(values, drawn):
    (ax,) = drawn("graph")
    arrows = [t for t in ax.texts if getattr(t, "arrow_patch", None)]
    ends = [(tuple(t.xyann), tuple(t.xy)) for t in arrows]  # from, to
    down = [(a, b) for a, b in ends if a[0] == b[0] == 2.4]
    across = {(np.sign(b[0] - a[0]), b[1]) for a, b in ends if a[0] != b[0]}
    # Two layers with their biases, and the embedding in front: five parameters.
    assert len(down) == 4 == len(values["held"]) - 1
    assert all(a[1] > b[1] for a, b in down)
    # From the left the parameters of each row, from the right X and Y.
    assert across == {(1, 0), (1, -1), (1, -2), (-1, 0), (-1, -3)}


def test_the_twelve_steps_are_the_first_after_the_hundred(values):
    assert len(values["after"]) == 12
    losses, params, drawn = two_minutes()
    for t, its in enumerate(values["after"], 100):
        assert math.isclose(losses[t], batch_loss(params, drawn[t]), rel_tol=1e-9)
        params = step(params, 0.1, drawn[t])
        assert math.isclose(its, batch_loss(params, drawn[t]), rel_tol=1e-9)


def test_each_step_lowers_its_own_batch_s_loss_and_the_next_batch_takes_it_back(values):
    before, after = np.array(values["losses"][100:112]), np.array(values["after"])
    assert (after < before).all()  # all twelve solid lines
    assert (before[1:] > after[:-1]).all()  # all dotted lines
    before, same = values["before"], values["same"]  # (2, 4, 50, 16)
    assert (same < before).all()
    assert values["n_lowered"] == before.size == 2 * 4 * 50 * 16
    gained = (before - same)[LATER, 1, :-1].sum()
    back = (before[LATER, 1, 1:] - same[LATER, 1, :-1]).sum()
    assert math.isclose(values["taken_back"], back / gained)
    assert 0.95 < back / gained < 1
    # What remains is what the batch losses fell by, from the first to the last.
    trend = (before[LATER, 1, 0] - before[LATER, 1, -1]).sum()
    assert math.isclose(gained - back, trend)


def test_the_figure_of_twelve_steps_says_which_line_is_which(values, drawn):
    (ax,) = drawn("zigzag")
    (legend,) = ax.figure.legends
    (changes,) = ax.collections
    step_handle, change_handle = legend.legend_handles
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == ["a step: same batch", "a new batch: same parameters"]
    before, after = values["losses"], values["after"]
    assert len(ax.lines) == 12
    for t, line in enumerate(ax.lines):
        assert looks(line) == looks(step_handle)
        assert line.get_linestyle() == "-"
        ends = [[100 + t, before[100 + t]], [101 + t, after[t]]]
        assert line.get_xydata().tolist() == ends
    assert np.allclose(changes.get_color(), to_rgba(change_handle.get_color()))
    ((_, dashes),) = changes.get_linestyle()
    assert dashes  # dotted
    ends = [segment.tolist() for segment in changes.get_segments()]
    gaps = [[[100 + t, after[t - 1]], [100 + t, before[100 + t]]] for t in range(1, 12)]
    assert ends == gaps


def test_sixteen_models_start_each_from_its_own_seed(values):
    for k in range(16):
        for mine, its in zip(init(generator(k)), values["start"], strict=True):
            assert len(its) == 16
            assert np.allclose(mine, its[k], rtol=1e-14)


def test_later_is_after_training_on_the_batches_drawn(values):
    for k in MODELS:
        g = page_generator(values, after=["two minutes"])
        params = init(generator(k))
        for ix in batches(g, values["batch_size"], values["n_before"]):
            params = step(params, values["lr"], ix[k])
        for mine, its in zip(params, values["later"], strict=True):
            assert np.allclose(mine, its[k], rtol=0, atol=1e-9)


def test_losses_before_and_after_steps_are_those_of_the_batches_drawn(values):
    g = page_generator(values, after=["two minutes", "training"])
    for i, place in enumerate(["start", "later"]):
        begin = {k: model_of(values[place], k) for k in MODELS}
        for j, B in enumerate(SIZES):
            params = dict(begin)
            for t, ix in enumerate(batches(g, B, values["n_steps"])):
                for k in MODELS:
                    before = batch_loss(params[k], ix[k])
                    params[k] = step(params[k], values["lr"], ix[k])
                    for name, loss in [
                        ("before", before),
                        ("same", batch_loss(params[k], ix[k])),
                        ("unmoved", batch_loss(begin[k], ix[k])),
                    ]:
                        its = values[name][i, j, t, k]
                        assert math.isclose(its, loss, rel_tol=1e-7), name
            for k in MODELS:
                fall = batch_loss(begin[k], None) - batch_loss(params[k], None)
                assert math.isclose(values["fall"][i, j, k], fall, rel_tol=1e-7)


def test_the_claims_are_about_these_steps(values):
    before, unmoved = values["before"], values["unmoved"]
    for k in range(16):
        changes = np.diff([before[LATER, 1, :, k], unmoved[LATER, 1, :, k]])
        assert math.isclose(values["same_ups"][k], np.corrcoef(changes)[0, 1])
        rises = before[LATER, 1, 1:, k] > before[LATER, 1, :-1, k]
        assert math.isclose(values["toss"][k], rises.mean())
        assert values["small_climbs"][k] == -values["fall"][LATER, 0, k]


def test_only_the_smallest_batches_do_not_bear_the_rate(values):
    fall = values["fall"][LATER]  # (4, 16)
    assert (fall[0] < 0).all()
    assert (fall[1:] > 0).all()


def test_the_table_has_each_size_s_shares_at_the_start_and_later(values, printed):
    head, *rows = printed("ups").splitlines()
    assert head.endswith("at the start, later")
    rises = np.diff(values["before"], axis=2) > 0  # (2, 4, 49, 16)
    assert abs(rises.mean(axis=2) - values["ups"]).max() < 1e-12
    shares = rises.mean(axis=(2, 3))  # (2, 4)
    for j, row in enumerate(rows):
        size, *said = row.split()
        assert int(size) == SIZES[j]
        assert said == [f"{share:.0%}" for share in shares[:, j]]
    assert len(rows) == 4
    # At the start, a larger batch goes up less often; later, all go up alike.
    assert (np.diff(shares[START]) < 0).all()
    assert values["start_large"] == shares[START, 3] < 0.4
    assert abs(shares[LATER] - 0.5).max() < 0.05


def test_what_decides_how_often_is_the_trend_beside_the_bounce(values):
    before = values["before"]  # (2, 4, 50, 16)
    trend = (before[:, :, 0] - before[:, :, -1]).mean(axis=2) / 49  # (2, 4): a step
    beside = trend / np.diff(before, axis=2).std(axis=2).mean(axis=2)  # (2, 4)
    shares = values["ups"].mean(axis=2)  # (2, 4)
    order = np.argsort(beside, axis=None)
    assert beside[START, 3] == beside.max()
    assert shares[START, 3] == shares.min()
    # The two places' sizes in the order of the one are nearly in that of the other.
    ranks = np.argsort(np.argsort(-shares.ravel()[order]))
    assert np.corrcoef(ranks, np.arange(8))[0, 1] > 0.7


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
    g = page_generator(values, after=["two minutes", "training", "steps"])
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
    powers, trained = np.log(values["powers"]), np.log(SIZES)
    assert values["frozen"].shape == (2, 200, 8, 16)
    slopes = []
    for k in range(16):
        for drawing in range(2):
            bounce = deviation(values["frozen"][drawing, :, :, k])  # (8,)
            assert np.allclose(values["bounces"][drawing, :, k], bounce, atol=1e-12)
        moving = deviation(values["before"][LATER, :, :, k].T)  # (4,)
        assert np.allclose(values["moving"][:, k], moving)
        held = values["bounces"][0, :, k]  # (8,)
        slope = np.polyfit(powers, np.log(held), 1)[0]
        assert math.isclose(values["held_slope"][k], slope)
        slopes.append(np.polyfit(trained, np.log(moving), 1)[0])
    assert math.isclose(values["moving_slope"], np.mean(slopes))
    assert -0.65 < np.mean(slopes) < -0.35


def test_with_parameters_held_the_constant_is_the_theory_s_too(values):
    held, once = values["bounces"] / values["theory"]  # (8, 16) each
    error = 1 / np.sqrt(2 * 199 / 1.5)  # of a deviation of 199 changes, each in two
    assert abs(held.mean() - 1) < 4 * error / np.sqrt(16)
    factor = math.sqrt((N - 4096) / (N - 1))
    assert factor < 0.8
    assert abs(once[6].mean() / factor - 1) < 4 * error / np.sqrt(16)
    assert once[7].max() < 1e-9  # drawn without repeats, it ends at zero


def test_with_parameters_held_the_next_loss_is_higher_half_of_the_time(values):
    draws = values["frozen"][0]  # (200, 8, 16)
    n = len(draws)
    share = (np.diff(draws, axis=0) > 0).mean(axis=(0, 2))  # (8,)
    # Of n draws in random order, the rises have a variance of (n + 1) / 12.
    error = np.sqrt((n + 1) / 12) / (n - 1) / np.sqrt(draws.shape[2])
    assert abs(share - 0.5).max() < 4 * error


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
    assert (values["held_1"], values["held_all"]) == (held[0, 1], held[7, 1])
    assert abs(held[:, 1] / theory[:, 1] - 1).max() < 0.1  # on the line
    assert once[6, 1] < 0.9 * theory[6, 1]  # below it, at batches of thousands
    law = sigma * np.sqrt(2 / np.array(SIZES))
    assert abs(np.log(trained[:, 1] / law)).max() < np.log(1.25)  # close to it
    assert "batch size" in ax.get_xlabel()
    assert "bounce" in ax.get_ylabel()


def test_try_it_with_the_same_batch_each_time(values):
    losses, _, _ = two_minutes(same=True)
    assert math.isclose(losses[0], values["losses"][0])
    assert (np.diff(losses) < 0).all()


def test_try_it_with_larger_batches(values):
    found = {}
    for size in (32, 128):
        losses, held, drawn = two_minutes(size=size)
        still = [batch_loss(held, ix) for ix in drawn[100:]]
        found[size] = deviation(losses[100:]), deviation(np.array(still))
        # How far the learning line sinks, in bounces.
        found[size] += (np.mean(still[-10:]) - losses[-10:].mean(),)
    assert math.isclose(found[32][0], values["bounce_learning"])
    assert found[128][0] < found[32][0] / 2
    assert found[128][1] < found[32][1] / 2
    assert found[128][2] / found[128][0] > 2 * found[32][2] / found[32][0] > 0
