"""One dimension of every tensor is the examples, from X to the loss."""

from color_names import F, X, Y, forward, init_params, loss_fn, plt, torch

# %% shapes
g = torch.Generator().manual_seed(0)
params = init_params(g)
C, W1, b1, W2, b2 = params

emb = C[X]  # (N, 3, 10)
h = torch.tanh(emb.flatten(1) @ W1 + b1)  # (N, 200)
logits = h @ W2 + b2  # (N, 30)
losses = F.cross_entropy(logits, Y, reduction="none")  # (N,)
loss = losses.mean()  # ()

names = ["X", "emb", "h", "logits", "losses", "loss"]
shapes = [tuple(t.shape) for t in [X, emb, h, logits, losses, loss]]
for name, shape in zip(names, shapes, strict=True):
    print(f"{name:8}{shape}")
sizes = [[*shape, 0, 0, 0][:3] for shape in shapes]  # 0: no such dimension

# %% figure: shapes
steps = ["C[X]", "tanh(emb.flatten(1) @ W1 + b1)", "h @ W2 + b2"]
steps += ["cross_entropy with Y", "mean over the examples", ""]
plain = {"color": "C0", "alpha": 0.35}
picked = {"facecolor": "none", "edgecolor": "C1", "hatch": "////"}
fig, ax = plt.subplots(figsize=(5.2, 5.6))
for row, (name, step) in enumerate(zip(names, steps, strict=True)):
    y = -1.5 * row
    ax.text(-0.2, y, name, ha="right", va="center", weight="bold")
    ax.text(1.6, y - 0.75, step and f"↓ {step}", va="center")
    for dim, size in enumerate(sizes[row]):
        if size > 0:
            style = plain if dim else picked
            ax.bar(1.6 * dim + 0.7, 0.25, 1.4, y - 0.4, lw=2, **style)
            ax.text(1.6 * dim + 0.7, y - 0.05, f"{size:,.0f}", ha="center")
ax.text(0, y, "()  one number, no dimension left", va="center")
ax.text(0.7, 0.6, "examples", color="C1", ha="center", weight="bold")
ax.set(xlim=(-1.5, 5.4), ylim=(y - 0.5, 1.1))
ax.axis("off")
ax.set_title("The examples keep a dimension up to the mean")
plt.show()

# %% one-by-one
from timeit import repeat

from torch.func import grad, vmap

alone = torch.cat([forward(params, x[None]) for x in X])  # (N, 30)
widest, limit = (alone - logits).abs().max().item(), 1e-11
print(f"one by one, the same logits to {limit}:", widest < limit)

gradient = grad(loss_fn)
ones = [(X[i : i + 1], Y[i : i + 1]) for i in range(500)]
loop = repeat(lambda: [gradient(params, *e) for e in ones], number=1, repeat=2)
batch = repeat(lambda: gradient(params, X[:500], Y[:500]), number=1, repeat=5)
speed_up, least = min(loop) / min(batch), 10
faster = speed_up > least
print(f"500 gradients as one batch, over {least} times faster:", faster)

# %% per-example-gradients
ix = torch.randint(len(X), (32,), generator=g)  # (32,)
x, y = X[ix, None], Y[ix, None]  # (32, 1, 3), (32, 1): 32 batches of one
each = vmap(gradient, in_dims=(None, 0, 0))(params, x, y)
of_mean = gradient(params, X[ix], Y[ix])  # of the batch's mean loss

gaps = []
for e, m in zip(each, of_mean, strict=True):
    print(f"{tuple(m.shape)!s:10} -> {tuple(e.shape)}")
    gaps.append((e.mean(0) - m).abs().max())
same_mean = max(gaps).item() < 1e-12
print("their mean is the gradient of the mean loss:", same_mean)

# %% two-bugs
versions = {
    "right": lambda counts: counts / counts.sum(1, keepdim=True),
    "dim 0": lambda counts: counts / counts.sum(0, keepdim=True),
    "no keepdim": lambda counts: counts / counts.sum(1),
}
x, y = X[ix[:30]], Y[ix[:30]]  # as many examples as there are classes
logits = forward(params, x)  # (30, 30)


def losses_of(logits, normalise):
    probs = normalise(logits.exp())  # (30, 30)
    return -probs[torch.arange(30), y].log()  # (30,)


losses = [losses_of(logits, normalise) for normalise in versions.values()]
losses = torch.stack(losses)  # (3, 30)
for name, row in zip(versions, losses, strict=True):
    print(f"{name:12}{tuple(row.shape)}, mean {row.mean():.1f}")

# %% catch-them
from torch.func import jacrev

sums, moved = [], []
for normalise in versions.values():
    sums.append(normalise(logits.exp()).sum(1))  # (30,): over the classes
    slopes = jacrev(losses_of)(logits, normalise)  # (30, 30, 30)
    moved.append(slopes.abs().sum(2) > 0)  # (30, 30): i by example j?
sums, moved = torch.stack(sums), torch.stack(moved).int()
sums_are_1 = ((sums - 1).abs() < 1e-12).all(1)  # (3,)
off_diagonal = moved.sum((1, 2)) - moved.diagonal(0, 1, 2).sum(1)  # (3,)
print("rows sum to 1:", sums_are_1.tolist())
print("pairs of two examples:", off_diagonal.tolist())

# %% figure: catch-them
fig, axs = plt.subplots(1, 3, sharey=True, figsize=(5.2, 2.7))
titles = ["right", "dim 0", "no keepdim"]
for ax, title, dots in zip(axs, titles, moved, strict=True):
    ax.spy(dots, marker="s", markersize=2, color="C0")
    ax.set_title(title, size=11)
    ax.set_xticks([0, 10, 20])
    ax.xaxis.tick_bottom()
axs[0].set_ylabel("loss of example i")
axs[1].set_xlabel("example j, whose logits change")
fig.suptitle("A right loss moves with its own example only")
plt.show()
