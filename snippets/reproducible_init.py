"""What re-running a training cell does, by where the parameters are drawn."""

from color_names import (
    X,
    Y,
    chars,
    full_loss,
    init_models,
    init_params,
    loss_fn,
    plt,
    torch,
    train,
    vmap,
)

# %% init
g = torch.Generator().manual_seed(1)
params = [p.requires_grad_() for p in init_params(g)]  # C (30, 10), ...

# %% train
lr = 0.1
for _ in range(50):
    ix = torch.randint(len(X), (32,), generator=g)  # (32,): a batch
    loss = loss_fn(params, X[ix], Y[ix])  # a scalar
    loss.backward()
    for p in params:
        p.data -= lr * p.grad
        p.grad = None
print(f"loss on all names: {loss_fn(params, X, Y):.4f}")

# %% reruns
reruns, n_steps, batch_size = 5, 50, 32
seeds = range(1, 17)
lrs = torch.full((n_steps,), lr, dtype=torch.float64)  # (T,)


def press(models, g):  # Shift+Enter on the training cell, for 16 models
    models, _ = train(models, lrs, batch_size, g)
    return models, full_loss(models)  # (16,)


def fresh(seed=1):
    return torch.Generator().manual_seed(seed)


def spread(losses):  # lowest, median and highest of the 16, each (reruns,)
    levels = torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64)
    return losses.quantile(levels, dim=1)  # (3, reruns)


together = []  # the training cell draws the parameters and the batches
for _ in range(reruns):
    models, loss = press(init_models(seeds), fresh())
    together.append(loss)

models, g = init_models(seeds), fresh()
separate = []  # both are drawn from what the first cell made
for _ in range(reruns):
    models, loss = press(models, g)
    separate.append(loss)

models = init_models(seeds)
reseeded = []  # the parameters stay, but the training cell seeds its batches
for _ in range(reruns):
    models, loss = press(models, fresh())
    reseeded.append(loss)

together = torch.stack(together)  # (reruns, 16)
separate, reseeded = torch.stack(separate), torch.stack(reseeded)
together_low, together_mid, together_high = spread(together)
separate_low, separate_mid, separate_high = spread(separate)
reseeded_low, reseeded_mid, reseeded_high = spread(reseeded)

# %% figure: reruns
fig, ax = plt.subplots()
runs = range(1, reruns + 1)
ax.plot(runs, together_mid, "C1s-")
ax.fill_between(runs, together_low, together_high, color="C1", alpha=0.2)
above = together_mid[-1] + 0.15
ax.text(5, above, "initialised in the training cell", color="C1", ha="right")
ax.plot(runs, reseeded_mid, "C2^-")
ax.fill_between(runs, reseeded_low, reseeded_high, color="C2", alpha=0.2)
above = reseeded_high[-2] + 0.8
ax.text(5, above, "only the batches seeded there", color="C2", ha="right")
ax.plot(runs, separate_mid, "C0o-")
ax.fill_between(runs, separate_low, separate_high, color="C0", alpha=0.2)
below = separate_low[-1]
ax.text(1, below, "initialised in a cell of its own", color="C0")
ax.set_xticks(runs)
ax.set_title("A cell of its own lets each re-run go on")
ax.set_xlabel(f"run of the training cell ({n_steps} steps each)")
ax.set_ylabel("loss on all names (nats)")
plt.show()

# %% together
g = torch.Generator().manual_seed(1)
params = [p.requires_grad_() for p in init_params(g)]  # C (30, 10), ...
lr = 0.1
for _ in range(50):
    ix = torch.randint(len(X), (32,), generator=g)  # (32,): a batch
    loss = loss_fn(params, X[ix], Y[ix])  # a scalar
    loss.backward()
    for p in params:
        p.data -= lr * p.grad
        p.grad = None
print(f"loss on all names: {loss_fn(params, X, Y):.4f}")

# %% claim: seeded-batches-fall-behind
seeded_batches_fall_behind = reseeded[-1] - separate[-1]  # (16,)

# %% out-of-order
on_screen = loss_fn(params, X, Y).item()  # what the training cell printed
g = torch.Generator().manual_seed(1)  # now someone runs the first cell again
params = [p.requires_grad_() for p in init_params(g)]  # C (30, 10), ...
in_memory = loss_fn(params, X, Y).item()
print(f"on the screen {on_screen:.2f}, in memory {in_memory:.2f}")

# %% claim: own-cell-goes-on
own_cell_goes_on = -separate.diff(dim=0).amax(0)  # (16,): the least fall

# %% claim: seeded-batches-by-heart
g = fresh()
draws = [torch.randint(len(X), (16, batch_size), generator=g) for _ in lrs]
ix = torch.cat(draws, dim=1)  # (16, 1600): what each model saw at each run
on_these = vmap(loss_fn)(models, X[ix], Y[ix])  # (16,)
seeded_batches_by_heart = reseeded[-1] - on_these  # (16,)

# %% claim: other-start-hides-rate
lower = 0.05  # lower the rate by a twentieth
other, _ = train(init_models(seeds), lrs * (1 - lower), batch_size, fresh())
same_start = full_loss(other) - separate[0]  # (16,): what the rate changes
_, strangers = press(init_models(range(17, 65)), fresh(2))  # (48,)
apart = (strangers.view(3, 16) - separate[0]).abs().mean(0)  # (16,)
other_start_hides_rate = apart / same_start.mean()  # (16,)

# %% numbers
loss_first, loss_separate = separate_mid[0], separate_mid[-1]
loss_together, loss_reseeded = together_mid[-1], reseeded_mid[-1]
repeated = ix.shape[1]
uniform = torch.tensor(len(chars)).double().log()  # of a guess without a model
by_lower = same_start.mean()
