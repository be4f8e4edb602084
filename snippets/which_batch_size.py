"""Steps against examples to a target loss, and what the noise scale says."""

from color_names import (
    X,
    Y,
    chars,
    full_loss,
    full_set,
    init_models,
    init_params,
    loss_fn,
    plt,
    sgd_step,
    torch,
    train,
    vmap,
)

# %% runs
N, target = len(X), 9.0  # examples; nats, over all of them
sizes = [8, 32, 128, 512, N]
every = [20, 6, 3, 2, 2]  # steps from one look at the loss to the next
rates = [[0.0375, 0.075, 0.15], [0.15, 0.3, 0.6], [0.3, 0.6, 1.2]]
rates += [[0.6, 1.2, 2.4], [0.6, 1.2, 2.4]]
start = init_models(range(16))  # 16 models: C is (16, 30, 10), ...
full_step = vmap(sgd_step, (0, None, None, None), chunk_size=1)


def take_steps(models, batch_size, lr, n, g):
    """The models after n steps, on mini-batches or on all examples."""
    if batch_size < N:
        lrs = torch.full((n,), lr, dtype=torch.float64)  # (n,)
        models, _ = train(models, lrs, batch_size, g)
        return models
    for _ in range(n):
        models, _ = full_step(models, lr, *full_set)
    return models


def losses_along(batch_size, lr, every, looks=30):
    """The loss over all examples at each look, until all have been there."""
    models, losses = start, [full_loss(start)]
    g = torch.Generator().manual_seed(batch_size)
    for _ in range(looks):
        models = take_steps(models, batch_size, lr, every, g)
        losses.append(full_loss(models))
        if (torch.stack(losses).amin(0) <= target).all():
            break
    return torch.stack(losses)  # (looks, 16)


def steps_to_target(losses, every):
    """When one model's loss is first at the target: infinity if never."""
    for k in range(1, len(losses)):
        before, after = losses[k - 1], losses[k]
        if after <= target:
            # As if the loss fell on a straight line between two looks.
            return every * (k - 1 + (before - target) / (before - after))
    return torch.inf


steps = torch.zeros(5, 3, 16).double()  # by batch size, rate and model
for i, batch_size in enumerate(sizes):
    for j, lr in enumerate(rates[i]):
        losses = losses_along(batch_size, lr, every[i])  # (looks, 16)
        for s in range(16):
            steps[i, j, s] = steps_to_target(losses[:, s], every[i])

# %% hyperbola
best = steps.mean(2).argmin(1)  # (5,): which of the three rates
S = steps[torch.arange(5), best]  # (5, 16): steps at that rate
E = torch.tensor(sizes)[:, None] * S  # (5, 16): examples
# S_min / S + E_min / E = 1 for the mini-batches of each model, as nearly as
# two numbers can make it: by least squares.
A = torch.stack([1 / S[:4].T, 1 / E[:4].T], 2)  # (16, 4, 2)
ones = torch.ones(16, 4, 1).double()
fit = torch.linalg.lstsq(A, ones, driver="gels").solution  # (16, 2, 1)
S_min, E_min = fit[:, 0, 0], fit[:, 1, 0]  # (16,) each
few_steps, few_examples = S_min.mean(), E_min.mean()
line = torch.logspace(0.7, 4.1, 30).double()  # (30,): batch sizes
steps_on = few_steps + few_examples / line  # (30,)
examples_on = line * steps_on  # (30,)

# %% figure: trade-off
fig, ax = plt.subplots()
ax.loglog(E, S, "C0.", alpha=0.3, markersize=4)
ax.loglog(E.mean(1), S.mean(1), "C0o", label="measured")
ax.loglog(examples_on, steps_on, "C1", label="hyperbola, fitted")
ax.axhline(few_steps, ls=":", color="C1")
ax.axvline(few_examples, ls=":", color="C1")
names = ["batch 8", "batch 32", "batch 128", "batch 512", "full set"]
for name, x, y in zip(names, E.mean(1), S.mean(1), strict=True):
    ax.annotate(name, (x, y), (5, 6), textcoords="offset points")
ax.set_title("Fewer steps cost more examples: a hyperbola")
ax.set_xlabel("examples processed until the target")
ax.set_ylabel("steps until the target")
ax.legend(fontsize="small")
plt.show()

