"""The facts of docs/notes/mle-loss.md, held against its run.

What the page counts is counted again from the names themselves; what it says of
training is worked out again in NumPy: the network, for the first and the last of
sixteen, and the count models, from all sixteen starts.
"""

from functools import cache
from itertools import pairwise

import numpy as np
import torch

from . import numpy_model as model

AGAIN = (0, 15)  # the networks that are trained again; each number is its seed
EARLY, STEPS, LONGER, RATE, BATCH, MANY = 200, 500, 1400, 0.1, 32, 100
DESCENT = 5000
K, N = len(model.CHARS), len(model.Y)


@cache
def draws():
    """All that the program draws after its networks, in its order: one generator."""
    g = model.generator(0)
    return {
        "training": [model.examples(g, 16, BATCH) for _ in range(STEPS)],
        "batch": model.examples(g, BATCH),
        "many": model.examples(g, 16, MANY, BATCH),
        "on_p": [model.examples(g, 16, BATCH) for _ in range(EARLY)],
        "z": model.normal(g, K, K),
        "unigram": model.normal(g, 16, 1, K),
        "bigram": model.normal(g, 16, K, K),
        "longer": [model.examples(g, 16, BATCH) for _ in range(LONGER - STEPS)],
        "out": torch.rand(16, len(model.NAMES), generator=g).numpy() < 0.1,
    }


@cache
def network(i, steps):
    """Network `i` after so many steps."""
    batches = [ix[i] for ix in draws()["training"] + draws()["longer"]]
    return model.train(model.init(model.generator(i)), RATE, batches[:steps])


def of_minus_p(z, y):
    """The slopes of the mean of -p by the logits z."""
    q, one_hot = model.softmax(z), np.eye(K)[y]
    p = (q * one_hot).sum(1, keepdims=True)
    return p * (q - one_hot) / len(y)


@cache
def counts(kind):
    """How often each character comes, after each one or after any: from the names."""
    table = np.zeros((K, K))
    for name in model.NAMES:
        for before, char in pairwise([model.CHARS.index(c) for c in f".{name}."]):
            table[before, char] += 1
    return table if kind == "bigram" else table.sum(0, keepdims=True)


def mean_cost(prob, table):
    """The loss in one line: `table` counts the examples that have the same cost."""
    seen = table > 0
    return -(table[seen] * np.log(prob[..., seen])).sum(-1) / N


@cache
def descent(kind, rate):
    """The gaps to the closed form after every step, (5000, 16), and the last errors."""
    table, z = counts(kind), draws()[kind]
    best = table / table.sum(1, keepdims=True)
    n, gaps = table.sum(1, keepdims=True), []
    for _ in range(DESCENT):
        z = z - rate * (n * model.softmax(z) - table) / N
        gaps.append(mean_cost(model.softmax(z), table) - mean_cost(best, table))
    return np.array(gaps), np.abs(model.softmax(z) - best)


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
    p = values["p"][0]  # of the example that costs most
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
    assert values["every"].dtype == np.float64
    assert np.finfo(np.float64).smallest_subnormal == 5e-324 > 0
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
    # Row by row, for rows with examples enough to have come to their end.
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


def test_the_networks_are_those_of_training_without_pytorch(values):
    names = ("n_early", "n_steps", "n_longer", "lr", "batch_size", "many")
    about = [values[name] for name in names]
    assert about == [EARLY, STEPS, LONGER, RATE, BATCH, MANY]
    runs = {"start": 0, "early": EARLY, "models": STEPS, "longer": LONGER}
    for name, steps in runs.items():
        for i in AGAIN:
            for p, again in zip(values[name], network(i, steps), strict=True):
                assert (len(p), p.dtype) == (16, np.float64)
                assert np.abs(p[i] - again).max() < 1e-9, name


def test_the_one_line_is_minus_the_mean_of_the_logarithms(values):
    # loss = -prob[torch.arange(batch_size), Y].log().mean(), an example at a time
    ix, params = draws()["batch"], network(0, STEPS)
    assert (values["Xb"] == model.X[ix]).all()
    assert (values["Yb"] == model.Y[ix]).all()
    prob = model.softmax(model.forward(params, model.X[ix]))
    assert np.abs(values["prob"] - prob).max() < 1e-9
    picked = [row[y] for row, y in zip(prob, model.Y[ix], strict=True)]
    assert np.abs(values["picked"] - picked).max() < 1e-9
    assert abs(values["loss"] + np.log(picked).mean()) < 1e-9
    sliced = [[row[y] for y in model.Y[ix]] for row in prob]
    assert np.abs(values["sliced"] - sliced).max() < 1e-9


def test_every_example_costs_what_the_first_network_says(values):
    costs = model.costs(network(0, STEPS))
    assert values["n_examples"] == len(costs) == N
    assert np.abs(values["every_costs"] - costs).max() < 1e-9
    assert np.abs(values["every"] - np.exp(-costs)).max() < 1e-9
    assert abs(values["log_sum"] + costs.sum()) < 1e-6


