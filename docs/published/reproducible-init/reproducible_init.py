# Initialise parameters in a cell of their own
# From Descent Notes: https://descent-notes.github.io/descent-notes/notes/reproducible-init/
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

# %% init
g = torch.Generator().manual_seed(1)
params = [p.requires_grad_() for p in init_params(g)]  # C (30, 10), ...

# %% train
lr = 0.1
for _ in range(50):
    ix = torch.randint(len(X), (32,), generator=g)  # (32,): a batch
    loss = loss_fn(params, X[ix], Y[ix])  # a scalar
    loss.backward()
    for p in params:
        p.data -= lr * p.grad
        p.grad = None
print(f"loss on all names: {loss_fn(params, X, Y):.4f}")

# %% reruns
reruns, n_steps, batch_size = 5, 50, 32
seeds = range(1, 17)
lrs = torch.full((n_steps,), lr, dtype=torch.float64)  # (T,)


def press(models, g):  # Shift+Enter on the training cell, for 16 models
    models, _ = train(models, lrs, batch_size, g)
    return models, full_loss(models)  # (16,)


def fresh(seed=1):
    return torch.Generator().manual_seed(seed)


def spread(losses):  # lowest, median and highest of the 16, each (reruns,)
    levels = torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64)
    return losses.quantile(levels, dim=1)  # (3, reruns)


together = []  # the training cell draws the parameters and the batches
for _ in range(reruns):
    models, loss = press(init_models(seeds), fresh())
    together.append(loss)

models, g = init_models(seeds), fresh()
separate = []  # both are drawn from what the first cell made
for _ in range(reruns):
    models, loss = press(models, g)
    separate.append(loss)

models = init_models(seeds)
reseeded = []  # the parameters stay, but the training cell seeds its batches
for _ in range(reruns):
    models, loss = press(models, fresh())
    reseeded.append(loss)

together = torch.stack(together)  # (reruns, 16)
separate, reseeded = torch.stack(separate), torch.stack(reseeded)
together_low, together_mid, together_high = spread(together)
separate_low, separate_mid, separate_high = spread(separate)
reseeded_low, reseeded_mid, reseeded_high = spread(reseeded)

# %% figure-reruns
fig, ax = plt.subplots()
runs = range(1, reruns + 1)
ax.plot(runs, together_mid, "C1s-")
ax.fill_between(runs, together_low, together_high, color="C1", alpha=0.2)
above = together_mid[-1] + 0.15
ax.text(5, above, "initialised in the training cell", color="C1", ha="right")
ax.plot(runs, reseeded_mid, "C2^-")
ax.fill_between(runs, reseeded_low, reseeded_high, color="C2", alpha=0.2)
above = reseeded_high[-2] + 0.8
ax.text(5, above, "only the batches seeded there", color="C2", ha="right")
ax.plot(runs, separate_mid, "C0o-")
ax.fill_between(runs, separate_low, separate_high, color="C0", alpha=0.2)
below = separate_low[-1]
ax.text(1, below, "initialised in a cell of its own", color="C0")
ax.set_xticks(runs)
ax.set_title("A cell of its own lets each re-run go on")
ax.set_xlabel(f"run of the training cell ({n_steps} steps each)")
ax.set_ylabel("loss on all names (nats)")
plt.show()

# %% together
g = torch.Generator().manual_seed(1)
params = [p.requires_grad_() for p in init_params(g)]  # C (30, 10), ...
lr = 0.1
for _ in range(50):
    ix = torch.randint(len(X), (32,), generator=g)  # (32,): a batch
    loss = loss_fn(params, X[ix], Y[ix])  # a scalar
    loss.backward()
    for p in params:
        p.data -= lr * p.grad
        p.grad = None
print(f"loss on all names: {loss_fn(params, X, Y):.4f}")

# %% claim-seeded-batches-fall-behind
seeded_batches_fall_behind = reseeded[-1] - separate[-1]  # (16,)

# %% out-of-order
on_screen = loss_fn(params, X, Y).item()  # what the training cell printed
g = torch.Generator().manual_seed(1)  # now someone runs the first cell again
params = [p.requires_grad_() for p in init_params(g)]  # C (30, 10), ...
in_memory = loss_fn(params, X, Y).item()
print(f"on the screen {on_screen:.2f}, in memory {in_memory:.2f}")

# %% claim-own-cell-goes-on
own_cell_goes_on = -separate.diff(dim=0).amax(0)  # (16,): the least fall

# %% claim-seeded-batches-by-heart
g = fresh()
draws = [torch.randint(len(X), (16, batch_size), generator=g) for _ in lrs]
ix = torch.cat(draws, dim=1)  # (16, 1600): what each model saw at each run
on_these = vmap(loss_fn)(models, X[ix], Y[ix])  # (16,)
seeded_batches_by_heart = reseeded[-1] - on_these  # (16,)

# %% claim-other-start-hides-rate
lower = 0.05  # lower the rate by a twentieth
other, _ = train(init_models(seeds), lrs * (1 - lower), batch_size, fresh())
same_start = full_loss(other) - separate[0]  # (16,): what the rate changes
_, strangers = press(init_models(range(17, 65)), fresh(2))  # (48,)
apart = (strangers.view(3, 16) - separate[0]).abs().mean(0)  # (16,)
other_start_hides_rate = apart / same_start.mean()  # (16,)
