"""The facts of docs/notes/cross-entropy.md, held against its run.

What the page counts is counted again from the names themselves; what it says of
training is worked out again in NumPy, for the first and the last of sixteen networks.
"""

from collections import Counter
from functools import cache
from itertools import pairwise
from math import e, exp, inf, isinf, isnan, log, log2

import numpy as np

from . import numpy_model as model

AGAIN = (0, 15)  # the networks that are trained again; each number is its seed
STEPS, LONGER, RATE, BATCH = 300, 1000, 0.1, 32


@cache
def batches():
    """Of each step, the examples of 16 networks: (16, 32)."""
    g = model.generator(0)
    return [model.examples(g, 16, BATCH) for _ in range(LONGER)]


@cache
def network(i):
    """Network `i` after 300 steps."""
    start = model.init(model.generator(i))
    return model.train(start, RATE, [ix[i] for ix in batches()[:STEPS]])


@cache
def longer(i):
    """Network `i` after 1,000 steps."""
    return model.train(network(i), RATE, [ix[i] for ix in batches()[STEPS:]])


def losses_at(params, Ts):
    """The mean loss over all examples, with the logits divided by each T."""
    z, y = model.forward(params, model.X), model.Y
    right = z[np.arange(len(y)), y]
    return [(np.log(np.exp(z / T).sum(1)) - right / T).mean() for T in Ts]


def share_of(characters):
    """How often each of the 30 characters occurs among these: a distribution."""
    found = Counter(characters)
    return np.array([found[char] for char in model.CHARS]) / found.total()


def after_g():
    """What follows each g in the names, the end of a name as "."."""
    pairs = [pair for name in model.NAMES for pair in pairwise(f"{name}.")]
    return [char for before, char in pairs if before == "g"]


def cross_entropy(p, q):
    """H(p, q) in nats, once more and without PyTorch."""
    seen = p > 0
    return -(p[seen] * np.log(q[..., seen])).sum(-1)


def test_cross_entropy_is_entropy_plus_divergence(values):
    p, q = values["p"], values["q"]  # (30,), (4, 30)
    nats = cross_entropy(p, q)
    seen = p > 0
    kl = (p[seen] * np.log(p[seen] / q[:, seen])).sum(-1)
    assert np.abs(nats - values["nats"]).max() < 1e-12
    assert np.abs(kl - values["kl"]).max() < 1e-12
    assert np.abs(values["H_p"] + kl - nats).max() < 1e-12


def test_no_model_gets_below_the_entropy_which_is_not_zero(values):
    assert values["H_p"] > 0
    assert (values["nats"][1:] > values["H_p"]).all()
    networks = cross_entropy(values["p"], values["networks"])  # (16,)
    assert np.abs(networks - values["H_p"] - values["above_entropy"]).max() < 1e-12


def test_knowing_more_costs_less(values):
    _, network, overall, uniform = values["nats"]
    assert network < overall < uniform
    assert abs(uniform - log(len(values["chars"]))) < 1e-12


def test_the_roles_exchanged_cost_infinitely_much(values):
    assert np.isinf(values["reverse"][1:]).all()
    assert abs(values["reverse"][0] - values["H_p"]) < 1e-12


def test_moving_away_from_p_costs_more_on_either_side(values):
    T, H_pq = values["T"], values["H_pq"]
    best = H_pq.argmin()
    assert T[best] == 1
    assert abs(H_pq[best] - values["H_p"]) < 1e-12
    assert (np.diff(H_pq[: best + 1]) < 0).all()
    assert (np.diff(H_pq[best:]) > 0).all()


def test_too_sure_costs_more_than_too_unsure(values):
    sharper = values["H_pq"][:40][::-1]  # T = 2**(-0.05), 2**(-0.1), ...
    flatter = values["H_pq"][41:81]  # T = 2**0.05, 2**0.1, ...
    assert np.allclose(values["T"][:40][::-1] * values["T"][41:81], 1)
    assert (sharper > flatter).all()


def test_with_the_roles_exchanged_p_is_not_the_minimum(values):
    assert (np.diff(values["H_qp"]) > 0).all()
    assert values["H_qp"][0] < values["H_p"]


