# The learning-rate trench
# From Descent Notes: https://descent-notes.github.io/descent-notes/notes/lr-trench/
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

# %% sweep
batch_size = 32
lre = torch.linspace(-5, 0, 1000, dtype=torch.float64)  # (1000,) exponents
lrs = 10**lre  # (1000,): from 0.00001, a little more each step, to 1
g = torch.Generator().manual_seed(0)
params = [p.requires_grad_() for p in init_params(g)]
losses = []
for lr in lrs:
    ix = torch.randint(len(X), (batch_size,), generator=g)  # (32,)
    loss = loss_fn(params, X[ix], Y[ix])  # ()
    loss.backward()
    for p in params:
        p.data -= lr * p.grad
        p.grad = None
    losses.append(loss.item())
smooth = torch.tensor(losses).unfold(0, 101, 1).mean(1)  # (900,)

# %% figure-one-run
_, ax = plt.subplots()
ax.plot(lre, losses, linewidth=0.8, label="each batch")
ax.plot(lre[50:950], smooth, "C1", linewidth=2.5, label="mean of 101 batches")
ax.set(xlabel="log10 of the learning rate", ylabel="loss (nats)", ylim=0)
ax.legend(loc="lower left")
ax.set_title("One run: flat, a fall, a trench, a rise")
plt.show()

# %% sixteen
def read(lre, losses):
    """Smooth sweeps (T, S); find the log10 rates of trench and steepest."""
    window = len(lre) // 10 + 1  # a tenth of the sweep: half a decade
    smoothed = losses.unfold(0, window, 1).mean(2)  # (T - window + 1, S)
    middle = lre[window // 2 :][: len(smoothed)]  # of each window
    trench = middle[smoothed.argmin(0)]  # (S,)
    fall = smoothed[:-window] - smoothed[window:]  # from window to next
    steepest = middle[window // 2 :][fall.argmax(0)]  # (S,)
    return middle, smoothed, trench, steepest


g = torch.Generator().manual_seed(0)
seeds = list(range(16))
start = init_models(seeds)  # 16 models: C is (16, 30, 10), ...
_, sweeps = train(start, lrs, batch_size, g)  # (1000, 16)
middle, smoothed, trench_lre, steepest_lre = read(lre, sweeps)
trench, steepest = 10**trench_lre, 10**steepest_lre  # (16,) each

quarters = torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64)
sweep_low, sweep_mid, sweep_high = smoothed.quantile(quarters, 1)  # (900,)

# %% claim-trench-right
trench_right = trench / steepest  # (16,)

# %% figure-trench
_, ax = plt.subplots()
ax.plot(middle, sweep_mid, label="median sweep, smoothed")
ax.fill_between(middle, sweep_low, sweep_high, alpha=0.3)
ax.plot(steepest_lre, [1] * 16, "|C1", label="steepest fall, by seed")
ax.plot(trench_lre, [1] * 16, "xC2", label="trench, by seed")
ax.set(xlabel="log10 of the learning rate", ylabel="loss (nats)", ylim=0)
ax.legend(loc=(0.02, 0.12))
ax.set_title("The trench lies far right of the steepest fall")
plt.show()

# %% test
horizon, tail = 500, 100
around = [1 / 4, 1 / 2, 2**-0.5, 1, 2**0.5, 2]  # times each seed's trench
rates = [
    steepest,
    *(times * trench for times in around),
    torch.ones_like(trench),
]
rates = torch.stack(rates)  # (8, 16): steepest, six around the trench, 1
each_step = rates.flatten().expand(horizon, -1)  # (500, 128)
_, constant = train(init_models(seeds * 8), each_step, batch_size, g)
ends = constant[-tail:].mean(0).view(8, 16)  # (8, 16)
at_steepest, *six, at_end = ends  # (16,) each
at_trench = six[around.index(1)]  # (16,)
ends_low, ends_mid, ends_high = ends[1:7].quantile(quarters, 1)  # (6,) each
multiples = rates / trench  # (8, 16)

# %% figure-test
_, ax = plt.subplots()
ax.axvline(1, color="gray", linestyle="--")
ax.text(1.06, 9, "its trench", color="gray")
ax.plot(around, ends_mid, "o-", label="six rates, median")
ax.fill_between(around, ends_low, ends_high, alpha=0.3)
ax.plot(multiples[0], at_steepest, "|C1", label="steepest fall, by seed")
ax.plot(multiples[7], at_end, "^C3", label="end of the sweep, by seed")
ax.set(xscale="log", yscale="log", ylabel="loss at the end (nats)")
ax.set_xlabel("constant rate, as a multiple of the seed's trench")
ax.set_xticks([0.03, 0.1, 0.3, 1, 3], ["0.03", "0.1", "0.3", "1", "3"])
ax.set_yticks([3, 4, 6, 8, 10], ["3", "4", "6", "8", "10"])
ax.minorticks_off()
ax.legend(loc="lower left")
ax.set_title("Trained at its trench, a seed ends near the bottom")
plt.show()

# %% claim-trench-is-best
trench_is_best = at_trench / torch.stack(six).amin(0)  # (16,)

# %% claim-both-sides-cost
both_sides_cost = torch.minimum(at_steepest, at_end) / at_trench  # (16,)

# %% claim-beyond-still-learns
beyond_still_learns = at_end / sweeps[:100].mean(0)  # (16,)
