"""The facts of docs/notes/last-bit.md, held against its run.

Below the trench, NumPy's runs on the same batches are the program's to rounding. Past
it runs part: there, what is read off a run is read once more off its own parameters.
"""

import numpy as np
from matplotlib.colors import to_hex

from .lr_runs import band, median, model, run
from .numpy_model import examples, generator, init

SEEDS = [0, 15]
NEAR = 1e-6  # the same but for rounding


def start(seed):
    return init(generator(seed))


def far(params, others):
    """The largest difference of two models' parameters."""
    return max(abs(p - q).max() for p, q in zip(params, others, strict=True))


def length(params, others):
    """How far apart two models are, as points in the space of all weights."""
    pairs = zip(params, others, strict=True)
    return np.sqrt(sum(((p - q) ** 2).sum() for p, q in pairs))


def batches(values):
    """What the twins' generator draws: a batch for each of 80 models at each step."""
    g = generator(0)
    return np.array([examples(g, 80, values["batch_size"]) for _ in range(100)])


def test_two_runs_agree_below_the_trench_and_part_past_it(values, printed):
    lines = []
    for rate in (0.05, 1):
        g = generator(0)
        one = init(g)
        two = [p.copy() for p in one]
        two[0][0] = np.nextafter(one[0][0], np.inf)
        drawn = [examples(g, 32) for _ in range(100)]
        one, two = (run(params, [rate] * 100, drawn)[0] for params in (one, two))
        gap = far(one, two)
        assert gap < 1e-12 or gap > 0.1  # no rounding decides
        lines.append(f"rate {rate}: the same to ten digits: {gap < 1e-10}")
    assert printed("two-runs").splitlines() == lines
    assert (values["rate_below"], values["rate_beyond"]) == (0.05, 1)


def test_twins_differ_in_the_last_bit_of_ten_weights(values):
    weights = np.array([start(seed)[0][0] for seed in range(16)])  # (16, 10)
    weights = np.tile(weights, (5, 1))  # (80, 10): alike at each rate
    assert np.array_equal(weights, values["w"])
    # To the next number above.
    spacing = np.nextafter(weights, np.inf) - weights
    first = np.linalg.norm(spacing, axis=1)  # (80,)
    assert np.allclose(values["apart"][0].ravel(), first, rtol=1e-12, atol=0)
    # No step rounds the difference away.
    assert values["apart"].min() > 0
    assert len(values["apart"]) == values["n_twin"] == 100


def test_twins_see_the_same_batches_at_five_rates(values):
    rates = list(values["twin_rates"])
    assert rates == [0.05, 0.1, 0.2, 0.4, 1]
    named = ("below", "half", "trench", "past", "beyond")
    assert rates == [values[f"rate_{name}"] for name in named]
    assert list(values["seeds"]) == list(range(16))
    picked = batches(values)
    for i, rate in enumerate(rates[:2]):
        for seed in SEEDS:
            k = 16 * i + seed
            params, _ = run(start(seed), [rate] * 100, picked[:, k])
            assert far(params, model(values["params"], k)) < NEAR
            assert far(params, model(values["params"], 80 + k)) < NEAR


def test_the_twins_distance_is_over_all_weights(values):
    """The last distance is taken before the last step, the parameters after it."""
    apart = values["apart"]  # (100, 5, 16)
    one_step = abs(np.diff(np.log(apart), axis=0)).max(0)  # (5, 16)
    for i in range(5):
        for seed in range(16):
            k = 16 * i + seed
            one, two = (model(values["params"], j) for j in (k, 80 + k))
            moved = abs(np.log(length(one, two) / apart[-1, i, seed]))
            assert moved <= one_step[i, seed]
            if i == 4:
                share = apart[-1, i, seed] / length(one, start(seed))
                assert abs(share - values["twins_part"][seed]) < 1e-9


def test_each_claim_about_the_twins_is_what_its_sentence_says(values):
    apart = dict(zip(values["twin_rates"], values["apart"].swapaxes(0, 1), strict=True))
    assert np.array_equal(values["twins_below"], apart[0.05][-1])
    # A factor a step: the slope of the logarithm between two steps.
    for name, rate, first, last in (
        ("twins_in_the_trench", 0.2, 20, 99),
        ("twins_beyond", 1, 5, 20),
    ):
        rise = np.log(apart[rate][last]) - np.log(apart[rate][first])
        factor = np.exp(rise / (last - first))
        assert abs(factor - values[name]).max() < 1e-9


def test_at_the_highest_rate_the_nudge_is_as_large_as_the_weights_after_a_while(values):
    # Some thirty steps: the twins are further apart than one.
    above = (median(values["apart"][:, 4]) > 1).argmax()
    assert 20 <= above <= 40


def test_the_twins_figure_names_each_line_by_its_rate(values, drawn):
    (ax,) = drawn("twins")
    logs = np.log10(values["apart"])  # (100, 5, 16)
    heights = []
    for i, rate in enumerate(values["twin_rates"]):
        line, text = ax.lines[i], ax.texts[i]
        assert np.array_equal(line.get_xdata(), np.arange(100))
        assert abs(line.get_ydata() - median(logs[:, i])).max() < 1e-9
        filled = ax.collections[i]
        assert to_hex(filled.get_facecolor()[0]) == to_hex(line.get_color())
        ends = [logs[:, i].min(1), logs[:, i].max(1)]
        assert abs(band(filled)[1] - ends).max() < 1e-9
        # A curve's name is at its end, moved a little where two would overlap.
        assert text.get_text() == f"rate {rate:g}"
        heights.append(text.get_position()[1])
        assert abs(heights[i] - line.get_ydata()[-1]) < 1
    assert heights == sorted(heights)
    # The higher the rate, the sooner the twins part.
    mids = median(logs)  # (100, 5)
    assert mids[:, :2].max() < -10
    first = (mids[:, 2:] > -10).argmax(0)  # (3,)
    assert (np.diff(first) < 0).all()
    assert first.min() > 0
