"""The facts of docs/notes/trench-and-theory.md, held against its run.

At the trench's rate runs part, so the sixteen models' training is only held to come as
far as NumPy's. From where it ends, all is computed once more: full-batch steps, and
the curvature, as differences of gradients.
"""

import numpy as np

from .lr_runs import look, median, model, run
from .numpy_model import (
    X,
    Y,
    examples,
    forward,
    generator,
    gradient,
    init,
    loss,
    normal,
    softmax,
)

SEEDS = [0, 15]
NEAR = 1e-6  # the same but for rounding

# The full set: each context once, and how often each character follows it, as a
# share of all examples.
CONTEXTS, row = np.unique(X, axis=0, return_inverse=True)
SHARES = np.zeros((len(CONTEXTS), Y.max() + 1))
np.add.at(SHARES, (row.ravel(), Y), 1 / len(X))


def full_loss(params):
    return -(SHARES * np.log(softmax(forward(params, CONTEXTS)))).sum()


def full_gradient(params):
    probs = softmax(forward(params, CONTEXTS))
    return gradient(params, CONTEXTS, probs * SHARES.sum(1, keepdims=True) - SHARES)


def descend(params, rate, steps):
    """Full-batch steps: the parameters, and the losses before, between and after."""
    losses = [full_loss(params)]
    for _ in range(steps):
        by = full_gradient(params)
        params = [p - rate * slope for p, slope in zip(params, by, strict=True)]
        losses.append(full_loss(params))
    return params, np.array(losses)


def far(params, others):
    """The largest difference of two models' parameters."""
    return max(abs(p - q).max() for p, q in zip(params, others, strict=True))


def dot(u, v):
    return sum((x * y).sum() for x, y in zip(u, v, strict=True))


def largest(params, v, n, shift=0):
    """The largest eigenvalue by power iteration, on differences of gradients.

    Eigenvalues are moved up by `shift`, so that none below zero is larger in size.
    """
    value = np.nan
    for _ in range(n):
        v = [x / np.sqrt(dot(v, v)) for x in v]
        ahead, behind = (
            full_gradient([p + s * x for p, x in zip(params, v, strict=True)])
            for s in (1e-4, -1e-4)
        )
        product = [(a - b) / 2e-4 for a, b in zip(ahead, behind, strict=True)]
        value = dot(v, product)
        v = [y + shift * x for x, y in zip(v, product, strict=True)]
    return value


