"""Raise the learning rate during one run and read the trench off the loss."""

from color_names import (
    X,
    Y,
    chars,
    init_models,
    init_params,
    loss_fn,
    plt,
    torch,
    train,
)

# %% sweep
batch_size = 32
lre = torch.linspace(-5, 0, 1000, dtype=torch.float64)  # (1000,) exponents
lrs = 10**lre  # (1000,): from 0.00001, a little more each step, to 1
g = torch.Generator().manual_seed(0)
params = [p.requires_grad_() for p in init_params(g)]
losses = []
for lr in lrs:
    ix = torch.randint(len(X), (batch_size,), generator=g)  # (32,)
    loss = loss_fn(params, X[ix], Y[ix])  # ()
    loss.backward()
    for p in params:
        p.data -= lr * p.grad
        p.grad = None
    losses.append(loss.item())
smooth = torch.tensor(losses).unfold(0, 101, 1).mean(1)  # (900,)

# %% figure: one-run
_, ax = plt.subplots()
ax.plot(lre, losses, linewidth=0.8, label="each batch")
ax.plot(lre[50:950], smooth, "C1", linewidth=2.5, label="mean of 101 batches")
ax.set(xlabel="log10 of the learning rate", ylabel="loss (nats)", ylim=0)
ax.legend(loc="lower left")
ax.set_title("One run: flat, a fall, a trench, a rise")
plt.show()


# %% sixteen
def read(lre, losses):
    """Smooth sweeps (T, S); find the log10 rates of trench and steepest."""
    window = len(lre) // 10 + 1  # a tenth of the sweep: half a decade
    smoothed = losses.unfold(0, window, 1).mean(2)  # (T - window + 1, S)
    middle = lre[window // 2 :][: len(smoothed)]  # of each window
    trench = middle[smoothed.argmin(0)]  # (S,)
    fall = smoothed[:-window] - smoothed[window:]  # from window to next
    steepest = middle[window // 2 :][fall.argmax(0)]  # (S,)
    return middle, smoothed, trench, steepest


g = torch.Generator().manual_seed(0)
seeds = list(range(16))
start = init_models(seeds)  # 16 models: C is (16, 30, 10), ...
_, sweeps = train(start, lrs, batch_size, g)  # (1000, 16)
middle, smoothed, trench_lre, steepest_lre = read(lre, sweeps)
trench, steepest = 10**trench_lre, 10**steepest_lre  # (16,) each

quarters = torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64)
sweep_low, sweep_mid, sweep_high = smoothed.quantile(quarters, 1)  # (900,)

# %% claim: trench-right
trench_right = trench / steepest  # (16,)

<<<<<<< HEAD

# %% recipe
def constant(rates, steps):
    """Train 16 seeds at each of R rates (R, 16): models, batch losses."""
    models = init_models(seeds * len(rates))
    lrs = rates.flatten().expand(steps, -1)  # (steps, R * 16)
    models, losses = train(models, lrs, batch_size, g)
    return models, losses.view(steps, -1, 16)  # (steps, R, 16)


recipe = [0.001, 0.003, 0.006, 0.01, 0.03, 0.06, 0.1, 0.3, 0.6, 1]
recipe = torch.tensor(recipe, dtype=torch.float64)  # (10,)
tries, last = 100, 20  # steps at each rate, and how many of them count
_, losses = constant(recipe[:, None].expand(-1, 16), tries)
recipe_end = losses[-last:].mean(0)  # (10, 16): over the last batches

quarters = torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64)
sweep_low, sweep_mid, sweep_high = smoothed.quantile(quarters, 1)  # (900,)
recipe_low, recipe_mid, recipe_high = recipe_end.quantile(quarters, 1)
recipe_lre, first_loss = recipe.log10(), sweep_mid[0]  # (10,), ()

