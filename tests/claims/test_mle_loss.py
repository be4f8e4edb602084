"""The claims of docs/notes/mle-loss.md, held against its run."""

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


def test_the_sum_grows_with_the_examples_and_the_mean_does_not(values):
    few, every = values["costs"], values["every_costs"]
    assert every.sum() > 100 * few.sum()
    chance = 2 * every.std() / np.sqrt(len(few))  # of a mean of 32 examples
    assert abs(every.mean() - few.mean()) < chance


def test_the_logarithm_keeps_the_slope_of_the_worst_example(values):
    p = values["p"][0]  # the dearest
    assert abs(values["slope_log"] - (p - 1)) < 1e-9
    assert abs(values["slope_p"] - p * (p - 1)) < 1e-9
    assert values["slope_log"] < -0.99
    assert -1e-3 < values["slope_p"] < 0


def test_three_examples_of_32_make_up_half_of_the_loss(values):
    costs = np.sort(values["costs"])[::-1]
    assert costs[:3].sum() > costs[3:].sum()
    assert (costs < 1).sum() > 16  # more than half below 1 nat


def test_the_product_underflows_and_the_sum_of_logs_does_not(values):
    every = values["every"]
    assert len(every) == 10_705
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


def test_descent_comes_down_to_the_closed_form(values):
    for gap in (values["unigram_gap"], values["bigram_gap"]):
        assert (gap > 0).all()  # never below the minimum
        assert (np.diff(gap) < 0).all()
    assert values["unigram_off"].max() < 1e-5
    assert values["unigram_gap"][-1] < 1e-7


def test_the_bigram_model_arrives_about_as_one_over_the_steps(values):
    late = values["steps"] >= 1000
    x, y = np.log(values["steps"][late]), np.log(values["bigram_gap"][late])
    slope = np.polyfit(x, y, 1)[0]
    assert -1.1 < slope < -0.9
    assert np.polyfit(x, np.log(values["unigram_gap"][late]), 1)[0] < -2


def test_no_row_has_more_than_an_eighth_of_the_examples(values):
    rows = values["bigram"].sum(1)
    assert rows.max() < rows.sum() / 8


def test_the_rare_rows_arrive_last(values):
    off, n = values["bigram_off"].max(1), values["bigram"].sum(1)  # (30,)
    late = off > 0.001
    assert 0 < late.sum() < 10
    assert n[late].max() < n[~late].min()


def test_many_pairs_never_occur_and_descent_cannot_give_them_zero(values):
    never = values["bigram"] == 0
    assert never.sum() == values["never"]
    assert (values["best_bigram"][never] == 0).all()
    assert (values["bigram_off"][never] > 0).all()


def test_the_built_in_is_the_same_number(values):
    assert abs(values["built_in"] - values["loss"]) < 1e-12


def test_perplexity_falls_with_what_the_model_knows(values):
    assert abs(np.exp(values["uniform_loss"]) - 30) < 1e-9
    assert 30 > values["unigram_perplexity"] > values["bigram_perplexity"] > 1


def test_the_short_run_of_the_network_is_not_at_its_minimum(values):
    assert values["network_loss"] > values["bigram_loss"]
