"""The facts of docs/notes/temperature.md, held against its run.

Training is done again in NumPy, for the two single networks and for the first and the
last of sixteen; each best temperature is found again by bisection.
"""

from collections import Counter
from functools import cache
from itertools import pairwise
from math import exp, inf, isinf, isnan, log

import numpy as np
import torch

from . import numpy_model as model

AGAIN = (0, 15)  # the networks that are trained again; each number is its seed
EARLY, LAST, RATE, BATCH = 300, 1000, 0.1, 32
MARKS = [10, 30, 100, EARLY, LAST]
G = model.CHARS.index("g")
# The examples of every third name, beginning with the first.
OLD = np.concatenate(
    [[i % 3 == 0] * (len(name) + 1) for i, name in enumerate(model.NAMES)]
)


def some(g, *shape):
    """Examples to learn from: their positions among all."""
    drawn = torch.randint(int(OLD.sum()), shape, generator=g).numpy()
    return np.flatnonzero(OLD)[drawn]


def shrunk(params):
    C, W1, b1, W2, b2 = params
    return [C, W1 * (5 / 3) / np.sqrt(30), 0 * b1, W2 / 100, 0 * b2]


START = {"normal": list, "small": shrunk}
COLORS = {"normal": "C0", "small": "C1"}


@cache
def one(start):
    """One network's parameters at each mark, from its start."""
    g = model.generator(0)
    params = START[start](model.init(g))
    seen, before = [], 0
    for mark in MARKS:
        batches = [some(g, BATCH) for _ in range(mark - before)]
        params, before = model.train(params, RATE, batches), mark
        seen.append(params)
    return seen


@cache
def batches():
    """The sixteen networks' batches: those of the normal start are drawn first."""
    g = model.generator(0)
    draw = [some(g, 16, BATCH) for _ in range(EARLY + LAST)]
    return {"normal": draw[:EARLY], "small": draw[EARLY:]}


@cache
def sixteen(start, i, steps):
    """Network `i` of sixteen after so many steps."""
    params = START[start](model.init(model.generator(i)))
    return model.train(params, RATE, [ix[i] for ix in batches()[start][:steps]])


def logits(params, which):
    return model.forward(params, model.X[which])


def loss_at(z, y, T):
    return -np.log(model.softmax(z / T)[np.arange(len(y)), y]).mean()


def best(z, y):
    """Where the loss's slope by log T is zero: it is convex in 1 / T."""

    def slope(T):  # of the loss by 1 / T
        q = model.softmax(z / T)
        return (q * z).sum(1).mean() - z[np.arange(len(y)), y].mean()

    low, high = 1e-2, 1e3
    assert slope(low) > 0 > slope(high)
    for _ in range(60):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return np.sqrt(low * high)


def best_of(params, which):
    return best(logits(params, which), model.Y[which])


def after_g():
    pairs = [pair for name in model.NAMES for pair in pairwise(f"{name}.")]
    found = Counter(there for here, there in pairs if here == "g")
    return np.array([found[char] for char in model.CHARS]) / found.total()


def cross_entropy(p, q):
    """H(p, q) in nats, once more and without PyTorch."""
    seen = p > 0
    return -(p[seen] * np.log(q[..., seen])).sum(-1)


def test_every_third_name_is_trained_on(values):
    assert (values["new"] == ~OLD).all()
    assert (values["X_old"] == model.X[OLD]).all()
    assert (values["Y_old"] == model.Y[OLD]).all()
    left_out = [name for i, name in enumerate(model.NAMES) if i % 3]
    assert values["n_new"] == len(left_out)
    assert (~OLD).sum() == sum(len(name) + 1 for name in left_out)


def test_the_settings_are_those_quoted(values):
    assert (values["lr"], values["batch_size"]) == (RATE, BATCH)
    assert list(values["marks"]) == MARKS
    assert (values["n_early"], values["n_last"]) == (EARLY, LAST)
    assert values["i_300"] == MARKS.index(EARLY)


