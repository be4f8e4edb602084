# How much a cut brings
# From Descent Notes: https://descent-notes.github.io/descent-notes/notes/cut-and-rate/
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
models, losses = train(init_models(seeds * 4), lrs, batch_size, g)
at_800 = full_loss(models).view(4, 16)  # (4, 16)

# %% cut
n_soon, n_more = 25, 100


def go_on(models, lrs):
    """The losses 25 and 100 steps on, over all examples: (S,) each."""
    g = torch.Generator().manual_seed(1)  # the same batches at each call
    soon, _ = train(models, lrs[:n_soon], batch_size, g)
    end, _ = train(soon, lrs[n_soon:n_more], batch_size, g)
    return full_loss(soon), full_loss(end)


_, kept = go_on(models, lrs)  # (64,)
cut_soon, cut = go_on(models, lrs / 10)  # (64,) each
kept, cut, cut_soon = (x.view(4, 16) for x in (kept, cut, cut_soon))  # (4, 16)

# %% drops
drop = at_800 - cut  # (4, 16): before minus after
gain = kept - cut  # (4, 16): what the cut adds to going on
drop_mid, gain_mid = drop.median(1).values, gain.median(1).values  # (4,)
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

# %% claim-every-cut-lowers
lowered = at_800 - cut  # (4, 16)
every_cut_lowers = lowered.amin(0)  # (16,): at the rate where it does least

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
_, slow_kept = go_on(slow, lrs[:, :16])  # (16,)
_, slow_cut = go_on(slow, lrs[:, :16] / 10)  # (16,)
low_rate_later = slow_kept - slow_cut  # (16,)
