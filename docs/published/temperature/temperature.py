# How sure should a model be?
# From Descent Notes: https://descent-notes.github.io/descent-notes/notes/temperature/
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

# %% two-starts
name_of = [i for i, word in enumerate(words) for _ in range(len(word) + 1)]
new = torch.tensor(name_of) % 3 > 0  # (N,): two names of three are left out
X_old, Y_old = X[~new], Y[~new]  # (3597, 3), (3597,): to train on
lr, batch_size = 0.1, 32
marks = [10, 30, 100, 300, 1000]  # steps after which to look


def train_one(small):
    g = torch.Generator().manual_seed(0)
    _, W1, b1, W2, b2 = params = init_params(g)
    if small:
        W1 *= 5 / 3 / 30**0.5
        W2 *= 0.01
        b1 *= 0
        b2 *= 0
    for p in params:
        p.requires_grad_()
    seen = []
    for step in range(1, marks[-1] + 1):
        ix = torch.randint(len(X_old), (batch_size,), generator=g)  # (32,)
        loss = loss_fn(params, X_old[ix], Y_old[ix])
        loss.backward()
        for p in params:
            p.data -= lr * p.grad
            p.grad = None
        if step in marks:
            seen.append([p.detach().clone() for p in params])
    return seen  # the parameters after so many steps


normal, small = train_one(small=False), train_one(small=True)

# %% best-temperature
i_300 = marks.index(300)
z_normal = forward(normal[i_300], X_old)  # (3597, 30): the logits
z_small = forward(small[i_300], X_old)  # (3597, 30)
T = 2 ** torch.linspace(-1, 3, 65, dtype=torch.float64)  # (65,): from 1/2 to 8
loss_normal = torch.stack([F.cross_entropy(z_normal / t, Y_old) for t in T])
loss_small = torch.stack([F.cross_entropy(z_small / t, Y_old) for t in T])


def best_temperature(z, y):
    b = 0.0  # the loss is convex in b = 1 / T: Newton's steps find its least
    for _ in range(10):
        q = (b * z).softmax(1)  # (N, 30)
        mean = (q * z).sum(1)  # (N,): the logit that q expects
        var = (q * z**2).sum(1) - mean**2  # (N,)
        slope = mean.mean() - z[torch.arange(len(y)), y].mean()
        b = b - slope / var.mean()
    return 1 / b


T_normal = best_temperature(z_normal, Y_old)  # ()
T_small = best_temperature(z_small, Y_old)  # ()
print(f"standard normal: T = {T_normal:.2f}, small: T = {T_small:.2f}")
lowest_normal = F.cross_entropy(z_normal / T_normal, Y_old)  # ()
lowest_small = F.cross_entropy(z_small / T_small, Y_old)  # ()

# %% figure-two-starts
fig, ax = plt.subplots()
ax.semilogx(T, loss_normal, "C0", base=2)
ax.semilogx(T, loss_small, "C1--", base=2)
ax.plot(T_normal, lowest_normal, "C0o")
ax.plot(T_small, lowest_small, "C1s")
ax.axvline(1, color="C5", lw=1, ls=":")
ax.text(1.35, 4.3, "first weights:\nstandard normal", color="C0")
ax.text(4, 2.95, "small", color="C1", va="bottom", ha="right")
low = {"va": "top", "ha": "right"}
ax.annotate(f"T = {T_normal:.2f}", (T_normal, lowest_normal - 0.12), **low)
ax.annotate(f"T = {T_small:.2f}", (T_small, lowest_small - 0.12), **low)
ax.set(ylim=(1.3, 6), ylabel="loss, logits divided by T (nats)")
ax.set_xlabel("T: below 1 surer than trained, above 1 less sure")
ax.set_xticks([0.5, 1, 2, 4, 8], ["½", "1", "2", "4", "8"])
ax.set_title("The first weights decide which way a network is off")
plt.show()

# %% sixteen
C, W1, b1, W2, b2 = init_models(range(16))
small_start = [C, W1 * 5 / 3 / 30**0.5, b1 * 0, W2 * 0.01, b2 * 0]
g = torch.Generator().manual_seed(0)


def go_on(models, n_steps):
    for _ in range(n_steps):
        ix = torch.randint(len(X_old), (16, batch_size), generator=g)
        step = vmap(sgd_step, (0, None, 0, 0))
        models, _ = step(models, lr, X_old[ix], Y_old[ix])
    return models


normal_300 = go_on([C, W1, b1, W2, b2], 300)
small_300 = go_on(small_start, 300)
small_1000 = go_on(small_300, 700)


def best_of(models, X, Y):  # the best temperature of each
    def best(params):
        return best_temperature(forward(params, X), Y)

    return vmap(best, chunk_size=1)(models)  # (16,)

