"""The facts of docs/notes/cross-entropy.md, held against its run."""

from math import isinf, isnan, log

import numpy as np


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
    best = Ts[values["at_t"].argmin(1)]  # not at the end of those tried
    assert Ts[0] < best.min()
    assert max(best.max(), values["best_temperature"].max()) < Ts[-1]


def test_a_mean_over_a_batch_keeps_the_slope_a_little_longer(values):
    largest = np.finfo(np.float32).max
    for factor, limit in [(1, "nan_from"), (values["batch_size"], "nan_from_batch")]:
        # 1 / (B p), at a gap just short of the limit and just past it
        short, past = np.exp(values[limit] - np.array([0.01, -0.01])) / factor
        assert short < largest < past


def test_float32_loses_the_slope_first_and_then_the_loss(values):
    at_80, at_90, at_103, at_105 = values["table"]  # loss, slope, twice
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
