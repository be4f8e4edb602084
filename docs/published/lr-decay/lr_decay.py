# Then let the rate decay
# From Descent Notes: https://descent-notes.github.io/descent-notes/notes/lr-decay/
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

# %% one-run
g = torch.Generator().manual_seed(0)
params = [p.requires_grad_() for p in init_params(g)]
losses = []
for step in range(1000):
    lr = 0.2 if step < 800 else 0.02  # the trench's rate, then a tenth
    ix = torch.randint(len(X), (32,), generator=g)  # (32,)
    loss = loss_fn(params, X[ix], Y[ix])  # ()
    loss.backward()
    for p in params:
        p.data -= lr * p.grad
        p.grad = None
    losses.append(loss.item())

# %% smooth
smooth = torch.tensor(losses).view(50, 20).mean(1)  # (50,): over 20 batches

# %% figure-one-run
_, ax = plt.subplots()
ax.plot(range(10, 1000, 20), smooth)
ax.axvline(800, linestyle=":", color="C1")
ax.text(790, 4.5, "the rate is cut", color="C1", ha="right")
ax.set(xlabel="step", ylabel="batch loss, mean of 20 (nats)", ylim=(1, 5))
ax.set_title("Cut the rate, and the loss drops at once")
plt.show()

# %% level
low, trench = 0.05, 0.2
batch_size, n_steps, n_short, n_more = 32, 800, 500, 100
seeds = list(range(16))
rates = torch.tensor([low, trench], dtype=torch.float64)  # (2,)
lrs = rates.repeat_interleave(16).expand(n_steps, 32)  # (800, 32)
g = torch.Generator().manual_seed(0)
models, early = train(init_models(seeds * 2), lrs[:n_short], batch_size, g)
at_500 = full_loss(models).view(2, 16)  # (2, 16)
models = [p[16:] for p in models]  # those at the trench's rate go on
models, late = train(models, lrs[n_short:, 16:], batch_size, g)
at_800 = full_loss(models)  # (16,)

# %% cut
def go_on(lrs):
    """The losses 100 steps on, and those of all batches on the way."""
    g = torch.Generator().manual_seed(1)  # the same batches at each call
    end, losses = train(models, lrs[:n_more, 16:], batch_size, g)
    return full_loss(end), losses  # (16,), (100, 16)


kept, kept_batches = go_on(lrs)
cut, cut_batches = go_on(lrs / 10)
before = torch.cat([early[300:, 16:], late])  # (500, 16)
legs = [before, kept_batches, cut_batches]
before, kept_curve, cut_curve = (
    leg.view(-1, 20, 16).mean(1).median(1).values for leg in legs
)  # (25,), (5,), (5,): means of 20 batches, the middle seed

# %% figure-cut
_, ax = plt.subplots()
ax.plot(range(310, 800, 20), before, "C0")
ax.plot(range(810, 900, 20), kept_curve, "oC0", label="rate kept")
ax.plot(range(810, 900, 20), cut_curve, "sC1", label="rate cut")
ax.axvline(800, linestyle=":", color="C1")
ax.legend()
ax.set(xlabel="step", ylabel="median batch loss (nats)")
ax.set_title("Most of the drop is the cut's")
plt.show()

# %% claim-cut-lowers
cut_lowers = at_800 - cut  # (16,)

# %% claim-cut-share
cut_share = (kept - cut) / (at_800 - cut)  # (16,)

# %% schedules
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, StepLR

schedules = {
    "step": lambda opt: StepLR(opt, step_size=375, gamma=0.1),
    "linear": lambda opt: LinearLR(opt, 1, 0, total_iters=500),
    "cosine": lambda opt: CosineAnnealingLR(opt, T_max=500),
}
planned = torch.empty(n_short, 2, 3, dtype=torch.float64)  # (500, 2, 3)
for i, start in enumerate([low, trench]):
    for j, schedule in enumerate(schedules.values()):
        opt = SGD([torch.zeros(1)], lr=start)  # trains nothing
        scheduler = schedule(opt)
        for t in range(n_short):
            planned[t, i, j] = opt.param_groups[0]["lr"]
            opt.step()
            scheduler.step()
decayed = init_models(seeds * 6)  # C is (96, 30, 10), ...
each = planned.flatten(1).repeat_interleave(16, 1)  # (500, 96): a rate a model
decayed, batch_losses = train(decayed, each, batch_size, g)
change = full_loss(decayed).view(2, 3, 16) - at_500[:, None]  # (2, 3, 16)
middle = batch_losses.view(25, 20, 2, 3, 16).mean(1).median(3).values
steady = early.view(25, 20, 2, 16).mean(1).median(2).values  # (25, 2)
names = list(schedules)

# %% figure-schedules
_, axes = plt.subplots(2, 1, figsize=(5.2, 6), sharex=True)
for i, ax in enumerate(axes):
    ax.plot(range(110, 500, 20), steady[5:, i], label="constant")
    for j, style in enumerate(["--", "-.", ":"]):
        ax.plot(range(110, 500, 20), middle[5:, i, j], style, label=names[j])
    ax.set_ylabel("median batch loss (nats)")
axes[0].legend()
axes[0].set_title("From 0.05, every decay ends higher")
axes[1].set_title("From 0.2, a late step ends lowest")
axes[1].set_xlabel("step")
plt.show()

# %% claim-decay-costs
decay_costs = change[0].amin(0)  # (16,): of the three, the least

# %% claim-step-gains
step_gains = -change[1, 0]  # (16,)