# %% claim: critical-batch
critical_batch = E_min / S_min  # (16,)

# %% claim: in-proportion
in_proportion = steps[0, 1] / steps[1, 1]  # (16,): four times batch and rate

# %% claim: past-critical
past_critical = steps[2, 0] / steps[3, 1]  # (16,): four times batch and rate

# %% noise-scale
from torch.func import grad


def gradient(params, X, Y):
    """The gradient of the mean loss, as one vector: (12530,)."""
    return torch.cat([x.flatten() for x in grad(loss_fn)(params, X, Y)])


def noise_scale(params, ix):
    """One model's noise scale, from the gradients of the examples at ix."""
    one = vmap(gradient, (None, 0, 0))  # of batches of one example
    each = one(params, X[ix, None], Y[ix, None])  # (B, 12530)
    scatter = each.var(0).sum()  # (): the trace of the covariance
    return scatter / gradient(params, *full_set).square().sum()


def noise_scales(models, n, g):
    """Each model's noise scale, from n examples drawn at random: (16,)."""
    scales = []
    for s in range(16):
        ix = torch.randint(N, (n,), generator=g)  # (n,)
        scales.append(noise_scale([p[s] for p in models], ix))
    return torch.stack(scales)


# %% errors
n_later, lr_later, draws = 200, 0.1, 4
g = torch.Generator().manual_seed(0)
later = take_steps(start, 32, lr_later, n_later, g)
scales = torch.zeros(2, 16).double()
errors = torch.zeros(2, 4, 16).double()  # by place, batch size and model
for i, models in enumerate([start, later]):
    scales[i] = noise_scales(models, 256, g)
    for s in range(16):
        params = [p[s] for p in models]
        full = gradient(params, *full_set)  # (12530,)
        for j, batch_size in enumerate(sizes[:4]):
            for _ in range(draws):
                ix = torch.randint(N, (batch_size,), generator=g)  # (B,)
                off = gradient(params, X[ix], Y[ix]) - full  # (12530,)
                off = off.square().sum() / full.square().sum()
                errors[i, j, s] += off / draws
errors = errors.sqrt()  # (2, 4, 16)
tried = torch.tensor(sizes[:4])  # (4,)
predicted = (scales[:, None] / tried[:, None]).sqrt()  # (2, 4, 16)
error, theory = errors.mean(2), predicted.mean(2)  # (2, 4), (2, 4)

# %% figure: error
fig, ax = plt.subplots()
places = ["start", "later"]
for i, style in enumerate(["o", "s"]):
    ax.loglog(tried, theory[i], f"C{i}", label=f"predicted, {places[i]}")
    ax.loglog(tried, error[i], f"C{i}{style}", label=f"measured, {places[i]}")
ax.axhline(1, ls=":", color=plt.rcParams["text.color"])
ax.text(8, 0.93, "as long as the gradient", va="top", fontsize="small")
ax.set_title("The error falls as predicted, nothing fitted")
ax.set_xlabel("batch size (examples)")
ax.set_ylabel("error / full gradient")
ax.set_xticks([8, 32, 128, 512], ["8", "32", "128", "512"])
ax.set_yticks([0.5, 1, 2, 4, 8], ["0.5", "1", "2", "4", "8"])
ax.minorticks_off()
fig.legend(loc="outside lower center", ncols=2, fontsize="small")
plt.show()

# %% claim: error-over-prediction
error_over_prediction = (errors / predicted).mean((0, 1))  # (16,)

# %% two-batches
g = torch.Generator().manual_seed(0)
params = [p.requires_grad_() for p in init_params(g)]  # C (30, 10), ...
small, large, lr = 8, 512, 0.1


def square(batch_size):  # a gradient's length, squared: mean of 50 batches
    total = 0
    for _ in range(50):
        ix = torch.randint(len(X), (batch_size,), generator=g)  # (B,)
        grads = torch.autograd.grad(loss_fn(params, X[ix], Y[ix]), params)
        total += sum(x.square().sum() for x in grads)
    return total / 50