def other(params, seed):
    """Another start of the iteration than the program's."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=p.shape) for p in params]


def start(seed):
    return init(generator(seed))


def test_sixteen_seeds_start_and_train_in_the_trench(values):
    assert list(values["seeds"]) == list(range(16))
    for seed in range(16):
        assert far(start(seed), model(values["start"], seed)) < 1e-12
    assert (values["rate"], values["horizon"], values["batch_size"]) == (0.2, 1000, 32)
    assert (values["lrs"] == 0.2).all()
    assert len(values["lrs"]) == 1000
    g = generator(0)
    picked = np.array([examples(g, 16, 32) for _ in range(1000)])
    for seed in SEEDS:
        params, _ = run(start(seed), [0.2] * 1000, picked[:, seed])
        trained = model(values["trained"], seed)
        # Runs part here: as low a loss, and nearer each other than the start.
        assert 0.8 < full_loss(trained) / full_loss(params) < 1.25
        gap = dot(*[[p - q for p, q in zip(params, trained, strict=True)]] * 2)
        way = dot(*[[p - q for p, q in zip(start(seed), trained, strict=True)]] * 2)
        assert gap < way
    drawn = [normal(g, 16, *p.shape) for p in start(0)]
    for one, two in zip(drawn, values["noise"], strict=True):
        assert np.array_equal(one, two)


def test_the_models_settle_over_all_examples_at_the_trench_s_rate(values):
    assert sum(p[0].size for p in values["settled"]) == values["n_params"]
    for seed in SEEDS:
        trained = model(values["trained"], seed)
        assert abs(full_loss(trained) - loss(trained)) < 1e-9
        settled, _ = descend(trained, 0.2, values["settle"])
        assert far(settled, model(values["settled"], seed)) < NEAR
    ratio = values["limit"] / 0.2
    assert abs(ratio - values["trench_under_limit"]).max() < 1e-9


def test_the_limit_is_two_over_the_largest_eigenvalue_of_the_hessian(values):
    for seed in SEEDS:
        params = model(values["settled"], seed)
        found = 2 / values["limit"][seed]
        value = largest(params, other(params, seed), 60)
        assert found < value * (1 + 1e-3)  # the estimate only grows
        assert found > 0.95 * value


def test_the_steps_are_at_three_rates_and_each_loss_is_before_its_step(values):
    assert values["below"] < 1 < values["above"]
    for seed in SEEDS:
        limit = values["limit"][seed]
        rates = [0.2, values["below"] * limit, values["above"] * limit]
        settled = model(values["settled"], seed)
        for i, rate in enumerate(rates):
            params, losses = descend(settled, rate, values["n_edge"])
            assert abs(losses[:-1] - values["descents"][i, :, seed]).max() < NEAR
        # Where the last of these arrives, the sharpness is far above 2 / rate.
        value = largest(params, other(params, seed), 60)
        assert 0.95 < values["late"][seed] / value < 1 + 1e-3
        times = values["late"][seed] / (2 / rates[2])
        assert abs(times - values["stays_above"][seed]) < 1e-9


def test_each_claim_about_the_limit_is_what_its_sentence_says(values):
    losses = values["descents"]  # (3, 20, 16)
    for seed in range(16):
        below, above = ((one[1:] > one[:-1]).any() for one in losses[1:, :, seed])
        assert values["limit_holds"][seed] == (above and not below)
    assert abs(values["edge_falls"] - losses[2, -1] / losses[2, 0]).max() < 1e-9


def test_one_model_in_plain_code_has_its_limit_too(values, printed):
    g = generator(0)
    params = init(g)
    picked = [examples(g, 32) for _ in range(2000)]
    noise = [normal(g, *p.shape) for p in params]
    params, _ = run(params, [0.1] * 2000, picked)
    value = largest(params, noise, 20)
    assert abs(value / values["size"] - 1) < 1e-3
    assert printed("hessian") == f"2 / sharpness: {2 / value:.2f}\n"
    lines = []
    for times in (0.8, 1.5):
        _, losses = descend(params, times * 2 / values["size"], 19)
        ends = f"from {losses[0]:.2f} to {losses[-1]:.2f}"
        rose = (np.diff(losses) > 0).sum()
        lines.append(f"{times} times: {ends}, with {rose} steps up")
    assert printed("beyond").splitlines() == lines
    assert lines[0].endswith("with 0 steps up")
    assert not lines[1].endswith("with 0 steps up")


def test_before_training_the_limit_s_multiple_is_tolerated_or_not(values):
    assert (values["few"], values["high"]) == (10, 2)
    for seed in SEEDS:
        limit, params = values["start_limit"][seed], start(seed)
        value = largest(params, other(params, seed), 80, shift=10)
        assert 0.95 < 2 / limit / value < 1 + 1e-3
        _, losses = descend(params, values["high"] * limit, 10)
        assert values["start_tolerates"][seed] == (np.diff(losses) < 0).all()
    ends = values["start_limit"].min(), values["start_limit"].max()
    assert (values["limit_min"], values["limit_max"]) == ends


def test_the_figure_names_each_rate_s_lines(values, drawn):
    (ax,) = drawn("edge")
    *each, slow, under = ax.lines
    shares = values["descents"] / values["descents"][:, :1]  # (3, 20, 16)
    assert len(each) == 16
    for seed, line in enumerate(each):
        assert abs(line.get_ydata() - shares[2, :, seed]).max() < 1e-9
        assert look(line) == look(each[0])
    assert abs(under.get_ydata() - median(shares[1])).max() < 1e-9
    assert abs(slow.get_ydata() - median(shares[0])).max() < 1e-9
    keys = ax.get_legend()
    words = [text.get_text() for text in keys.get_texts()]
    named = dict(zip(words, map(look, keys.legend_handles), strict=True))
    assert named == {
        "at the trench's rate": look(slow),
        f"at {values['below']:g} times the limit": look(under),
        f"at {values['above']:g} times the limit, by seed": look(each[0]),
    }
    assert len(set(named.values())) == 3
    low, high = ax.get_ylim()
    assert low < shares.min() < shares.max() < high
    # The higher rate falls further, at first; past the limit the loss goes up, too.
    over = median(shares[2])  # (20,)
    assert (under.get_ydata()[1:] < slow.get_ydata()[1:]).all()
    assert (over[1:5] < under.get_ydata()[1:5]).all()
    assert (np.diff(under.get_ydata()) < 0).all()
    assert (np.diff(shares[2], axis=0) > 0).any(0).all()
    assert (shares[2, -1] < 1).all()
