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
n_early, n_steps, lr, batch_size = 200, 500, 0.1, 32  # a short training
lrs = torch.full((n_steps,), lr, dtype=torch.float64)  # (500,)
g = torch.Generator().manual_seed(0)
start = init_models(range(16))
early, _ = train(start, lrs[:n_early], batch_size, g)
models, _ = train(early, lrs[n_early:], batch_size, g)
params = [p[0] for p in models]  # one of 16

ix = torch.randint(len(X), (batch_size,), generator=g)  # (32,)
Xb, Yb = X[ix], Y[ix]  # (32, 3), (32,)
logits = forward(params, Xb)  # (32, 30)
prob = logits.softmax(1)  # (32, 30)
loss = -prob[torch.arange(batch_size), Yb].log().mean()  # ()
print(f"loss {loss:.2f}")

# %% parts
n_examples, n_chars = len(X), len(chars)
picked = prob[torch.arange(batch_size), Yb]  # (32,): one of each row
sliced = prob[:, Yb]  # (32, 32): every row with every label, a bug
print("picked", tuple(picked.shape), "sliced", tuple(sliced.shape))

costs = -picked.log()  # (32,)
every = forward(params, X).softmax(1)[torch.arange(len(X)), Y]  # (N,)
every_costs = -every.log()  # (N,)
print(f"sum:  {costs.sum():6.0f} of 32, {every_costs.sum():6.0f} of all")
print(f"mean: {costs.mean():6.1f} of 32, {every_costs.mean():6.1f} of all")

worst = picked.argmin()
z, y = logits[worst], Yb[worst]  # (30,), ()
slope_p = torch.func.grad(lambda z: -z.softmax(0)[y])(z)[y]
slope_log = torch.func.grad(lambda z: -z.softmax(0)[y].log())(z)[y]
print(f"worst example: slope {slope_p:.0e} of -p, {slope_log:.2f} of -log p")

order = costs.argsort(descending=True)  # (32,)
p, costs = picked[order], costs[order]  # (32,), (32,): the dearest first
shown = ["_" if char == " " else char for char in chars]
names = ["".join(shown[c] for c in Xb[i]) + "→" + shown[Yb[i]] for i in order]
dearest, highest = names[0], costs[0]
cheap = int((costs < 1).sum())  # below one nat
line = torch.logspace(-8, 0, 200, dtype=torch.float64)  # (200,)
cost_line = -line.log()  # (200,)

# %% claim-mean-estimates
many = 100
ix = torch.randint(len(X), (16, many, batch_size), generator=g)


def costs_of(params, X, Y):  # of each example
    return F.cross_entropy(forward(params, X), Y, reduction="none")


over_batches = vmap(vmap(costs_of, (None, 0, 0)))
batches = over_batches(models, X[ix], Y[ix])  # (16, 100, 32)
network_loss = full_loss(models)  # (16,)
mean_estimates = batches.mean((1, 2)) / network_loss  # (16,)

# %% claim-log-teaches
def minus_p(params, X, Y):  # what -log p is held against
    return -(-costs_of(params, X, Y)).exp().mean()


rate_p, on_p = 3.0, start
step = vmap(grad_and_value(minus_p))
for _ in range(n_early):
    draw = torch.randint(len(X), (16, batch_size), generator=g)  # (16, 32)
    grads, _ = step(on_p, X[draw], Y[draw])
    on_p = [p - rate_p * s for p, s in zip(on_p, grads, strict=True)]
times = rate_p / lr
few = ix[:, :20].flatten(1)  # (16, 640): enough to compare them on
x, y = X[few], Y[few]  # (16, 640, 3), (16, 640)
log_teaches = vmap(minus_p)(on_p, x, y) - vmap(minus_p)(early, x, y)  # (16,)

# %% figure-curve
fig, ax = plt.subplots()
ax.plot(line, cost_line, color="C0")
ax.plot(p, costs, "o", color="C1", alpha=0.7)
ax.axhline(loss, color="C2", ls="--")
ax.text(1, loss + 0.3, f"the loss {loss:.2f}", color="C2", ha="right")
for i in [0, 3, 15]:
    ax.annotate(names[i], (p[i] + 0.03, costs[i] + 0.5), parse_math=False)
ax.set_xlabel("p, the probability given to the character that came")
ax.set(ylabel="-log p (nats)", title="The loss is the mean height of the dots")
plt.show()

# %% claim-three-make-half
def share_of_3(costs):  # of the dearest three in a batch's loss: (16,)
    dearest = costs.topk(3).values.sum(2)  # (16, 100)
    return (dearest / costs.sum(2)).mean(1)


three_make_half = share_of_3(batches)  # (16,)

# %% claim-three-before-training
untrained = over_batches(start, X[ix], Y[ix])  # (16, 100, 32)
three_before_training = share_of_3(untrained)  # (16,)

# %% product
product, log_sum = every.prod(), every.log().sum()  # (), ()
zero_at = int((every.cumprod(0) > 0).sum()) + 1
from_there = "" if product else f", zero from factor {zero_at} on"
print(f"product {product}{from_there}")
print(f"sum of logs {log_sum:.0f}")

# %% closed-form
last = X[:, 2]  # (N,): the character before
pair = last * n_chars + Y  # (N,)
bigram = torch.bincount(pair, minlength=n_chars**2).double()
bigram = bigram.view(n_chars, n_chars)  # (30, 30)
unigram = bigram.sum(0, keepdim=True)  # (1, 30)
best_bigram = bigram / bigram.sum(1, keepdim=True)  # (30, 30)
best_unigram = unigram / unigram.sum()  # (1, 30)


