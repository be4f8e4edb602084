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

for tensor in [X, emb, h, logits, losses, loss]:
    print(tuple(tensor.shape))

# %% sizes
names = ["X", "emb", "h", "logits", "losses", "loss"]
shapes = [tuple(t.shape) for t in [X, emb, h, logits, losses, loss]]
sizes = [[*shape, 0, 0, 0][:3] for shape in shapes]  # 0: no such dimension

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

# %% claim-batch-norm-mixes
def normed(params, x):  # the network with its hidden units normalised
    C, W1, b1, W2, b2 = params
    h = torch.tanh(C[x].flatten(1) @ W1 + b1)  # (B, 200)
    return (h - h.mean(0)) / h.std(0) @ W2 + b2  # (B, 30)


batch_size, few = 32, min(500, len(X))
models = init_models(range(16))  # C is (16, 30, 10), ...
passes = vmap(normed, (0, None))  # of 16 models on the same examples
company = passes(models, X[:few])[:, :batch_size]  # (16, 32, 30): of 500
moved = company - passes(models, X[:batch_size])  # (16, 32, 30)
batch_norm_mixes = moved.std((1, 2)) / company.std((1, 2))  # (16,)

# %% two-bugs
versions = {
    "right": lambda exps: exps / exps.sum(1, keepdim=True),
    "dim 0": lambda exps: exps / exps.sum(0, keepdim=True),
    "no keepdim": lambda exps: exps / exps.sum(1),
}


def losses_of(logits, y, softmax):
    probs = softmax(logits.exp())  # (30, 30)
    return -probs[torch.arange(len(y)), y].log()  # (30,)


ix = torch.randint(len(X), (len(chars),), generator=g)  # (30,)
x, y = X[ix], Y[ix]  # as many examples as classes
logits = forward(params, x)  # (30, 30)
for name, softmax in versions.items():
    losses = losses_of(logits, y, softmax)  # (30,)
    print(f"{name:12}{tuple(losses.shape)}, mean {losses.mean():.1f}")

# %% train-with-each
n_steps, lr, shown_over = 200, 0.1, 20


def train_with(softmax):  # 16 models, from the same starts and batches
    def mean_loss(params, x, y):
        return losses_of(forward(params, x), y, softmax).mean()

    params, g = models, torch.Generator().manual_seed(1)
    step, shown, true = vmap(grad_and_value(mean_loss)), [], []
    for at in range(n_steps):
        if at % shown_over == 0:
            true.append(full_loss(params))
        ix = torch.randint(len(X), (16, len(chars)), generator=g)  # (16, 30)
        grads, loss = step(params, X[ix], Y[ix])
        params = [p - lr * g for p, g in zip(params, grads, strict=True)]
        shown.append(loss)
    return params, torch.stack(shown), torch.stack([*true, full_loss(params)])


runs = [train_with(softmax) for softmax in versions.values()]
shown = torch.stack([run[1] for run in runs])  # (3, 200, 16)
shown = shown.unflatten(1, (-1, shown_over)).mean(2)  # (3, 10, 16)
true = torch.stack([run[2] for run in runs])  # (3, 11, 16)

# %% figure-shown-and-true
fig, axs = plt.subplots(1, 2, sharey=True, figsize=(5.2, 3.4))
every = n_steps // len(shown[0])
styles = {"right": "-", "dim 0": "--", "no keepdim": ":"}
for row, (name, style) in enumerate(styles.items()):
    at = [every * (i + 0.5) for i in range(len(shown[row]))]
    axs[0].plot(at, shown[row].mean(1), style, lw=2, label=name)
    at = [every * i for i in range(len(true[row]))]
    axs[1].plot(at, true[row].mean(1), style, lw=2, label=name)
    above = {"right": -1.3, "dim 0": 1.4, "no keepdim": 2.6}[name]
    end = at[-1], true[row].mean(1)[-1] + above
    axs[1].text(*end, name, ha="right", va="center", color=f"C{row}")
axs[0].set(xlabel="step", ylabel="loss (nats)", ylim=(0, None))
axs[0].set_title("The loss that you are shown", size=11)
axs[1].set(xlabel="step")
axs[1].set_title("The true loss", size=11)
fig.suptitle("A falling loss hides both bugs")
plt.show()

# %% claim-dim-0-shows-learning
dim_0_shows_learning = shown[1][0] - shown[1][-1]  # (16,)

# %% claim-dim-0-harm
right_end, dim_0_end, no_keepdim_end = true[:, -1]  # (16,) each
dim_0_harm = dim_0_end - right_end  # (16,)

# %% claim-no-keepdim-harm
no_keepdim_harm = no_keepdim_end - right_end  # (16,)

# %% catch-them
for name, softmax in versions.items():
    sums = softmax(logits.exp()).sum(1)  # (30,): over the classes
    to_one = torch.allclose(sums, torch.ones_like(sums))
    rows = [losses_of(logits[[i]], y[[i]], softmax) for i in range(len(y))]
    same = torch.allclose(torch.cat(rows), losses_of(logits, y, softmax))
    print(f"{name:12}sums to one: {to_one!s:7}same alone: {same}")
