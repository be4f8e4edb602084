"""The facts of docs/notes/mle-loss.md, held against its run."""

from itertools import pairwise

import numpy as np


def test_the_line_is_the_mean_height_of_the_batch_on_the_curve(values):
    p, costs = values["p"], values["costs"]  # (32,), (32,)
    assert np.abs(costs + np.log(p)).max() < 1e-12
    assert abs(costs.mean() - values["loss"]) < 1e-12
    assert sorted(p) == sorted(values["prob"][i, y] for i, y in enumerate(values["Yb"]))


def test_a_slice_gives_another_shape_and_a_higher_number(values):
    assert values["picked"].shape == (32,)
    assert values["sliced"].shape == (32, 32)
    assert -np.log(values["sliced"]).mean() > values["loss"]


def test_the_sum_grows_with_the_examples(values):
    few, every = values["costs"], values["every_costs"]
    assert every.sum() > 100 * few.sum()
    assert abs(every.mean() - values["network_loss"][0]) < 1e-9


def test_the_logarithm_keeps_the_slope_of_the_worst_example(values):
    p = values["p"][0]  # the dearest
    assert abs(values["slope_log"] - (p - 1)) < 1e-9
    assert abs(values["slope_p"] - p * (p - 1)) < 1e-9
    assert values["slope_log"] < -0.99
    assert -1e-3 < values["slope_p"] < 0


def test_about_half_of_the_batch_costs_below_one_nat(values):
    costs = values["costs"]
    assert values["cheap"] == (costs < 1).sum()
    assert abs(values["cheap"] / len(costs) - 0.5) < 0.1
    assert values["highest"] == costs.max()


def test_of_a_batch_the_dearest_three_are_taken(values):
    batches = np.sort(values["batches"], axis=2)  # (16, 100, 32)
    shares = batches[..., -3:].sum(2) / batches.sum(2)
    assert np.abs(shares.mean(1) - values["three_make_half"]).max() < 1e-12


def test_the_product_underflows_and_the_sum_of_logs_does_not(values):
    every = values["every"]
    assert len(every) == values["n_examples"]
    assert values["product"] == 0
    assert np.isfinite(values["log_sum"])
    assert np.prod(every[: values["zero_at"] - 1]) > 0
    assert np.prod(every[: values["zero_at"]]) == 0


def test_the_counts_normalised_are_where_the_slope_is_zero(values):
    assert values["same_slopes"]  # the formula is autograd's
    for name in ("unigram", "bigram"):
        counts, best = values[name], values[f"best_{name}"]
        slopes = best * counts.sum(1, keepdims=True) - counts
        assert np.abs(slopes).max() < 1e-9


def test_any_other_probabilities_cost_more(values):
    counts, best = values["bigram"], values["best_bigram"]
    seen = counts > 0
    others = np.random.default_rng(0).uniform(0.9, 1.1, (16, *best.shape)) * best
    for other in others / others.sum(2, keepdims=True):
        cost = -(counts[seen] * np.log(other[seen])).sum() / counts.sum()
        assert cost > values["bigram_loss"]


def test_no_row_has_more_than_an_eighth_of_the_examples(values):
    rows = values["bigram"].sum(1)
    assert rows.max() < rows.sum() / 8


def test_descent_comes_down_at_every_step_recorded(values):
    assert values["steps"][-1] == values["n_descent"]
    for gap in (values["unigram_gap"], values["bigram_gap"]):
        assert gap.shape == (len(values["steps"]), 16)
        assert (np.diff(gap, axis=0) < 0).all()


def test_the_rare_rows_arrive_last(values):
    off = values["bigram_off"].max(axis=(0, 2))  # (30,): of any start
    n = values["bigram"].sum(1)
    late = off > 0.001
    assert 0 < late.sum() < 10
    assert n[late].max() < n[~late].min()
    assert n[off.argmax()] == values["rarest"]


def test_many_pairs_never_occur_and_descent_cannot_give_them_zero(values):
    never = values["bigram"] == 0
    assert never.sum() == values["never"]
    assert never.size == values["n_pairs"]
    assert (values["best_bigram"][never] == 0).all()
    assert (values["bigram_off"][:, never] > 0).all()


def test_the_theory_of_the_gap_row_by_row(values):
    total = 0.0
    for row in values["bigram"]:
        total += (row > 0).sum() * (row == 0).sum() / len(row)
    line = total / (values["lr_bigram"] * values["steps"])
    assert np.abs(values["line_theory"] / line - 1).max() < 1e-12
    # Row by row, where there are examples enough to have arrived.
    counts = values["bigram"]
    n, seen = counts.sum(1), (counts > 0).sum(1)
    unseen = (values["bigram_off"] * (counts == 0)).sum(2).mean(0)  # (30,)
    share = n / n.sum()
    predicted = (len(counts) - seen) * seen / len(counts)
    predicted = predicted / (values["lr_bigram"] * values["n_descent"] * share)
    rows = (n > 20) & (seen < len(counts))
    assert rows.sum() > 20
    assert np.abs(unseen[rows] / predicted[rows] - 1).max() < 0.05


def test_a_new_name_is_one_that_has_a_pair_of_no_kept_name(values):
    chars, words, out = values["chars"], values["words"], values["out"]
    pairs = []
    for word in words:
        ids = [chars.index(char) for char in f".{word}."]
        pairs.append(set(pairwise(ids)))
    for split, share in zip(out, values["new_names"], strict=True):
        known = set().union(*(p for p, o in zip(pairs, split, strict=True) if not o))
        new = [not p <= known for p, o in zip(pairs, split, strict=True) if o]
        assert abs(np.mean(new) - share) < 1e-12


def test_the_built_in_is_the_same_number(values):
    assert abs(values["built_in"] - values["loss"]) < 1e-12


def test_perplexity_falls_with_what_the_model_knows(values):
    even = len(values["chars"])
    assert abs(np.exp(values["uniform_loss"]) - even) < 1e-9
    assert even > values["unigram_perplexity"] > values["bigram_perplexity"] > 1
