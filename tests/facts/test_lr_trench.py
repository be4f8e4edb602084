"""The facts of docs/notes/lr-trench.md, held against its run."""

import numpy as np


def test_the_rates_rise_from_a_hundred_thousandth_to_one(values):
    assert np.abs(np.diff(values["lre"]) - 5 / 999).max() < 1e-12
    assert np.abs(np.log10(values["lrs"]) - values["lre"]).max() < 1e-12
    assert (values["lre_low"], values["lre_high"]) == (-5, 0)
    assert (values["lowest"], values["highest"]) == (values["lrs"][0], 1)
    assert values["n_sweep"] == len(values["one_run"]) == len(values["sweeps"]) == 1000
    # A recipe of as many steps in all, the same for one sweep.
    assert values["tries"] * len(values["recipe"]) == values["n_sweep"]


def test_the_readings_are_of_windows_of_a_tenth_of_the_sweep(values):
    lre, sweeps = values["lre"], values["sweeps"]  # (1000,), (1000, 16)
    means = [sweeps[i : i + 101].mean(0) for i in range(900)]
    smoothed = np.array(means)  # (900, 16): window i has lre[i + 50] in its middle
    assert np.abs(smoothed - values["smoothed"]).max() < 1e-9
    trench = lre[smoothed.argmin(0) + 50]
    # Two windows side by side: the fall is where the one ends.
    fall = smoothed[:-101] - smoothed[101:]
    steepest = lre[fall.argmax(0) + 100]
    assert np.abs(10**trench - values["trench"]).max() < 1e-12
    assert np.abs(10**steepest - values["steepest"]).max() < 1e-12


def test_the_lowest_rates_hardly_move_the_loss(values):
    low = np.argmin(np.abs(values["middle"] + 4))
    moved = values["sweep_mid"][0] - values["sweep_mid"][low]
    spread = values["sweep_high"] - values["sweep_low"]
    assert abs(moved) < spread[low]


def test_the_sweep_turns_up_after_the_trench(values):
    lowest = values["sweep_mid"].min()
    assert values["sweep_low"][-1] > lowest
    assert values["sweep_mid"].argmin() < len(values["sweep_mid"]) - 1


def test_the_recipe_s_dots_follow_the_sweep_as_far_as_it_goes(values):
    middle, smoothed = values["middle"], values["smoothed"]  # (900,), (900, 16)
    reached = values["recipe_lre"] < middle[-1]
    assert reached.sum() == 8
    dots = zip(
        values["recipe_lre"][reached], values["recipe_mid"][reached], strict=True
    )
    for exponent, loss in dots:
        there = smoothed[np.abs(middle - exponent).argmin()]  # (16,)
        assert there.min() <= loss <= there.max()


def test_each_seed_is_trained_at_its_own_rates(values):
    trench, ones = values["trench"], np.ones(16)
    rates = [values["steepest"], trench / 3, trench, 3 * trench, ones]
    assert np.abs(values["rates"] - rates).max() < 1e-12
    assert values["tail"] * 10 == values["horizon"]


def test_beyond_the_trench_is_about_as_high_as_at_the_steepest_fall(values):
    start, beyond = values["ends"][[0, 4]].mean(1)
    assert 0.8 < beyond / start < 1.25


def test_the_best_rate_is_the_bottom_of_a_parabola(values):
    x = np.log(values["rates"][1:4])  # (3, 16)
    for seed, best in enumerate(values["best"]):
        a, b, _ = np.polyfit(x[:, seed], values["ends"][1:4, seed], 2)
        assert a > 0
        assert abs(-b / (2 * a) - np.log(best)) < 1e-6
        assert x[0, seed] < np.log(best) < x[2, seed]


def fastai(lrs, losses):
    """What fastai's functions do, one sweep (T,) at a time and point by point."""
    mean, smooth = 0.0, []
    for t, loss in enumerate(losses):
        mean = loss + 0.98 * (mean - loss)
        smooth.append(mean / (1 - 0.98 ** (t + 1)))
    first = len(losses) // 10
    lrs, losses = lrs[first:-5], np.array(smooth[first:-5])
    n = len(losses)
    slopes = (losses[1:] - losses[:-1]) / (np.log(lrs[1:]) - np.log(lrs[:-1]))
    longest, start, end = [1] * n, 0, 0
    for i in range(1, n):
        for j in range(i):
            if losses[i] < losses[j] and longest[i] < longest[j] + 1:
                longest[i] = longest[j] + 1
        if longest[end] < longest[i]:
            end, start = i, i - longest[i]
    third = (end - start) / 3
    assert abs(int(third) + int(third / 2) - (end - start) / 2) < 2  # half way
    valley = lrs[start + int(third) + int(third / 2)]
    return lrs[slopes.argmin()], valley, lrs[losses.argmin()] / 10


