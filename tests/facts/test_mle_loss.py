"""The facts of docs/notes/mle-loss.md, held against its run.

What it says of training is worked out again in NumPy: for the network that the page
shows, and for the first and the last of the sixteen that are measured.
"""

from functools import cache

import numpy as np

from . import numpy_model as model

AGAIN = (0, 15)  # the networks that are trained again; each number is its seed
EARLY, STEPS, RATE, BATCH, MANY = 200, 500, 0.1, 32, 100
K, N = len(model.CHARS), len(model.Y)


@cache
def shown():
    """The network that the page shows, before its last step and after, and the batch
    of that step."""
    g = model.generator(0)
    start = model.init(g)
    batches = [model.examples(g, BATCH) for _ in range(STEPS)]
    before = model.train(start, RATE, batches[:-1])
    return before, model.train(before, RATE, batches[-1:]), batches[-1]


@cache
def draws():
    """All that the sixteen networks are given, in the program's order."""
    g = model.generator(0)
    return {
        "training": [model.examples(g, 16, BATCH) for _ in range(STEPS)],
        "many": model.examples(g, 16, MANY, BATCH),
        "on_p": [model.examples(g, 16, BATCH) for _ in range(EARLY)],
        "calm_log": [model.examples(g, 16, BATCH) for _ in range(EARLY)],
        "calm_p": [model.examples(g, 16, BATCH) for _ in range(EARLY)],
    }


def start(i, calm=False):
    C, W1, b1, W2, b2 = model.init(model.generator(i))
    return [C, W1, b1, W2 / 100, b2 / 100] if calm else [C, W1, b1, W2, b2]


@cache
def network(i, steps):
    """Network `i` after so many steps."""
    return model.train(start(i), RATE, [ix[i] for ix in draws()["training"][:steps]])


def of_minus_p(z, y):
    """The slopes of the mean of -p by the logits z."""
    q, one_hot = model.softmax(z), np.eye(K)[y]
    p = (q * one_hot).sum(1, keepdims=True)
    return p * (q - one_hot) / len(y)


def mean_p(i, params):
    """The mean probability of what came, on the first twenty of the hundred batches."""
    ix = draws()["many"][i][:20].ravel()
    return np.exp(-model.costs(params, model.X[ix], model.Y[ix])).mean()


def test_the_one_line_is_minus_the_mean_of_the_logarithms(values):
    # loss = -prob[torch.arange(batch_size), Y].log().mean(), an example at a time
    about = [values[name] for name in ("n_early", "n_steps", "lr", "batch_size")]
    assert about == [EARLY, STEPS, RATE, BATCH]
    before, after, ix = shown()
    assert (values["Xb"] == model.X[ix]).all()
    assert (values["Yb"] == model.Y[ix]).all()
    prob = model.softmax(model.forward(before, model.X[ix]))
    assert np.abs(values["prob"] - prob).max() < 1e-9
    picked = [row[y] for row, y in zip(prob, model.Y[ix], strict=True)]
    assert np.abs(values["picked"] - picked).max() < 1e-9
    assert abs(values["loss"] + np.log(picked).mean()) < 1e-9
    for p, again in zip(values["params"], after, strict=True):
        assert np.abs(p - again).max() < 1e-9


def test_the_line_s_slope_is_that_of_a_loss_by_the_right_logit(values):
    # By differences: the slope of -log p is p - 1, that of -p is p (p - 1).
    before, _, ix = shown()
    costs = model.costs(before, model.X[ix], model.Y[ix])
    at = costs.argmax()
    z, y = model.forward(before, model.X[ix])[at], model.Y[ix][at]
    step = 1e-4 * np.eye(K)[y]
    up, down = model.softmax(z + step)[y], model.softmax(z - step)[y]
    p = values["worst"]
    assert abs(p / np.exp(-costs[at]) - 1) < 1e-6
    assert abs(p - 1 + (np.log(up) - np.log(down)) / 2e-4) < 1e-6
    assert abs(p * (p - 1) / -((up - down) / 2e-4) - 1) < 1e-6
    # The slope of -p is lost there, that of -log p is not.
    assert p - 1 < -0.99
    assert -1e-3 < p * (p - 1) < 0


