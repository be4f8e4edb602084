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
params = [p.requires_grad_() for p in init_params(g)]
ix = torch.randint(len(X), (4,), generator=g)  # (4,)
xb, yb = X[ix], Y[ix]  # (4, 3), (4,): the batch
names = ["C", "W1", "b1", "W2", "b2", "X", "Y"]
leaves = dict(zip(names, [*params, xb, yb], strict=True))


def walk(node, depth=0):
    """Print a node of the graph and, under it, what it was made from."""
    kept = [getattr(node, "variable", None)]
    kept += [getattr(node, "_saved_target", None)]
    kept += getattr(node, "_saved_indices", ())
    here = [name for name in leaves if any(leaves[name] is t for t in kept)]
    print("  " * depth + node.name().split("::")[-1], *here)
    for child, _ in node.next_functions:
        walk(child, depth + 1)


walk(loss_fn(params, xb, yb).grad_fn)

# %% by-iteration
N, lr = len(X), torch.tensor(0.1, dtype=torch.float64)
small, batch_size, large, n_shown = 8, 32, 512, 200
one = torch.zeros(4, n_shown).double()  # one model's losses, four sizes
for j, B in enumerate([small, batch_size, large, N]):
    params = init_params(torch.Generator().manual_seed(0))
    for t in range(n_shown):
        ix = torch.randint(N, (B,), generator=g)  # (B,)
        batch = full_set if j == 3 else (X[ix], Y[ix])
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
n_seeds, n_before, n_steps = 16, 600, 25
start = init_models(range(n_seeds))  # 16 models: C is (16, 30, 10), ...
later, _ = train(start, lr.expand(n_before), batch_size, g)
sizes = [small, batch_size, 128, large, N]
before = torch.zeros(2, 5, n_steps, 16).double()  # (place, size, step, model)
after = torch.zeros(2, 4, n_steps, 16).double()  # on the same batch
fall = torch.zeros(2, 5, 16).double()  # of the loss over all examples
for i, models in enumerate([start, later]):
    for j, B in enumerate(sizes):
        params = models
        full = j == 4  # a step on all examples: what it draws goes unused
        over, chunk, drawn = (None, 2, large) if full else (0, 16, B)
        many = vmap(sgd_step, (0, None, over, over), chunk_size=chunk)
        for t in range(n_steps):
            ix = torch.randint(N, (16, drawn), generator=g)  # (16, B)
            batch = full_set if full else (X[ix], Y[ix])
            params, before[i, j, t] = many(params, lr, *batch)
            if not full:
                after[i, j, t] = vmap(loss_fn)(params, *batch)  # (16,)
        fall[i, j] = full_loss(models) - full_loss(params)  # (16,)

up = (before.diff(dim=2) > 0).double().mean(2)  # (2, 5, 16): share of steps
print(" batch   next loss higher: at the start, later")
for B, share in zip(sizes, up.mean(2).T, strict=True):
    print(f"{B:6} {share[0]:31.0%} {share[1]:6.0%}")
own = torch.stack([before[1, 1, :12, 0], after[1, 1, :12, 0]])  # (2, 12)

# %% claim: trend-falls
trend_falls = fall[0].amin(0)  # (16,): at the batch size where it falls least

# %% claim: later-half
later_half = up[1, :4].mean(0)  # (16,): over the four mini-batch sizes

# %% claim: early-trend
early_trend = up[0, 3]  # (16,): batch 512, at the start

# %% claim: full-set-falls
falls = -1000 * before[:, 4].diff(dim=1)  # (2, 24, 16): thousandths
full_set_falls = falls.amin((0, 1))  # (16,): where it falls least

# %% claim: same-batch
same_batch = (after < before[:, :4]).double().mean((0, 1, 2))  # (16,)

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

# %% claim: given-back
gained = (before[1, 1] - after[1, 1])[:-1].mean(0)  # (16,): batch 32
given_back = (before[1, 1, 1:] - after[1, 1, :-1]).mean(0) / gained  # (16,)


# %% bounce
def example_losses(params):
    """The loss of each example: (N,)."""
    return F.cross_entropy(forward(params, X), Y, reduction="none")


def slope(sizes, bounce):
    """Of each model's bounce (S, 16) over batch sizes, on log axes: (16,)."""
    x = torch.as_tensor(sizes).double().log()  # (S,)
    x = x - x.mean()
    return x @ bounce.log() / (x @ x)


each = vmap(example_losses, chunk_size=1)(later)  # (16, N)
powers = [B for B in [1, 4, 16, 64, 256, 1024, 4096] if B < N]
powers = torch.tensor([*powers, N])  # (8,)
n = len(powers)
frozen = torch.zeros(2, 200, n, 16).double()  # (drawing, draw, size, model)
for t in range(200):
    ix = torch.randint(N, (16, N), generator=g)  # (16, N)
    ix_once = torch.rand(16, N, generator=g).argsort(1)  # none of them twice
    for i, order in enumerate([ix, ix_once]):
        sums = each.gather(1, order).cumsum(1)  # (16, N)
        frozen[i, t] = (sums[:, powers - 1] / powers).T  # the first B of each
bounces = frozen.diff(dim=1).std(1)  # (2, 8, 16)
moving = before[1].diff(dim=1).std(1)  # (5, 16)
spread = each.std(1, correction=0)  # (16,): the sigma of the theory
theory = spread * (2 / powers.double()).sqrt()[:, None]  # (8, 16)
line, held, once = theory.median(1)[0], *bounces.median(2)[0]  # (8,) each
trained = moving.median(1)[0]  # (5,)
held_1, held_all, bounce_full = held[0], held[-1], trained[4]

# %% figure: bounce
fig, ax = plt.subplots()
ax.loglog(powers, line, ":", label="theory, nothing fitted")
ax.loglog(powers, held, "o", label="parameters held")
ax.loglog(powers[:-1], once[:-1], "x", label="held, none twice")
ax.loglog(sizes, trained, "s", mfc="none", label="while training")
ax.text(0.7 * powers[-1], trained[4], "full set", ha="right", va="center")
ax.set_title("Four times the batch, half the bounce")
ax.set_xlabel("batch size (examples)")
ax.set_ylabel("bounce of the loss (nats)")
ax.legend(fontsize="small")
plt.show()

# %% claim: held-slope
held_slope = slope(powers, bounces[0])  # (16,)

# %% claim: held-ratio
held_ratio = (bounces[0] / theory).mean(0)  # (16,): over the eight sizes

# %% claim: moving-slope
moving_slope = slope(sizes[:4], moving[:4])  # (16,)

# %% claim: none-twice
factor = ((N - powers[-2].double()) / (N - 1)).sqrt()  # batches of 4,096
none_twice = bounces[1, -2] / (theory[-2] * factor)  # (16,)

# %% claim: small-climbs
small_climbs = -fall[1, 0]  # (16,): batch 8, later
