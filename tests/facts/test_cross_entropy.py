"""The facts of docs/notes/cross-entropy.md, held against its run.

What the page counts is counted again from the names themselves; what it says of
training is worked out again in NumPy, for the first and the last of sixteen networks.
"""

from collections import Counter
from functools import cache
from itertools import combinations, pairwise
from math import log, log2

import numpy as np

from . import numpy_model as model

AGAIN = (0, 15)  # the networks that are trained again; each number is its seed
STEPS, LONGER, RATE, BATCH, OFTEN = 300, 1000, 0.1, 32, 100
G = model.CHARS.index("g")


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


def share_of(characters):
    """How often each of the 30 characters occurs among these: a distribution."""
    found = Counter(characters)
    return np.array([found[char] for char in model.CHARS]) / found.total()


@cache
def after(char):
    """What follows each such character in the names; "." begins and ends a name."""
    pairs = [pair for name in model.NAMES for pair in pairwise(f".{name}.")]
    return [there for here, there in pairs if here == char]


def everywhere():
    """All characters that come next, after any other."""
    return "".join(f"{name}." for name in model.NAMES)


def cross_entropy(p, q):
    """H(p, q) in nats, once more and without PyTorch."""
    seen = p > 0
    return -(p[seen] * np.log(q[..., seen])).sum(-1)


def test_p_is_counted_from_the_names(values):
    assert values["n_after_g"] == len(after("g")) == "".join(model.NAMES).count("g")
    assert np.abs(values["p"] - share_of(after("g"))).max() < 1e-12
    assert list(values["y"]) == [model.CHARS.index(char) for char in after("g")]
    assert values["n_examples"] == len(everywhere())
    assert values["n_chars"] == len(set(everywhere()))


def test_the_models_are_those_named(values):
    assert values["names"] == ["uniform", "overall", "counts + 1", "p itself"]
    uniform, overall, add_one, p = values["q"]
    assert (uniform == 1 / 30).all()
    assert np.abs(overall - share_of(everywhere())).max() < 1e-12
    assert np.abs(add_one - share_of([*after("g"), *model.CHARS])).max() < 1e-12
    assert (p == values["p"]).all()


def test_cross_entropy_is_entropy_plus_divergence(values):
    # The three terms, each from p and q alone, character by character.
    p = share_of(after("g"))
    entropy = -sum(here * log(here) for here in p if here)
    assert abs(values["H_p"] - entropy) < 1e-12
    for q, nats, kl in zip(values["q"], values["H_pq"], values["KL"], strict=True):
        seen = [(here, there) for here, there in zip(p, q, strict=True) if here]
        assert abs(nats + sum(here * log(there) for here, there in seen)) < 1e-12
        assert abs(kl - sum(here * log(here / there) for here, there in seen)) < 1e-12
        assert abs(entropy + kl - nats) < 1e-12


def test_no_model_gets_below_the_entropy_which_is_not_zero(values):
    assert values["H_p"] > 1
    assert (values["H_pq"][:-1] > values["H_p"]).all()
    assert (values["KL"][:-1] > 0).all()
    assert values["KL"][-1] == 0
    # Nor do the networks' mean predictions, after any character.
    for i in AGAIN:
        assert (values["network"][i] >= values["entropy"]).all()
    assert (np.diff(values["H_pq"]) < 0).all()  # knowing more costs less


def test_the_costs_and_divergences_quoted_are_those_of_the_models_named(values):
    for name in ("uniform", "overall", "add_one"):
        i = ["uniform", "overall", "add_one"].index(name)
        assert values[f"{name}_kl"] == values["KL"][i]
        assert values[f"{name}_nats"] == values["H_pq"][i]
    assert abs(values["uniform_nats"] - log(30)) < 1e-12


def test_the_printed_parts_add_up(values, printed):
    lines = printed("two-parts").splitlines()
    for i, (name, line) in enumerate(zip(values["names"], lines, strict=True)):
        assert line.startswith(name)
        words = line.removeprefix(name).split()
        assert [words[1], words[3], words[5]] == ["+", "=", "nats"]
        expected = values["H_p"], values["KL"][i], values["H_pq"][i]
        assert words[::2] == [f"{number:.3f}" for number in expected]


def test_each_bar_is_the_entropy_and_then_the_divergence(values, drawn):
    (ax,) = drawn("two-parts")
    entropy, divergence = ax.containers
    p = share_of(after("g"))
    for i, (own, rest) in enumerate(zip(entropy, divergence, strict=True)):
        assert (own.get_x(), own.get_width()) == (0, values["H_p"])
        assert rest.get_x() == values["H_p"]
        end = rest.get_x() + rest.get_width()
        assert abs(end - cross_entropy(p, values["q"][i])) < 1e-12
        assert ax.texts[i].get_text() == f"{end:.2f}"
        assert own.get_facecolor() != rest.get_facecolor()
        assert (own.get_hatch(), rest.get_hatch()) == (None, "//")
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == values["names"]
    assert ax.yaxis_inverted()  # the first is the one on top
    _, legend = ax.get_legend_handles_labels()
    assert legend == ["H(p): the same for every model", "KL(p‖q): the difference"]