said = []
for step in range(301):
    if step in [0, 100, 300]:
        noisy, calm = square(small), square(large)
        scatter = (noisy - calm) / (1 / small - 1 / large)
        full = (large * calm - small * noisy) / (large - small)
        said.append(f"step {step}: noise scale {scatter / full:.0f}")
    ix = torch.randint(len(X), (32,), generator=g)  # (32,)
    grads = torch.autograd.grad(loss_fn(params, X[ix], Y[ix]), params)
    for p, x in zip(params, grads, strict=True):
        p.data -= lr * x
print(*said, sep="\n")


# %% scale-along
def scale_along(batch_size, lr, every, looks=30):
    """Loss and noise scale at each look, until all are at the target."""
    models, losses, scales = start, [], []
    g = torch.Generator().manual_seed(batch_size)
    for _ in range(looks):
        loss = full_loss(models)  # (16,)
        if (loss <= target).all():
            break
        losses.append(loss)
        scales.append(noise_scales(models, 64, g))
        models = take_steps(models, batch_size, lr, every, g)
    return torch.stack(losses), torch.stack(scales)  # (looks, 16) each


def mean_scale(losses, scales):
    """The mean over looks at which a model is above the target: (16,)."""
    above = (losses > target).double()  # (looks, 16): 1 or 0
    return (above * scales).sum(0) / above.sum(0)


slow_batch, slow_rate = sizes[2], rates[2][best[2]] / 8
fast_losses, fast_scales = scale_along(N, rates[4][best[4]], 2)
slow_losses, slow_scales = scale_along(slow_batch, slow_rate, 16)
fast = mean_scale(fast_losses, fast_scales)  # (16,)
slow = mean_scale(slow_losses, slow_scales)  # (16,)
fast_loss, fast_scale = fast_losses[:4].mean(1), fast_scales[:4].mean(1)
slow_loss, slow_scale = slow_losses[:4].mean(1), slow_scales[:4].mean(1)
critical = critical_batch.mean()

# %% figure: along
fig, ax = plt.subplots()
ax.semilogy(slow_loss, slow_scale, "C1s--", label="batch 128, slow")
ax.semilogy(fast_loss, fast_scale, "C0o-", label="full set, best rate")
ax.axhline(critical, ls=":", color=plt.rcParams["text.color"])
ax.text(28, 1.05 * critical, "critical batch size", fontsize="small")
ax.invert_xaxis()
ax.set_title("At the same loss, a slow run has more noise")
ax.set_xlabel("loss over all examples (nats)")
ax.set_ylabel("noise scale (examples)")
ax.set_xticks([25, 20, 15, 10])
ax.set_yticks([100, 200, 500], ["100", "200", "500"])
ax.minorticks_off()
ax.legend(fontsize="small", loc="upper left")
plt.show()

# %% claim: noise-over-critical
noise_over_critical = fast / critical_batch  # (16,)

# %% claim: slow-noise
slow_noise = slow / critical_batch  # (16,)

# %% good-start
g = torch.Generator().manual_seed(0)
C, W1, b1, W2, b2 = start
scaled = [C, W1 * (5 / 3) / 30**0.5, 0 * b1, W2 * 0.01, 0 * b2]
scaled_later = take_steps(scaled, 32, lr_later, n_later, g)
good_start = noise_scales(scaled, 64, g)  # (16,)
good_later = noise_scales(scaled_later, 64, g)  # (16,)

# %% numbers
full_steps = S[-1].mean()  # (): what the full set needs
chosen = [tried[k] for tried, k in zip(rates, best, strict=True)]
best_8, best_32, best_128, best_512, best_full = chosen
sum_8, sum_32, sum_128, sum_512 = [
    lr / batch_size
    for lr, batch_size in zip(chosen[:4], sizes[:4], strict=True)
]
ruled = best_full / (1 + critical / torch.tensor(sizes[:4]))  # (4,)
rule_8, rule_32, rule_128, rule_512 = ruled
low_128 = rates[2][0]
fast_first, fast_end, slow_end = fast_scale[0], fast_scale[-1], slow_scale[-1]
scale_start, scale_later = scales.mean(1)
good_first = good_start.mean()
good_growth = good_later.mean() / good_first
uniform = torch.tensor(len(chars)).double().log()
first_loss = full_loss(start).mean()