=======
>>>>>>> 2cc6a51d878a1337aa74a278a19652af11f0840d
# %% figure: trench
_, ax = plt.subplots()
ax.plot(middle, sweep_mid, label="median sweep, smoothed")
ax.fill_between(middle, sweep_low, sweep_high, alpha=0.3)
ax.plot(steepest_lre, [1] * 16, "|C1", label="steepest fall, by seed")
ax.plot(trench_lre, [1] * 16, "xC2", label="trench, by seed")
ax.set(xlabel="log10 of the learning rate", ylabel="loss (nats)", ylim=0)
ax.legend(loc=(0.02, 0.12))
ax.set_title("The trench lies far right of the steepest fall")
plt.show()

# %% test
horizon, tail = 500, 100
around = [1 / 4, 1 / 2, 2**-0.5, 1, 2**0.5, 2]  # times each seed's trench
rates = [
    steepest,
    *(times * trench for times in around),
    torch.ones_like(trench),
]
rates = torch.stack(rates)  # (8, 16): steepest, six around the trench, 1
each_step = rates.flatten().expand(horizon, -1)  # (500, 128)
_, constant = train(init_models(seeds * 8), each_step, batch_size, g)
ends = constant[-tail:].mean(0).view(8, 16)  # (8, 16)
at_steepest, *six, at_end = ends  # (16,) each
at_trench = six[around.index(1)]  # (16,)
ends_low, ends_mid, ends_high = ends[1:7].quantile(quarters, 1)  # (6,) each
multiples = rates / trench  # (8, 16)

# %% figure: test
_, ax = plt.subplots()
ax.axvline(1, color="gray", linestyle="--")
ax.text(1.06, 9, "its trench", color="gray")
ax.plot(around, ends_mid, "o-", label="six rates, median")
ax.fill_between(around, ends_low, ends_high, alpha=0.3)
ax.plot(multiples[0], at_steepest, "|C1", label="steepest fall, by seed")
ax.plot(multiples[7], at_end, "^C3", label="end of the sweep, by seed")
ax.set(xscale="log", yscale="log", ylabel="loss at the end (nats)")
ax.set_xlabel("constant rate, as a multiple of the seed's trench")
ax.set_xticks([0.03, 0.1, 0.3, 1, 3], ["0.03", "0.1", "0.3", "1", "3"])
ax.set_yticks([3, 4, 6, 8, 10], ["3", "4", "6", "8", "10"])
ax.minorticks_off()
ax.legend(loc="lower left")
ax.set_title("Trained at its trench, a seed ends near the bottom")
plt.show()

# %% claim: trench-is-best
trench_is_best = at_trench / torch.stack(six).amin(0)  # (16,)

<<<<<<< HEAD