def test_the_two_networks_are_those_of_training_without_pytorch(values):
    at = MARKS.index(EARLY)
    for start in START:
        z = logits(one(start)[at], OLD)
        assert np.abs(values[f"z_{start}"] - z).max() < 1e-8
        loss = loss_at(z, model.Y[OLD], 1)
        assert abs(values[f"loss_{EARLY}_{start}"] - loss) < 1e-9


def test_the_starts_begin_as_is_said(values):
    for start, shrink in START.items():
        first = shrink(model.init(model.generator(0)))
        costs = model.costs(first, model.X[OLD], model.Y[OLD])
        assert abs(values[f"start_{start}"] - costs.mean()) < 1e-9
        if start == "normal":
            spread = model.forward(first, model.X).std(ddof=1)
            assert abs(values["spread_normal"] - spread) < 1e-9
    # A uniform guess costs the logarithm of 30.
    assert abs(values["start_small"] - log(30)) < 0.02
    assert values["start_normal"] > 8 * log(30)


def test_the_curves_are_the_loss_with_divided_logits(values):
    T = values["T"]
    assert np.abs(np.log2(T) - np.linspace(-1, 3, 65)).max() < 1e-12
    for start in START:
        z = logits(one(start)[MARKS.index(EARLY)], OLD)
        curve = values[f"loss_{start}"]
        for i in (0, 16, 40, 64):
            assert abs(curve[i] - loss_at(z, model.Y[OLD], T[i])) < 1e-9
        lowest = best(z, model.Y[OLD])
        assert abs(values[f"T_{start}"] - lowest) < 1e-9
        nats = loss_at(z, model.Y[OLD], lowest)
        assert abs(values[f"lowest_{start}"] - nats) < 1e-9
        # Between grid points: its neighbours on the curve are higher.
        assert nats <= curve.min()
        assert values[f"half_{start}"] == curve[0]


def test_the_loss_has_a_single_minimum(values):
    for start in START:
        curve, b = values[f"loss_{start}"], 1 / values["T"]
        slopes = np.diff(curve) / np.diff(b)  # by 1 / T, which falls along the grid
        assert (np.diff(slopes) < 0).all()


def test_the_first_figure_marks_each_minimum(values, drawn):
    (ax,) = drawn("two-starts")
    curves = [line for line in ax.lines if len(line.get_xdata()) == 65]
    dots = [line for line in ax.lines if len(line.get_xdata()) == 1]
    (at_one,) = (line for line in ax.lines if len(line.get_xdata()) == 2)
    assert list(at_one.get_xdata()) == [1, 1]
    texts = {text.get_text(): text for text in ax.texts}
    words = {"normal": "first weights:\nstandard normal", "small": "small"}
    for start, line, dot in zip(START, curves, dots, strict=True):
        assert (line.get_ydata() == values[f"loss_{start}"]).all()
        assert (line.get_xdata() == values["T"]).all()
        at = dot.get_xdata()[0], dot.get_ydata()[0]
        assert at == (values[f"T_{start}"], values[f"lowest_{start}"])
        assert line.get_color() == dot.get_color()
        mark, name = texts.pop(f"T = {at[0]:.2f}"), texts.pop(words[start])
        assert mark.xy[0] == at[0]
        assert name.get_color() == COLORS[start]
    assert not texts
    assert [line.get_linestyle() for line in curves] == ["-", "--"]
    assert values["T_small"] < 1 < values["T_normal"]
    # From the normal start it costs more to be as sure as trained.
    assert values["loss_300_normal"] > values["loss_300_small"]


def test_the_temperatures_that_suit_sixteen_networks(values):
    for i in AGAIN:
        for start, name in [("normal", "too_sure"), ("small", "not_sure_enough")]:
            again = best_of(sixteen(start, i, EARLY), OLD)
            assert abs(values[name][i] - again) < 1e-8
        again = best_of(sixteen("small", i, LAST), ~OLD)
        assert abs(values["too_sure_of_new"][i] - again) < 1e-8


