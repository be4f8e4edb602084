"""The facts of docs/notes/counting.md, held against its run.

What the page counts is counted again from the names themselves. The count models
descend again in NumPy, along the slope of the page's formula, from all their starts;
so does the network, for the first and the last of sixteen.
"""

from functools import cache
from itertools import pairwise

import numpy as np
import torch

from . import numpy_model as model

AGAIN = (0, 15)  # the networks that are trained again; each number is its seed
STEPS, LONGER, RATE, BATCH = 500, 1400, 0.1, 32
DESCENT = 5000
K, N = len(model.CHARS), len(model.Y)


@cache
def draws():
    """All that the program draws with its second generator, in its order."""
    g = model.generator(0)
    return {
        "unigram": model.normal(g, 16, 1, K),
        "bigram": model.normal(g, 16, K, K),
        "training": [model.examples(g, 16, BATCH) for _ in range(LONGER)],
        "out": torch.rand(16, len(model.NAMES), generator=g).numpy() < 0.1,
    }


@cache
def counts(kind):
    """How often each character comes, after each one or after any: from the names."""
    table = np.zeros((K, K))
    for name in model.NAMES:
        for before, char in pairwise([model.CHARS.index(c) for c in f".{name}."]):
            table[before, char] += 1
    return table if kind == "bigram" else table.sum(0, keepdims=True)


def normalised(table):
    return table / table.sum(1, keepdims=True)


def mean_cost(prob, table):
    """The loss in one line: `table` counts the examples that have the same cost."""
    seen = table > 0
    return -(table[seen] * np.log(prob[..., seen])).sum(-1) / N


def slopes(z, table):
    """The page's formula: (n softmax(z)_j - n_j) / N."""
    return (table.sum(1, keepdims=True) * model.softmax(z) - table) / N


@cache
def descent(kind, rate):
    """The gaps to the counted loss after each step, (5000, 16), and the last errors."""
    table, z, gaps = counts(kind), draws()[kind], []
    best = normalised(table)
    for _ in range(DESCENT):
        z = z - rate * slopes(z, table)
        gaps.append(mean_cost(model.softmax(z), table) - mean_cost(best, table))
    return np.array(gaps), np.abs(model.softmax(z) - best)


def test_the_counts_are_those_of_the_names(values):
    for kind in ("unigram", "bigram"):
        assert (values[kind] == counts(kind)).all()
    table = counts("bigram")
    assert np.abs(values["counted"] - normalised(table)).max() < 1e-12
    assert values["rarest"] == table.sum(1).min()
    assert values["largest_row"] == table.sum(1).max() / N
    assert (values["n_chars"], values["n_pairs"]) == (K, K * K)
    assert values["n_unseen"] == (table == 0).sum()
    assert abs(values["bigram_loss"] - mean_cost(normalised(table), table)) < 1e-12


def test_the_loss_of_a_table_is_the_mean_cost_of_its_examples(values):
    p = values["counted"][model.X[:, 2], model.Y]
    assert abs(values["bigram_loss"] + np.log(p).mean()) < 1e-12


def test_the_formula_s_slope_is_the_loss_s_and_zero_at_the_counts(values):
    table, z = counts("bigram"), draws()["bigram"][0]
    assert np.abs(slopes(np.log(values["counted"] + 1e-300), table)).max() < 1e-12
    # The logits of a row keep their sum.
    assert np.abs(slopes(z, table).sum(1)).max() < 1e-12
    # By differences of the mean cost of all examples, for some logits.
    for before, char in [(0, 0), (4, 17), (10, 21), (29, 0)]:
        losses = []
        for step in (1e-4, -1e-4):
            moved = z.copy()
            moved[before, char] += step
            q = model.softmax(moved)[model.X[:, 2], model.Y]
            losses.append(-np.log(q).mean())
        slope = (losses[0] - losses[1]) / 2e-4
        assert abs(slopes(z, table)[before, char] - slope) < 1e-9


def test_any_other_probabilities_cost_more(values):
    best = values["counted"]
    others = np.random.default_rng(0).uniform(0.9, 1.1, (16, *best.shape)) * best
    others /= others.sum(2, keepdims=True)
    assert (mean_cost(others, counts("bigram")) > values["bigram_loss"]).all()


