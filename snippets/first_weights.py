"""The same draws at two scales, and which findings survive a good start."""

from color_names import (
    F,
    X,
    Y,
    chars,
    contexts,
    counts,
    forward,
    full_loss,
    full_set,
    grad_and_value,
    init_models,
    init_params,
    loss_fn,
    plt,
    sgd_step,
    torch,
    train,
    vmap,
)

# %% scale
start = init_params(torch.Generator().manual_seed(0))
C, W1, b1, W2, b2 = start
fan_in = len(W1)  # 30 numbers come into each hidden unit

W1 = W1 * (5 / 3) / fan_in**0.5  # (30, 200)
W2 = W2 * 0.01  # (200, 30)
b1, b2 = 0 * b1, 0 * b2  # (200,), (30,)

before, after = loss_fn(start, X, Y), loss_fn([C, W1, b1, W2, b2], X, Y)
print(f"as drawn {before:.2f} nats, scaled {after:.2f} nats")


# %% both-starts
def scaled(models):
    C, W1, b1, W2, b2 = models
    return [C, W1 * (5 / 3) / fan_in**0.5, 0 * b1, W2 * 0.01, 0 * b2]


def fresh(seed=0):  # both starts see the same batches
    return torch.Generator().manual_seed(seed)


lr, batch_size, n_steps = 0.1, 32, 300
drawn = init_models(range(16))  # 16 models: C is (16, 30, 10), ...
starts = [drawn, scaled(drawn)]
at_200, at_300 = [], []  # the models of both starts
at_start = torch.stack([full_loss(models) for models in starts])  # (2, 16)
at = torch.zeros(2, 4, 16).double()  # losses after 50, 200, 250, 300 steps
batches = torch.zeros(2, n_steps, 16).double()  # each step's batch loss
for i, models in enumerate(starts):
    g, done = fresh(), 0
    for j, steps in enumerate([50, 150, 50, 50]):
        rates = torch.full((steps,), lr, dtype=torch.float64)  # (steps,)
        models, losses = train(models, rates, batch_size, g)
        batches[i, done : done + steps] = losses  # (steps, 16)
        at[i, j] = full_loss(models)  # (16,)
        done += steps
        if done == 200:
            at_200.append(models)
    at_300.append(models)
levels = torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64)  # (3,)
blocks = batches.view(2, 30, 10, 16).mean(2)  # (2, 30, 16): less noise
low, middle, high = blocks.quantile(levels, dim=2)  # (2, 30) each
uniform = torch.tensor(len(chars)).double().log()  # (): 3.40

# %% figure: loss
fig, ax = plt.subplots()
steps = range(5, 300, 10)
for i, style in enumerate(["C1-", "C0--"]):
    ax.plot(steps, middle[i], style, lw=2)
    ax.fill_between(steps, low[i], high[i], color=style[:2], alpha=0.3)
ax.axhline(uniform, ls=":", color="gray")
ax.text(150, 6.2, "as drawn", color="C1")
ax.text(150, 2.2, "scaled", color="C0")
ax.text(297, 3.45, "uniform guess", color="gray", ha="right", va="top")
ax.set(xlabel="step", ylabel="batch loss (nats)", yscale="log")
ax.set_yticks([2, 3, 5, 10, 20], ["2", "3", "5", "10", "20"])
ax.minorticks_off()
ax.set_title("Scaled weights begin lower than the others end")
plt.show()

# %% claim: starts-lower
starts_lower = at_start[0] - at_start[1]  # (16,)

# %% claim: ends-lower
ends_lower = at[0, 3] - at[1, 3]  # (16,): after 300 steps

# %% saturated
emb = C[X].flatten(1)  # (N, 30)
inputs = emb @ start[1] + start[2]  # (N, 200): of the hidden units
scaled_inputs = emb @ W1 + b1  # (N, 200)
for name, a in [("as drawn", inputs), ("scaled", scaled_inputs)]:
    full = (a.tanh().abs() > 0.99).double().mean()  # ()
    print(f"{name:9} inputs +-{a.std():.1f}, saturated {full:.0%}")