def test_a_slice_gives_another_shape_and_a_higher_number(values):
    before, _, ix = shown()
    prob = model.softmax(model.forward(before, model.X[ix]))
    sliced = np.array([[row[y] for y in model.Y[ix]] for row in prob])
    assert (values["picked"].shape, values["sliced"].shape) == ((32,), (32, 32))
    assert np.abs(values["sliced"] - sliced).max() < 1e-9
    assert -np.log(sliced).mean() > values["loss"]


def test_the_dots_are_the_batch_the_costliest_first(values):
    before, _, ix = shown()
    costs = model.costs(before, model.X[ix], model.Y[ix])
    spelt = np.array(["_" if char == " " else char for char in model.CHARS])
    names = {}
    for x, y, cost in zip(model.X[ix], model.Y[ix], costs, strict=True):
        names.setdefault(f"{''.join(spelt[x])}→{spelt[y]}", []).append(cost)
    assert (np.diff(values["dot_cost"]) <= 0).all()
    assert len(values["names"]) == BATCH
    for name, cost in zip(values["names"], values["dot_cost"], strict=True):
        assert np.abs(np.array(names[name]) - cost).min() < 1e-9
    assert values["costliest"] == max(names, key=lambda name: max(names[name]))
    assert abs(values["highest"] - costs.max()) < 1e-9
    assert values["cheap"] == (costs < 1).sum()
    assert abs(values["batch_sum"] - costs.sum()) < 1e-9


def test_the_curve_is_minus_log_p_and_its_figure_names_it(values, drawn):
    (ax,) = drawn("curve")
    curve, dots, mean = ax.lines
    p = curve.get_xdata()
    assert (p.min(), p.max()) == (1e-8, 1)
    assert np.abs(curve.get_ydata() + np.log(p)).max() < 1e-12
    assert (dots.get_linestyle(), dots.get_marker()) == ("None", "o")
    assert (dots.get_xdata() == values["dot_p"]).all()
    assert (dots.get_ydata() == values["dot_cost"]).all()
    # The dots lie on the curve, and the line is at their mean height.
    assert np.abs(dots.get_ydata() + np.log(dots.get_xdata())).max() < 1e-12
    assert list(mean.get_ydata()) == [values["loss"]] * 2
    assert abs(dots.get_ydata().mean() - values["loss"]) < 1e-12
    assert mean.get_linestyle() == "--"
    said, *named = ax.texts
    assert said.get_text() == f"the loss {values['loss']:.2f}"
    assert said.get_color() == mean.get_color()
    # Each name is just right of and above a dot that it names.
    assert len(named) == 3
    for text in named:
        at = values["names"].index(text.get_text())
        right, above = np.array(text.xy) - [values["dot_p"][at], values["dot_cost"][at]]
        assert 0 < right < 0.05
        assert 0 < above < 1
    assert named[0].get_text() == values["costliest"]
    assert "-log p" in ax.get_ylabel()


def test_the_product_underflows_and_the_sum_of_logs_does_not(values):
    _, after, _ = shown()
    costs, every = model.costs(after), values["every"]
    assert values["n_examples"] == len(every) == N
    assert every.dtype == np.float64
    assert np.abs(every - np.exp(-costs)).max() < 1e-9
    assert np.prod(every) == 0
    assert np.prod(every[: values["zero_at"] - 1]) > 0
    assert np.prod(every[: values["zero_at"]]) == 0
    assert abs(values["all_sum"] - costs.sum()) < 1e-6
    assert abs(values["all_mean"] - costs.mean()) < 1e-9


