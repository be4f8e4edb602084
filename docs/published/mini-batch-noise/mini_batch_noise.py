# The loss bounces because the examples are in its graph
# From Descent Notes: https://descent-notes.github.io/descent-notes/notes/mini-batch-noise/
# Needs Python 3.11 or later, torch and matplotlib.

# %% setup
"""The example that all notes share: colour names and a small character model.

Data: the 949 colour names of the xkcd survey, which Matplotlib carries. Model:
the character model of Bengio et al. (2003), JMLR 3, 1137-1155
"""

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from matplotlib.colors import XKCD_COLORS
from torch.func import grad_and_value, vmap

# The steps are so small that two threads wait for each other most of the time.
torch.set_num_threads(1)

# Your own words: change this one line, to words = ["sun", "moon"], say.
words = [name.removeprefix("xkcd:") for name in XKCD_COLORS]
if isinstance(words, str) or not all(isinstance(w, str) for w in words):
    raise TypeError("words must be a list of texts, like ['sun', 'moon']")
if len(set(words)) < 2 or "." in "".join(words):
    raise ValueError("words must be two different ones at least, without '.'")
context = 3  # characters that the model sees

chars = [".", *sorted(set("".join(words)))]  # "." marks the end of a word
index = {char: i for i, char in enumerate(chars)}
examples = []
for word in words:
    ids = [0] * context + [index[char] for char in word] + [0]
    examples += [ids[i : i + context + 1] for i in range(len(word) + 1)]
X = torch.tensor(examples)[:, :context]  # (N, 3): the characters before
Y = torch.tensor(examples)[:, context]  # (N,): the character that comes next

# The full set, cheaper: each of its K contexts once, with the counts of what
# follows it as targets. As X and Y of `loss_fn` they give the same mean loss.
contexts, row = torch.unique(X, dim=0, return_inverse=True)  # (K, 3), (N,)
counts = torch.zeros(len(contexts), len(chars), dtype=torch.float64)  # (K, 30)
counts.index_put_((row, Y), counts.new_ones(()), accumulate=True)
full_set = contexts, counts * len(contexts) / len(X)  # means over K, not N


def init_params(g):
    """Five tensors from a standard normal, drawn with the generator `g`."""
    shapes = [(len(chars), 10), (context * 10, 200), (200,)]
    shapes += [(200, len(chars)), (len(chars),)]
    # float64: two CPUs then agree on many more digits than float32 leaves.
    return [torch.randn(s, generator=g, dtype=torch.float64) for s in shapes]


def forward(params, X):
    """Logits (B, 30) for the contexts X (B, 3)."""
    C, W1, b1, W2, b2 = params
    emb = C[X]  # (B, 3, 10)
    h = torch.tanh(emb.flatten(1) @ W1 + b1)  # (B, 200)
    return h @ W2 + b2  # (B, 30)


def loss_fn(params, X, Y):
    """Mean cross-entropy in nats, a scalar."""
    return F.cross_entropy(forward(params, X), Y)


def sgd_step(params, lr, X, Y):
    """One step of gradient descent: the new parameters, the loss before it."""
    grads, loss = grad_and_value(loss_fn)(params, X, Y)
    return [p - lr * g for p, g in zip(params, grads, strict=True)], loss


# Many models side by side: each tensor gets a first dimension, S models long.
def init_models(seeds):
    """The parameters of one model a seed, stacked: C is (S, 30, 10), ..."""
    models = [init_params(torch.Generator().manual_seed(s)) for s in seeds]
    return [torch.stack(p) for p in zip(*models, strict=True)]


def train(params, lrs, batch_size, g):
    """Take a step with each of `lrs`: (T,), or (T, S) for a rate a model.

    Returns the parameters and the batch losses (T, S), each before its step.
    """
    losses = []
    for lr in lrs:
        ix = torch.randint(len(X), (len(params[0]), batch_size), generator=g)
        lr = lr.expand(len(ix))  # (S,)
        params, loss = vmap(sgd_step)(params, lr, X[ix], Y[ix])
        losses.append(loss)
    return params, torch.stack(losses)


def full_loss(params):
    """The loss of each model over all N examples: (S,)."""
    over_models = vmap(loss_fn, in_dims=(0, None, None), chunk_size=4)
    return over_models(params, *full_set)

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

# %% figure-iterations
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

# %% claim-trend-falls
trend_falls = fall[0].amin(0)  # (16,): at the batch size where it falls least

# %% claim-later-half
later_half = up[1, :4].mean(0)  # (16,): over the four mini-batch sizes

# %% claim-early-trend
early_trend = up[0, 3]  # (16,): batch 512, at the start

# %% claim-full-set-falls
falls = -1000 * before[:, 4].diff(dim=1)  # (2, 24, 16): thousandths
full_set_falls = falls.amin((0, 1))  # (16,): where it falls least

# %% claim-same-batch
same_batch = (after < before[:, :4]).double().mean((0, 1, 2))  # (16,)

# %% figure-zigzag
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

# %% claim-given-back
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

# %% figure-bounce
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

# %% claim-held-slope
held_slope = slope(powers, bounces[0])  # (16,)

# %% claim-held-ratio
held_ratio = (bounces[0] / theory).mean(0)  # (16,): over the eight sizes

# %% claim-moving-slope
moving_slope = slope(sizes[:4], moving[:4])  # (16,)

# %% claim-none-twice
factor = ((N - powers[-2].double()) / (N - 1)).sqrt()  # batches of 4,096
none_twice = bounces[1, -2] / (theory[-2] * factor)  # (16,)

# %% claim-small-climbs
small_climbs = -fall[1, 0]  # (16,): batch 8, later