# %% units
shares = []
for a in [inputs, scaled_inputs]:
    shares.append(a.tanh().histc(40, -1, 1) / a.numel())  # (40,)
shares = torch.stack(shares)  # (2, 40)
heights = shares.tolist()  # 2 lists of 40
lefts = [-1 + 0.05 * i for i in range(40)]  # each bin's left end

# %% figure: units
fig, axes = plt.subplots(1, 2, sharey=True, figsize=(5.2, 3))
for i, (name, colour) in enumerate([("as drawn", "C1"), ("scaled", "C0")]):
    axes[i].bar(lefts, heights[i], 0.05, align="edge", color=colour)
    axes[i].set_title(name, fontsize="medium")
    axes[i].set_xlabel("hidden unit's value")
axes[0].set_ylabel("share")
fig.suptitle("As drawn, most tanh units are at an end")
plt.show()

# %% claim: last-layer-alone
alone = scaled(drawn)
alone[1] = drawn[1]  # (16, 30, 200): W1 stays as drawn
rates = torch.full((n_steps,), lr, dtype=torch.float64)  # (300,)
alone, _ = train(alone, rates, batch_size, fresh())
last_layer_alone = full_loss(alone) - at[1, 3]  # (16,)


# %% wrong-losses
def dim_0(params, x, y):  # the softmax sums over the examples
    e = forward(params, x).exp()  # (B, 30)
    prob = e / e.sum(0)  # (B, 30)
    return -prob[torch.arange(len(y)), y].log().mean()


def minus_p(params, x, y):  # -p in place of -log p
    prob = forward(params, x).softmax(1)  # (B, 30)
    return -prob[torch.arange(len(y)), y].mean()


def descend(models, loss, rate):  # 200 steps, on the batches of above
    g, step = fresh(), vmap(grad_and_value(loss))
    for _ in range(200):
        ix = torch.randint(len(X), (16, batch_size), generator=g)  # (16, 32)
        grads, _ = step(models, X[ix], Y[ix])
        models = [p - rate * s for p, s in zip(models, grads, strict=True)]
    return models


def mean_p(params):  # the mean probability of what came, all examples
    return (forward(params, contexts).softmax(1) * counts).sum() / len(X)


harm = torch.zeros(2, 16).double()  # of the wrong dimension, true loss
p_log, p_plain = harm.clone(), harm.clone()  # (2, 16) each
plain_loss = harm.clone()  # (2, 16)
rate_p = 3.0  # 30 lr, as at p = 1/30 the slope of -p is a 30th
for i, models in enumerate(starts):
    harm[i] = full_loss(descend(models, dim_0, lr)) - at[i, 1]  # (16,)
    plain = descend(models, minus_p, rate_p)
    p_log[i] = vmap(mean_p, chunk_size=4)(at_200[i])  # (16,)
    p_plain[i] = vmap(mean_p, chunk_size=4)(plain)  # (16,)
    plain_loss[i] = full_loss(plain)  # (16,)

# %% claim: dim-0-still-harms
dim_0_still_harms = harm[1]  # (16,)

# %% claim: minus-p-leads
minus_p_leads = p_plain[1] - p_log[1]  # (16,)

# %% temperatures
Ts = 2 ** torch.linspace(-1, 3, 161, dtype=torch.float64)  # (161,): 1/2 to 8


def losses_at(params):  # over all examples, the logits divided by each T
    logits = forward(params, full_set[0])  # (K, 30)
    losses = [F.cross_entropy(logits / t, full_set[1]) for t in Ts]
    return torch.stack(losses)  # (161,)


