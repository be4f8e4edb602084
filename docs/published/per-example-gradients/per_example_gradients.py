# A gradient for each example
# From Descent Notes: https://descent-notes.github.io/descent-notes/notes/per-example-gradients/
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

# %% figure-directions
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

# %% claim-longest-over-mean
longest_over_mean = own.amax(1)  # (16,)

# %% claim-others-against
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

# %% figure-catch-them
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