def test_the_mean_over_one_hot_labels_is_the_cross_entropy(values):
    assert np.abs(values["each"] - values["minus_log_q"]).max() < 1e-12
    assert np.abs(values["costs"] - values["nats"][1]).max() < 1e-12


def test_each_known_character_lowers_the_floor_of_the_loss(values):
    examples = [tuple(row) for row in values["X"]]
    for n, floor in enumerate(values["floors"]):
        costs, nexts = [], {}
        for row, y in zip(examples, values["Y"], strict=True):
            nexts.setdefault(row[3 - n :], []).append(y)
        for ys in nexts.values():
            counts = np.unique(ys, return_counts=True)[1]
            costs.append(-(counts * np.log(counts / len(ys))).sum())
        assert abs(sum(costs) / len(examples) - floor) < 1e-9
    assert (np.diff(values["floors"]) < 0).all()
    assert values["floors"][3] > 0


def test_at_temperature_one_the_loss_is_the_loss(values):
    C, W1, b1, W2, b2 = (p[0] for p in values["longer"])  # the first network
    x, y = values["X"], values["Y"]
    logits = np.tanh(C[x].reshape(len(x), -1) @ W1 + b1) @ W2 + b2
    right, Ts = logits[np.arange(len(y)), y], values["Ts"]
    for i in np.flatnonzero(np.isin(Ts, [0.5, 1, 2, 8])):
        costs = np.log(np.exp(logits / Ts[i]).sum(1)) - right / Ts[i]
        assert abs(costs.mean() - values["at_t"][0, i]) < 1e-9
    loss = values["at_t"][0, Ts == 1]
    assert abs(loss - values["floor_3"] - values["above_floor"][0]) < 1e-9
    best = Ts[values["at_t"].argmin(1)]  # at neither end of the T tried
    assert Ts[0] < best.min()
    assert max(best.max(), values["best_temperature"].max()) < Ts[-1]


def test_a_mean_over_a_batch_keeps_the_slope_a_little_longer(values):
    largest = np.finfo(np.float32).max
    for factor, limit in [(1, "nan_from"), (values["batch_size"], "nan_from_batch")]:
        # 1 / (B p), at a gap just short of the limit and just past it
        short, past = np.exp(values[limit] - np.array([0.01, -0.01])) / factor
        assert short < largest < past


def test_float32_loses_the_slope_first_and_then_the_loss(values):
    # Of each gap: loss and slope by hand, then the built-in ones.
    at_80, at_90, at_103, at_105 = values["table"]
    assert 80 < values["nan_from"] < 90 < 103 < values["zero_from"] < 105
    assert abs(at_80[0] - 80) < 1e-4
    assert abs(at_80[1] + 1) < 1e-4
    assert abs(at_90[0] - 90) < 1e-2
    assert isnan(at_90[1])
    assert abs(at_103[0] - 103) > 0.1
    assert isinf(at_105[0])


def test_the_built_in_loss_stays_right(values):
    for gap, row in zip([80, 90, 103, 105], values["table"], strict=True):
        assert abs(row[2] - gap) < 1e-4
        assert abs(row[3] + 1) < 1e-4


def test_p_is_counted_from_the_names(values):
    assert values["n_after_g"] == len(after_g()) == "".join(model.NAMES).count("g")
    assert np.abs(values["p"] - share_of(after_g())).max() < 1e-12
    every = "".join(f"{name}." for name in model.NAMES)
    assert values["n_examples"] == len(every)
    assert np.abs(values["overall"] - share_of(every)).max() < 1e-12
    assert values["n_chars"] == len(set(every))
    assert values["uniform_share"] == 1 / len(set(every))
    assert (values["uniform"] == values["uniform_share"]).all()


def test_the_rows_of_the_table_are_the_models_named(values):
    rows = ["p", None, "overall", "uniform"]
    assert values["names"] == ["p itself", "network", "overall", "uniform"]
    for q, name in zip(values["q"], rows, strict=True):
        assert (q == (values[name] if name else values["networks"][0])).all()


