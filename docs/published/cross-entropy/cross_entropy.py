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

# %% next-character
n_chars, n_examples = len(chars), len(X)
char = "g"
if char not in chars:  # in words of your own: the most frequent
    char = max(chars[1:], key="".join(words).count)
after_g = X[:, -1] == chars.index(char)  # (N,)
n_after_g = int(after_g.sum())
p = torch.bincount(Y[after_g], minlength=n_chars).double() / n_after_g  # (30,)

uniform = torch.full_like(p, 1 / n_chars)  # (30,)
overall = torch.bincount(Y).double() / len(Y)  # (30,): after any character

# 16 networks after a short training, each averaged over what precedes "g".
n_steps, lr, batch_size = 300, 0.1, 32
lrs = torch.full((n_steps,), lr, dtype=torch.float64)  # (300,)
g = torch.Generator().manual_seed(0)
models, _ = train(init_models(range(16)), lrs, batch_size, g)
over_models = vmap(forward, (0, None), chunk_size=1)
logits = over_models(models, X[after_g])  # (16, 501, 30)
networks = logits.softmax(-1).mean(1)  # (16, 30)

# %% identity
from math import log


def cross_entropy(p, q):  # H(p, q)
    return -torch.xlogy(p, q).sum(-1)  # xlogy: a term with p = 0 counts as 0


H_p = cross_entropy(p, p)  # (): the entropy of p
names = ["p itself", "network", "overall", "uniform"]
q = torch.stack([p, networks[0], overall, uniform])  # (4, 30)
nats = cross_entropy(p, q)  # (4,)
bits = nats / log(2)  # (4,)
kl = (p * (p / q).log())[:, p > 0].sum(1)  # (4,)
reverse = cross_entropy(q, p)  # (4,): the roles exchanged

print("q          H(p, q) nats   bits  KL(p||q)  H(q, p)")
for name, *row in zip(names, nats, bits, kl, reverse, strict=True):
    print(f"{name:11}" + "{:12.2f}{:7.2f}{:10.2f}{:9.2f}".format(*row))
print("sums to 1e-12:", bool((H_p + kl - nats).abs().max() < 1e-12))

top = p.topk(min(8, n_chars)).indices  # (8,)
shown = [{".": "end", " ": "space"}.get(chars[i], chars[i]) for i in top]
shown_q = q[:, top].tolist()  # (4, 8)
share_r, share_h = p[top[:2]]
_, one_network, overall_nats, uniform_nats = nats
uniform_share, bits_per_nat = 1 / n_chars, 1 / log(2)

# %% claim-above-entropy
network_nats = cross_entropy(p, networks)  # (16,)
above_entropy = network_nats - H_p  # (16,): the divergence

# %% claim-below-overall
below_overall = network_nats - overall_nats  # (16,)

# %% figure-next-character
fig, ax = plt.subplots()
labels = [f"{n}: {h:.2f} nats" for n, h in zip(names, nats, strict=True)]
ax.bar(shown, shown_q[0], alpha=0.4, label=labels[0])
for i, style in [(1, "o"), (2, "s"), (3, "--")]:
    ax.plot(shown, shown_q[i], style, color=f"C{i}", label=labels[i])
ax.legend(title="H(p, q) for q =")
ax.set(xlabel=f"character after {char}", ylabel="probability")
ax.set_title("The closer q is to p, the lower H(p, q)")
plt.show()

# %% away-from-p
T = 2 ** torch.linspace(-2, 3, 101, dtype=torch.float64)  # (101,): 1/4 to 8
q_t = (p.log() / T[:, None]).softmax(1)  # (101, 30): p sharpened, flattened
H_pq, H_qp = cross_entropy(p, q_t), cross_entropy(q_t, p)  # (101,), (101,)
best_t = T[H_pq.argmin()]
print(f"H(p, q) at its least, T = {best_t:.2f}: {H_pq.min():.4f} nats")
print(f"H(p):                           {H_p:.4f} nats")
sharp_pq, flat_pq, sharp_qp, flat_qp = *H_pq[[0, -1]], *H_qp[[0, -1]]

# %% figure-away-from-p
fig, ax = plt.subplots()
ax.semilogx(T, H_pq, color="C0", lw=2, base=2)
ax.semilogx(T, H_qp, color="C1", lw=2, base=2, ls="--")
ax.axhline(H_p, color="C2", ls=":")
ax.plot(1, H_p, "o", color="C0")
ax.annotate("H(p, q)", (0.29, 2.9), color="C0")
ax.annotate("H(q, p)", (3.2, 3.25), color="C1", ha="right")
ax.annotate("floor H(p)", (8, H_p - 0.05), color="C2", va="top", ha="right")
ax.set(ylim=(0, 3.75), ylabel="nats", title="H(p, q) is least at q = p")
ax.set_xlabel("T: below 1 q is sharper than p, above 1 flatter")
ax.set_xticks([0.25, 0.5, 1, 2, 4, 8], ["¼", "½", "1", "2", "4", "8"])
right = ax.twinx()
right.set(ylim=(0, 3.75 * bits_per_nat), ylabel="bits")
right.grid(False)
plt.show()

