# Past the trench, the last bit decides
# From Descent Notes: https://descent-notes.github.io/descent-notes/notes/last-bit/
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

# %% two-runs
for lr in [0.05, 1]:
    g = torch.Generator().manual_seed(0)
    one = init_params(g)
    two = [p.clone() for p in one]
    two[0][0] = two[0][0].nextafter(two[0][0] + 1)  # (10,): C's first row
    for _ in range(100):
        ix = torch.randint(len(X), (32,), generator=g)  # (32,): for both
        one, _ = sgd_step(one, lr, X[ix], Y[ix])
        two, _ = sgd_step(two, lr, X[ix], Y[ix])
    gaps = [(p - q).abs().max() for p, q in zip(one, two, strict=True)]
    print(f"rate {lr}: the same to ten digits: {max(gaps) < 1e-10}")

# %% twins
twin_rates, n_twin, batch_size = [0.05, 0.1, 0.2, 0.4, 1], 100, 32
seeds = list(range(16))
g = torch.Generator().manual_seed(0)
models = init_models(seeds * 5)  # 80 models: C is (80, 30, 10), ...
S = len(models[0])
lr = torch.tensor(twin_rates, dtype=torch.float64)  # (5,)
lr = lr.repeat_interleave(16).repeat(2)  # (160,)
params = [torch.cat([p, p]) for p in models]  # twins: C is (160, 30, 10)
w = models[0][:, 0]  # (80, 10)
params[0][S:, 0] = w.nextafter(w + 1)  # the last bit of ten weights
apart = []
for _ in range(n_twin):
    gaps = [(p[:S] - p[S:]).flatten(1) for p in params]  # (80, 300), ...
    apart.append(torch.cat(gaps, 1).norm(dim=1))  # (80,)
    ix = torch.randint(len(X), (S, batch_size), generator=g).repeat(2, 1)
    params, _ = vmap(sgd_step)(params, lr, X[ix], Y[ix])
apart = torch.stack(apart).view(n_twin, 5, 16)  # (100, 5, 16)
apart_lg = apart.log10()  # (100, 5, 16)
apart_low, apart_high = apart_lg.amin(2), apart_lg.amax(2)  # (100, 5) each
apart_mid = apart_lg.median(2).values  # (100, 5)

# %% figure-twins
_, ax = plt.subplots()
for i in range(5):
    ax.plot(apart_mid[:, i])
    ax.fill_between(range(100), apart_low[:, i], apart_high[:, i], alpha=0.3)
    height = apart_mid[-1, i] + [-0.7, 0.7, 0, -0.7, 0.7][i]
    ax.text(101, height, f"rate {twin_rates[i]:g}", va="center")
ax.set(xlabel="step", ylabel="log10 of the twins' distance")
ax.set_title("Past the trench, the last bit decides")
plt.show()

# %% claim-twins-beyond
grown = apart[20, 4] / apart[5, 4]  # (16,): at a rate of 1
twins_beyond = grown ** (1 / 15)  # (16,): a step

# %% claim-twins-part
ways = [(p[:S] - q).flatten(1) for p, q in zip(params, models, strict=True)]
way = torch.cat(ways, 1).norm(dim=1).view(5, 16)  # from the start to the end
twins_part = apart[-1, 4] / way[4]  # (16,)

# %% claim-twins-in-the-trench
twins_in_the_trench = (apart[-1, 2] / apart[20, 2]) ** (1 / 79)  # (16,)

# %% claim-twins-below
twins_below = apart[-1, 0]  # (16,): at a rate of 0.05