def test_nats_bits_and_the_numbers_quoted_of_the_models(values):
    # H(p, q) = -sum p log q, character by character
    p = share_of(after_g())
    for q, nats, bits in zip(values["q"], values["nats"], values["bits"], strict=True):
        seen = [(here, there) for here, there in zip(p, q, strict=True) if here > 0]
        assert abs(nats + sum(here * log(there) for here, there in seen)) < 1e-12
        assert abs(bits + sum(here * log2(there) for here, there in seen)) < 1e-12
    quoted = ["H_p", "one_network", "overall_nats", "uniform_nats"]
    quoted = np.array([values[name] for name in quoted])
    assert np.abs(quoted - values["nats"]).max() < 1e-12
    assert abs(values["bits_per_nat"] - log2(e)) < 1e-12
    assert abs(values["uniform_nats"] - log(30)) < 1e-12


def test_the_networks_are_those_of_training_without_pytorch(values):
    about = [values[name] for name in ("n_steps", "n_longer", "lr", "batch_size")]
    assert about == [STEPS, LONGER, RATE, BATCH]
    g = model.CHARS.index("g")
    for i in AGAIN:
        for name, params in [("models", network(i)), ("longer", longer(i))]:
            for p, again in zip(values[name], params, strict=True):
                assert (len(p), p.dtype) == (16, np.float64)
                assert np.abs(p[i] - again).max() < 1e-9
        x = model.X[model.X[:, 2] == g]  # (501, 3): g comes last
        mean = model.softmax(model.forward(network(i), x)).mean(0)
        assert np.abs(values["networks"][i] - mean).max() < 1e-9


def test_a_network_lies_between_the_entropy_and_the_overall_frequencies(values):
    every = "".join(f"{name}." for name in model.NAMES)
    p = share_of(after_g())
    nats = cross_entropy(p, values["networks"])  # (16,)
    for name, other in [("above_entropy", p), ("below_overall", share_of(every))]:
        assert values[name].shape == (16,)
        assert np.abs(values[name] - nats + cross_entropy(p, other)).max() < 1e-12


def test_the_first_figure_names_its_models(values, drawn):
    (ax,) = drawn("next-character")
    common = Counter(after_g()).most_common(8)
    spelt = [{".": "end", " ": "space"}.get(char, char) for char, _ in common]
    assert spelt == ["r", "h", "e", "o", "space", "g", "l", "u"]
    assert [label.get_text() for label in ax.get_xticklabels()] == spelt
    order = [model.CHARS.index(char) for char, _ in common]
    assert [values["share_r"], values["share_h"]] == [n / 501 for _, n in common[:2]]
    handles, labels = ax.get_legend_handles_labels()
    shown = {}
    for handle, label in zip(handles, labels, strict=True):
        name, _, cost = label.partition(": ")
        bars = getattr(handle, "patches", None)
        heights = [bar.get_height() for bar in bars] if bars else handle.get_ydata()
        shown[name] = np.array(heights), cost
    every = "".join(f"{name}." for name in model.NAMES)
    q = {
        "p itself": share_of(after_g()),
        "network": values["networks"][0],
        "overall": share_of(every),
        "uniform": np.full(30, 1 / 30),
    }
    assert shown.keys() == q.keys()
    for name, (heights, cost) in shown.items():
        assert np.abs(heights - q[name][order]).max() < 1e-12, name
        assert cost == f"{cross_entropy(q['p itself'], q[name]):.2f} nats"
    assert len(ax.patches) == 8  # the bars are p's
    # "The network's dots lie close to the bars", the others' far from the tall ones.
    off = {
        name: np.abs(heights - shown["p itself"][0])
        for name, (heights, _) in shown.items()
    }
    assert off["network"][:2].max() < off["overall"][:2].min()
    assert off["network"][:2].max() < off["uniform"][:2].min()


def test_p_to_the_power_of_one_over_t(values):
    p, T = share_of(after_g()), values["T"]
    assert np.abs(np.log2(T) - np.linspace(-2, 3, 101)).max() < 1e-12
    powers = p ** (1 / T[:, None])
    q = powers / powers.sum(1, keepdims=True)  # (101, 30): softmax of log p / T
    H_pq, H_qp = cross_entropy(p, q), -(q[:, p > 0] * np.log(p[p > 0])).sum(1)
    assert np.abs(values["H_pq"] - H_pq).max() < 1e-12
    assert np.abs(values["H_qp"] - H_qp).max() < 1e-12
    assert values["best_t"] == 1
    for name, curve in [("pq", H_pq), ("qp", H_qp)]:
        ends = [values[f"sharp_{name}"], values[f"flat_{name}"]]  # T = 1/4 and 8
        assert np.abs(ends - curve[[0, -1]]).max() < 1e-12