# %% temperatures
Ts = 2 ** torch.linspace(-1, 3, 33, dtype=torch.float64)  # (33,): 1/2 to 8


def losses_at(params):  # over all examples, the logits divided by each T
    logits = forward(params, full_set[0])  # (K, 30)
    losses = [F.cross_entropy(logits / t, full_set[1]) for t in Ts]
    return torch.stack(losses)  # (33,)


at_t = vmap(losses_at, chunk_size=1)(models)  # (16, 33)

# %% claim-sharper-costs-more
at_half, at_two = at_t[:, Ts == 0.5], at_t[:, Ts == 2]  # (16, 1) each
sharper_costs_more = (at_half - at_two)[:, 0]  # (16,)

# %% claim-best-temperature
best_temperature = Ts[at_t.argmin(1)]  # (16,)

# %% claim-averaged-temperature
q_t = (networks.log()[:, None] / Ts[:, None]).softmax(-1)  # (16, 33, 30)
averaged_temperature = Ts[cross_entropy(p, q_t).argmin(1)]  # (16,)

# %% one-hot
y = Y[after_g]  # (501,): what came after each "g"
one_hot = F.one_hot(y, n_chars).double()  # (501, 30): all on what came
each = cross_entropy(one_hot, networks[0])  # (501,)
minus_log_q = -networks[0][y].log()  # (501,)
from_logits = F.cross_entropy(networks[0].log().expand(n_after_g, -1), y)

costs = torch.stack([each.mean(), minus_log_q.mean(), from_logits])  # (3,)
all_equal = bool((costs - nats[1]).abs().max() < 1e-12)
print("all three are H(p, q):", all_equal)

# %% floors
floors, seen = [], torch.zeros_like(Y)  # (N,): the context as one number
for n in range(4):
    if n > 0:
        seen = seen + X[:, 3 - n] * n_chars ** (n - 1)
    which = seen.unique(return_inverse=True)[1]  # (N,): 0, 1, ... of them
    joint = torch.bincount(which * n_chars + Y).double() / len(Y)
    known = torch.bincount(which).double() / len(Y)
    rest = cross_entropy(joint, joint) - cross_entropy(known, known)  # ()
    floors.append(rest.item())
for n in range(4):
    print(f"given {n} characters: {floors[n]:.2f} nats")
floor_0, floor_1, floor_2, floor_3 = floors

# %% claim-above-floor
lrs = torch.full((700,), lr, dtype=torch.float64)  # (700,): go on with these
longer, _ = train(models, lrs, batch_size, g)
n_longer = n_steps + len(lrs)
above_floor = full_loss(longer) - floor_3  # (16,)

# %% claim-towards-floor
towards_floor = above_floor / (full_loss(models) - floor_3)  # (16,)

# %% claim-temperature-falls
at_t = vmap(losses_at, chunk_size=1)(longer)  # (16, 33)
temperature_falls = best_temperature - Ts[at_t.argmin(1)]  # (16,)

# %% claim-below-floor
def share_below(params):  # of the examples that cost less than the floor
    losses = F.cross_entropy(forward(params, X), Y, reduction="none")  # (N,)
    return (losses < floor_3).double().mean()


below_floor = vmap(share_below, chunk_size=1)(longer)  # (16,)

# %% float32
gap_right, gap_nan, gap_off, gap_inf = gaps = [80, 90, 103, 105]
table = []  # (4, 4): the loss and its slope, by hand and built in
print("gap    by hand    slope   built-in   slope")
for gap in gaps:
    z = torch.tensor([0.0, gap], requires_grad=True)  # (2,), float32
    row = []
    for v in [-z.softmax(0).log()[0], F.cross_entropy(z, torch.tensor(0))]:
        slope = torch.autograd.grad(v, z)[0][0]  # by the first logit
        row += [v.item(), slope.item()]
    table.append(row)
    print("{:3}{:11.2f}{:9.2f}{:11.2f}{:8.2f}".format(gap, *row))
zero_from = -log(2.0**-150)  # half of the smallest positive float32
nan_from = log(torch.finfo(torch.float32).max)  # 1 / p overflows
nan_from_batch = nan_from + log(batch_size)  # 1 / (32 p) does

# %% claim-widest-gap
def widest(params):  # from a label's logit to the largest of its example
    z = forward(params, X)  # (N, 30)
    return (z.amax(1) - z[torch.arange(len(Y)), Y]).max()


widest_gap = vmap(widest, chunk_size=1)(init_models(range(16)))  # (16,)
