# Is the trench the largest rate that theory allows?
# From Descent Notes: https://descent-notes.github.io/descent-notes/notes/trench-and-theory/
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

# %% sixteen
rate, horizon, batch_size = 0.2, 1000, 32  # a rate in the trench
seeds = list(range(16))
g = torch.Generator().manual_seed(0)
start = init_models(seeds)  # 16 models: C is (16, 30, 10), ...
lrs = torch.full((horizon,), rate, dtype=torch.float64)  # (1000,)
trained, _ = train(start, lrs, batch_size, g)
noise = [torch.randn(p.shape, generator=g, dtype=p.dtype) for p in start]


def one(models, i):
    """Model i of those that are stacked: five tensors."""
    return [p[i].clone().requires_grad_() for p in models]


def flat(tensors):
    """Five tensors as one vector: (P,)."""
    return torch.cat([x.flatten() for x in tensors])


def descend(params, rate, steps):
    """Full-batch steps: the parameters after them, the loss before each."""
    losses = []
    for _ in range(steps):
        loss = loss_fn(params, *full_set)  # (): over all examples
        grads = torch.autograd.grad(loss, params)  # five tensors
        params = [p - rate * s for p, s in zip(params, grads, strict=True)]
        params = [p.detach().requires_grad_() for p in params]
        losses.append(loss.detach())
    return params, torch.stack(losses)


def sharpness(params, v, n=8):
    """The largest eigenvalue of the Hessian H, by Lanczos's method.

    It is the largest curvature in the space of v, Hv, HHv, ...: n vectors.
    """
    loss = loss_fn(params, *full_set)
    slopes = flat(torch.autograd.grad(loss, params, create_graph=True))  # (P,)
    basis, products = [], []
    for _ in range(n):
        for b in basis:
            v = v - (b @ v) * b  # at right angles to those before
        basis.append(v / v.norm())
        along = slopes @ basis[-1]  # (): the slope along it
        v = flat(torch.autograd.grad(along, params, retain_graph=True))
        products.append(v)  # the Hessian times it
    inside = torch.stack(basis) @ torch.stack(products).T  # (n, n)
    return torch.linalg.eigvalsh(inside)[-1]

# %% edge
settle, n_edge, below, above = 5, 20, 0.8, 1.5
settled, limits, along, at_end = [], [], [], []
for i in range(16):
    v = flat(one(noise, i)).detach()  # (P,)
    params, _ = descend(one(trained, i), rate, settle)  # sheds batches' noise
    settled.append([p.detach() for p in params])
    most = 2 / sharpness(params, v)  # (): the largest rate that theory allows
    limits.append(most)
    _, slow = descend(params, rate, n_edge)  # (20,)
    _, under = descend(params, below * most, n_edge)
    params, over = descend(params, above * most, n_edge)
    along.append(torch.stack([slow, under, over]))  # (3, 20)
    at_end.append(sharpness(params, v))  # ()
settled = [torch.stack(p) for p in zip(*settled, strict=True)]
limit = torch.stack(limits)  # (16,)
descents = torch.stack(along, 2)  # (3, 20, 16)
late = torch.stack(at_end)  # (16,): the sharpness after the last step
shares = descents / descents[:, :1]  # (3, 20, 16): of the first loss
slow_mid, under_mid = shares[:2].median(2).values  # (20,)
over_each = shares[2]  # (20, 16)

# %% figure-edge
_, ax = plt.subplots()
first, *_ = ax.plot(over_each, color="C1", linewidth=0.8, alpha=0.7)
ax.plot(slow_mid, "--", color="C2", label="at the trench's rate")
ax.plot(under_mid, color="C0", label="at 0.8 times the limit")
first.set_label("at 1.5 times the limit, by seed")
ax.set(xlabel="full-batch step", ylabel="loss over the first loss")
ax.set(ylim=(0.78, 1.05), xticks=range(0, 20, 5))
ax.legend(loc="upper right")
ax.set_title("The limit lies far above the trench's rate")
plt.show()

# %% claim-trench-under-limit
trench_under_limit = limit / rate  # (16,)

# %% claim-limit-holds
rises = (descents.diff(dim=1) > 0).sum(1)  # (3, 16): how many steps
limit_holds = ((rises[1] == 0) & (rises[2] > 0)).double()  # (16,)

# %% one-model
g = torch.Generator().manual_seed(0)
params = [p.requires_grad_() for p in init_params(g)]
for _ in range(2000):
    ix = torch.randint(len(X), (batch_size,), generator=g)  # (32,)
    grads = torch.autograd.grad(loss_fn(params, X[ix], Y[ix]), params)
    with torch.no_grad():
        for p, grad in zip(params, grads, strict=True):
            p -= 0.1 * grad

# %% hessian
loss = loss_fn(params, *full_set)  # (): over all examples
slopes = torch.autograd.grad(loss, params, create_graph=True)
v = [torch.randn(p.shape, generator=g, dtype=p.dtype) for p in params]
for _ in range(20):
    pairs = zip(slopes, v, strict=True)
    along_v = sum((slope * x).sum() for slope, x in pairs)  # ()
    Hv = torch.autograd.grad(along_v, params, retain_graph=True)
    size = sum((x**2).sum() for x in Hv).sqrt()  # ()
    v = [x / size for x in Hv]
print(f"2 / sharpness: {2 / size:.2f}")

# %% beyond
said = []
for times in [0.8, 1.5]:
    _, losses = descend(params, times * 2 / size, 20)
    rose = (losses.diff() > 0).sum()
    ends = f"from {losses[0]:.2f} to {losses[-1]:.2f}"
    said.append(f"{times} times: {ends}, with {rose} steps up")
print(*said, sep="\n")

# %% claim-edge-falls
edge_falls = over_each[-1]  # (16,)

# %% claim-stays-above
stays_above = late * above * limit / 2  # (16,): over 2 / rate

# %% start
few, high = 10, 2
start_limits, tolerated = [], []
for i in range(16):
    params = one(start, i)
    v = flat(one(noise, i)).detach()  # (P,)
    most = 2 / sharpness(params, v)  # ()
    _, losses = descend(params, high * most, few + 1)  # (11,)
    start_limits.append(most)
    tolerated.append((losses.diff() < 0).all().double())
start_limit = torch.stack(start_limits)  # (16,)

# %% claim-start-tolerates
start_tolerates = torch.stack(tolerated)  # (16,): 1 if no step raises the loss