best_t = torch.zeros(2, 16).double()  # where the loss is least
for i in range(2):
    best_t[i] = Ts[vmap(losses_at, chunk_size=1)(at_300[i]).argmin(1)]  # (16,)

# %% claim: a-little-unsure
a_little_unsure = best_t[1]  # (16,)

# %% gradients
from torch.func import grad


def flat(params):
    """Each model's five tensors as one row: (16, 12530)."""
    return torch.cat([p.flatten(1) for p in params], 1)


error = torch.zeros(2, 16).double()  # of 32 examples' gradient at the start
lag = torch.zeros(2, 16).double()  # in %: the loss of batch 32 over the full
full_step = vmap(sgd_step, (0, None, None, None), chunk_size=1)
full_grad = vmap(grad(loss_fn), (0, None, None), chunk_size=1)
for i, models in enumerate(starts):
    whole, g = flat(full_grad(models, *full_set)), fresh(2)  # (16, 12530)
    for _ in range(6):
        ix = torch.randint(len(X), (16, batch_size), generator=g)  # (16, 32)
        part = flat(vmap(grad(loss_fn))(models, X[ix], Y[ix]))  # (16, 12530)
        error[i] += (part - whole).norm(dim=1) / whole.norm(dim=1) / 6
    few = torch.full((10,), lr, dtype=torch.float64)  # (10,): steps
    small, _ = train(models, few, batch_size, g)
    for _ in few:
        models, _ = full_step(models, lr, *full_set)
    lag[i] = 100 * (full_loss(small) / full_loss(models) - 1)  # (16,)

# %% claim: still-far
still_far = error[1]  # (16,)


# %% bounces
def each_loss(params):
    return F.cross_entropy(forward(params, X), Y, reduction="none")  # (N,)


sizes = torch.tensor([4, 16, 64, 256, 1024])  # (5,)
bounce = torch.zeros(2, 5, 16).double()  # parameters held after 300 steps
for i in range(2):
    each, g = vmap(each_loss, chunk_size=1)(at_300[i]), fresh(3)  # (16, N)
    for j, B in enumerate(sizes):
        ix = torch.randint(len(X), (16, 200 * B), generator=g)  # (16, 200 B)
        of_batches = each.gather(1, ix).view(16, 200, B).mean(2)  # (16, 200)
        bounce[i, j] = of_batches.diff(dim=1).std(1)  # (16,)
x = sizes.double().log() - sizes.double().log().mean()  # (5,)
exponent = x @ bounce.log() / (x @ x)  # (2, 16)

# %% sweeps
lre = torch.linspace(-2.5, 0, 200, dtype=torch.float64)  # (200,) exponents
window = 41  # steps, half a decade


