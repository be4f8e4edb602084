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

# %% level
low, trench = 0.05, 0.2  # two of the rates
batch_size, n_steps, n_seeds = 32, 800, 16
seeds = list(range(n_seeds))
rates = torch.tensor([low, 0.1, trench, 0.3], dtype=torch.float64)  # (4,)
lrs = rates.repeat_interleave(16).expand(n_steps, 64)  # (800, 64): constant
g = torch.Generator().manual_seed(0)
models, early = train(init_models(seeds * 4), lrs[:500], batch_size, g)
at_500 = full_loss(models).view(4, 16)  # (4, 16)
models, late = train(models, lrs[500:], batch_size, g)
at_800 = full_loss(models).view(4, 16)  # (4, 16)
blocks = torch.cat([early, late]).view(40, 20, 4, 16).mean(1)  # less noise
curves = blocks.median(2).values  # (40, 4): the middle seed

# %% cut
n_soon, n_more = 25, 100


def go_on(models, lrs):
    """The losses 25 and 100 steps on, and those of all batches on the way."""
    g = torch.Generator().manual_seed(1)  # the same batches at each call
    soon, first = train(models, lrs[:n_soon], batch_size, g)
    end, rest = train(soon, lrs[n_soon:n_more], batch_size, g)
    return full_loss(soon), full_loss(end), torch.cat([first, rest])


_, kept, kept_batches = go_on(models, lrs)  # (64,), (100, 64)
cut_soon, cut, cut_batches = go_on(models, lrs / 10)  # (64,) twice, (100, 64)
kept, cut, cut_soon = (x.view(4, 16) for x in (kept, cut, cut_soon))  # (4, 16)
kept_curves = kept_batches.view(5, 20, 4, 16).mean(1).median(2).values
cut_curves = cut_batches.view(5, 20, 4, 16).mean(1).median(2).values  # (5, 4)

# %% claim-cut-lowers
cut_lowers = (at_800 - cut).amin(0)  # (16,): at the rate where it does least

# %% figure-cut
_, ax = plt.subplots()
ax.plot(range(310, 800, 20), curves[15:, 2], "C0")
ax.plot(range(810, 900, 20), kept_curves[:, 2], "oC0", label="rate kept")
ax.plot(range(810, 900, 20), cut_curves[:, 2], "sC1", label="rate cut")
ax.axvline(800, linestyle=":", color="C1")
ax.legend()
ax.set(xlabel="step", ylabel="median batch loss (nats)")
ax.set_title("Cut the rate, and the loss drops at once")
plt.show()

# %% claim-cut-share
cut_share = (kept - cut)[2] / (at_800 - cut)[2]  # (16,): at the rate 0.2

# %% drops
drop = at_800 - cut  # (4, 16): before minus after
gain = kept - cut  # (4, 16): what the cut adds to going on
drop_mid, gain_mid = drop.median(1).values, gain.median(1).values  # (4,)
drop_low, drop_times = drop_mid[0], drop_mid[2] / drop_mid[0]
quarters = torch.tensor([0.25, 0.75], dtype=torch.float64)  # (2,)
drop_half = drop.quantile(quarters, dim=1)  # (2, 4): of the seeds
gain_half = gain.quantile(quarters, dim=1)  # (2, 4)


def power(y):
    """The slope of y, (4, 16), over the rates on log axes, by seed: (16,)."""
    x = rates.log() - rates.log().mean()  # (4,)
    return x @ y.log() / (x @ x)

# %% figure-drop
_, ax = plt.subplots()
ax.plot(rates, drop_mid, "o-C0", label="before minus after")
ax.plot(rates, gain_mid, "s--C1", label="kept minus cut")
ax.vlines(rates, *drop_half, "C0", linewidth=4, alpha=0.4)
ax.vlines(rates, *gain_half, "C1", linewidth=4, alpha=0.4)
ax.axhline(0, color="0.5", linewidth=0.8)
ax.set(xlabel="learning rate before the cut", ylabel="drop (nats)")
ax.set(xlim=0)
ax.legend()
ax.set_title("The higher the rate, the more a cut brings")
plt.show()

# %% claim-drop-power
drop_power = power(drop)  # (16,): 1 if the drop is proportional to the rate

# %% claim-power-falls
power_falls = power(at_800 - cut_soon) - drop_power  # (16,)

# %% claim-cut-beats
cut_beats = gain[1:].amin(0)  # (16,): at the rate where it does least

# %% claim-low-rate
low_rate = gain[0]  # (16,): kept minus cut at the rate 0.05

# %% claim-low-rate-later
slow = [p[:16] for p in models]  # those at 0.05 are first in each tensor
again = torch.Generator().manual_seed(2)
slow, _ = train(slow, lrs[:, :16], batch_size, again)  # 800 steps more
_, slow_kept, _ = go_on(slow, lrs[:, :16])  # (16,)
_, slow_cut, _ = go_on(slow, lrs[:, :16] / 10)  # (16,)
low_rate_later = slow_kept - slow_cut  # (16,)

# %% schedules
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, StepLR

schedules = {
    "step": lambda opt: StepLR(opt, step_size=375, gamma=0.1),
    "linear": lambda opt: LinearLR(opt, 1, 0, total_iters=500),
    "cosine": lambda opt: CosineAnnealingLR(opt, T_max=500),
}
n_short = 500
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
decayed, losses = train(decayed, each, batch_size, g)
constant = at_500[[0, 2]]  # (2, 16): rates 0.05 and 0.2, trained above
change = full_loss(decayed).view(2, 3, 16) - constant[:, None]  # (2, 3, 16)
parts = losses.view(25, 20, 2, 3, 16).mean(1)  # (25, 2, 3, 16)
middle, names = parts.median(3).values, list(schedules)  # (25, 2, 3)

# %% figure-schedules
_, axes = plt.subplots(2, 1, figsize=(5.2, 6), sharex=True)
for i, ax in enumerate(axes):
    ax.plot(range(110, 500, 20), curves[5:25, 2 * i], label="constant")
    for j, style in enumerate(["--", "-.", ":"]):
        ax.plot(range(110, 500, 20), middle[5:, i, j], style, label=names[j])
    ax.set_ylabel("median batch loss (nats)")
axes[0].legend()
axes[0].set_title("From 0.05, every decay ends higher")
axes[1].set_title("From 0.2, a late step ends lowest")
axes[1].set_xlabel("step")
plt.show()

# %% claim-step-gains
step_gains = -change[1, 0]  # (16,)

# %% claim-step-ahead
step_ahead = change[1, 1:].amin(0) - change[1, 0]  # (16,)

# %% claim-middle-leads
steady = blocks[10:20, 2].mean(0)  # (16,): steps 200 to 400 at the rate 0.2
leads = steady - parts[10:20, 1, 1:].mean(0)  # (2, 16): linear, cosine
middle_leads = leads.amin(0)  # (16,): of the two, the one that leads by less

# %% claim-decay-costs
decay_costs = change[0].amin(0)  # (16,): of the three, the least
