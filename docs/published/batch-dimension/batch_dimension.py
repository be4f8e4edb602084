# Training examples occupy a dimension
# From Descent Notes: https://descent-notes.github.io/descent-notes/notes/batch-dimension/
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
n_examples, n_chars, emb_size = len(X), len(chars), emb.shape[2]
joined, hidden = len(W1), len(W2)

# %% figure-shapes
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
from torch.func import grad
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

few = min(500, len(X))
ones = [(X[i : i + 1], Y[i : i + 1]) for i in range(few)]  # (1, 3), (1,)
gradient = grad(loss_fn)


class Calls(TorchDispatchMode):
    """Counts the operations that PyTorch is called for."""

    n = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.n += 1
        return function(*args, **(kwargs or {}))


def cost(batches):  # of a gradient for each batch: calls, arithmetic
    with Calls() as calls, FlopCounterMode(display=False) as flops:
        for batch in batches:
            gradient(params, *batch)
    return calls.n, flops.get_total_flops()


calls_loop, flops_loop = cost(ones)
calls_batch, flops_batch = cost([(X[:few], Y[:few])])
print(f"calls, loop : batch      {calls_loop / calls_batch:.0f} : 1")
print(f"arithmetic, loop : batch {flops_loop / flops_batch:.0f} : 1")

# %% claim-single-passes
models = init_models(range(16))  # C is (16, 30, 10), ...
passes = vmap(forward, (0, None))  # of 16 models on the same examples
batch = passes(models, X[:few])  # (16, 500, 30)
alone = torch.cat([passes(models, x) for x, _ in ones], 1)  # (16, 500, 30)
single_passes = (alone - batch).abs().amax((1, 2))  # (16,)

# %% claim-batch-norm-mixes
def normed(params, x):  # the network with its hidden units normalised
    C, W1, b1, W2, b2 = params
    h = torch.tanh(C[x].flatten(1) @ W1 + b1)  # (B, 200)
    return (h - h.mean(0)) / h.std(0) @ W2 + b2  # (B, 30)


passes = vmap(normed, (0, None))
company = passes(models, X[:few])[:, :32]  # (16, 32, 30): 32 of 500 rows
moved = company - passes(models, X[:32])  # (16, 32, 30): without the others
batch_norm_mixes = moved.std((1, 2)) / company.std((1, 2))  # (16,)

# %% per-example-gradients
batch_size = max(32, n_chars)  # enough for a row a class further down
ix = torch.randint(len(X), (batch_size,), generator=g)  # (32,)
x, y = X[ix, None], Y[ix, None]  # (32, 1, 3), (32, 1): 32 batches of one
each = vmap(gradient, in_dims=(None, 0, 0))(params, x, y)
for p, e in zip(params, each, strict=True):
    print(f"{tuple(p.shape)!s:10} -> {tuple(e.shape)}")
gigabytes = len(X) * sum(p.nbytes for p in params) / 1e9  # for all examples

# %% claim-mean-of-gradients
def gap(params):  # between mean gradient and gradient of the mean, relative
    each = vmap(gradient, (None, 0, 0))(params, x, y)
    mean = torch.cat([e.mean(0).flatten() for e in each])  # (12530,)
    of_mean = gradient(params, X[ix], Y[ix])
    of_mean = torch.cat([m.flatten() for m in of_mean])  # (12530,)
    return (mean - of_mean).norm() / of_mean.norm()


mean_of_gradients = vmap(gap)(models)  # (16,)

# %% two-bugs
versions = {
    "right": lambda counts: counts / counts.sum(1, keepdim=True),
    "dim 0": lambda counts: counts / counts.sum(0, keepdim=True),
    "no keepdim": lambda counts: counts / counts.sum(1),
}


def losses_of(logits, y, normalise):
    probs = normalise(logits.exp())  # (30, 30)
    return -probs[torch.arange(n_chars), y].log()  # (30,)


x, y = X[ix[:n_chars]], Y[ix[:n_chars]]  # as many examples as classes
logits = forward(params, x)  # (30, 30)
losses = [losses_of(logits, y, normalise) for normalise in versions.values()]
losses = torch.stack(losses)  # (3, 30)
for name, row in zip(versions, losses, strict=True):
    print(f"{name:12}{tuple(row.shape)}, mean {row.mean():.1f}")

# %% claim-dim-0-looks-right
many = 100
ix = torch.randint(len(X), (16, many, n_chars), generator=g)  # a batch each


def means_of(params, x, y):  # of each version, and the right one's error
    logits = forward(params, x)  # (30, 30)
    losses = [losses_of(logits, y, v) for v in versions.values()]
    losses = torch.stack(losses)  # (3, 30)
    return losses.mean(1), losses[0].std() / n_chars**0.5


over_batches = vmap(vmap(means_of, (None, 0, 0)))
means, error = over_batches(models, X[ix], Y[ix])  # (16, 100, 3), (16, 100)
off = (means - means[..., :1]) / error[..., None]  # (16, 100, 3)
dim_0_looks_right = off[..., 1].abs().mean(1)  # (16,)

# %% claim-no-keepdim-right-on-average
no_keepdim_right_on_average = off[..., 2].mean(1)  # (16,)

# %% train-with-each
n_steps, lr, shown_over = 200, 0.1, 20


def train_with(normalise):  # 16 models, from the same starts and batches
    def mean_loss(params, x, y):
        return losses_of(forward(params, x), y, normalise).mean()

    params, g = models, torch.Generator().manual_seed(1)
    step, shown = vmap(grad_and_value(mean_loss)), []
    for _ in range(n_steps):
        ix = torch.randint(len(X), (16, n_chars), generator=g)  # (16, 30)
        grads, loss = step(params, X[ix], Y[ix])
        params = [p - lr * g for p, g in zip(params, grads, strict=True)]
        shown.append(loss)
    return params, torch.stack(shown), full_loss(params)


shown, true, moved_b2 = [], [], []
for normalise in versions.values():
    params, losses_shown, loss = train_with(normalise)
    shown.append(losses_shown)
    true.append(loss)
    moved_b2.append((params[4] - models[4]).abs().max())
right, dim_0, no_keepdim = true  # (16,) each
print("version     loss shown: first   last     true loss")
for name, losses_shown, loss in zip(versions, shown, true, strict=True):
    first = losses_shown[:shown_over].mean()
    last = losses_shown[-shown_over:].mean()
    print(f"{name:12}{first:17.1f}{last:7.1f}{loss.mean():14.1f}")

# %% claim-dim-0-shows-learning
dim_0_shows_learning = shown[1][0] - shown[1][-shown_over:].mean(0)  # (16,)

# %% claim-dim-0-harm
dim_0_harm = dim_0 - right  # (16,)

# %% claim-no-keepdim-harm
no_keepdim_harm = no_keepdim - right  # (16,)

# %% catch-them
from torch.func import jacrev

sums, moved = [], []
for normalise in versions.values():
    sums.append(normalise(logits.exp()).sum(1))  # (30,): over the classes
    slopes = jacrev(losses_of)(logits, y, normalise)  # (30, 30, 30)
    moved.append(slopes.abs().sum(2) > 0)  # (30, 30): i by example j?
sums, moved = torch.stack(sums), torch.stack(moved).int()
sums_are_1 = ((sums - 1).abs() < 1e-12).all(1)  # (3,)
off_diagonal = moved.sum((1, 2)) - moved.diagonal(0, 1, 2).sum(1)  # (3,)
print("rows sum to 1:", sums_are_1.tolist())
print("pairs of two examples:", off_diagonal.tolist())

# %% figure-catch-them
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