def read(models):  # the rates of the trench and of the steepest fall
    _, losses = train(models, 10**lre, batch_size, fresh())
    smoothed = losses.unfold(0, window, 1).mean(2)  # (160, 16)
    mid = lre[window // 2 :][: len(smoothed)]  # (160,): of each window
    fall = smoothed[:-window] - smoothed[window:]  # from window to next
    steepest = mid[window // 2 :][fall.argmax(0)]  # (16,)
    return 10 ** mid[smoothed.argmin(0)], 10**steepest


trench, steepest = torch.zeros(2, 2, 16).double()  # (2, 16) each
steep_end, trench_end = torch.zeros(2, 2, 16).double()  # (2, 16) each
rate_steep, rate_trench, n_rates = 0.03, 0.3, 50
for i, models in enumerate(starts):
    trench[i], steepest[i] = read(models)  # (16,) each
    for rate, end in [(rate_steep, steep_end), (rate_trench, trench_end)]:
        rates = torch.full((n_rates,), rate, dtype=torch.float64)  # (50,)
        ended, _ = train(models, rates, batch_size, fresh(4))
        end[i] = full_loss(ended)  # (16,)

# %% claim: trench-still-right
trench_still_right = trench[1] / steepest[1]  # (16,)

# %% nudge
nudge, beyond = 1e-10, 1.0  # of one weight; a rate past the trench
growth = torch.zeros(2, 16).double()  # a step, of the distance it makes
for i, models in enumerate(starts):
    twins = [p.clone() for p in models]
    twins[0][:, 0, 0] += nudge
    apart = []
    for n_nudge in [5, 15]:  # the distance after 5 steps, and 15 later
        rates = torch.full((n_nudge,), beyond, dtype=torch.float64)
        models, _ = train(models, rates, batch_size, fresh(n_nudge))
        twins, _ = train(twins, rates, batch_size, fresh(n_nudge))
        apart.append((flat(models) - flat(twins)).norm(dim=1))  # (16,)
    growth[i] = (apart[1] / apart[0]) ** (1 / 15)  # (16,)

# %% claim: nudge-stays
nudge_stays = growth[1]  # (16,)

# %% cuts
rate_cut, n_before, n_after = 0.15, 300, 100


def cut(models, rate):
    """The loss before, with the rate kept and with it cut: (16,) each."""
    rates = torch.full((n_before,), rate, dtype=torch.float64)  # (300,)
    models, _ = train(models, rates, batch_size, fresh())
    same, _ = train(models, rates[:n_after], batch_size, fresh(5))
    tenth, _ = train(models, rates[:n_after] / 10, batch_size, fresh(5))
    return full_loss(models), full_loss(same), full_loss(tenth)


uncut, kept, lower = torch.zeros(3, 2, 16).double()  # (2, 16) each
for i, models in enumerate(starts):
    uncut[i], kept[i], lower[i] = cut(models, rate_cut)  # (16,) each

# %% claim: cut-still-lowers
cut_still_lowers = uncut[1] - lower[1]  # (16,)

# %% claim: going-on-is-better
going_on_is_better = lower[1] - kept[1]  # (16,)

# %% claim: from-the-trench
_, kept_trench, cut_trench = cut(starts[1], rate_trench)  # (16,) each
from_the_trench = kept_trench - cut_trench  # (16,)


# %% numbers
# A name that ends in 0 is of the weights as drawn, in 1 of the scaled ones.
def told(values):
    """The mean of 16 seeds, and half the width of its 95 % interval."""
    return values.mean(), 2.1314 * values.std() / 4


bad_start, good_start = at_start.mean(1)
bad_end, good_end = at[:, 3].mean(1)
bad_median, good_median = middle[:, -1]
bad_spread, good_spread = inputs.std(), scaled_inputs.std()
bad_full, good_full = 100 * (
    torch.stack([inputs, scaled_inputs]).tanh().abs() > 0.99
).double().mean((1, 2))
bad_ends, good_ends = 100 * (shares[:, 0] + shares[:, -1])
harm0, harm0w = told(harm[0])
rerun0, rerun0w = told(at[0, 0] - at[0, 2])
rerun1, rerun1w = told(at[1, 0] - at[1, 2])
temp0, temp0w = told(best_t[0])
p0, p0w = told(p_plain[0] - p_log[0])
loss_log, loss_plain = at[1, 1].mean(), plain_loss[1].mean()
error0, error0w = told(error[0])
lag0, lag0w = told(lag[0])
lag1, lag1w = told(lag[1])
power0, power0w = told(exponent[0])
power1, power1w = told(exponent[1])
ratio0, ratio0w = told(trench[0] / steepest[0])
trench_bad, trench_good = trench.mean(1)
end0, end0w = told(steep_end[0] - trench_end[0])
end1, end1w = told(steep_end[1] - trench_end[1])
growth0, growth0w = told(growth[0])
drop0, drop0w = told(uncut[0] - lower[0])
gain0, gain0w = told(lower[0] - kept[0])
n_sweep, n_few, n_wrong = len(lre), len(few), 200
n_chars, n_hidden, n_bins = len(chars), len(W2), len(lefts)