# %% suggest
def suggest(lrs, losses):
    """What fastai's steep, valley and minimum / 10 read: (S,) each."""
    T, mean, smooth = len(lrs), 0, []
    for t, loss in enumerate(losses):
        mean = 0.98 * mean + 0.02 * loss  # (S,)
        smooth.append(mean / (1 - 0.98 ** (t + 1)))
    lrs, smooth = lrs[T // 10 : -5], torch.stack(smooth)[T // 10 : -5]
    slope = smooth.diff(dim=0) / lrs.log().diff()[:, None]  # by log rate
    length = torch.ones(smooth.shape, dtype=torch.int64)  # of the longest
    for i in range(1, len(smooth)):  # falling subsequence that ends at i
        length[i] += (length[:i] * (smooth[:i] > smooth[i])).amax(0)
    end, length = length.argmax(0), length.amax(0)  # (S,): the valley's
    valley = lrs[end - length + length // 3 + length // 6]
    return lrs[slope.argmin(0)], valley, lrs[smooth.argmin(0)] / 10


suggestions = torch.stack(suggest(lrs, sweeps))  # (3, 16)
steep_min, steep_max = suggestions[0].aminmax()

# %% claim: suggestions-low
suggestions_low = best / suggestions.amax(0)  # (16,): the highest of three

# %% claim: valley-costs
_, losses = constant(suggestions[1:], horizon)  # (1000, 2, 16)
valley_costs = losses[-tail:, 0].mean(0) / bottom  # (16,)

# %% claim: tenth-costs
tenth_costs = losses[-tail:, 1].mean(0) / bottom  # (16,)

# %% claim: tenth-of-a-short-sweep
decades, n_short = torch.arange(100).double() * 0.08 - 7, 100  # (100,)
_, losses = train(start, 10**decades, batch_size, g)  # (100, 16)
_, _, tenth = suggest(10**decades, losses)  # (16,)
tenth_of_a_short_sweep = tenth / best  # (16,)

# %% sharpness
from torch.func import grad


def dot(u, v):
    """The product of two vectors, each in five tensors."""
    return sum((x * y).sum() for x, y in zip(u, v, strict=True))


def slope(params, v):
    """How steep one model's loss over all examples is along v."""
    return dot(grad(loss_fn)(params, *full_set), v)


def power(params, v, n, shift):
    """The largest eigenvalue of a model's Hessian, and its vector."""
    for _ in range(n):
        size = dot(v, v).sqrt()  # ()
        v = [x / size for x in v]  # five tensors
        Hv = grad(slope)(params, v)  # the Hessian times v
        value = dot(v, Hv)  # (), in the end the eigenvalue
        v = [y + shift * x for x, y in zip(v, Hv, strict=True)]
    return value, v


def descend(params, rates, steps):
    """Full-batch steps, at a rate a model: models, losses (steps, S)."""
    step, losses = vmap(sgd_step, (0, 0, None, None), chunk_size=1), []
    for _ in range(steps):
        params, loss = step(params, rates, *full_set)
        losses.append(loss)
    return params, torch.stack(losses)


sharpness = vmap(power, (0, 0, None, None), chunk_size=1)
noise = [torch.randn(p.shape, generator=g, dtype=p.dtype) for p in start]
start_limit = 2 / sharpness(start, noise, 15, 10)[0]  # (16,)
settle, settled = 20, [p[32:48] for p in trained]  # the trench's models
settled, _ = descend(settled, trench, settle)
value, vector = sharpness(settled, noise, 20, 0)
limit = 2 / value  # (16,)
limit_min, limit_max = start_limit.min(), start_limit.max()
print(f"2 / sharpness at the start: {start_limit.mean():.1f}")
n_params = sum(p[0].numel() for p in start)

# %% claim: start-tolerates
few, high = 10, 4
_, losses = descend(start, high * start_limit, few + 1)  # (11, 16)
start_tolerates = (losses.diff(dim=0) < 0).all(0).double()  # (16,): 1 if so

# %% edge
multiples, stops, n_edge = [0.8, 1.25], [0, 10, 20, 30], 30
times = torch.ones(4, 2, 16).double()  # the sharpness over 2 / rate
descents = torch.zeros(2, n_edge, 16).double()
for i, multiple in enumerate(multiples):
    params, v, times[:, i] = settled, vector, multiple
    for j, stop in enumerate(stops[1:]):
        params, losses = descend(params, multiple * limit, 10)
        descents[i, stop - 10 : stop] = losses  # (10, 16)
        value, v = sharpness(params, v, 5, 0)
        times[j + 1, i] *= value * limit / 2  # (16,)
rises = (descents.diff(dim=1) > 0).double().mean(1)  # (2, 16)
times_low, times_mid, times_high = times.quantile(quarters, 2)  # (4, 2)
below, above = multiples

# %% figure: edge
_, ax = plt.subplots()
ax.axhline(1, color="gray", linestyle="--")
ax.text(0, 1.03, "2 / rate")
for i, style in enumerate(["o-", "s-"]):
    ax.plot(stops, times_mid[:, i], style)
    ax.fill_between(stops, times_low[:, i], times_high[:, i], alpha=0.3)
ax.text(30, 1.75, "at 1.25 times the limit", ha="right")
ax.text(30, 0.65, "at 0.8 times the limit", ha="right")
ax.set(xlabel="full-batch step", ylabel="sharpness over 2 / rate", ylim=(0, 2))
ax.set_title("Past the limit, the sharpness stays above 2 / rate")
plt.show()

# %% claim: limit-holds
under, over = rises  # (16,), (16,): the share of steps that raise the loss
limit_holds = ((under == 0) & (over > 0)).double()  # (16,): 1 if so

# %% claim: edge-falls
edge_falls = descents[1, -1] / descents[1, 0]  # (16,)

# %% claim: edge-hovers
end = times[-1, 1]  # (16,): of the sharpness, at 1.25 times the limit
edge_hovers = ((end > 1) & (end < factor)).double()  # (16,): 1 if so

# %% claim: trench-under-limit
trench_under_limit = limit / trench  # (16,)

# %% twins
twin_rates, n_twin = [0.05, 0.1, 0.2, 0.4, 1], 100
rate_below, rate_half, rate_trench, rate_past, rate_beyond = twin_rates
models = init_models(seeds * 5)
S = len(models[0])
lr = torch.tensor(twin_rates, dtype=torch.float64)  # (5,)
lr = lr.repeat_interleave(16).repeat(2)  # (160,)
params = [torch.cat([p, p]) for p in models]  # twins: C is (160, 30, 10)
w = models[0][:, 0]  # (80, 10)
params[0][S:, 0] = w.nextafter(w + 1)  # the last bit of ten weights
apart = []
for _ in range(n_twin):
    gaps = [(p[:S] - p[S:]).flatten(1) for p in params]  # (80, 300), ...
    apart.append(torch.cat(gaps, 1).norm(dim=1))  # (80,)
    ix = torch.randint(len(X), (S, batch_size), generator=g).repeat(2, 1)
    params, _ = vmap(sgd_step)(params, lr, X[ix], Y[ix])
apart = torch.stack(apart).view(n_twin, 5, 16)
apart_lg = apart.log10()  # (100, 5, 16)
apart_low, apart_high = apart_lg.amin(2), apart_lg.amax(2)  # (100, 5) each
apart_mid = apart_lg.median(2).values  # (100, 5)

# %% figure: twins
_, ax = plt.subplots()
for i in range(5):
    ax.plot(apart_mid[:, i])
    ax.fill_between(range(100), apart_low[:, i], apart_high[:, i], alpha=0.3)
    height = apart_mid[-1, i] + [-0.7, 0.7, 0, -0.7, 0.7][i]
    ax.text(101, height, f"rate {twin_rates[i]:g}", va="center")
ax.set(xlabel="step", ylabel="log10 of the twins' distance")
ax.set_title("Past the trench, the last bit decides")
plt.show()

# %% claim: twins-below
twins_below = apart[-1, 0]  # (16,): at 0.05

# %% claim: twins-in-the-trench
twins_in_the_trench = (apart[-1, 2] / apart[20, 2]) ** (1 / 79)  # (16,)

# %% claim: twins-beyond
twins_beyond = (apart[20, 4] / apart[5, 4]) ** (1 / 15)  # (16,)

# %% claim: twins-part
ways = [(p[:S] - q).flatten(1) for p, q in zip(params, models, strict=True)]
way = torch.cat(ways, 1).norm(dim=1).view(5, 16)  # from the start to the end
twins_part = apart[-1, 4] / way[4]  # (16,)
=======
# %% claim: both-sides-cost
both_sides_cost = torch.minimum(at_steepest, at_end) / at_trench  # (16,)
>>>>>>> 2cc6a51d878a1337aa74a278a19652af11f0840d

# %% claim: beyond-still-learns
beyond_still_learns = at_end / sweeps[:100].mean(0)  # (16,)

# %% numbers
n_sweep, highest = len(lrs), lrs[-1]
lre_low, lre_high = lre[0], lre[-1]
start_loss, first_loss = smooth[0], sweep_mid[0]
uniform = torch.tensor(len(chars)).log()  # (): a guess, all alike
steepest_min, steepest_max = steepest.min(), steepest.max()
trench_min, trench_max = trench.min(), trench.max()
end_quarter, end_trench = ends_mid[[0, 3]]
end_steepest, end_beyond = at_steepest.mean(), at_end.mean()