def test_the_second_figure_names_its_curves(values, drawn):
    ax, bits = drawn("away-from-p")
    curves = {"H(p, q)": values["H_pq"], "H(q, p)": values["H_qp"]}
    lines = {line.get_color(): line for line in ax.lines if len(line.get_xdata()) > 2}
    texts = {text.get_text(): text for text in ax.texts}
    assert texts.keys() == {*curves, "floor H(p)"}
    for label, curve in curves.items():
        line = lines[texts[label].get_color()]
        assert (line.get_xdata() == values["T"]).all()
        assert (line.get_ydata() == curve).all()
        # The text is nearer to its own curve than to the other.
        T, nats = texts[label].xy
        near = {
            name: abs(np.interp(T, values["T"], c) - nats) for name, c in curves.items()
        }
        assert min(near, key=near.get) == label
    floor, dot = (line for line in ax.lines if len(line.get_xdata()) <= 2)
    assert floor.get_color() == texts["floor H(p)"].get_color()
    assert list(floor.get_ydata()) == [values["H_p"]] * 2
    assert (list(dot.get_xdata()), list(dot.get_ydata())) == ([1], [values["H_p"]])
    assert lines[texts["H(q, p)"].get_color()].get_linestyle() == "--"
    assert floor.get_linestyle() == ":"
    # At T = 1 the curves meet on the floor.
    at_one = [curve[values["T"] == 1].item() for curve in curves.values()]
    assert np.abs(np.array(at_one) - values["H_p"]).max() < 1e-12
    # The right axis has the same heights in bits.
    assert (ax.get_ylabel(), bits.get_ylabel()) == ("nats", "bits")
    assert np.abs(np.array(ax.get_ylim()) * log2(e) - bits.get_ylim()).max() < 1e-12
    fractions = {"¼": 1 / 4, "½": 1 / 2, "1": 1, "2": 2, "4": 4, "8": 8}
    ticks = [label.get_text() for label in ax.get_xticklabels()]
    assert dict(zip(ticks, ax.get_xticks(), strict=True)) == fractions


def test_the_temperatures_that_suit_the_networks(values):
    Ts = values["Ts"]
    assert np.abs(np.log2(Ts) - np.linspace(-1, 3, 33)).max() < 1e-12
    for i in AGAIN:
        half, two = losses_at(network(i), [1 / 2, 2])
        assert abs(values["sharper_costs_more"][i] - (half - two)) < 1e-9
        best = Ts[np.argmin(losses_at(network(i), Ts))]
        assert values["best_temperature"][i] == best
        later = Ts[np.argmin(losses_at(longer(i), Ts))]
        assert values["temperature_falls"][i] == best - later


def test_the_mean_prediction_after_g_has_its_own_best_temperature(values):
    p = share_of(after_g())
    for q, best in zip(values["networks"], values["averaged_temperature"], strict=True):
        costs = []
        for T in values["Ts"]:
            powers = q ** (1 / T)
            costs.append(cross_entropy(p, powers / powers.sum()))
        assert values["Ts"][np.argmin(costs)] == best


def test_one_hot_labels_cost_minus_the_logarithm(values):
    # H(one-hot(y), q) = -log q(y), for what came after each g in the names
    q = values["networks"][0]
    y = [model.CHARS.index(char) for char in after_g()]
    assert list(values["y"]) == y
    one_hot = np.eye(30)[y]  # (501, 30)
    assert (values["one_hot"] == one_hot).all()
    with_logs = -(one_hot * np.log(q)).sum(1)
    assert np.abs(values["each"] - with_logs).max() < 1e-12
    assert np.abs(values["minus_log_q"] + np.log(q[y])).max() < 1e-12
    entropy = [cross_entropy(row, row) for row in one_hot]
    assert np.abs(entropy).max() == 0
    assert np.abs(values["costs"] - with_logs.mean()).max() < 1e-12
    assert values["all_equal"] is True


def test_the_floors_quoted_are_those_of_so_many_characters(values):
    assert [values[f"floor_{n}"] for n in range(4)] == values["floors"].tolist()