def test_dividing_logits_is_dividing_the_last_layer(values):
    C, W1, b1, W2, b2 = one("normal")[0]
    T = values["T_normal"]
    divided = logits([C, W1, b1, W2 / T, b2 / T], OLD)
    assert np.abs(divided - logits(one("normal")[0], OLD) / T).max() < 1e-9


def test_each_start_comes_towards_one_on_the_examples_that_it_sees(values):
    for i, start in enumerate(START):
        for k, params in enumerate(one(start)):
            for j, which in enumerate([OLD, ~OLD]):
                again = best_of(params, which)
                assert abs(values["temperatures"][i, j, k] - again) < 1e-7
    (normal, new_normal), (small, new_small) = values["temperatures"]
    assert (np.diff(normal) < 0).all()
    assert (normal > 1).all()
    assert (small < 1).all()
    assert abs(log(small[-1])) < abs(log(small[0])) / 4
    # What a network learns by heart makes it too sure of new names.
    assert new_normal[-1] > normal[-1]
    assert new_small[-1] > 1 > small[-1]
    gaps = np.log([new_normal / normal, new_small / small])
    assert (gaps[:, -1] == gaps.max(1)).all()
    quoted = ["first_normal", "last_normal", "first_small", "last_small"]
    ends = [normal[0], normal[-1], small[0], small[-1]]
    assert [values[name] for name in quoted] == ends
    assert [values["new_normal"], values["new_small"]] == [
        new_normal[-1],
        new_small[-1],
    ]


def test_the_second_figure_has_a_panel_for_each_start(values, drawn):
    panels = drawn("towards-one")
    titles = [ax.get_title(loc="left") for ax in panels]
    assert titles == ["Standard normal", "Small"]
    for ax, curves in zip(panels, values["temperatures"], strict=True):
        *lines, at_one = ax.lines
        assert list(at_one.get_ydata()) == [1, 1]
        labels = [line.get_label() for line in lines]
        assert labels == ["its examples", "new names"]
        assert [line.get_linestyle() for line in lines] == ["-", ":"]
        for line, curve in zip(lines, curves, strict=True):
            assert list(line.get_xdata()) == MARKS
            assert (line.get_ydata() == curve).all()


def test_the_mean_prediction_after_g_has_its_own_best_temperature(values):
    here = OLD & (model.X[:, 2] == G)
    y = model.Y[here]
    assert list(values["y_after"]) == list(y)
    for i in AGAIN:
        each = model.softmax(logits(sixteen("normal", i, EARLY), here))
        q = each.mean(0)
        again = best(np.tile(np.log(q), (len(y), 1)), y)
        assert abs(values["averaged_temperature"][i] - again) < 1e-8
        # Sure of r here and of h there: its single predictions are far surer.
        assert np.median(each.max(1)) > 1.5 * q.max()


def test_p_to_the_power_of_one_over_t(values):
    p, T = after_g(), values["T_p"]
    assert np.abs(values["p"] - p).max() < 1e-12
    assert np.abs(np.log2(T) - np.linspace(-2, 3, 101)).max() < 1e-12
    powers = p ** (1 / T[:, None])
    q = powers / powers.sum(1, keepdims=True)  # (101, 30): softmax of log p / T
    H_pq, H_qp = cross_entropy(p, q), -(q[:, p > 0] * np.log(p[p > 0])).sum(1)
    assert np.abs(values["H_pq"] - H_pq).max() < 1e-12
    assert np.abs(values["H_qp"] - H_qp).max() < 1e-12
    assert abs(values["H_p"] - cross_entropy(p, p)) < 1e-12
    for name, curve in [("pq", H_pq), ("qp", H_qp)]:
        ends = [values[f"sharp_{name}"], values[f"flat_{name}"]]  # T = 1/4 and 8
        assert np.abs(ends - curve[[0, -1]]).max() < 1e-12


def test_moving_away_from_p_costs_more_on_either_side(values):
    T, H_pq = values["T_p"], values["H_pq"]
    at_p = H_pq.argmin()
    assert T[at_p] == 1
    assert abs(H_pq[at_p] - values["H_p"]) < 1e-12
    assert (np.diff(H_pq[: at_p + 1]) < 0).all()
    assert (np.diff(H_pq[at_p:]) > 0).all()


