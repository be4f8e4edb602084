"""A gradient for each example, and what their mean hides."""

from color_names import (
    F,
    X,
    Y,
    chars,
    forward,
    init_models,
    loss_fn,
    plt,
    torch,
    train,
    vmap,
)

# %% sixteen
n_steps, lr, batch_size = 200, 0.1, 32
g = torch.Generator().manual_seed(0)
models = init_models(range(16))  # C is (16, 30, 10), ...
models, _ = train(models, torch.full((n_steps,), lr), batch_size, g)
params = [p[0] for p in models]  # the first model's


# %% loop
def gradients(params, ix):  # a row for each example
    rows = []
    for i in ix.split(1):  # (1,): a batch of one
        leaves = [p.clone().requires_grad_() for p in params]
        loss = F.cross_entropy(forward(leaves, X[i]), Y[i])
        loss.backward()
        rows.append(torch.cat([p.grad.flatten() for p in leaves]))
    return torch.stack(rows)  # (B, 12530)


order = torch.randperm(len(X), generator=g)  # (N,)
each = gradients(params, order[:batch_size])  # (32, 12530)
mean = each.mean(0)  # (12530,)
print(tuple(each.shape), "->", tuple(mean.shape))


# %% others
def parts(each, mean):  # along the mean and to its side, in its lengths
    along = each @ mean / mean.square().sum()  # (B,)
    side = each - along[:, None] * mean  # (B, 12530)
    return along, side.norm(dim=1) / mean.norm()


few = 300
others = gradients(params, order[batch_size:][:few])  # (300, 12530)
along, side = parts(each, mean)  # (32,), (32,)
along_others, side_others = parts(others, mean)  # (300,), (300,)

# %% figure: directions
fig, ax = plt.subplots(figsize=(5.2, 3.2))
ax.plot(side_others, along_others, "x", color="C1", ms=4)
ax.plot(side, along, "o", color="C0", ms=5)
ax.plot([0, 0], [0, 1], "^-", color="C2", lw=3, ms=8, markevery=[1])
ax.text(0.3, 1.1, "the mean", color="C2")
ax.text(5.5, 2.4, "in the batch", color="C0", ha="right")
ax.text(9.0, -1.5, "other examples", color="C1", ha="right")
ax.set(xlabel="to the side of the mean, in its lengths", ylabel="along it")
ax.set(ylim=(-2, 4.5), aspect="equal")
ax.set_title("A gradient points mostly to the side of the mean")
plt.show()

# %% in-one-call
from torch.func import grad


def at_once(params, ix):
    x, y = X[ix, None], Y[ix, None]  # (B, 1, 3), (B, 1): batches of one
    each = vmap(grad(loss_fn), in_dims=(None, 0, 0))(params, x, y)
    return torch.cat([e.flatten(1) for e in each], 1)  # (B, 12530)


again = at_once(params, order[:batch_size])  # (32, 12530)
print("the same:", torch.allclose(again, each))

# %% right-angles
own_share = each.square().sum() / mean.square().sum() / batch_size**2  # ()
print(f"from each example with itself: {own_share:.0%}")

# %% sixteen-batches
own, rest = [], []
for s in range(16):
    model = [p[s] for p in models]
    order = torch.randperm(len(X), generator=g)  # (N,)
    found = at_once(model, order[: batch_size + few])  # (332, 12530)
    m = found[:batch_size].mean(0)  # (12530,)
    own.append(found[:batch_size].norm(dim=1) / m.norm())
    rest.append(found[batch_size:] @ m)
own, rest = torch.stack(own), torch.stack(rest)  # (16, 32), (16, 300)

# %% claim: longest-over-mean
longest_over_mean = own.amax(1)  # (16,)

# %% claim: others-against
others_against = (rest < 0).double().mean(1)  # (16,)

# %% jacobian
from torch.func import jacrev

versions = {
    "right": lambda exps: exps / exps.sum(1, keepdim=True),
    "dim 0": lambda exps: exps / exps.sum(0, keepdim=True),
    "no keepdim": lambda exps: exps / exps.sum(1),
}


def losses_of(logits, y, softmax):
    probs = softmax(logits.exp())  # (30, 30)
    return -probs[torch.arange(len(y)), y].log()  # (30,)


ix = torch.randint(len(X), (len(chars),), generator=g)  # (30,)
y, logits = Y[ix], forward(params, X[ix])  # (30,), (30, 30)
moved = []
for softmax in versions.values():
    slopes = jacrev(losses_of)(logits, y, softmax)  # (30, 30, 30)
    moved.append(slopes.abs().sum(2) > 0)  # (30, 30): loss i by example j?
moved = torch.stack(moved).int()  # (3, 30, 30)
dots = moved.sum((1, 2))  # (3,)
print("dots:", dots.tolist())

# %% figure: catch-them
fig, axs = plt.subplots(1, 3, sharey=True, figsize=(5.2, 2.7))
titles = ["right", "dim 0", "no keepdim"]
for ax, title, dotted in zip(axs, titles, moved, strict=True):
    ax.spy(dotted, marker="s", markersize=2, color="C0")
    ax.set_title(title, size=11)
    ax.set_xticks([0, 10, 20])
    ax.xaxis.tick_bottom()
axs[0].set_ylabel("loss of example i")
axs[1].set_xlabel("example j, whose logits change")
fig.suptitle("A right loss moves with its own example only")
plt.show()

# %% numbers
n_examples, n_chars = len(X), len(chars)
size = sum(p[0].numel() for p in models)
megabytes = batch_size * sum(p.nbytes for p in params) / 1e6
gigabytes = len(X) * sum(p.nbytes for p in params) / 1e9
right_angles = batch_size**0.5
far = along.argmax()
far_side, far_along = side[far], along[far]
directions = each / each.norm(dim=1, keepdim=True)  # (32, 12530)
cosines = directions @ directions.T  # (32, 32)
pairs = cosines[~torch.eye(len(each), dtype=torch.bool)]  # (992,)
typical = pairs.square().mean().sqrt()