def loss_of(prob, counts):  # the one line, equal examples taken together
    return -torch.xlogy(counts, prob).sum((-2, -1)) / len(Y)


def slopes(z, counts):  # of the loss of softmax(z), by the logits z
    return (z.softmax(-1) * counts.sum(1, keepdim=True) - counts) / len(Y)


z = torch.randn((n_chars, n_chars), generator=g, dtype=torch.float64)
autograd = torch.func.grad(lambda z: F.cross_entropy(z[last], Y))(z)
same_slopes = bool((autograd - slopes(z, bigram)).abs().max() < 1e-12)
print("the slopes are autograd's to 1e-12:", same_slopes)

# %% descent
from math import log10

n_descent = 5000
steps = torch.logspace(0, log10(n_descent), 38).round()
steps = steps.long().unique()  # (35,)


def descend(counts, prob, lr):  # from 16 random starts
    shape = (16, *counts.shape)
    z = torch.randn(shape, generator=g, dtype=torch.float64)
    gaps = []
    for t in range(1, n_descent + 1):
        z = z - lr * slopes(z, counts)
        if t in steps:
            gaps.append(loss_of(z.softmax(-1), counts) - loss_of(prob, counts))
    return torch.stack(gaps), (z.softmax(-1) - prob).abs()


lr_unigram, lr_bigram = 2, 40
unigram_gap, unigram_off = descend(unigram, best_unigram, lr_unigram)
bigram_gap, bigram_off = descend(bigram, best_bigram, lr_bigram)
unigram_curve, bigram_curve = unigram_gap.mean(1), bigram_gap.mean(1)
last_unigram_gap, last_bigram_gap = unigram_curve[-1], bigram_curve[-1]
never = (bigram == 0).sum()  # pairs
n_pairs, rarest = bigram.numel(), bigram.sum(1).min()
in_row = (bigram > 0).double().sum(1)  # (30,): characters seen after each
theory = ((n_chars - in_row) * in_row).sum() / n_chars / lr_bigram  # over t
line_theory = theory / steps  # (35,)
print(f"unigram: {last_unigram_gap:.0e} nats above the closed form")
print(f"bigram:  {last_bigram_gap:.0e}, in theory {line_theory[-1]:.0e}")


def exponent(gaps):  # of each start's gaps over the last decade of steps
    late = steps >= n_descent / 10
    x = steps[late].double().log()
    x = x - x.mean()
    return x @ gaps[late].log() / (x @ x)  # (16,)

# %% figure-descent
fig, ax = plt.subplots()
ax.loglog(steps, unigram_curve, color="C0")
ax.loglog(steps, bigram_curve, color="C1", ls="--")
ax.loglog(steps, line_theory, color="C2", ls=":")
ax.text(700, 2e-2, "bigram", color="C1")
ax.text(2.5, 2, "bigram, in theory", color="C2")
ax.text(700, 3e-5, "unigram", color="C0", ha="right")
ax.set(xlabel="step", ylabel="loss above the closed form (nats)")
ax.set_yticks([1, 0.01, 0.0001], ["1", "0.01", "0.0001"])
ax.set_title("Descent goes where counting is at once")
plt.show()

# %% claim-never-below
nearest = torch.cat([unigram_gap, bigram_gap]).amin(0)  # (16,)
never_below = nearest * 1e6  # (16,): in millionths

# %% claim-unigram-arrives
unigram_arrives = unigram_off.amax((1, 2)) * 1e6  # (16,): in millionths

# %% claim-unigram-exponent
unigram_exponent = exponent(unigram_gap)  # (16,)

# %% claim-bigram-exponent
bigram_exponent = exponent(bigram_gap)  # (16,)

# %% claim-bigram-theory
bigram_theory = bigram_gap[-1] / line_theory[-1]  # (16,)

# %% claim-rare-rows-last
rare_rows_last = bigram_off.amax((1, 2))  # (16,)

# %% perplexity
built_in = F.cross_entropy(logits, Yb)  # (): from the logits, at the top
print("F.cross_entropy agrees:", bool((built_in - loss).abs() < 1e-12))

uniform = torch.full_like(unigram, 1 / n_chars)  # (1, 30)
uniform_loss = loss_of(uniform, unigram)
unigram_loss = loss_of(best_unigram, unigram)
bigram_loss = loss_of(best_bigram, bigram)
for value in [uniform_loss, unigram_loss, bigram_loss]:
    print(f"loss {value:.2f}, perplexity {value.exp():4.1f}")
unigram_perplexity, bigram_perplexity = unigram_loss.exp(), bigram_loss.exp()

# %% claim-network-above-bigram
network_above_bigram = network_loss - bigram_loss  # (16,)

# %% claim-network-below-bigram
go_on = torch.full((900,), lr, dtype=torch.float64)  # (900,)
longer, _ = train(models, go_on, batch_size, g)
n_longer = n_steps + len(go_on)
network_below_bigram = full_loss(longer) - bigram_loss  # (16,)

# %% claim-new-names
word = (Y == 0).cumsum(0) - (Y == 0).long()  # (N,): 0 ends a name
left_out = 0.1  # of the names
out = torch.rand(16, len(words), generator=g) < left_out  # (16, names)
kept = (~out)[:, word].double()  # (16, N)
seen = torch.zeros(16, n_pairs).double()  # (16, 900)
seen.scatter_add_(1, pair.expand(16, -1), kept)
unseen = (seen[:, pair] == 0).double()  # (16, N): pairs in no kept name
hit = torch.zeros(16, len(words)).double()  # (16, names)
hit.scatter_add_(1, word.expand(16, -1), unseen)
new_names = ((hit > 0) & out).sum(1) / out.sum(1).double()  # (16,)
