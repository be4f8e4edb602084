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
params = init_params(g)  # C (30, 10), W1 (30, 200), b1 (200,), ...

# %% train
for _ in range(50):
    ix = torch.randint(len(X), (32,), generator=g)  # (B,)
    params, loss = sgd_step(params, 0.1, X[ix], Y[ix])
print(f"loss on all names: {loss_fn(params, X, Y):.4f}")

# %% together
g = torch.Generator().manual_seed(1)
params = init_params(g)
for _ in range(50):
    ix = torch.randint(len(X), (32,), generator=g)  # (B,)
    params, loss = sgd_step(params, 0.1, X[ix], Y[ix])
print(f"loss on all names: {loss_fn(params, X, Y):.4f}")

# %% reruns
reruns, n_steps, lr, batch_size = 5, 50, 0.1, 32
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


models, g = init_models(seeds), fresh()
separate = []
for _ in range(reruns):
    models, loss = press(models, g)
    separate.append(loss)

together = []
for _ in range(reruns):
    models, loss = press(init_models(seeds), fresh())
    together.append(loss)

models = init_models(seeds)
reseeded = []  # the parameters stay, but the cell seeds its batches
for _ in range(reruns):
    models, loss = press(models, fresh())
    reseeded.append(loss)

separate = torch.stack(separate)  # (reruns, 16)
together, reseeded = torch.stack(together), torch.stack(reseeded)
separate_low, separate_mid, separate_high = spread(separate)
together_low, together_mid, together_high = spread(together)
reseeded_low, reseeded_mid, reseeded_high = spread(reseeded)
loss_first, loss_separate = separate_mid[0], separate_mid[-1]
loss_together, loss_reseeded = together_mid[-1], reseeded_mid[-1]
print(f"median of 16 models after run 1: {loss_first:.2f}")
print(f"after run 5, a cell of its own:  {loss_separate:.2f}")
print(f"after run 5, the same cell:      {loss_together:.2f}")
print(f"after run 5, batches seeded:     {loss_reseeded:.2f}")

# %% figure-reruns
fig, ax = plt.subplots()
runs = range(1, reruns + 1)
ax.plot(runs, together_mid, "C1s-", label="initialised in the same cell")
ax.fill_between(runs, together_low, together_high, color="C1", alpha=0.2)
ax.plot(runs, reseeded_mid, "C2^-", label="batches seeded in the cell")
ax.fill_between(runs, reseeded_low, reseeded_high, color="C2", alpha=0.2)
ax.plot(runs, separate_mid, "C0o-", label="initialised in a cell of its own")
ax.fill_between(runs, separate_low, separate_high, color="C0", alpha=0.2)
ax.set_xticks(runs)
ax.set_title("A cell of its own lets each re-run go on")
ax.set_xlabel(f"run of the training cell ({n_steps} steps each)")
ax.set_ylabel("loss on all names (nats)")
ax.legend()
plt.show()

# %% claim-own-cell-goes-on
own_cell_goes_on = -separate.diff(dim=0).amax(0)  # (16,): the least fall

# %% claim-five-runs-are-one
once, _ = train(init_models(seeds), lrs.repeat(reruns), batch_size, fresh())
five_runs_are_one = full_loss(once) - separate[-1]  # (16,)

# %% claim-same-cell-starts-again
same_cell_starts_again = (together - separate[0]).abs().amax(0)  # (16,)

# %% seed
def draw(g):  # the initialisation cell, cut down to three numbers
    return torch.randn(3, generator=g)  # (3,)


shared = fresh()  # seeded once, at the top of the notebook
same_from_top = torch.equal(draw(shared), draw(shared))
same_in_cell = torch.equal(draw(fresh()), draw(fresh()))
print("seeded at the top, the same again: ", same_from_top)
print("seeded in the cell, the same again:", same_in_cell)

# %% out-of-order
on_screen = loss_fn(params, X, Y)  # what the training cell printed
params = init_params(fresh())  # then someone re-runs the cell above it
in_memory = loss_fn(params, X, Y)
print(f"on the screen {on_screen:.4f}, in memory {in_memory:.4f}")

# %% claim-untrained-in-memory
untrained_in_memory = full_loss(init_models(seeds)) - separate[-1]  # (16,)

# %% proof
g = fresh()
params = init_params(g)
for _ in range(50):
    ix = torch.randint(len(X), (32,), generator=g)  # (B,)
    params, loss = sgd_step(params, 0.1, X[ix], Y[ix])
print(
    "the same to the last bit:", torch.equal(loss_fn(params, X, Y), on_screen)
)

# %% claim-seeded-batches-fall-too
seeded_batches_fall_too = -reseeded.diff(dim=0).amax(0)  # (16,)

# %% claim-seeded-batches-fall-behind
seeded_batches_fall_behind = reseeded[-1] - separate[-1]  # (16,)

# %% claim-seeded-batches-by-heart
g = fresh()
draws = [torch.randint(len(X), (16, batch_size), generator=g) for _ in lrs]
ix = torch.cat(draws, dim=1)  # (16, 1600): what each model saw at each run
repeated = ix.shape[1]
on_these = vmap(loss_fn)(models, X[ix], Y[ix])  # (16,)
seeded_batches_by_heart = reseeded[-1] - on_these  # (16,)

# %% claim-same-start-shows-rate
lower = 0.05  # lower the rate by a twentieth
other, _ = train(init_models(seeds), lrs * (1 - lower), batch_size, fresh())
same_start_shows_rate = full_loss(other) - separate[0]  # (16,)

# %% claim-other-start-hides-rate
apart = (separate[0][:, None] - separate[0]).abs().sum(1) / 15  # (16,)
other_start_hides_rate = apart / same_start_shows_rate.mean()  # (16,)