def test_the_descent_shown_is_autograd_s_and_the_formula_s(values):
    assert values["n_descent"] == DESCENT
    table, z = counts("bigram"), model.normal(model.generator(0), K, K)
    for _ in range(DESCENT - 1):
        z = z - values["lr_bigram"] * slopes(z, table)
    assert abs(values["loss"] - mean_cost(model.softmax(z), table)) < 1e-9
    z = z - values["lr_bigram"] * slopes(z, table)
    assert np.abs(values["z"] - z).max() < 1e-9


def test_descent_without_pytorch_is_the_same(values):
    steps = values["steps"]
    assert (steps[0], steps[-1]) == (1, DESCENT)
    # Evenly spaced on a log axis, then rounded.
    even = 10 ** np.linspace(0, np.log10(DESCENT), 38)
    assert list(steps) == sorted({round(step) for step in even})
    for kind in ("unigram", "bigram"):
        gaps, off = descent(kind, values[f"lr_{kind}"])
        assert np.abs(values[f"{kind}_gap"] - gaps).max() < 1e-12
        assert np.abs(values[f"{kind}_off"] - off).max() < 1e-9
        curve = gaps[steps - 1].mean(1)
        assert np.abs(values[f"{kind}_curve"] - curve).max() < 1e-12
        last = values[f"last_{kind}_gap"]
        assert abs(last / gaps[-1].mean() - 1) < 1e-6


def test_descent_comes_down_at_every_step_and_stays_above(values):
    for gap in (values["unigram_gap"], values["bigram_gap"]):
        assert gap.shape == (DESCENT, 16)
        assert (np.diff(gap, axis=0) < 0).all()
        assert (gap > 0).all()


def test_the_unigram_model_takes_the_same_share_of_the_distance_in_the_end(values):
    # With the loss's curvature H, each step leaves (1 - rate h)^2 of the distance
    # along the direction of the least curvature h.
    best = normalised(counts("unigram"))[0]
    assert best.min() > 0  # every character occurs
    curvature = np.linalg.eigvalsh(np.diag(best) - np.outer(best, best))
    assert abs(curvature[0]) < 1e-12  # along all logits together, nothing changes
    in_the_end = np.log((1 - values["lr_unigram"] * curvature[1]) ** 2)  # a step
    # The page's runs come closer to that share, and the first closer still, going on.
    gap = values["unigram_gap"]
    by_then = np.log(gap[-1] / gap[-1001]) / 1000
    assert (by_then < in_the_end).all()
    assert (by_then > 2 * in_the_end).all()
    gaps, z = [], draws()["unigram"][:1]
    for _ in range(15000):
        z = z - values["lr_unigram"] * slopes(z, counts("unigram"))
        gaps.append(mean_cost(model.softmax(z), counts("unigram")))
    gap = np.array(gaps)[:, 0] - mean_cost(best[None], counts("unigram"))
    going_on = np.log(gap[[5999, -1]] / gap[[4999, -1001]]) / 1000 / in_the_end
    assert going_on[0] > going_on[1] > 1
    assert going_on[1] < 1.1


