"""What re-running a training cell does, by where the parameters are drawn."""

from color_names import (
    X,
    Y,
    full_loss,
    init_models,
    init_params,
    loss_fn,
    plt,
    sgd_step,
    torch,
    train,
)

# %% init
g = torch.Generator().manual_seed(1)
params = init_params(g)  # C (30, 10), W1 (30, 200), b1 (200,), ...

# %% train
for _ in range(50):
    ix = torch.randint(len(X), (32,), generator=g)  # (B,)
    params, loss = sgd_step(params, 0.1, X[ix], Y[ix])
print(f"loss on all names: {loss_fn(params, X, Y):.4f}")

# %% together
g = torch.Generator().manual_seed(1)
params = init_params(g)
for _ in range(50):
    ix = torch.randint(len(X), (32,), generator=g)  # (B,)
    params, loss = sgd_step(params, 0.1, X[ix], Y[ix])
print(f"loss on all names: {loss_fn(params, X, Y):.4f}")

# %% reruns
reruns, seeds = 5, range(1, 17)
lrs = torch.full((50,), 0.1, dtype=torch.float64)  # (T,)


def press(models, g):  # Shift+Enter on the training cell, for 16 models
    models, _ = train(models, lrs, 32, g)
    return models, full_loss(models)  # (16,)


def fresh(seed=1):
    return torch.Generator().manual_seed(seed)


def spread(losses):  # lowest, median and highest of the 16, each (reruns,)
    levels = torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64)
    return torch.stack(losses).quantile(levels, dim=1)  # (3, reruns)


models, g = init_models(seeds), fresh()
separate = []
for _ in range(reruns):
    models, loss = press(models, g)
    separate.append(loss)

together = []
for _ in range(reruns):
    models, loss = press(init_models(seeds), fresh())
    together.append(loss)

models = init_models(seeds)
reseeded = []  # the parameters stay, but the cell seeds its batches
for _ in range(reruns):
    models, loss = press(models, fresh())
    reseeded.append(loss)

once, _ = train(init_models(seeds), lrs.repeat(reruns), 32, fresh())
same_as_once = torch.equal(full_loss(once), separate[-1])

separate_low, separate_mid, separate_high = spread(separate)
together_low, together_mid, together_high = spread(together)
reseeded_low, reseeded_mid, reseeded_high = spread(reseeded)
loss_first, loss_separate = separate_mid[0], separate_mid[-1]
loss_together, loss_reseeded = together_mid[-1], reseeded_mid[-1]
print(f"median of 16 models after run 1: {loss_first:.2f}")
print(f"after run 5, a cell of its own:  {loss_separate:.2f}")
print(f"after run 5, the same cell:      {loss_together:.2f}")
print(f"after run 5, batches seeded:     {loss_reseeded:.2f}")
print("five runs are one of 250 steps: ", same_as_once)

# %% figure: reruns
fig, ax = plt.subplots()
runs = range(1, reruns + 1)
ax.plot(runs, together_mid, "C1s-", label="initialised in the same cell")
ax.fill_between(runs, together_low, together_high, color="C1", alpha=0.2)
ax.plot(runs, reseeded_mid, "C2^-", label="batches seeded in the cell")
ax.fill_between(runs, reseeded_low, reseeded_high, color="C2", alpha=0.2)
ax.plot(runs, separate_mid, "C0o-", label="initialised in a cell of its own")
ax.fill_between(runs, separate_low, separate_high, color="C0", alpha=0.2)
ax.set_xticks(runs)
ax.set_title("A cell of its own lets each re-run go on")
ax.set_xlabel("run of the training cell (50 steps each)")
ax.set_ylabel("loss on all names (nats)")
ax.legend()
plt.show()


# %% seed
def draw(g):  # the initialisation cell, cut down to three numbers
    return torch.randn(3, generator=g)  # (3,)


shared = fresh()  # seeded once, at the top of the notebook
same_from_top = torch.equal(draw(shared), draw(shared))
same_in_cell = torch.equal(draw(fresh()), draw(fresh()))
print("seeded at the top, the same again: ", same_from_top)
print("seeded in the cell, the same again:", same_in_cell)

# %% out-of-order
on_screen = loss_fn(params, X, Y)  # what the training cell printed
params = init_params(fresh())  # then someone re-runs the cell above it
in_memory = loss_fn(params, X, Y)
print(f"on the screen {on_screen:.4f}, in memory {in_memory:.4f}")

# %% proof
g = fresh()
params = init_params(g)
for _ in range(50):
    ix = torch.randint(len(X), (32,), generator=g)  # (B,)
    params, loss = sgd_step(params, 0.1, X[ix], Y[ix])
print(
    "the same to the last bit:", torch.equal(loss_fn(params, X, Y), on_screen)
)