def test_the_slopes_by_the_right_logit_are_those_of_two_costs(values):
    # By differences: the slope of -log p is p - 1, that of -p is p (p - 1).
    ix = draws()["batch"]
    costs = model.costs(network(0, STEPS), model.X[ix], model.Y[ix])
    worst = costs.argmax()
    z, y = model.forward(network(0, STEPS), model.X[ix])[worst], model.Y[ix][worst]
    step = 1e-4 * np.eye(K)[y]
    up, down = model.softmax(z + step)[y], model.softmax(z - step)[y]
    assert abs(values["slope_log"] + (np.log(up) - np.log(down)) / 2e-4) < 1e-6
    assert abs(values["slope_p"] / -((up - down) / 2e-4) - 1) < 1e-6


def test_the_dots_are_the_batch_the_dearest_first(values):
    ix = draws()["batch"]
    costs = model.costs(network(0, STEPS), model.X[ix], model.Y[ix])
    spelt = np.array(["_" if char == " " else char for char in model.CHARS])
    names = {}
    for x, y, cost in zip(model.X[ix], model.Y[ix], costs, strict=True):
        names.setdefault(f"{''.join(spelt[x])}→{spelt[y]}", []).append(cost)
    assert (np.diff(values["costs"]) <= 0).all()
    assert len(values["names"]) == BATCH
    for name, cost in zip(values["names"], values["costs"], strict=True):
        assert np.abs(np.array(names[name]) - cost).min() < 1e-9
    assert values["dearest"] == max(names, key=lambda name: max(names[name]))
    assert abs(values["highest"] - costs.max()) < 1e-9


def test_the_curve_is_minus_log_p_and_its_figure_names_it(values, drawn):
    (ax,) = drawn("curve")
    curve, dots, mean = ax.lines
    p = curve.get_xdata()
    assert (p.min(), p.max()) == (1e-8, 1)
    assert np.abs(curve.get_ydata() + np.log(p)).max() < 1e-12
    assert (dots.get_linestyle(), dots.get_marker()) == ("None", "o")
    assert (dots.get_xdata() == values["p"]).all()
    assert (dots.get_ydata() == values["costs"]).all()
    assert list(mean.get_ydata()) == [values["loss"]] * 2
    assert abs(dots.get_ydata().mean() - values["loss"]) < 1e-12
    assert mean.get_linestyle() == "--"
    said, *named = ax.texts
    assert said.get_text() == f"the loss {values['loss']:.2f}"
    assert said.get_color() == mean.get_color()
    # Each name is just right of and above a dot that it names.
    assert len(named) == 3
    for text in named:
        right, above = (
            np.array(text.xy)
            - np.stack([values["p"], values["costs"]], 1)[
                values["names"].index(text.get_text())
            ]
        )
        assert 0 < right < 0.05
        assert 0 < above < 1
    assert named[0].get_text() == values["dearest"]
    assert "-log p" in ax.get_ylabel()


def test_the_means_over_a_hundred_batches_of_each_network(values):
    assert (values["ix"] == draws()["many"]).all()
    assert values["batches"].shape == (16, MANY, BATCH)
    for i in AGAIN:
        ix = draws()["many"][i].ravel()
        costs = model.costs(network(i, STEPS), model.X[ix], model.Y[ix])
        assert np.abs(values["batches"][i].ravel() - costs).max() < 1e-9
        every = model.loss(network(i, STEPS))
        assert abs(values["network_loss"][i] - every) < 1e-9
        assert abs(values["mean_estimates"][i] - costs.mean() / every) < 1e-9


def test_before_training_the_dearest_three_of_a_batch(values):
    for i in AGAIN:
        shares = []
        for ix in draws()["many"][i]:
            costs = sorted(model.costs(network(i, 0), model.X[ix], model.Y[ix]))
            shares.append(sum(costs[-3:]) / sum(costs))
        assert abs(values["three_before_training"][i] - np.mean(shares)) < 1e-9


def test_on_minus_p_the_same_steps_at_thirty_times_the_rate(values):
    assert abs(values["times"] * RATE - values["rate_p"]) < 1e-12
    # So large a rate makes rounding grow, least in these two networks: to some
    # ten-millionths of a parameter.
    for i in (0, 6):
        batches = [ix[i] for ix in draws()["on_p"]]
        assert len(batches) == values["n_early"]
        on_p = model.train(network(i, 0), values["rate_p"], batches, of_minus_p)
        for p, again in zip(values["on_p"], on_p, strict=True):
            assert np.abs(p[i] - again).max() < 1e-5
        # Both are measured on the first twenty of the hundred batches.
        ix = draws()["many"][i][:20].ravel()
        on_log, on_p = (
            np.exp(-model.costs(params, model.X[ix], model.Y[ix])).mean()
            for params in (network(i, EARLY), on_p)
        )
        assert abs(values["log_teaches"][i] - (on_log - on_p)) < 1e-6


def test_the_counts_are_those_of_the_names(values):
    for kind in ("unigram", "bigram"):
        assert (values[kind] == counts(kind)).all()
        best = counts(kind) / counts(kind).sum(1, keepdims=True)
        assert np.abs(values[f"best_{kind}"] - best).max() < 1e-12
    assert values["rarest"] == counts("bigram").sum(1).min()
    assert (values["n_chars"], values["n_pairs"]) == (K, K * K)


