# Counting gives the maximum likelihood
# From Descent Notes: https://descent-notes.github.io/descent-notes/notes/counting/
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

# %% counts
n_chars = len(chars)
pair = X[:, 2] * n_chars + Y  # (N,): the character before, and the one after
bigram = torch.bincount(pair, minlength=n_chars**2).double()  # (900,)
bigram = bigram.view(n_chars, n_chars)  # (30, 30): a row for the one before
counted = bigram / bigram.sum(1, keepdim=True)  # (30, 30)


def loss_of(prob, counts):  # the one line, equal examples taken together
    return -torch.xlogy(counts, prob).sum((-2, -1)) / len(Y)


bigram_loss = loss_of(counted, bigram)  # ()
print(f"loss of the counted probabilities {bigram_loss:.5f}")

# %% one-descent
n_descent = 5000
lr_bigram = 40  # so large, as each of the 900 gradients is small
g = torch.Generator().manual_seed(0)
z = torch.randn((n_chars, n_chars), generator=g, dtype=torch.float64)
z.requires_grad_()
for _ in range(n_descent):
    loss = loss_of(z.softmax(1), bigram)  # ()
    loss.backward()
    z.data -= lr_bigram * z.grad
    z.grad = None
print(f"loss after {n_descent} steps {loss:.5f}")

# %% sixteen
g16 = torch.Generator().manual_seed(0)


def descend(counts, lr):  # from 16 random starts, side by side
    z = torch.randn((16, *counts.shape), generator=g16, dtype=torch.float64)
    n = counts.sum(1, keepdim=True)
    best, gaps = counts / n, []
    for _ in range(n_descent):
        prob = z.softmax(-1)
        z = z - lr * (n * prob - counts) / len(Y)  # the slope, see below
        gaps.append(loss_of(z.softmax(-1), counts) - loss_of(best, counts))
    return torch.stack(gaps), (z.softmax(-1) - best).abs()


unigram = bigram.sum(0, keepdim=True)  # (1, 30)
lr_unigram = 2
unigram_gap, unigram_off = descend(unigram, lr_unigram)  # each start's
bigram_gap, bigram_off = descend(bigram, lr_bigram)

steps = n_descent ** torch.linspace(0, 1, 38, dtype=torch.float64)  # (38,)
steps = steps.round().long().unique()  # (35,)
unigram_curve = unigram_gap[steps - 1].mean(1)  # (35,)
bigram_curve = bigram_gap[steps - 1].mean(1)  # (35,)
seen = (bigram > 0).double().sum(1)  # (30,): different ones after each
unseen = n_chars - seen  # (30,)
theory = (unseen * seen).sum() / (n_chars * lr_bigram * steps)  # (35,)

# %% figure-descent
fig, ax = plt.subplots()
ax.loglog(steps, unigram_curve, color="C0")
ax.loglog(steps, bigram_curve, color="C1", ls="--")
ax.loglog(steps, theory, color="C2", ls=":")
ax.text(700, 2e-2, "bigram", color="C1")
ax.text(2.5, 2, "bigram, in theory", color="C2")
ax.text(700, 3e-5, "unigram", color="C0", ha="right")
ax.set(xlabel="step", ylabel="loss above the counted one (nats)")
ax.set_yticks([1, 0.01, 0.0001], ["1", "0.01", "0.0001"])
ax.set_title("Descent approaches the counted loss")
plt.show()

# %% claim-bigram-theory
bigram_theory = bigram_gap[-1] / theory[-1]  # (16,)

# %% claim-bigram-tenth
n_tenth = n_descent // 10
bigram_tenth = bigram_gap[-1] / bigram_gap[n_tenth - 1]  # (16,)

# %% claim-unigram-arrives
unigram_arrives = unigram_off.amax((1, 2)) * 1e6  # (16,): in millionths

# %% claim-rare-rows-last
rare_rows_last = bigram_off.amax((1, 2))  # (16,)

# %% perplexity
uniform = torch.full_like(unigram, 1 / n_chars)  # (1, 30)
losses = {
    "uniform": loss_of(uniform, unigram),
    "unigram": loss_of(unigram / unigram.sum(), unigram),
    "bigram": bigram_loss,
}
for name, nats in losses.items():
    print(f"{name} loss {nats:.2f}, perplexity {nats.exp():4.1f}")

# %% claim-network-above-bigram
batch_size, n_steps, n_longer, lr = 32, 500, 1400, 0.1
lrs = torch.full((n_longer,), lr, dtype=torch.float64)  # (1400,)
start = init_models(range(16))
models, _ = train(start, lrs[:n_steps], batch_size, g16)
network_above_bigram = full_loss(models) - bigram_loss  # (16,)

# %% claim-network-below-bigram
longer, _ = train(models, lrs[n_steps:], batch_size, g16)
network_below_bigram = full_loss(longer) - bigram_loss  # (16,)

# %% claim-new-names
word = (Y == 0).cumsum(0) - (Y == 0).long()  # (N,): 0 ends a name
left_out = 0.1  # of the names
out = torch.rand(16, len(words), generator=g16) < left_out  # (16, names)
kept = (~out)[:, word].double()  # (16, N)
known = torch.zeros(16, n_chars**2).double()  # (16, 900)
known.scatter_add_(1, pair.expand(16, -1), kept)
new_pair = (known[:, pair] == 0).double()  # (16, N): in no kept name
hit = torch.zeros(16, len(words)).double()  # (16, names)
hit.scatter_add_(1, word.expand(16, -1), new_pair)
new_names = ((hit > 0) & out).sum(1) / out.sum(1).double()  # (16,)
