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

# %% claim: both-sides-cost
both_sides_cost = torch.minimum(at_steepest, at_end) / at_trench  # (16,)

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
