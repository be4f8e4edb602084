"""The facts of docs/notes/split-over-processes.md, held against its run.

What processes of PyTorch's found is worked out once more in NumPy, in this process:
from each example's own gradient and the weight that its share gives it.
"""

from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data.distributed import DistributedSampler
from torch.utils.flop_counter import FlopCounterMode

from . import numpy_model as model
from .lr_runs import look

AGAIN = (0, 7, 15)  # the seeds that are worked out again
BATCH, SAME = 32, 1e-12
PROCESSES = [1, 2, 4, 8, 16, 32]


@cache
def draws():
    """One model, its batch, and a batch for each of sixteen others."""
    g = model.generator(0)
    return model.init(g), model.examples(g, BATCH), model.examples(g, 16, BATCH)


@cache
def each(seed):
    """A gradient for each example of a batch: (32, P). Without a seed, the first's."""
    params, ix, ixs = draws()
    if seed is not None:
        params, ix = model.init(model.generator(seed)), ixs[seed]
    rows = []
    for i in ix:
        x, y = model.X[[i]], model.Y[[i]]
        slopes = model.of_loss(model.forward(params, x), y)
        parts = model.gradient(params, x, slopes)
        rows.append(np.concatenate([part.ravel() for part in parts]))
    return np.array(rows)


def mean_of_shares(rows, sizes):
    """What the shares' mean gradients are on average, by each example's weight."""
    weights = np.repeat([1 / (len(sizes) * size) for size in sizes], sizes)
    assert abs(weights.sum() - 1) < SAME
    return weights @ rows


def off(found, wanted):
    return np.linalg.norm(found - wanted) / np.linalg.norm(wanted)


def test_shares_of_one_batch_without_processes(values, printed):
    rows = each(None)
    assert (values["ix"] == draws()[1]).all()
    assert off(values["whole"], rows.mean(0)) < SAME
    lines, found = [], []
    for sizes in [16, 16], [8, 8, 8, 8], [24, 8]:
        found.append(off(mean_of_shares(rows, sizes), rows.mean(0)))
        lines.append(f"{sizes}: off by {round(found[-1], 2)} of its length")
    assert printed("shares").splitlines() == lines
    assert max(found[:2]) < SAME < 0.1 < found[2]


def test_one_process_finds_the_gradient_of_the_whole_batch(values):
    assert values["single"].shape == (16, values["n_params"])
    assert (values["ixs"] == draws()[2]).all()
    for seed in AGAIN:
        assert off(values["single"][seed], each(seed).mean(0)) < SAME


def test_processes_find_what_the_weights_of_their_shares_give(values):
    large, small = values["large"], values["small"]
    assert large + small == values["batch_size"] == BATCH
    ways = {
        "two": (2, [16, 16]),
        "four": (4, [8, 8, 8, 8]),
        "unequal": (2, [large, small]),
    }
    for name, (n, sizes) in ways.items():
        found = values[name]
        assert found.shape == (n, 16, values["n_params"])
        assert (found == found[0]).all(), name  # to the last bit on each process
        for seed in AGAIN:
            wanted = mean_of_shares(each(seed), sizes)
            for own in found[:, seed]:
                assert off(own, wanted) < SAME, name


def test_each_claim_is_what_its_sentence_says(values, printed):
    lines = []
    names = {"two": "two", "four": "four", "24 and 8": "unequal"}
    claims = ("two_processes", "four_processes", "unequal_shares")
    for (said, name), claim in zip(names.items(), claims, strict=True):
        for seed in range(16):
            apart = [off(own, values["single"][seed]) for own in values[name][:, seed]]
            assert abs(max(apart) - values[claim][seed]) < SAME
        lines.append(f"{said:9} off by {round(values[claim].mean(), 2)}")
    assert printed("compare").splitlines() == lines
    # In one process, the same shares are as far off.
    cut = values["by_cut"][:, values["large"] - 1]
    assert abs(cut - values["unequal_shares"]).max() < SAME
    assert abs(values["off_at_large"] - cut.mean()) < SAME


def test_two_shares_are_off_but_for_equal_ones(values):
    for seed in AGAIN:
        rows = each(seed)
        for cut, found in enumerate(values["by_cut"][seed], start=1):
            wanted = off(mean_of_shares(rows, [cut, BATCH - cut]), rows.mean(0))
            assert abs(found - wanted) < SAME
    middle = values["half"] - 1
    assert (values["by_cut"][:, middle] < SAME).all()
    assert (np.diff(values["by_cut"][:, middle:].mean(0)) > 0).all()
    assert (np.diff(values["by_cut"][:, : middle + 1].mean(0)) < 0).all()
    ends = values["by_cut"][:, [0, -1]].mean()
    assert abs(values["off_at_ends"] - ends) < SAME


def test_gradients_at_right_angles_are_a_little_further_off(values):
    rows = np.eye(BATCH)  # of one length, each at right angles to the others
    for cut, found in enumerate(values["right_angles"], start=1):
        wanted = off(mean_of_shares(rows, [cut, BATCH - cut]), rows.mean(0))
        assert abs(found - wanted) < SAME
    ratio = values["by_cut"].mean(0) / np.maximum(values["right_angles"], SAME)
    sides = np.arange(1, BATCH) != values["half"]
    assert (ratio[sides] > 0.75).all()
    assert (ratio[sides] < 1).all()