def test_the_uniform_model_costs_the_same_and_its_divergence_does_not(values):
    divergences = {}
    for char in model.CHARS:
        p = share_of(after(char))
        assert abs(cross_entropy(p, np.full(30, 1 / 30)) - log(30)) < 1e-12
        divergences[char] = log2(30) * log(2) - cross_entropy(p, p)
    assert np.abs(values["after_uniform"] - [*divergences.values()]).max() < 1e-12
    assert min(divergences, key=divergences.get) == "."  # a name begins
    assert abs(values["least_after"] - divergences["."]) < 1e-12
    assert abs(values["most_after"] - divergences["q"]) < 1e-12
    assert set(after("q")) == {"u"}


def test_the_roles_exchanged_cost_infinitely_much(values):
    p = share_of(after("g"))
    never = p == 0
    assert never.any()
    for q in values["q"][:-1]:
        assert (q[never] > 0).all()  # each such term is infinite
    assert abs(cross_entropy(p, values["q"][-1]) - values["H_p"]) < 1e-12


def test_one_hot_labels_cost_minus_the_logarithm(values, printed):
    # H(one-hot(y), q) = -log q(y), for what came after each g in the names
    q = share_of(everywhere())
    y = [model.CHARS.index(char) for char in after("g")]
    one_hot = np.eye(30)[y]  # (501, 30)
    with_logs = -(one_hot * np.log(q)).sum(1)
    assert np.abs(values["costs"] - with_logs).max() < 1e-12
    assert np.abs([cross_entropy(row, row) for row in one_hot]).max() == 0
    assert abs(values["built_in"] - with_logs.mean()) < 1e-12
    assert abs(values["H_pq"][1] - with_logs.mean()) < 1e-12
    assert set(printed("one-hot").split()) == {f"{with_logs.mean():.6f}"}
    # log-sum-exp of these logits is 0: their softmax is q itself.
    assert abs(np.log(np.exp(values["logits"][0]).sum())) < 1e-12


def test_each_known_character_lowers_the_floor_of_the_loss(values, printed):
    for n, floor in enumerate(values["floors"], 1):
        nexts = {}
        for row, y in zip(model.X, model.Y, strict=True):
            nexts.setdefault(tuple(row[3 - n :]), []).append(y)
        costs = []
        for ys in nexts.values():
            counts = np.unique(ys, return_counts=True)[1]
            costs.append(-(counts * np.log(counts / len(ys))).sum())
        assert abs(sum(costs) / len(model.Y) - floor) < 1e-9
        assert f"{n} before it: {floor:.2f} nats" in printed("floors").splitlines()
        assert values[f"floor_{n}"] == floor
    assert (np.diff(values["floors"]) < 0).all()
    assert values["floors"][2] > 0


def test_many_combinations_of_three_characters_come_once(values):
    found = Counter(map(tuple, values["X"]))
    assert sum(count == 1 for count in found.values()) > len(found) / 3


def test_the_networks_are_those_of_training_without_pytorch(values):
    about = [values[name] for name in ("n_steps", "n_longer", "lr", "batch_size")]
    assert about == [STEPS, LONGER, RATE, BATCH]
    for i in AGAIN:
        for name, params in [("models", network(i)), ("longer", longer(i))]:
            for p, again in zip(values[name], params, strict=True):
                assert (len(p), p.dtype) == (16, np.float64)
                assert np.abs(p[i] - again).max() < 1e-9


@cache
def mean_predictions(i):
    """Network `i` after 300 steps: its mean prediction after each character."""
    predictions = model.softmax(model.forward(network(i), model.X))
    here = model.X[:, 2]
    return np.array([predictions[here == c].mean(0) for c in range(30)])


def test_mean_predictions_are_compared_after_each_character(values):
    p = np.array([share_of(after(char)) for char in model.CHARS])
    assert np.abs(values["P"] - p).max() < 1e-12
    for i in AGAIN:
        q = mean_predictions(i)
        assert np.abs(values["Q"][i] - q).max() < 1e-9
        nats = [cross_entropy(*pair) for pair in zip(p, q, strict=True)]
        assert np.abs(values["network"][i] - nats).max() < 1e-9
        below = nats[G] - cross_entropy(p[G], share_of(everywhere()))
        assert abs(values["below_overall"][i] - below) < 1e-9


def test_so_many_pairs_change_their_order(values):
    often = [c for c in range(30) if len(after(model.CHARS[c])) >= OFTEN]
    assert values["n_often"] == len(often)
    for i in AGAIN:
        swapped, pairs = 0, [*combinations(often, 2)]
        for a, b in pairs:
            nats, kl = [], []
            for c in (a, b):
                p = share_of(after(model.CHARS[c]))
                nats.append(cross_entropy(p, mean_predictions(i)[c]))
                kl.append(nats[-1] - cross_entropy(p, p))
            swapped += (nats[0] > nats[1]) != (kl[0] > kl[1])
        assert abs(values["order_swaps"][i] - swapped / len(pairs)) < 1e-12


def test_the_loss_comes_down_towards_the_floor(values):
    floor = values["floor_3"]
    assert (values["above_floor"] > 0).all()
    for i in AGAIN:
        before, later = (model.loss(p) - floor for p in (network(i), longer(i)))
        assert abs(values["above_floor"][i] - later) < 1e-9
        assert abs(values["towards_floor"][i] - later / before) < 1e-9


def test_so_many_examples_cost_less_than_the_floor(values):
    for i in AGAIN:
        costs = model.costs(longer(i))
        below = sum(cost < values["floor_3"] for cost in costs) / len(costs)
        assert abs(values["below_floor"][i] - below) < 1e-9