def test_too_sure_costs_more_than_too_unsure(values):
    sharper = values["H_pq"][:40][::-1]  # T = 2**(-0.05), 2**(-0.1), ...
    flatter = values["H_pq"][41:81]  # T = 2**0.05, 2**0.1, ...
    assert np.allclose(values["T_p"][:40][::-1] * values["T_p"][41:81], 1)
    assert (sharper > flatter).all()


def test_with_the_roles_exchanged_p_is_not_the_minimum(values):
    assert (np.diff(values["H_qp"]) > 0).all()


def test_the_third_figure_names_its_curves(values, drawn):
    (ax,) = drawn("away-from-p")
    curves = {"H(p, q)": values["H_pq"], "H(q, p)": values["H_qp"]}
    lines = {line.get_color(): line for line in ax.lines if len(line.get_xdata()) > 2}
    texts = {text.get_text(): text for text in ax.texts}
    assert texts.keys() == {*curves, "floor H(p)"}
    for label, curve in curves.items():
        line = lines[texts[label].get_color()]
        assert (line.get_xdata() == values["T_p"]).all()
        assert (line.get_ydata() == curve).all()
        # The text is nearer to its own curve than to the other.
        T, nats = texts[label].xy
        near = {
            name: abs(np.interp(T, values["T_p"], c) - nats)
            for name, c in curves.items()
        }
        assert min(near, key=near.get) == label
    floor, dot = (line for line in ax.lines if len(line.get_xdata()) <= 2)
    assert floor.get_color() == texts["floor H(p)"].get_color()
    assert list(floor.get_ydata()) == [values["H_p"]] * 2
    assert (list(dot.get_xdata()), list(dot.get_ydata())) == ([1], [values["H_p"]])
    assert lines[texts["H(q, p)"].get_color()].get_linestyle() == "--"
    assert floor.get_linestyle() == ":"
    # At T = 1 the curves meet on the floor.
    at_one = [curve[values["T_p"] == 1].item() for curve in curves.values()]
    assert np.abs(np.array(at_one) - values["H_p"]).max() < 1e-12
    fractions = {"¼": 1 / 4, "½": 1 / 2, "1": 1, "2": 2, "4": 4, "8": 8}
    ticks = [label.get_text() for label in ax.get_xticklabels()]
    assert dict(zip(ticks, ax.get_xticks(), strict=True)) == fractions


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
    assert 0.1 < abs(at_103[0] - 103) < inf
    assert isinf(at_105[0])
    gaps = [values[f"gap_{name}"] for name in ("right", "nan", "off", "inf")]
    assert gaps == [80, 90, 103, 105]


def test_the_built_in_loss_stays_right(values):
    for gap, row in zip([80, 90, 103, 105], values["table"], strict=True):
        # -log q(y) = log sum exp z - z_y, with z_y = 0; its slope is p - 1
        assert abs(row[2] - log(1 + exp(gap))) < 1e-4
        assert abs(row[3] - (1 / (1 + exp(gap)) - 1)) < 1e-4


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


def test_the_table_of_float32_has_losses_and_slopes_in_their_columns(values, printed):
    head, *rows = printed("float32").splitlines()
    assert head.split() == ["gap", "by", "hand", "slope", "built-in", "slope"]
    for gap, row, told in zip([80, 90, 103, 105], rows, values["table"], strict=True):
        assert row.split() == [str(gap), *(f"{number:.2f}" for number in told)]


def test_the_widest_gap_is_from_a_label_to_its_largest_rival(values):
    widest = {start: [] for start in START}
    for i in range(16):
        first = model.init(model.generator(i))
        for start, shrink in START.items():
            z = model.forward(shrink(first), model.X)
            gaps = z.max(1) - z[np.arange(len(z)), model.Y]
            widest[start].append(gaps.max())
    assert np.abs(values["widest_gap"] - widest["normal"]).max() < 1e-9
    assert abs(values["small_gap"] - np.mean(widest["small"])) < 1e-9