# %% claim-too-sure
too_sure = best_of(normal_300, X_old, Y_old)  # (16,)

# %% claim-not-sure-enough
not_sure_enough = best_of(small_300, X_old, Y_old)  # (16,)

# %% towards-one
temperatures = torch.zeros(2, 2, len(marks)).double()  # (2, 2, 5)
for i, start in enumerate([normal, small]):
    for j, which in enumerate([~new, new]):
        for k, params in enumerate(start):
            z = forward(params, X[which])  # (3597, 30) or (7108, 30)
            temperatures[i, j, k] = best_temperature(z, Y[which])

# %% figure-towards-one
fig, axes = plt.subplots(1, 2)
for i in range(2):
    axes[i].loglog(marks, temperatures[i, 0], f"C{i}o-", label="its examples")
    axes[i].loglog(marks, temperatures[i, 1], f"C{i}s:", label="new names")
    axes[i].axhline(1, color="C5", lw=1)
    axes[i].minorticks_off()
    axes[i].set_xlabel("step")
    axes[i].set_xticks([10, 100, 1000], ["10", "100", "1000"])
    axes[i].legend(loc=["upper right", "lower right"][i])
axes[0].set_yticks([1, 2, 4, 8, 16, 32], ["1", "2", "4", "8", "16", "32"])
axes[1].set_yticks([0.5, 0.7, 1], ["0.5", "0.7", "1"])
axes[0].set_ylabel("best T")
axes[0].set_title("Standard normal")
axes[1].set_title("Small")
fig.suptitle("Training brings T to one, from either side")
plt.show()

# %% claim-too-sure-of-new
too_sure_of_new = best_of(small_1000, X[new], Y[new])  # (16,)

# %% claim-averaged-temperature
char = "g" if "g" in chars else chars[1]
after = X_old[:, -1] == chars.index(char)  # (3597,)
y_after = Y_old[after]  # (168,)


def of_mean(params):  # the best temperature of the mean prediction
    q = forward(params, X_old[after]).softmax(1).mean(0)  # (30,)
    return best_temperature(q.log().expand(len(y_after), -1), y_after)


averaged_temperature = vmap(of_mean, chunk_size=1)(normal_300)  # (16,)

# %% away-from-p
y = Y[X[:, -1] == chars.index(char)]  # (501,): what comes after "g"
p = torch.bincount(y, minlength=len(chars)).double() / len(y)  # (30,)
T_p = 2 ** torch.linspace(-2, 3, 101, dtype=torch.float64)  # (101,)
q = (p.log() / T_p[:, None]).softmax(1)  # (101, 30): p sharpened, flattened
H_p = -torch.xlogy(p, p).sum()  # (); xlogy(0, 0) is 0
H_pq = -torch.xlogy(p, q).sum(1)  # (101,)
H_qp = -torch.xlogy(q, p).sum(1)  # (101,): the roles exchanged

# %% figure-away-from-p
fig, ax = plt.subplots()
ax.semilogx(T_p, H_pq, color="C0", lw=2, base=2)
ax.semilogx(T_p, H_qp, color="C1", lw=2, base=2, ls="--")
ax.axhline(H_p, color="C2", ls=":")
ax.plot(1, H_p, "o", color="C0")
ax.annotate("H(p, q)", (0.29, 2.9), color="C0")
ax.annotate("H(q, p)", (3.2, 3.25), color="C1", ha="right")
ax.annotate("floor H(p)", (8, H_p - 0.05), color="C2", va="top", ha="right")
ax.set(ylim=(0, 3.75), ylabel="nats", title="H(p, q) is least at q = p")
ax.set_xlabel("T: below 1 q is sharper than p, above 1 flatter")
ax.set_xticks([0.25, 0.5, 1, 2, 4, 8], ["¼", "½", "1", "2", "4", "8"])
plt.show()

# %% float32
def by_hand(z, y):
    return -z.softmax(0).log()[y]


table = []
print("gap    by hand    slope   built-in   slope")
for gap in [80, 90, 103, 105]:
    row = []
    for loss_of in [by_hand, F.cross_entropy]:
        z = torch.tensor([0.0, gap], requires_grad=True)  # (2,), float32
        loss = loss_of(z, torch.tensor(0))
        loss.backward()
        row += [loss.item(), z.grad[0].item()]
    table.append(row)
    print("{:3}{:11.2f}{:9.2f}{:11.2f}{:8.2f}".format(gap, *row))

# %% claim-widest-gap
def widest(params):  # from a label's logit to the largest beside it
    z = forward(params, contexts)  # (K, 30)
    gap = z.amax(1, keepdim=True) - z  # (K, 30)
    return gap.where(counts > 0, 0.0).max()  # of the characters that follow


widest_gap = vmap(widest, chunk_size=1)([C, W1, b1, W2, b2])  # (16,)
