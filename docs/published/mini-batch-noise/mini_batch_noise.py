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

# %% two-minutes
lr, batch_size = 0.1, 32
g = torch.Generator().manual_seed(0)
params = [p.requires_grad_() for p in init_params(g)]
batches = torch.randint(len(X), (150, batch_size), generator=g)  # (150, 32)
losses = []
for step, ix in enumerate(batches):
    if step == 100:
        held = [p.detach().clone() for p in params]
    loss = loss_fn(params, X[ix], Y[ix])
    loss.backward()
    for p in params:
        p.data -= lr * p.grad
        p.grad = None
    losses.append(loss.item())
held_losses = [loss_fn(held, X[ix], Y[ix]).item() for ix in batches[100:]]

# %% figure-held
fig, ax = plt.subplots()
ax.plot(range(60, 150), losses[60:], "C0", label="learning")
ax.plot(range(100, 150), held_losses, "C1--", label="held from step 100 on")
ax.set_title("Stop learning, and the loss bounces on")
ax.set_xlabel("step")
ax.set_ylabel("loss of the batch (nats)")
ax.legend(fontsize="small")
plt.show()

# %% figure-graph
rows = ["C[X]", "tanh(… @ W1 + b1)", "… @ W2 + b2", "cross-entropy", "loss"]
into = {"C": (0, 0), "X": (4.6, 0), "W1": (-0.8, 1), "b1": (0, 1)}
into |= {"W2": (-0.8, 2), "b2": (0, 2), "Y": (4.6, 3)}
arrow = {"arrowstyle": "->", "color": "0.5", "shrinkA": 0, "shrinkB": 0}
fig, ax = plt.subplots(figsize=(5.2, 4.2))
for row, name in enumerate(rows):
    ax.text(2.4, -row, name, ha="center", va="center", weight="bold")
    if row > 0:
        ax.annotate("", (2.4, 0.25 - row), (2.4, 0.75 - row), arrowprops=arrow)
for name, (x, row) in into.items():
    is_batch = name in ["X", "Y"]
    shape, color = ("square", "C1") if is_batch else ("round", "C0")
    box = {"boxstyle": shape, "edgecolor": color, "facecolor": "none", "lw": 2}
    ax.text(x, -row, name, ha="center", va="center", bbox=box)
    if x >= 0:
        tail = x + (-0.35 if is_batch else 0.35)
        head = 2.4 + (1.2 if is_batch else -1.2)
        ax.annotate("", (head, -row), (tail, -row), arrowprops=arrow)
ax.text(-0.4, 0.8, "parameters", color="C0", ha="center", weight="bold")
ax.text(4.6, 0.8, "the batch", color="C1", ha="center", weight="bold")
ax.set(xlim=(-1.3, 5.2), ylim=(-4.3, 1.1))
ax.axis("off")
ax.set_title("The batch goes into the loss, as the parameters do")
plt.show()

# %% same-batch
moved, after = held, []
for ix in batches[100:112]:
    moved, _ = sgd_step(moved, lr, X[ix], Y[ix])
    after.append(loss_fn(moved, X[ix], Y[ix]).item())

# %% figure-zigzag
fig, ax = plt.subplots()
ends = losses[100:112], after
steps = ax.plot([range(100, 112), range(101, 113)], ends, "C0o-")
steps[0].set_label("a step: same batch")
gaps = ax.vlines(range(101, 112), after[:11], losses[101:112], "C1", ":")
gaps.set_label("a new batch: same parameters")
ax.set_title("Each step lowers the loss of its own batch")
ax.set_xlabel("step")
ax.set_ylabel("loss of the batch (nats)")
fig.legend(loc="outside lower center", ncols=2, fontsize="small")
plt.show()

# %% sixteen
N, n_before, n_steps = len(X), 100, 50
start = init_models(range(16))  # 16 models: C is (16, 30, 10), ...
lrs = torch.full((n_before,), lr, dtype=torch.float64)  # (100,)
later, _ = train(start, lrs, batch_size, g)
sizes = [8, 32, 128, 512]
before = torch.zeros(2, 4, n_steps, 16).double()  # (place, size, step, model)
same = torch.zeros_like(before)  # the loss of the same batch after the step
unmoved = torch.zeros_like(before)  # and with the parameters held throughout
fall = torch.zeros(2, 4, 16).double()  # of the loss over all examples
many = vmap(sgd_step, (0, None, 0, 0), chunk_size=16)
for i, models in enumerate([start, later]):
    for j, B in enumerate(sizes):
        params = models
        for t in range(n_steps):
            ix = torch.randint(N, (16, B), generator=g)  # (16, B)
            batch = X[ix], Y[ix]
            params, before[i, j, t] = many(params, lr, *batch)
            same[i, j, t] = vmap(loss_fn)(params, *batch)  # (16,)
            unmoved[i, j, t] = vmap(loss_fn)(models, *batch)  # (16,)
        fall[i, j] = full_loss(models) - full_loss(params)  # (16,)
ups = (before.diff(dim=2) > 0).double().mean(2)  # (2, 4, 16): share of steps

# %% claim-same-ups
changes = before[1, 1].diff(dim=0), unmoved[1, 1].diff(dim=0)  # (49, 16) twice
learning, holding = (x - x.mean(0) for x in changes)
covariance = (learning * holding).mean(0)  # (16,)
same_ups = covariance / (learning.std(0, False) * holding.std(0, False))

# %% law
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
moving = before[1].diff(dim=1).std(1)  # (4, 16)
spread = each.std(1, correction=0)  # (16,): the sigma of the theory
theory = spread * (2 / powers.double()).sqrt()[:, None]  # (8, 16)
line, dots, once = theory.median(1)[0], *bounces.median(2)[0]  # (8,) each
trained = moving.median(1)[0]  # (4,)

# %% figure-bounce
fig, ax = plt.subplots()
ax.loglog(powers, line, ":", label="theory, nothing fitted")
ax.loglog(powers, dots, "o", label="parameters held")
ax.loglog(powers[:-1], once[:-1], "x", label="held, none twice")
ax.loglog(sizes, trained, "s", mfc="none", label="while training")
ax.set_title("Four times the batch, half the bounce")
ax.set_xlabel("batch size (examples)")
ax.set_ylabel("bounce of the loss (nats)")
ax.legend(fontsize="small")
plt.show()

# %% claim-held-slope
held_slope = slope(powers, bounces[0])  # (16,)

# %% claim-toss
toss = ups[1, 1]  # (16,): batch 32

# %% ups
print("batch   next loss higher: at the start, later")
for B, share in zip(sizes, ups.mean(2).T, strict=True):
    print(f"{B:5} {share[0]:32.0%} {share[1]:6.0%}")

# %% claim-small-climbs
small_climbs = -fall[1, 0]  # (16,): batch 8