def test_the_claims_of_descent_are_read_off_its_gaps(values):
    gaps, off = descent("bigram", values["lr_bigram"])
    share = gaps[DESCENT - 1] / gaps[DESCENT // 10 - 1]
    assert np.abs(values["bigram_tenth"] / share - 1).max() < 1e-9
    assert np.abs(values["rare_rows_last"] - off.max((1, 2))).max() < 1e-9
    _, off = descent("unigram", values["lr_unigram"])
    assert np.abs(values["unigram_arrives"] / (off.max((1, 2)) * 1e6) - 1).max() < 1e-6


def test_measured_over_the_gap_that_theory_says(values):
    # m s / (K eta t), summed over the characters before
    theory = 0
    for row in counts("bigram"):
        s, m = (row > 0).sum(), (row == 0).sum()
        theory += m * s / (K * values["lr_bigram"])
    assert np.abs(values["theory"] * values["steps"] / theory - 1).max() < 1e-12
    gaps, _ = descent("bigram", values["lr_bigram"])
    measured = gaps[-1] / (theory / DESCENT)
    assert np.abs(values["bigram_theory"] / measured - 1).max() < 1e-9


def test_the_theory_row_by_row(values):
    # For rows with examples enough to have come to their end.
    table = counts("bigram")
    n, seen = table.sum(1), (table > 0).sum(1)
    unseen = (values["bigram_off"] * (table == 0)).sum(2).mean(0)  # (30,)
    predicted = (K - seen) * seen / K / (values["lr_bigram"] * DESCENT * n / N)
    rows = (n > 20) & (seen < K)
    assert rows.sum() > 20
    assert np.abs(unseen[rows] / predicted[rows] - 1).max() < 0.05


def test_the_rare_rows_arrive_last(values):
    off = values["bigram_off"].max(axis=(0, 2))  # (30,): of any start
    n = counts("bigram").sum(1)
    late = off > 0.001
    assert 0 < late.sum() < 10
    assert n[late].max() < n[~late].min()
    assert n[off.argmax()] == values["rarest"]


def test_descent_cannot_give_a_pair_that_never_occurs_zero(values):
    assert (values["bigram_off"][:, counts("bigram") == 0] > 0).all()


def test_the_figure_of_descent_names_its_three_curves(values, drawn):
    (ax,) = drawn("descent")
    curves = {
        "unigram": values["unigram_curve"],
        "bigram": values["bigram_curve"],
        "bigram, in theory": values["theory"],
    }
    lines = {line.get_color(): line for line in ax.lines}
    texts = {text.get_text(): text for text in ax.texts}
    assert texts.keys() == curves.keys()
    assert len(lines) == 3
    for label, curve in curves.items():
        line = lines[texts[label].get_color()]
        assert (line.get_xdata() == values["steps"]).all()
        assert (line.get_ydata() == curve).all(), label
    styles = [lines[texts[label].get_color()].get_linestyle() for label in curves]
    assert styles == ["-", "--", ":"]
    # The bigram curve ends at the theory's, far above the end of the unigram curve.
    ends = [curve[-1] for curve in curves.values()]
    assert ends[0] < ends[1] / 100
    assert abs(ends[1] / ends[2] - 1) < 0.05
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    # Bent down ever faster, and in the end straight: the slopes on log axes.
    for label, curve in list(curves.items())[:2]:
        slope = np.diff(np.log(curve)) / np.diff(np.log(values["steps"]))
        if label == "unigram":
            assert (np.diff(slope[-8:]) < 0).all()
        else:
            assert np.abs(slope[-8:] + 1).max() < 0.1


def test_perplexity_is_e_to_the_loss_of_each_count_model(values):
    tables = {name: counts(name) for name in ("unigram", "bigram")}
    probs = {name: normalised(table) for name, table in tables.items()}
    tables["uniform"], probs["uniform"] = tables["unigram"], np.full((1, K), 1 / K)
    for name, prob in probs.items():
        loss = mean_cost(prob, tables[name])
        assert abs(values["losses"][name] - loss) < 1e-9
        if name == "uniform":
            assert abs(np.exp(loss) - K) < 1e-9
            continue
        # As a product of probabilities: the root of its inverse.
        seen = tables[name] > 0
        bits = -(tables[name][seen] * np.log2(prob[seen])).sum() / N
        assert abs(values[f"{name}_perplexity"] - 2**bits) < 1e-9
    assert K > values["unigram_perplexity"] > values["bigram_perplexity"] > 1


def test_the_network_is_held_against_the_bigram_model(values):
    names = ("n_steps", "n_longer", "lr", "batch_size")
    assert [values[name] for name in names] == [STEPS, LONGER, RATE, BATCH]
    table = counts("bigram")
    bigram = mean_cost(normalised(table), table)
    for i in AGAIN:
        params = model.init(model.generator(i))
        batches = [ix[i] for ix in draws()["training"]]
        for where, part in (("above", batches[:STEPS]), ("below", batches[STEPS:])):
            params = model.train(params, RATE, part)
            gap = model.loss(params) - bigram
            assert abs(values[f"network_{where}_bigram"][i] - gap) < 1e-9
    starts = [model.loss(model.init(model.generator(i))) for i in range(16)]
    assert abs(values["start_loss"] - np.mean(starts)) < 1e-9
    assert abs(values["uniform_loss"] - np.log(K)) < 1e-9


def test_a_new_name_is_one_that_has_a_pair_of_no_kept_name(values):
    assert values["left_out"] == 0.1
    assert (values["out"] == draws()["out"]).all()
    pairs = [set(pairwise(f".{name}.")) for name in model.NAMES]
    for split, share in zip(values["out"], values["new_names"], strict=True):
        known = set().union(*(p for p, o in zip(pairs, split, strict=True) if not o))
        new = [not p <= known for p, o in zip(pairs, split, strict=True) if o]
        assert abs(np.mean(new) - share) < 1e-12