def test_unequal_shares_drawn_at_random_are_right_on_average(values):
    sizes = [values["large"], values["small"]]
    for seed in AGAIN[:2]:
        rows = each(seed)
        # Each example comes into the first share as often as any other.
        turned = [mean_of_shares(np.roll(rows, i, axis=0), sizes) for i in range(BATCH)]
        assert off(np.mean(turned, axis=0), rows.mean(0)) < SAME
        assert off(turned[0], rows.mean(0)) > 0.1


def test_a_ring_gives_each_process_the_mean(values, printed):
    for mean in values["means"]:
        assert off(mean, each(None).mean(0)) < SAME
    assert len(values["means"]) == 4
    sent = 2 * 3 / 4 * values["n_params"] * values["bytes_each"]
    said = f"the batch's: True\nsent by each: {sent:,.0f} bytes\n"
    assert printed("ring") == said


def multiply_adds(n):
    """What PyTorch counts for one of n shares: two operations a multiply-add."""
    params, ix, _ = draws()
    share = ix[: BATCH // n]
    C, W1, b1, W2, b2 = [torch.tensor(p, requires_grad=True) for p in params]
    with FlopCounterMode(display=False) as counter:
        x, y = torch.tensor(model.X[share]), torch.tensor(model.Y[share])
        h = torch.tanh(C[x].flatten(1) @ W1 + b1)
        F.cross_entropy(h @ W2 + b2, y).backward()
    return counter.get_total_flops() / 2


def test_what_a_process_computes_and_what_it_sends(values):
    assert values["processes"].tolist() == PROCESSES
    assert list(values["sums"]) == [multiply_adds(n) for n in PROCESSES]
    assert values["bytes_each"] == 8
    assert values["n_params"] == sum(p.size for p in draws()[0])
    all_bytes = 8 * values["n_params"]
    for n, sent in zip(PROCESSES, values["bytes_sent"], strict=True):
        assert abs(sent - 2 * (n - 1) / n * all_bytes) < 1e-6
    assert values["sent_limit"] == 2 * all_bytes
    ratios = values["sums"][1:] / values["bytes_sent"][1:]
    about = [values[f"per_byte_{n}"] for n in ("two", "four", "eight")]
    assert np.allclose(about, ratios[:3], rtol=1e-12)
    rule = [3 * BATCH / (16 * (n - 1)) for n in PROCESSES[1:]]
    assert np.allclose(ratios, rule, rtol=0.06)
    assert values["fewer"] == 8
    assert ratios[1] > 1 > ratios[2]


def test_a_sampler_makes_shares_equal_or_leaves_some_out(values):
    n, names = values["n_four"], range(values["batch_size"] + 1)
    for drop_last, count in ((False, 36), (True, 32)):
        shares = [
            list(DistributedSampler(names, n, rank, shuffle=False, drop_last=drop_last))
            for rank in range(n)
        ]
        assert {len(share) for share in shares} == {count / n}
        seen = np.bincount(np.concatenate(shares), minlength=len(names))
        assert seen.max() == (1 if drop_last else 2)
        assert seen.min() == (0 if drop_last else 1)


def test_the_figure_of_cuts_touches_zero_in_the_middle(values, drawn):
    (ax,) = drawn("cuts")
    mean, dashed = ax.lines
    assert list(mean.get_xdata()) == list(range(1, BATCH))
    assert abs(mean.get_ydata() - values["by_cut"].mean(0)).max() < SAME
    assert abs(dashed.get_ydata() - values["right_angles"]).max() < SAME
    (band,) = ax.collections
    corners = band.get_paths()[0].vertices
    for cut in (1, 10, 31):
        heights = corners[corners[:, 0] == cut, 1]
        column = values["by_cut"][:, cut - 1]
        assert abs(heights.min() - column.min()) < SAME
        assert abs(heights.max() - column.max()) < SAME
    keys = ax.get_legend()
    words = [text.get_text() for text in keys.get_texts()]
    named = dict(zip(words, map(look, keys.legend_handles), strict=True))
    assert named == {
        "16 models: mean and range": look(mean),
        "if at right angles": look(dashed),
    }
    assert look(mean) != look(dashed)
    assert ax.get_ylim()[0] == 0
    assert ax.get_ylim()[1] > values["by_cut"].max()


def test_the_figure_of_costs_has_lines_that_cross(values, drawn):
    (ax,) = drawn("costs")
    work, sent = ax.lines
    assert list(work.get_xdata()) == PROCESSES
    assert list(work.get_ydata()) == list(values["sums"])
    assert list(sent.get_xdata()) == PROCESSES[1:]
    assert list(sent.get_ydata()) == list(values["bytes_sent"][1:])
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    words = {text.get_text(): text.get_color() for text in ax.texts}
    assert words == {
        "multiply-adds": work.get_color(),
        "bytes sent": sent.get_color(),
    }
    assert np.allclose(work.get_ydata()[1:] * 2, work.get_ydata()[:-1])
    assert (np.diff(sent.get_ydata()) > 0).all()
    above = work.get_ydata()[1:] > sent.get_ydata()
    assert list(above) == [True, True, False, False, False]
    assert sent.get_ydata()[-1] > 0.95 * values["sent_limit"]