def test_the_suggestions_are_fastai_s(values):
    for seed in range(3):
        expected = fastai(values["lrs"], values["sweeps"][:, seed])
        found = values["suggestions"][:, seed]
        assert np.abs(found / expected - 1).max() < 1e-9
    steep, valley, tenth = values["suggestions"]
    assert (values["steep_min"], values["steep_max"]) == (steep.min(), steep.max())
    means = values["valley_mean"], values["tenth_mean"]
    assert np.abs(np.subtract(means, (valley.mean(), tenth.mean()))).max() < 1e-12
    # Its own sweep rises through eight decades, up to but not including ten.
    decades = values["decades"]
    assert np.abs(decades - np.linspace(-7, 1, 101)[:-1]).max() < 1e-12
    assert values["n_short"] == len(decades)


def gradient(params, full_set):
    """Of the mean loss over all examples, by hand and without PyTorch."""
    C, W1, b1, W2, b2 = params
    X, targets = full_set  # (K, 3), (K, 30)
    emb = C[X].reshape(len(X), -1)
    h = np.tanh(emb @ W1 + b1)
    logits = h @ W2 + b2
    probs = np.exp(logits - logits.max(1, keepdims=True))
    probs /= probs.sum(1, keepdims=True)
    dlogits = (probs * targets.sum(1, keepdims=True) - targets) / len(X)
    dh = dlogits @ W2.T * (1 - h**2)
    dC = np.zeros_like(C)
    np.add.at(dC, X, (dh @ W1.T).reshape(*X.shape, -1))
    return [dC, emb.T @ dh, dh.sum(0), h.T @ dlogits, dlogits.sum(0)]


def dot(u, v):
    return sum((x * y).sum() for x, y in zip(u, v, strict=True))


def extreme(params, v, full_set, n, shift):
    """Power iteration on differences of gradients: the eigenvalue, the error."""
    for _ in range(n):
        v = [x / np.sqrt(dot(v, v)) for x in v]
        ahead, behind = (
            gradient([p + s * x for p, x in zip(params, v, strict=True)], full_set)
            for s in (1e-4, -1e-4)
        )
        product = [(a - b) / 2e-4 for a, b in zip(ahead, behind, strict=True)]
        value = dot(v, product)
        error = np.sqrt(max(dot(product, product) - value**2, 0))
        v = [y + shift * x for x, y in zip(v, product, strict=True)]
    return value, error


def test_the_sharpness_is_the_largest_eigenvalue_of_the_hessian(values):
    assert sum(p[0].size for p in values["settled"]) == values["n_params"]
    for seed in range(2):
        params = [p[seed] for p in values["settled"]]
        vector = [v[seed] for v in values["vector"]]
        found = 2 / values["limit"][seed]
        value, error = extreme(params, vector, values["full_set"], 1, 0)
        assert error < 0.2 * value
        assert found < value * (1 + 1e-6)  # the estimate only grows
        # From another start, and further on: not much larger.
        rng = np.random.default_rng(seed)
        other = [rng.normal(size=p.shape) for p in params]
        value, _ = extreme(params, other, values["full_set"], 50, 0)
        assert 0.9 < found / value < 1.05


def test_near_the_start_some_eigenvalues_are_as_negative(values):
    rng = np.random.default_rng(0)
    for seed in range(2):
        params = [p[seed] for p in values["start"]]
        v = [rng.normal(size=p.shape) for p in params]
        value, _ = extreme(params, v, values["full_set"], 40, -25)
        assert value < -1 / values["start_limit"][seed]  # half the sharpness


def test_the_rates_along_the_edge_are_the_multiples_of_the_limit(values):
    assert list(values["multiples"]) == [values["below"], values["above"]]
    assert (values["times"][0] == np.array(values["multiples"])[:, None]).all()
    losses = values["descents"]  # (2, 30, 16)
    assert losses.shape[1] == values["n_edge"] == values["stops"][-1]
    assert (losses[0, 0] == losses[1, 0]).all()
    shares = (losses[:, 1:] > losses[:, :-1]).mean(1)
    assert np.abs(values["rises"] - shares).max() < 1e-12


def test_twins_differ_in_the_last_bit_of_one_weight(values):
    weights = np.tile(values["start"][0][:, 0, 0], 5)  # the same at each rate
    first = values["apart"][0].ravel()
    # To the next number above.
    spacing = np.nextafter(weights, np.inf) - weights
    assert (first == spacing).all()
    assert len(values["apart"]) == values["n_twin"]
    ordered = values["twin_rates"]
    low, high = values["trench_min"], values["trench_max"]
    assert ordered[1] < low * 0.95 <= values["rate_trench"] <= high < ordered[3]
