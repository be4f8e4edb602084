# Cross-entropy measures the difference between two distributions
# From Descent Notes: https://descent-notes.github.io/descent-notes/notes/cross-entropy/
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

# %% two-parts
char = "g" if "g" in chars else chars[1]  # or one of your own words
y = Y[X[:, -1] == chars.index(char)]  # (501,): what comes after each "g"
count = torch.bincount(y, minlength=len(chars)).double()  # (30,)
p = count / count.sum()  # (30,): the data

names = ["uniform", "overall", "counts + 1", "p itself"]
uniform = torch.full_like(p, 1 / len(chars))  # (30,)
overall = torch.bincount(Y).double() / len(Y)  # (30,): after any character
add_one = (count + 1) / (count + 1).sum()  # (30,)
q = torch.stack([uniform, overall, add_one, p])  # (4, 30): the models

some = p > 0  # (30,): a term with p = 0 counts as 0
H_p = -(p * p.log())[some].sum().item()
KL = (p * (p / q).log())[:, some].sum(1)  # (4,)
H_pq = -(p * q.log())[:, some].sum(1)  # (4,)
for i in range(len(q)):
    print(f"{names[i]:10}  {H_p:.3f} + {KL[i]:.3f} = {H_pq[i]:.3f} nats")

# %% figure-two-parts
fig, ax = plt.subplots()
label = "H(p): the same for every model"
ax.barh(names, [H_p] * len(names), color="C0", label=label)
label = "KL(p‖q): the difference"
ax.barh(names, KL.tolist(), left=H_p, color="C1", hatch="//", label=label)
for i in range(len(names)):
    ax.text(H_pq[i] + 0.05, i, f"{H_pq[i]:.2f}", va="center")
ax.invert_yaxis()
ax.set(xlim=(0, 3.8), ylim=(4.6, -0.6), xlabel="H(p, q) (nats)")
ax.grid(axis="y", visible=False)
ax.legend(loc="lower right")
ax.set_title("A part of every bar is the data's own")
plt.show()

# %% one-hot
costs = -overall[y].log()  # (501,): what each label costs
logits = overall.log().expand(len(y), -1)  # (501, 30): softmax gives q
built_in = F.cross_entropy(logits, y)  # ()
print(f"{H_pq[1]:.6f}  {costs.mean():.6f}  {built_in:.6f}")

# %% floors
floors = []
for n in [1, 2, 3]:
    kinds, kind = X[:, -n:].unique(dim=0, return_inverse=True)  # kind: (N,)
    nexts = torch.zeros(len(kinds), len(chars)).double()  # (kinds, 30)
    nexts.index_put_((kind, Y), nexts.new_ones(()), accumulate=True)
    best = nexts / nexts.sum(1, keepdim=True)  # (kinds, 30): a p for each
    floors.append(-best[kind, Y].log().mean().item())
for n in [1, 2, 3]:
    print(f"{n} before it: {floors[n - 1]:.2f} nats")

# %% networks
n_steps, n_longer, lr, batch_size = 300, 1000, 0.1, 32
lrs = torch.full((n_longer,), lr, dtype=torch.float64)  # (1000,)
g = torch.Generator().manual_seed(0)
models, _ = train(init_models(range(16)), lrs[:n_steps], batch_size, g)
longer, _ = train(models, lrs[n_steps:], batch_size, g)

# What comes after each character, in the data and in 16 networks' mean.
last = X[:, -1]  # (N,)
places = torch.bincount(last).double()  # (30,): how often each occurs
P = torch.zeros(len(chars), len(chars)).double()  # (30, 30)
P.index_put_((last, Y), P.new_ones(()), accumulate=True)
P = P / places[:, None]  # (30, 30)
over_models = vmap(lambda m: forward(m, X).softmax(-1), chunk_size=1)
each = over_models(models)  # (16, N, 30)
Q = torch.zeros(16, *P.shape).double()  # (16, 30, 30)
Q = Q.index_add(1, last, each) / places[:, None]  # (16, 30, 30)
entropy = -torch.xlogy(P, P).sum(-1)  # (30,); xlogy(0, 0) is 0
network = -torch.xlogy(P, Q).sum(-1)  # (16, 30): H(p, q) after each

# %% claim-below-overall
below_overall = network[:, chars.index(char)] - H_pq[1]  # (16,)

# %% claim-order-swaps
often = places >= 100  # (30,)
H = network[:, often]  # (16, 22)
D = H - entropy[often]  # (16, 22): the divergences
dearer = H[:, :, None] > H[:, None]  # (16, 22, 22): the first of a pair
nearer = D[:, :, None] < D[:, None]  # (16, 22, 22)
pairs = often.sum() * (often.sum() - 1) / 2  # ()
order_swaps = (dearer & nearer).double().sum((1, 2)) / pairs  # (16,)

# %% claim-towards-floor
above_floor = full_loss(longer) - floors[2]  # (16,)
towards_floor = above_floor / (full_loss(models) - floors[2])  # (16,)

# %% claim-below-floor
def share_below(params):  # of the examples that cost less than the floor
    losses = F.cross_entropy(forward(params, X), Y, reduction="none")  # (N,)
    return (losses < floors[2]).double().mean()


below_floor = vmap(share_below, chunk_size=1)(longer)  # (16,)