def test_the_slope_of_the_loss_by_a_row_s_logits(values):
    # d loss / d z_j = (n softmax(z)_j - n_j) / N
    z, table = draws()["z"], counts("bigram")
    assert (values["z"] == z).all()
    n = table.sum(1, keepdims=True)
    formula = (n * model.softmax(z) - table) / N
    assert np.abs(values["autograd"] - formula).max() < 1e-12
    # The logits of a row keep their sum.
    assert np.abs(values["autograd"].sum(1)).max() < 1e-12
    # The same by differences of the mean cost of all examples, for some logits.
    last = model.X[:, 2]
    for before, char in [(0, 0), (4, 17), (10, 21), (29, 0)]:
        losses = []
        for step in (1e-4, -1e-4):
            moved = z.copy()
            moved[before, char] += step
            q = model.softmax(moved)[last, model.Y]
            losses.append(-np.log(q).mean())
        slope = (losses[0] - losses[1]) / 2e-4
        assert abs(values["autograd"][before, char] - slope) < 1e-9


def test_descent_without_pytorch_is_the_same(values):
    assert values["n_descent"] == DESCENT
    steps = values["steps"]
    assert (steps[0], steps[-1]) == (1, DESCENT)
    # Evenly spaced on a log axis, then rounded.
    even = 10 ** np.linspace(0, np.log10(DESCENT), 38)
    assert list(steps) == sorted({round(step) for step in even})
    for kind in ("unigram", "bigram"):
        gaps, off = descent(kind, values[f"lr_{kind}"])
        assert np.abs(values[f"{kind}_gap"] - gaps[steps - 1]).max() < 1e-12
        assert np.abs(values[f"{kind}_off"] - off).max() < 1e-9
        curve = gaps[steps - 1].mean(1)
        assert np.abs(values[f"{kind}_curve"] - curve).max() < 1e-12
        last = values[f"last_{kind}_gap"]
        assert abs(last / gaps[-1].mean() - 1) < 1e-6


def test_the_claims_of_descent_are_read_off_its_gaps(values):
    steps = values["steps"]
    late = steps >= DESCENT / 10
    at = steps[late]
    nearest = np.full(16, np.inf)
    for kind in ("unigram", "bigram"):
        gaps, off = descent(kind, values[f"lr_{kind}"])
        nearest = np.minimum(nearest, gaps[steps - 1].min(0))
        power = np.polyfit(np.log(at), np.log(gaps[at - 1]), 1)[0]  # of each start
        assert np.abs(values[f"{kind}_exponent"] - power).max() < 1e-6
        largest = off.max((1, 2))
        if kind == "unigram":
            assert np.abs(values["unigram_arrives"] / (largest * 1e6) - 1).max() < 1e-6
        else:
            assert np.abs(values["rare_rows_last"] - largest).max() < 1e-9
    assert np.abs(values["never_below"] / (nearest * 1e6) - 1).max() < 1e-6


def test_measured_over_the_gap_that_theory_says(values):
    # m s / (K eta t), summed over the characters before
    theory = 0
    for row in counts("bigram"):
        s, m = (row > 0).sum(), (row == 0).sum()
        theory += m * s / (K * values["lr_bigram"] * DESCENT)
    gaps, _ = descent("bigram", values["lr_bigram"])
    assert np.abs(values["bigram_theory"] / (gaps[-1] / theory) - 1).max() < 1e-9


def test_the_figure_of_descent_names_its_three_curves(values, drawn):
    (ax,) = drawn("descent")
    curves = {
        "unigram": values["unigram_curve"],
        "bigram": values["bigram_curve"],
        "bigram, in theory": values["line_theory"],
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


def test_perplexity_is_e_to_the_loss_of_each_count_model(values):
    uniform = np.full((1, K), 1 / K)
    losses = {
        "uniform": mean_cost(uniform, counts("unigram")),
        "unigram": mean_cost(values["best_unigram"], counts("unigram")),
        "bigram": mean_cost(values["best_bigram"], counts("bigram")),
    }
    for name, loss in losses.items():
        assert abs(values[f"{name}_loss"] - loss) < 1e-9
    for name in ("unigram", "bigram"):
        # As a product of probabilities: the root of its inverse.
        logs = np.log2(values[f"best_{name}"][counts(name) > 0])
        bits = -(counts(name)[counts(name) > 0] * logs).sum() / N
        assert abs(values[f"{name}_perplexity"] - 2**bits) < 1e-9


def test_the_network_is_held_against_the_bigram_model(values):
    table = counts("bigram")
    bigram = mean_cost(table / table.sum(1, keepdims=True), table)
    for i in AGAIN:
        after = {"above": STEPS, "below": LONGER}
        for where, steps in after.items():
            gap = model.loss(network(i, steps)) - bigram
            assert abs(values[f"network_{where}_bigram"][i] - gap) < 1e-9


def test_a_tenth_of_the_names_is_left_out_at_random(values):
    assert values["left_out"] == 0.1
    assert (values["out"] == draws()["out"]).all()
    assert len(values["new_names"]) == 16
