# All eight in one run
# From Descent Notes: https://descent-notes.github.io/descent-notes/notes/all-eight/
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

# %% left-out
T, trench, batch_size = 600, 0.3, 32
guess = torch.tensor(len(chars)).double().log()  # (): of a uniform guess
lrs = torch.full((T,), trench, dtype=torch.float64)  # (600,)
lrs[3 * T // 4 :] /= 10  # then let the rate decay


def scaled(models):
    """The same start as above, for 16 models: C (16, 30, 10), ..."""
    C, W1, b1, W2, b2 = models
    return [C, W1 * (5 / 3) / W1.shape[1] ** 0.5, b1 * 0, W2 * 0.01, b2 * 0]


def wrong_dim(params, X, Y):
    """The loss with the softmax over the examples: see note 1."""
    prob = forward(params, X).softmax(0)  # (32, 30)
    return -prob[torch.arange(len(Y)), Y].log().mean()


def minus_p(params, X, Y):
    """The loss without its logarithm: see note 4."""
    prob = forward(params, X).softmax(1)  # (32, 30)
    return -prob[torch.arange(len(Y)), Y].mean()


def train_on(loss_of, models, lrs, g):
    """As `train`, on another loss."""
    step = vmap(grad_and_value(loss_of))
    for lr in lrs:
        ix = torch.randint(len(X), (16, batch_size), generator=g)  # (16, 32)
        grads, _ = step(models, X[ix], Y[ix])
        models = [p - lr * d for p, d in zip(models, grads, strict=True)]
    return models


def whole_set(models, steps):
    """Steps on all examples at once, as many examples in all: see note 5."""
    step = vmap(grad_and_value(loss_fn), (0, None, None), chunk_size=4)
    for _ in range(steps):
        grads, _ = step(models, *full_set)
        models = [p - trench * d for p, d in zip(models, grads, strict=True)]
    return models


def batches():
    """A generator: all see the same batches."""
    return torch.Generator().manual_seed(1)


large = init_models(range(16))  # as drawn: C is (16, 30, 10), ...
small, again = scaled(large), lrs[: T // 4]  # the last of four runs of a cell
once = T * batch_size // len(X) + 1  # as many examples as the others see
models = {
    "nothing": train(small, lrs, batch_size, batches())[0],
    "the right dimension": train_on(wrong_dim, small, lrs, batches()),
    "small first weights": train(large, lrs, batch_size, batches())[0],
    "a cell of their own": train(small, again, batch_size, batches())[0],
    "the logarithm": train_on(minus_p, small, lrs, batches()),
    "mini-batches": whole_set(small, once),
    "the trench": train(small, lrs / 10, batch_size, batches())[0],
    "decay": train(small, lrs * 0 + trench, batch_size, batches())[0],
}
pieces = list(models)
ends = [full_loss(one) for one in models.values()]  # (16,) each
ends = torch.stack(ends)  # (8, 16)

# %% figure-left-out
fig, ax = plt.subplots(figsize=(5.2, 3.9))
places = range(len(pieces))
for place, losses_of_16 in zip(places, ends, strict=True):
    color = "C1" if place else "C0"
    ax.plot(losses_of_16, [place] * 16, "o", color=color, alpha=0.5)
ax.axvline(guess, color="gray", linestyle="--")
ax.text(guess + 0.05, 0, "a uniform guess", va="center")
ax.set_yticks(places, ["all pieces", *[f"without {p}" for p in pieces[1:]]])
ax.invert_yaxis()
ax.set_xlabel("loss on all names at the end (nats)")
ax.set_title("Each piece that is left out costs")
plt.show()

# %% claim-recipe-ends
recipe_ends = ends[0]  # (16,)

# %% claim-cheapest-piece
cheapest_piece = ends[1:].amin(0) - ends[0]  # (16,)

# %% claim-decay-pays
decay_pays = ends[7] - ends[0]  # (16,)

# %% claim-no-logarithm
no_logarithm = ends[4] - guess  # (16,)

# %% start
g = torch.Generator().manual_seed(0)
params = init_params(g)
C, W1, b1, W2, b2 = params
W1 *= (5 / 3) / len(W1) ** 0.5  # tanh neither flat nor saturated
W2 *= 0.01  # every character about as likely as another
b1 *= 0
b2 *= 0
for p in params:
    p.requires_grad_()

# %% train
n_steps, losses = 3000, []
for step in range(n_steps):
    lr = 0.3 if step < 0.75 * n_steps else 0.03
    ix = torch.randint(len(X), (batch_size,), generator=g)  # (32,)
    h = torch.tanh(C[X[ix]].flatten(1) @ W1 + b1)  # (32, 200)
    prob = (h @ W2 + b2).softmax(1)  # (32, 30)
    loss = -prob[torch.arange(batch_size), Y[ix]].log().mean()  # ()
    loss.backward()
    for p in params:
        p.data -= lr * p.grad
        p.grad = None
    losses.append(loss.item())
all_names = loss_fn(params, X, Y).item()
print(f"first batch {losses[0]:.2f}, at the end, on all names {all_names:.2f}")

# %% invent
def invent(g):
    """A name, drawn character by character from what the model predicts."""
    ids = [0] * context
    while len(ids) == context or ids[-1]:
        last = torch.tensor([ids[-context:]])  # (1, 3)
        prob = forward(params, last)[0].softmax(0)  # (30,)
        at = prob.cumsum(0) < torch.rand((), generator=g)  # (30,)
        ids.append(min(int(at.sum()), len(chars) - 1))
    return "".join(chars[i] for i in ids[context:-1])


names = [invent(g) for _ in range(12)]
for name in names:
    print(name, "(in the list)" if name in words else "")