def test_the_sum_grows_with_the_examples_and_the_mean_does_not(values):
    assert values["all_sum"] > 100 * values["batch_sum"]
    assert abs(values["all_mean"] / values["loss"] - 1) < 0.2
    # Over many batches, their mean costs are right on average.
    for i in AGAIN:
        ix = draws()["many"][i]
        costs = model.costs(network(i, STEPS), model.X[ix.ravel()], model.Y[ix.ravel()])
        means = costs.reshape(MANY, BATCH).mean(1)
        error = means.std(ddof=1) / MANY**0.5
        assert abs(means.mean() - model.loss(network(i, STEPS))) < 3 * error
    assert (values["draws"] == draws()["many"]).all()


def test_a_uniform_guess_and_the_start_that_is_bad_on_purpose(values):
    assert abs(values["uniform_loss"] - np.log(K)) < 1e-6
    assert (values["n_chars"], values["p_chars"]) == (K, 1 / K)
    of_start = np.mean([model.loss(start(i)) for i in range(16)])
    assert abs(values["start_loss"] - of_start) < 1e-9


def test_the_networks_are_those_of_training_without_pytorch(values):
    runs = {"start": 0, "early": EARLY, "models": STEPS}
    for name, steps in runs.items():
        for i in AGAIN:
            for p, again in zip(values[name], network(i, steps), strict=True):
                assert (len(p), p.dtype) == (16, np.float64)
                assert np.abs(p[i] - again).max() < 1e-9, name


def test_of_a_batch_the_costliest_three_are_taken(values):
    names = {"three_make_half": STEPS, "three_before_training": 0}
    for name, steps in names.items():
        for i in AGAIN:
            shares = []
            for ix in draws()["many"][i]:
                costs = sorted(model.costs(network(i, steps), model.X[ix], model.Y[ix]))
                shares.append(sum(costs[-3:]) / sum(costs))
            assert abs(values[name][i] - np.mean(shares)) < 1e-9


def test_on_minus_p_the_same_steps_at_ten_times_the_rate(values):
    assert abs(values["times"] * RATE - values["rate_p"]) < 1e-12
    for i in AGAIN:
        batches = [ix[i] for ix in draws()["on_p"]]
        on_p = model.train(network(i, 0), values["rate_p"], batches, of_minus_p)
        for p, again in zip(values["on_p"], on_p, strict=True):
            assert np.abs(p[i] - again).max() < 1e-7
        gain = mean_p(i, network(i, EARLY)) - mean_p(i, on_p)
        assert abs(values["log_teaches"][i] - gain) < 1e-7


def test_from_a_calm_start_all_begin_near_the_uniform_guess(values):
    for i in range(16):
        params = [p[i] for p in values["calm"]]
        for p, again in zip(params, start(i, calm=True), strict=True):
            assert np.abs(p - again).max() < 1e-12
        q = model.softmax(model.forward(params, model.X[:500]))
        assert np.abs(np.log(q * K)).max() < 1
        # The slope of -log p is larger by 1 / p: there, by about as much for all.
        p = q[np.arange(500), model.Y[:500]]
        assert values["times"] < (1 / p).min()


def test_from_a_calm_start_minus_p_raises_p_and_costs_more(values):
    for i in AGAIN:
        on_p, on_log = (
            model.train(start(i, calm=True), rate, [ix[i] for ix in draws()[name]], of)
            for name, rate, of in (
                ("calm_p", values["rate_p"], of_minus_p),
                ("calm_log", RATE, model.of_loss),
            )
        )
        gain = mean_p(i, on_p) - mean_p(i, on_log)
        assert abs(values["calm_start"][i] - gain) < 1e-9
    costs = {}
    for name in ("calm_p", "calm_log"):
        losses = [model.loss([p[i] for p in values[name]]) for i in range(16)]
        costs[name] = np.mean(losses)
    assert abs(values["calm_cost_p"] - costs["calm_p"]) < 1e-9
    assert abs(values["calm_cost_log"] - costs["calm_log"]) < 1e-9
    assert costs["calm_p"] > 2 * costs["calm_log"]
