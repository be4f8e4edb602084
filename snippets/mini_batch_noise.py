"""Why the loss bounces from batch to batch, and how much."""

from color_names import (
    F,
    X,
    Y,
    forward,
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

# %% graph
g = torch.Generator().manual_seed(0)
params = init_params(g)
ix = torch.randint(len(X), (4,), generator=g)  # (4,)
xb, yb = X[ix], Y[ix]  # (4, 3), (4,): the batch
leaves = dict(zip(map(id, params), ["C", "W1", "b1", "W2", "b2"], strict=True))
leaves |= {id(xb): "X (saved as indices)", id(yb): "Y (saved as target)"}


def walk(node, depth=0):
    """Print a node of the graph and, under it, what it was made from."""
    if hasattr(node, "variable"):  # a parameter, where a gradient gathers
        print("  " * depth + leaves[id(node.variable)])
        return
    print("  " * depth + node.name())
    for child, _ in node.next_functions:
        walk(child, depth + 1)
    data = getattr(node, "_saved_indices", ())
    for tensor in [*data, getattr(node, "_saved_target", None)]:
        if id(tensor) in leaves:
            print("  " * (depth + 1) + leaves[id(tensor)])


for p in params:
    p.requires_grad_()
walk(loss_fn(params, xb, yb).grad_fn)

# %% by-iteration
N, lr = len(X), torch.tensor(0.1)
one = torch.zeros(4, 200).double()  # one model's losses, for four batch sizes
for j, B in enumerate([8, 32, 512, N]):
    params = init_params(torch.Generator().manual_seed(0))
    for t in range(200):
        ix = torch.randint(N, (B,), generator=g)  # (B,)
        batch = full_set if B == N else (X[ix], Y[ix])
        params, one[j, t] = sgd_step(params, lr, *batch)

# %% figure: iterations
fig, axes = plt.subplots(2, 2, sharex=True, sharey=True, figsize=(5.2, 4.4))
for i, name in enumerate(["batch 8", "batch 32", "batch 512", "full set"]):
    axes.flat[i].plot(one[i], linewidth=1)
    axes.flat[i].set_title(name, fontsize="medium")
fig.suptitle("Every loss falls; small batches bounce")
fig.supxlabel("step", fontsize="medium")
fig.supylabel("loss of the batch (nats)", fontsize="medium")
plt.show()


# %% steps
def step(params, lr, X, Y):
    """The new parameters, the loss before, and after on the same batch."""
    new, loss = sgd_step(params, lr, X, Y)
    return new, loss, loss_fn(new, X, Y)


start = init_models(range(16))  # 16 models: C is (16, 30, 10), ...
later, _ = train(start, lr.expand(600), 32, g)
sizes = [8, 32, 128, 512, N]
before = torch.zeros(2, 5, 25, 16).double()  # (place, batch size, step, model)
after = torch.zeros(2, 5, 25, 16).double()
fall = torch.zeros(2, 5, 16).double()  # of the loss over all examples
for i, models in enumerate([start, later]):
    begin = full_loss(models)  # (16,)
    for j, B in enumerate(sizes):
        params, over = models, None if B == N else 0
        many = vmap(step, (0, None, over, over), chunk_size=4)
        for t in range(25):
            ix = torch.randint(N, (16, min(B, 512)), generator=g)  # (16, B)
            batch = full_set if B == N else (X[ix], Y[ix])
            params, before[i, j, t], after[i, j, t] = many(params, lr, *batch)
        fall[i, j] = begin - full_loss(params)  # (16,)

up = (before.diff(dim=2) > 0).double().mean(2)  # (2, 5, 16): share of steps
down = (after < before).double().mean((2, 3))  # (2, 5)
print(" batch   next loss higher: start, later   same batch lower: later")
for B, u, d in zip(sizes, up.mean(2).T, down[1], strict=True):
    print(f"{B:6} {u[0]:24.0%} {u[1]:6.0%} {d:25.1%}")
early_512, later_512 = up.mean(2)[:, 3]
fall_8, fall_512 = fall[0].median(1)[0][[0, 3]]
rise_8 = -fall[1, 0].median()
back_up = (before[1, 1, 1:] > after[1, 1, :-1]).double().mean()
own = torch.stack([before[1, 1, :12, 0], after[1, 1, :12, 0]])  # (2, 12)

# %% figure: zigzag
fig, ax = plt.subplots()
steps = ax.plot([range(12), range(1, 13)], own, "C0o-")
steps[0].set_label("a step: same batch")
gaps = ax.vlines(range(1, 12), own[1, :11], own[0, 1:], "C1", ":")
gaps.set_label("a new batch: same parameters")
ax.set_title("Each step lowers the loss of its own batch")
ax.set_xlabel("step")
ax.set_ylabel("loss of the batch (nats)")
fig.legend(loc="outside lower center", ncols=2, fontsize="small")
plt.show()


# %% bounce
def example_losses(params):
    """The loss of each example: (N,)."""
    return F.cross_entropy(forward(params, X), Y, reduction="none")


def slope(sizes, bounce):
    """Of each model's bounce (S, 16) over batch sizes, on log axes: (16,)."""
    x = torch.tensor(sizes).double().log()  # (S,)
    x = x - x.mean()
    return x @ bounce.log() / (x @ x)


each = vmap(example_losses, chunk_size=1)(later)  # (16, N)
powers = [1, 4, 16, 64, 256, 1024, 4096, N]
frozen = torch.zeros(2, 8, 100, 16).double()  # (drawing, size, draw, model)
for j, B in enumerate(powers):
    for t in range(100):
        ix = torch.randint(N, (16, B), generator=g)  # (16, B)
        frozen[0, j, t] = each.gather(1, ix).mean(1)  # (16,)
        ix = torch.randperm(N, generator=g)[:B]  # (B,): none of them twice
        frozen[1, j, t] = each[:, ix].mean(1)  # (16,)
bounces = frozen.diff(dim=2).std(2)  # (2, 8, 16)
moving = before[1].diff(dim=1).std(1)  # (5, 16)
slopes, slopes_moving = slope(powers, bounces[0]), slope(sizes[:4], moving[:4])
print(f"slope, parameters held: {slopes.median():.2f}")
print(f"slope, while training: {slopes_moving.median():.2f}")
held_up = (frozen[0].diff(dim=1) > 0).double().mean((0, 1))  # (16,)
print(f"next loss higher, parameters held: {held_up.mean():.0%}")
gone = bool(bounces[1, 7].max() < 1e-9)
print("no bounce with all examples, none twice:", gone)

theory = each.std(1) * (2 / torch.tensor(powers)).sqrt()[:, None]  # (8, 16)
line, held, once = theory.median(1)[0], *bounces.median(2)[0]  # (8,) each
trained = moving.median(1)[0]  # (5,)
bounce_8, bounce_512, bounce_full = trained[[0, 3, 4]]
held_1, held_all = held[[0, 7]]

# %% figure: bounce
fig, ax = plt.subplots()
ax.loglog(powers, line, ":", label="theory, nothing fitted")
ax.loglog(powers, held, "o", label="parameters held")
ax.loglog(powers[:7], once[:7], "x", label="held, none twice")
ax.loglog(sizes, trained, "s", mfc="none", label="while training")
ax.text(7500, trained[4], "full set", ha="right", va="center")
ax.set_title("Four times the batch, half the bounce")
ax.set_xlabel("batch size (examples)")
ax.set_ylabel("bounce of the loss (nats)")
ax.legend(fontsize="small")
plt.show()