def test_the_loss_comes_down_towards_the_floor(values):
    floor = values["floor_3"]
    for i in AGAIN:
        before, after = (model.loss(p) - floor for p in (network(i), longer(i)))
        assert abs(values["above_floor"][i] - after) < 1e-9
        assert abs(values["towards_floor"][i] - after / before) < 1e-9


def test_so_many_examples_cost_less_than_the_floor(values):
    for i in AGAIN:
        costs = model.costs(longer(i))
        below = sum(cost < values["floor_3"] for cost in costs) / len(costs)
        assert abs(values["below_floor"][i] - below) < 1e-9


def test_float32_holds_no_smaller_number_and_no_larger_one(values):
    float32 = np.finfo(np.float32)
    assert float32.smallest_subnormal == 2.0**-149
    assert abs(values["zero_from"] - 150 * log(2)) < 1e-12
    # Half of the smallest rounds to zero, a little more does not.
    past, short = np.exp(-values["zero_from"] + np.array([-1e-6, 1e-6]))
    assert np.float32(past) == 0 < np.float32(short)
    assert abs(exp(values["nan_from"]) / float(float32.max) - 1) < 1e-9
    in_a_batch = values["nan_from_batch"] - values["nan_from"]
    assert abs(in_a_batch - log(BATCH)) < 1e-12


def test_the_gaps_quoted_are_the_rows_that_break(values):
    gaps = dict(zip(values["gaps"].tolist(), values["table"], strict=True))
    right, lost, off, infinite = (
        gaps[values[f"gap_{name}"]] for name in ("right", "nan", "off", "inf")
    )
    assert abs(right[1] + 1) < 1e-4
    assert not isnan(right[1])
    assert isnan(lost[1])
    assert 0.1 < abs(off[0] - values["gap_off"]) < inf
    assert isinf(infinite[0])
    for gap, row in gaps.items():
        # -log q(y) = log sum exp z - z_y, with z_y = 0
        assert abs(row[2] - log(1 + exp(gap))) < 1e-4
        # Its slope is p - 1.
        assert abs(row[3] - (1 / (1 + exp(gap)) - 1)) < 1e-4


def test_log_sum_exp_is_minus_the_logarithm_of_softmax(values):
    # -log q(y) = log sum_j exp z_j - z_y
    z = values["logits"][0]  # (501, 30)
    place = np.arange(len(z)), values["y"]
    log_sum_exp = np.log(np.exp(z).sum(1)) - z[place]
    assert np.abs(log_sum_exp + np.log(model.softmax(z)[place])).max() < 1e-9
    assert np.abs(model.softmax(z).mean(0) - values["networks"][0]).max() < 1e-12


def test_the_widest_gap_is_from_a_label_to_its_largest_rival(values):
    assert values["widest_gap"].shape == (16,)
    for i in AGAIN:
        z = model.forward(model.init(model.generator(i)), model.X)
        gaps = [row.max() - row[y] for row, y in zip(z, model.Y, strict=True)]
        assert abs(values["widest_gap"][i] - max(gaps)) < 1e-9


def test_the_table_has_each_model_s_numbers_under_their_heads(values, printed):
    head, *rows, _ = printed("identity").splitlines()
    assert head.split() == ["q", "H(p,", "q)", "nats", "bits", "KL(p||q)", "H(q,", "p)"]
    for i, (name, row) in enumerate(zip(values["names"], rows, strict=True)):
        expected = [values[column][i] for column in ("nats", "bits", "kl", "reverse")]
        assert row.startswith(name)
        numbers = row.removeprefix(name).split()
        assert numbers == [f"{number:.2f}" for number in expected]


def test_the_table_of_float32_has_losses_and_slopes_in_their_columns(values, printed):
    head, *rows = printed("float32").splitlines()
    assert head.split() == ["gap", "by", "hand", "slope", "built-in", "slope"]
    for gap, row in zip(values["gaps"], rows, strict=True):
        by_hand = -np.log(1 / (1 + np.exp(float(gap))))  # in float64: no limit met
        shown_gap, _, _, built_in, slope = row.split()
        assert int(shown_gap) == gap
        assert abs(float(built_in) - by_hand) < 0.01
        assert float(slope) == -1
