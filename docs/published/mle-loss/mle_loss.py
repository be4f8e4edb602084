# Maximum likelihood in one line
# From Descent Notes: https://descent-notes.github.io/descent-notes/notes/mle-loss/
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

# %% one-line
batch_size, n_steps, lr = 32, 500, 0.1
g = torch.Generator().manual_seed(0)
params = [p.requires_grad_() for p in init_params(g)]
for _ in range(n_steps):
    ix = torch.randint(len(X), (batch_size,), generator=g)  # (32,)
    Xb, Yb = X[ix], Y[ix]  # (32, 3), (32,)
    prob = forward(params, Xb).softmax(1)  # (32, 30)
    loss = -prob[torch.arange(batch_size), Yb].log().mean()  # ()
    loss.backward()
    for p in params:
        p.data -= lr * p.grad
        p.grad = None
print(f"loss of the last batch {loss:.2f}")

# %% dots
dot_p = prob[torch.arange(batch_size), Yb].detach()  # (32,)
order = dot_p.argsort()  # (32,): the costliest first
dot_p = dot_p[order]  # (32,)
dot_cost = -dot_p.log()  # (32,)
mean = dot_cost.mean()  # ()
shown = ["_" if char == " " else char for char in chars]
names = ["".join(shown[c] for c in Xb[i]) + "→" + shown[Yb[i]] for i in order]
line_p = torch.logspace(-8, 0, 200, dtype=torch.float64)  # (200,)
line_cost = -line_p.log()  # (200,)

# %% figure-curve
fig, ax = plt.subplots()
ax.plot(line_p, line_cost, color="C0")
ax.plot(dot_p, dot_cost, "o", color="C1", alpha=0.7)
ax.axhline(mean, color="C2", ls="--")
ax.text(1, mean + 0.3, f"the loss {mean:.2f}", color="C2", ha="right")
for i in [0, 2, 18]:
    at = dot_p[i] + 0.03, dot_cost[i] + 0.4
    ax.annotate(names[i], at, parse_math=False)
ax.set_xlabel("p, the probability given to the character that came")
ax.set(ylabel="-log p (nats)", title="The loss is the mean height of the dots")
plt.show()

# %% parts
picked = prob[torch.arange(batch_size), Yb]  # (32,): one of each row
sliced = prob[:, Yb]  # (32, 32): every row with every label, a bug
print("picked", tuple(picked.shape), "sliced", tuple(sliced.shape))
print(f"loss {-picked.log().mean():.2f}, sliced {-sliced.log().mean():.2f}")

worst = picked.min()  # ()
print(f"the worst: slope {worst * (worst - 1):.0e} of -p, ", end="")
print(f"{worst - 1:.2f} of -log p")

# %% product
every = forward(params, X).softmax(1)[torch.arange(len(X)), Y]  # (N,)
print(f"product {every.prod():.1f}, sum of logs {every.log().sum():.0f}")

# %% sixteen
n_early, many = 200, 100
g16 = torch.Generator().manual_seed(0)
lrs = torch.full((n_steps,), lr, dtype=torch.float64)  # (500,)
start = init_models(range(16))
early, _ = train(start, lrs[:n_early], batch_size, g16)
models, _ = train(early, lrs[n_early:], batch_size, g16)
draws = torch.randint(len(X), (16, many, batch_size), generator=g16)


def costs_of(params, X, Y):  # of each example
    return F.cross_entropy(forward(params, X), Y, reduction="none")


def minus_p(params, X, Y):  # what -log p is held against
    return -(-costs_of(params, X, Y)).exp().mean()


def train_on_p(params, rate):
    step = vmap(grad_and_value(minus_p))
    for _ in range(n_early):
        ix = torch.randint(len(X), (16, batch_size), generator=g16)
        grads, _ = step(params, X[ix], Y[ix])
        pairs = zip(params, grads, strict=True)
        params = [p - rate * grad for p, grad in pairs]
    return params


def mean_p(params):  # over 640 random examples each: (16,)
    few = draws[:, :20].flatten(1)  # (16, 640)
    return -vmap(minus_p)(params, X[few], Y[few])

# %% claim-log-teaches
rate_p = 1.0
on_p = train_on_p(start, rate_p)
log_teaches = mean_p(early) - mean_p(on_p)  # (16,)

# %% claim-calm-start
calm = [*start[:3], start[3] / 100, start[4] / 100]
calm_log, _ = train(calm, lrs[:n_early], batch_size, g16)
calm_p = train_on_p(calm, rate_p)
calm_start = mean_p(calm_p) - mean_p(calm_log)  # (16,)

# %% claim-three-make-half
def share_of_3(params):  # of the costliest three in a batch's loss: (16,)
    over_batches = vmap(vmap(costs_of, (None, 0, 0)))
    costs = over_batches(params, X[draws], Y[draws])  # (16, 100, 32)
    three = costs.topk(3).values.sum(2)  # (16, 100)
    return (three / costs.sum(2)).mean(1)


three_make_half = share_of_3(models)  # (16,)

# %% claim-three-before-training
three_before_training = share_of_3(start)  # (16,)
