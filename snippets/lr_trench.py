"""Raise the learning rate during one run and read the trench off the loss."""

from color_names import (
    X,
    Y,
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


def sweep(nudge):
    g = torch.Generator().manual_seed(0)
    parameters = [p.requires_grad_() for p in init_params(g)]
    parameters[0].data[0, 0] += nudge  # zero for now
    losses = []
    for lr in lrs:
        ix = torch.randint(len(X), (batch_size,), generator=g)  # (32,)
        loss = loss_fn(parameters, X[ix], Y[ix])  # ()
        grads = torch.autograd.grad(loss, parameters)  # five tensors
        with torch.no_grad():
            for p, grad in zip(parameters, grads, strict=True):
                p -= lr * grad
        losses.append(loss.detach())
    return torch.stack(losses)  # (1000,): each before its step


one_run = sweep(nudge=0)
start_loss = one_run[:100].mean()

# %% figure: one-run
_, ax = plt.subplots()
ax.plot(lre, one_run, linewidth=0.8)
ax.set(xlabel="log10 of the learning rate", ylabel="batch loss (nats)")
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
_, losses = train(init_models(seeds), lrs, batch_size, g)  # (1000, 16)
middle, smoothed, trench, steepest = read(lre, losses)
quarters = torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64)
sweep_low, sweep_mid, sweep_high = smoothed.quantile(quarters, 1)  # (900,)
first_loss = sweep_mid[0]
steepest_min, steepest_max = 10 ** steepest.min(), 10 ** steepest.max()
trench_min, trench_max = 10 ** trench.min(), 10 ** trench.max()
print(f"steepest fall: rates from {steepest_min:.3f} to {steepest_max:.3f}")
print(f"trench:        rates from {trench_min:.1f} to {trench_max:.1f}")


# %% recipe
def constant(rates, steps):
    """Batch losses (steps, R, 16) of 16 seeds at each of R rates."""
    models = init_models(seeds * len(rates))
    lrs = rates.repeat_interleave(16).expand(steps, -1)  # (steps, R * 16)
    return train(models, lrs, batch_size, g)[1].view(steps, -1, 16)


recipe = [0.001, 0.003, 0.006, 0.01, 0.03, 0.06, 0.1, 0.3, 0.6, 1]
recipe = torch.tensor(recipe, dtype=torch.float64)  # (10,)
recipe_lre = recipe.log10()  # (10,)
recipe_end = constant(recipe, 100)[-20:].mean(0)  # (10, 16)
recipe_low, recipe_mid, recipe_high = recipe_end.quantile(quarters, 1)
recipe_best = recipe[recipe_mid.argmin()]
print(f"lowest after 100 steps: rate {recipe_best:.1f}")

# %% figure: trench
_, ax = plt.subplots()
ax.plot(middle, sweep_mid, label="one sweep")
ax.fill_between(middle, sweep_low, sweep_high, alpha=0.3)
ax.plot(recipe_lre, recipe_mid, "oC3", label="ten runs of 100 steps")
ax.vlines(recipe_lre, recipe_low, recipe_high, color="C3")
ax.plot(steepest, [1] * 16, "|C1", label="steepest fall, by seed")
ax.plot(trench, [1] * 16, "xC2", label="trench, by seed")
ax.set(xlabel="log10 of the learning rate", ylabel="loss (nats)", ylim=0)
ax.legend(loc=(0.02, 0.12))
ax.set_title("The trench lies far right of the steepest fall")
plt.show()

# %% test
names = ["steepest 0.015", "half the trench 0.1", "trench 0.2", "beyond 1"]
rates = torch.tensor([0.015, 0.1, 0.2, 1], dtype=torch.float64)
test_losses = constant(rates, 1000)  # (1000, 4, 16)
blocks = test_losses.view(50, 20, 4, 16).mean(1)  # (50, 4, 16): less noise
low, mid, high = blocks.quantile(quarters, 2)  # (50, 4) each
ends = test_losses[-100:].mean(0)  # (4, 16)
end_steepest, end_half, end_trench, end_beyond = ends.median(1).values
for name, end in zip(names, ends, strict=True):
    print(f"{name:19} ends near {end.median():.0f} nats")

# %% figure: test
_, ax = plt.subplots()
for i, style in enumerate(["--", "-.", "-", ":"]):
    ax.plot(range(10, 1000, 20), mid[:, i], style, label=names[i])
    ax.fill_between(range(10, 1000, 20), low[:, i], high[:, i], alpha=0.3)
ax.set(xlabel="step", ylabel="batch loss (nats)", yscale="log")
ax.set_yticks([2, 3, 5, 10, 20], ["2", "3", "5", "10", "20"])
ax.minorticks_off()
ax.legend()
ax.set_title("A constant rate from the trench ends lowest")
plt.show()

# %% short
_, losses = train(init_models(seeds), lrs[::4], batch_size, g)  # (250, 16)
_, _, short_trench, short_steepest = read(lre[::4], losses)
trench_ratio = 10 ** (short_trench.mean() - trench.mean())
steepest_ratio = 10 ** (short_steepest.mean() - steepest.mean())
print(f"steepest fall: at {steepest_ratio:.0f} times the rate")
print("the trench moves less:", bool(trench_ratio < steepest_ratio))

# %% twin
gap = (sweep(nudge=1e-9) - one_run).abs()  # (1000,)
print("apart by less than 1e-7 up to rate 0.1:", bool(gap[:800].max() < 1e-7))
print("apart by more than 1 nat in the end:", bool(gap[-100:].max() > 1))
