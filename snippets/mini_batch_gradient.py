"""How close a mini-batch gradient is to the full one, and many steps' ends."""

from color_names import (
    F,
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

# %% one-gradient
g = torch.Generator().manual_seed(1)
params = [p.requires_grad_() for p in init_params(g)]  # C (30, 10), ...


def gradient(X, Y):
    for p in params:
        p.grad = None
    loss_fn(params, X, Y).backward()
    return torch.cat([p.grad.flatten() for p in params])  # (12530,)


full = gradient(X, Y)  # (12530,): over all examples
for B in [8, 32, 256]:
    ix = torch.randint(len(X), (B,), generator=g)  # (B,): a mini-batch
    mini = gradient(X[ix], Y[ix])  # (12530,)
    print(f"batch {B}: cosine {F.cosine_similarity(mini, full, dim=0):.2f}")

# %% cloud
sizes, draws = [8, 32, 256], 40
g = torch.Generator().manual_seed(1)
params = [p.requires_grad_() for p in init_params(g)]  # C (30, 10), ...
full = gradient(X, Y)  # (12530,)
length = full.norm()
along = torch.zeros(len(sizes), draws).double()  # in lengths of the full one
aside = torch.zeros(len(sizes), draws).double()
for j, B in enumerate(sizes):
    for i in range(draws):
        ix = torch.randint(len(X), (B,), generator=g)  # (B,)
        mini = gradient(X[ix], Y[ix]) / length  # (12530,)
        along[j, i] = mini @ full / length
        aside[j, i] = (mini - along[j, i] * full / length).norm()

# %% figure: cloud
fig, ax = plt.subplots()
for j, style in enumerate(["o", "s", "^"]):
    for x, y in zip(aside[j], along[j], strict=True):
        ax.plot([0, x], [0, y], f"C{j}", alpha=0.25, lw=0.6)
    ax.plot(aside[j], along[j], f"C{j}{style}", markersize=4)
    where = (aside[j].mean(), along[j].max() + 0.08)
    ax.text(*where, f"batch {sizes[j]}", color=f"C{j}", ha="center")
dark = plt.rcParams["text.color"]
arrow = {"arrowstyle": "-|>", "color": dark, "lw": 2.5, "shrinkB": 0}
ax.annotate("", (0, 1), (0, 0), arrowprops=arrow)
ax.text(-0.06, 0.5, "full\ngradient", ha="right", va="center")
ax.set_xlim(-1, 4.6)
ax.set_ylim(-0.1, 2.45)
ax.set_aspect("equal")
ax.set_title("A mini-batch's gradient is far from the full one")
ax.set_xlabel("to the side of the full gradient (in its lengths)")
ax.set_ylabel("along it (in its lengths)")
plt.show()

# %% two-places
N, lr = len(X), torch.tensor(0.1)
batch_size, n_later = 32, 600
g = torch.Generator().manual_seed(0)
start = init_models(range(16))  # 16 models: C is (16, 30, 10), ...
later, _ = train(start, lr.expand(n_later), batch_size, g)
loss_later = full_loss(later)  # (16,)


# %% many-steps
def flat(params):
    """Each model's five tensors as one row: (16, 12530)."""
    return torch.cat([p.flatten(1) for p in params], 1)


def advance(params, rates, B, steps, g):
    """Take steps of B examples with a rate a model: the new parameters."""
    full = B == N  # a step on all examples: what it draws goes unused
    over, drawn = (None, 512) if full else (0, B)
    step = vmap(sgd_step, (0, 0, over, over), chunk_size=max(1, 2048 // B))
    for _ in range(steps):
        ix = torch.randint(N, (len(rates), drawn), generator=g)  # (S, B)
        batch = full_set if full else (X[ix], Y[ix])
        params, _ = step(params, rates, *batch)
    return params


large, n_steps, marks = 256, 32, [1, 2, 4, 8, 16, 32]
batches = [N, large, batch_size]
losses = torch.zeros(3, 3, 6, 16).double()  # (setting, batch, mark, model)
apart = torch.zeros(3, 3, 6, 16).double()
moves = torch.zeros(3, 6, 16, flat(start).shape[1]).double()
ends = []  # where the runs from the start end, by batch size
settings = [(start, lr), (later, lr), (later, lr / 10)]
for i, (models, rate) in enumerate(settings):
    for j, B in enumerate(batches):
        params, done = models, 0
        for k, mark in enumerate(marks):
            params = advance(params, rate.expand(16), B, mark - done, g)
            losses[i, j, k], done = full_loss(params), mark
            moves[j, k] = flat(params) - flat(models)
        if i == 0:
            ends.append(params)
    apart[i] = (moves - moves[0]).norm(dim=3) / moves[0].norm(dim=2)

names = ["start, rate 0.1", "later, rate 0.1", "later, rate 0.01"]
level, away = losses.mean(3), apart.mean(3)  # (3, 3, 6) each

# %% figure: arrival
fig, axes = plt.subplots(1, 2, sharey=True)
for j, ax in enumerate(axes, start=1):
    for i, style in enumerate(["o-", "s--", "v-."]):
        ax.loglog(marks, away[i, j], style, label=names[i])
    ax.axhline(1, ls=":", color=plt.rcParams["text.color"])
    ax.set_title(f"batch {batches[j]}", fontsize="medium")
    ax.set_xlabel("step")
fig.suptitle("Small steps average the noise out")
axes[0].set_ylabel("distance / full set's move")
axes[0].set_yticks([0.25, 0.5, 1, 2, 4], ["0.25", "0.5", "1", "2", "4"])
axes[0].minorticks_off()
axes[0].legend(fontsize="small")
plt.show()

# %% claim: averaging
averaging = apart[2, 2, 0] / apart[2, 2, 5]  # (16,)

# %% claim: too-fast
fall = loss_later - losses[1, :, 5]  # (3, 16)
too_fast = fall[2] / fall[0]  # (16,)

# %% claim: far-gradient
from torch.func import grad

each, several = vmap(grad(loss_fn), chunk_size=1), 6
full_grad = vmap(grad(loss_fn), (0, None, None), chunk_size=1)
at_start = flat(full_grad(start, *full_set))  # (16, 12530)
errors = torch.zeros(16).double()  # squared, a mean over some batches
cosines = torch.zeros(16).double()
for _ in range(several):
    ix = torch.randint(N, (16, batch_size), generator=g)  # (16, 32)
    mini = flat(each(start, X[ix], Y[ix]))  # (16, 12530)
    errors += (mini - at_start).square().sum(1) / several
    cosines += F.cosine_similarity(mini, at_start, dim=1) / several
far_gradient = errors.sqrt() / at_start.norm(dim=1)  # (16,)

# %% runs
lr = 0.1
for B in [32, 256, len(X)]:
    g = torch.Generator().manual_seed(1)
    params = [p.requires_grad_() for p in init_params(g)]  # C (30, 10), ...
    for _ in range(32):
        ix = torch.randperm(len(X), generator=g)[:B]  # (B,): all, at the end
        loss = loss_fn(params, X[ix], Y[ix])  # a scalar
        loss.backward()
        for p in params:
            p.data -= lr * p.grad
            p.grad = None
    print(f"batch {B}: loss on all {loss_fn(params, X, Y):.2f}")

# %% figure: work
fig, axes = plt.subplots(1, 2, sharey=True)
for j, style in enumerate(["D-", "s--", "v-."]):
    label = f"batch {batches[j]}" if j else "full set"
    axes[0].loglog(marks, level[0, j], style, label=label)
    axes[1].loglog([batches[j] * mark for mark in marks], level[0, j], style)
fig.suptitle("Close by steps, far ahead by examples")
axes[0].set_xlabel("step")
axes[1].set_xlabel("examples processed")
axes[0].set_ylabel("loss over all examples (nats)")
axes[0].set_yticks([10, 15, 20, 25], ["10", "15", "20", "25"])
axes[1].set_xticks([100, 10_000], ["100", "10,000"])
axes[0].minorticks_off()
axes[0].legend(fontsize="small")
plt.show()

# %% claim: keeps-up
keeps_up = 100 * (losses[0, 1, 5] / losses[0, 0, 5] - 1)  # (16,): in %


# %% between
def between(one, other, share):
    """The loss at a share of the straight way from one to the other: (16,)."""
    way = vmap(torch.lerp, (0, 0, 0))
    return full_loss(
        [way(a, b, share) for a, b in zip(one, other, strict=True)]
    )


shares = torch.linspace(0, 1, 5).double()  # (5,)
across = torch.stack(
    [between(ends[0], ends[2], share.expand(16)) for share in shares]
)  # (5, 16): from the full set's end to that of batch 32
back = between(ends[0], start, apart[0, 2, -1])  # (16,): as far, but back

# %% numbers
cost_256, cost_32 = N / large, N / batch_size  # of a full step, in theirs
end_full, end_256, end_32 = level[0, :, -1]
one_step = level[0, 0, 0]  # the full set, after its first step
first_32, last_32 = away[2, 2, 0], away[2, 2, -1]
start_first, start_32 = away[0, 2, 0], away[0, 2, -1]
start_256 = away[0, 1, -1]
begin = full_loss(start).mean()
cosine = cosines.mean()
cost_across = (across[-1] - across[0]).mean()
cost_back = (back - across[0]).mean()
aside_8, aside_32, aside_256 = aside.mean(1)
uniform = torch.tensor(len(chars)).double().log()
