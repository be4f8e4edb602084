# Why mini-batches work so well
# From Descent Notes: https://descent-notes.github.io/descent-notes/notes/mini-batch-gradient/
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

# %% two-places
N, lr = len(X), torch.tensor(0.1)
batch_size, n_later = 32, 600
g = torch.Generator().manual_seed(0)
start = init_models(range(16))  # 16 models: C is (16, 30, 10), ...
later, _ = train(start, lr.expand(n_later), batch_size, g)
loss_later = full_loss(later)  # (16,)

# %% full-set
model = [p[0] for p in start]
gap = loss_fn(model, X, Y) - loss_fn(model, *full_set)  # ()
print(f"{N:,} examples in {len(full_set[0]):,} different contexts;")
print("the same loss either way:", bool(gap.abs() < 1e-12))

# %% noise-scale
from torch.func import grad

XY = torch.cat([X, Y[:, None]], 1)  # (N, 4)
pairs, times = torch.unique(XY, dim=0, return_counts=True)  # (P, 4), (P,)
full_grad = vmap(grad(loss_fn), (0, None, None), chunk_size=1)


def flat(params):
    """Each model's five tensors as one row: (16, 12530)."""
    return torch.cat([p.flatten(1) for p in params], 1)


def mean_square(params):
    """The mean over all examples of |g_i|^2, layer by layer: ()."""
    C, W1, b1, W2, b2 = params
    x, y = pairs[:, :-1], pairs[:, -1]  # (P, 3), (P,)
    emb = C[x].flatten(1)  # (P, 30)
    h = torch.tanh(emb @ W1 + b1)  # (P, 200)
    out = (h @ W2 + b2).softmax(1) - F.one_hot(y, len(chars))  # (P, 30)
    mid = (out @ W2.T) * (1 - h**2)  # (P, 200): back at the tanh's input
    low = (mid @ W1.T).view(*x.shape, -1)  # (P, 3, 10): back at C's rows
    same = x[:, :, None] == x[:, None]  # (P, 3, 3): a row met twice adds up
    squares = (h.square().sum(1) + 1) * out.square().sum(1)  # (P,): W2, b2
    squares += (emb.square().sum(1) + 1) * mid.square().sum(1)  # W1, b1
    squares += (low @ low.mT * same).sum((1, 2))  # C
    return times.double() @ squares / N


def noise(models):
    """The trace of the examples' covariance, and |G|^2: (16,) each."""
    G2 = flat(full_grad(models, *full_set)).square().sum(1)  # (16,)
    return vmap(mean_square, chunk_size=1)(models) - G2, G2


trace, G2 = torch.stack([torch.stack(noise(m)) for m in [start, later]], 1)
scales = trace / G2  # (2, 16): the noise scale at the start and later
scale_start, scale_later = scales.mean(1)
print(f"noise scale: {scale_start:.0f} at the start, {scale_later:.0f} later")

# %% gradient-error
mini_grad = vmap(grad(loss_fn), chunk_size=1)
sizes, draws = torch.tensor([8, batch_size, 128, 512, 2048]), 6
errors = torch.zeros(2, 5, 16).double()  # (place, batch size, model)
for i, models in enumerate([start, later]):
    full = flat(full_grad(models, *full_set))  # (16, 12530)
    for j, B in enumerate(sizes):
        for _ in range(draws):
            ix = torch.randint(N, (16, B), generator=g)  # (16, B)
            mini = flat(mini_grad(models, X[ix], Y[ix]))  # (16, 12530)
            errors[i, j] += (mini - full).square().sum(1) / draws
errors = (errors / G2[:, None]).sqrt()  # (2, 5, 16)
predicted = (scales[:, None] / sizes[:, None]).sqrt()  # (2, 5, 16)

error, theory = errors.mean(2), predicted.mean(2)  # (2, 5) each
places = ["start", "later"]

# %% figure-error
fig, ax = plt.subplots()
for i, style in enumerate(["o", "s"]):
    ax.loglog(sizes, theory[i], f"C{i}", label=f"predicted, {places[i]}")
    ax.loglog(sizes, error[i], f"C{i}{style}", label=f"measured, {places[i]}")
ax.axhline(1, ls=":", color=plt.rcParams["text.color"])
ax.text(8, 0.93, "as long as the gradient", va="top", fontsize="small")
ax.set_title("The error falls as predicted, nothing fitted")
ax.set_xlabel("batch size (examples)")
ax.set_ylabel("error / full gradient")
ax.set_xticks(sizes, [f"{B}" for B in sizes])
ax.set_yticks([0.25, 0.5, 1, 2, 4, 8], ["0.25", "0.5", "1", "2", "4", "8"])
ax.minorticks_off()
fig.legend(loc="outside lower center", ncols=2, fontsize="small")
plt.show()

# %% claim-far-gradient
far_gradient = errors[0, 1]  # (16,): at the start, with 32 examples

# %% claim-error-over-prediction
error_over_prediction = (errors / predicted).mean((0, 1))  # (16,)

# %% claim-error-slope
x = (sizes[:, None] / scales[:, None]).log().flatten(0, 1)  # (10, 16)
y = errors.log().flatten(0, 1)  # (10, 16)
x = x - x.mean(0)
error_slope = (x * y).sum(0) / (x * x).sum(0)  # (16,)

# %% claim-noise-growth
noise_growth = scales[1] / scales[0]  # (16,)

# %% many-steps
def advance(params, rates, B, steps, g):
    """Take steps of B examples with a rate a model: the new parameters."""
    full = B == N  # a step on all examples: what it draws goes unused
    over, drawn = (None, 512) if full else (0, B)
    step = vmap(sgd_step, (0, 0, over, over), chunk_size=max(1, 2048 // B))
    for _ in range(steps):
        ix = torch.randint(N, (len(rates), drawn), generator=g)  # (S, B)
        batch = full_set if full else (X[ix], Y[ix])
        params, _ = step(params, rates, *batch)
    return params


large, n_steps, marks = 256, 32, [1, 2, 4, 8, 16, 32]
batches = [N, large, batch_size]
cost_256, cost_32 = N / large, N / batch_size  # of a full step, in theirs
losses = torch.zeros(3, 3, 6, 16).double()  # (setting, batch, mark, model)
apart = torch.zeros(3, 3, 6, 16).double()
moves = torch.zeros(3, 6, 16, flat(start).shape[1]).double()
settings = [(start, lr), (later, lr), (later, lr / 10)]
for i, (models, rate) in enumerate(settings):
    for j, B in enumerate(batches):
        params, done = models, 0
        for k, mark in enumerate(marks):
            params = advance(params, rate.expand(16), B, mark - done, g)
            losses[i, j, k], done = full_loss(params), mark
            moves[j, k] = flat(params) - flat(models)
    apart[i] = (moves - moves[0]).norm(dim=3) / moves[0].norm(dim=2)

names = ["start, rate 0.1", "later, rate 0.1", "later, rate 0.01"]
loss, away = losses.mean(3), apart.mean(3)  # (3, 3, 6) each
end_full, end_256, end_32 = loss[0, :, 5]
one_step = loss[0, 0, 0]  # the full set, after its first step
first_32, last_32 = away[2, 2, 0], away[2, 2, 5]
start_first, start_32 = away[0, 2, 0], away[0, 2, 5]

# %% figure-work
fig, axes = plt.subplots(1, 2, sharey=True)
for j, style in enumerate(["D-", "s--", "v-."]):
    label = f"batch {batches[j]}" if j else "full set"
    axes[0].loglog(marks, loss[0, j], style, label=label)
    axes[1].loglog([batches[j] * mark for mark in marks], loss[0, j], style)
fig.suptitle("Close by steps, far ahead by examples")
axes[0].set_xlabel("step")
axes[1].set_xlabel("examples processed")
axes[0].set_ylabel("loss over all examples (nats)")
axes[0].set_yticks([10, 15, 20, 25], ["10", "15", "20", "25"])
axes[1].set_xticks([100, 10_000], ["100", "10,000"])
axes[0].minorticks_off()
axes[0].legend(fontsize="small")
plt.show()

# %% claim-keeps-up
keeps_up = 100 * (losses[0, 1, 5] / losses[0, 0, 5] - 1)  # (16,): in %

# %% figure-arrival
fig, axes = plt.subplots(1, 2, sharey=True)
for j, ax in enumerate(axes, start=1):
    for i, style in enumerate(["o-", "s--", "v-."]):
        ax.loglog(marks, away[i, j], style, label=names[i])
    ax.axhline(1, ls=":", color=plt.rcParams["text.color"])
    ax.set_title(f"batch {batches[j]}", fontsize="medium")
    ax.set_xlabel("step")
fig.suptitle("Small steps average the noise out")
axes[0].set_ylabel("distance / full set's move")
axes[0].set_yticks([0.25, 0.5, 1, 2, 4], ["0.25", "0.5", "1", "2", "4"])
axes[0].minorticks_off()
axes[0].legend(fontsize="small")
plt.show()

# %% claim-averaging
averaging = apart[2, 2, 0] / apart[2, 2, 5]  # (16,)

# %% claim-not-in-place
not_in_place = apart[0, 2, 5]  # (16,)

# %% claim-too-fast
fall = loss_later - losses[1, :, 5]  # (3, 16)
too_fast = fall[2] / fall[0]  # (16,)

# %% trade-off
import math

lowest = full_loss(start).min()  # ()
best_q = counts / counts.sum(1, keepdim=True)  # (K, 30): the best prediction
floor = -torch.xlogy(counts, best_q).sum() / N  # (): what it costs
target = min(8.0, (lowest + floor).item() / 2)  # nats, over all examples
uniform = math.log(len(chars))
tries = [8, 16, 32, 64, 128, 256, 512, N]


def steps_to(target, B, rates):
    """The rate whose median model needs fewest steps; its models': (16,)."""
    R, t, best = len(rates), 0, 0
    g = torch.Generator().manual_seed(B)
    params = [torch.cat([p] * R) for p in start]  # R times the 16 models
    loss = full_loss(start).repeat(R, 1)  # (R, 16)
    steps = torch.full((R, 16), torch.inf).double()
    while steps[best].max() == torch.inf:  # not all 16 are there yet
        n, old = 1 + t // 4, loss
        params = advance(params, rates.repeat_interleave(16), B, n, g)
        loss = full_loss(params).view(R, 16)
        when = t + n * (old - target) / (old - loss)  # (R, 16): on a line
        steps = torch.where((loss <= target) & (steps > t), when, steps)
        t, best = t + n, steps.median(1)[0].argmin()
        if t * rates.max() > 100 and (loss[best] > old[best]).any():
            # Some bounce above the target: again, at lower rates.
            return steps_to(target, B, rates / 2)
    return rates[best], steps[best]


S = torch.zeros(len(tries), 16).double()  # steps, by batch size and model
guess = 1.4 / (1 + 140 / torch.tensor(tries))  # (8,): learning rates
best = torch.zeros_like(guess)  # (8,)
for j, B in enumerate(tries):
    best[j], S[j] = steps_to(target, B, guess[j] * torch.tensor([0.5, 1, 2]))
E = torch.tensor(tries)[:, None] * S  # (8, 16): examples
print(" batch  rate: guess  best")
for B, first, found in zip(tries, guess, best, strict=True):
    print(f"{B:6} {first:12.2f} {found:5.2f}")

# %% hyperbola
A = torch.stack([1 / S, 1 / E], 2).transpose(0, 1)  # (16, 8, 2)
ones = torch.ones(16, 7, 1).double()
fit = torch.linalg.lstsq(A[:, :-1], ones, driver="gels").solution
S_min, E_min = fit[:, 0, 0], fit[:, 1, 0]  # (16,) each
few_steps, few_examples = S_min.mean(), E_min.mean()
line = torch.logspace(0.7, 4.1, 60).double()  # (60,): batch sizes
line = few_steps + few_examples / line, few_steps * line + few_examples

# %% figure-trade-off
fig, ax = plt.subplots()
ax.loglog(E, S, "C0.", alpha=0.3, markersize=4)
ax.loglog(E.mean(1), S.mean(1), "C0o", label="measured")
ax.loglog(line[1], line[0], "C1", label="hyperbola, fitted")
ax.axhline(few_steps, ls=":", color="C1")
ax.axvline(few_examples, ls=":", color="C1")
labels = ["batch 8", "16", "32", "64", "128", "256", "512", "full set"]
for name, x, y in zip(labels, E.mean(1), S.mean(1), strict=True):
    ax.annotate(name, (x, y), (4, 5), textcoords="offset points")
ax.set_title("Fewer steps cost more examples: a hyperbola")
ax.set_xlabel("examples processed until the target")
ax.set_ylabel("steps until the target")
ax.legend(fontsize="small")
plt.show()

# %% claim-hyperbola-miss
miss = (A @ fit)[:, :-1, 0] - 1  # (16, 7)
hyperbola_miss = 100 * miss.abs().mean(1)  # (16,): in %

# %% claim-full-steps
full_steps = S_min / S[-1]  # (16,)

# %% claim-critical-batch
critical_batch = E_min / S_min  # (16,)

# %% scale-along
def scale_along(B, rate, every):
    """The noise scale on the way to the target, a mean over steps: (16,)."""
    params, total, count = start, 0, 0
    on, g = torch.ones(16, dtype=torch.bool), torch.Generator().manual_seed(B)
    while (on := on & (full_loss(params) > target)).any():
        trace, G2 = noise(params)
        total, count = total + on * trace / G2, count + on
        params = advance(params, rate.expand(16), B, every, g)
    return total / count


slow_rate = min(lr, best[tries.index(large)])
fast, slow = scale_along(N, best[-1], 1), scale_along(large, slow_rate, 8)

# %% claim-noise-over-critical
noise_over_critical = fast / critical_batch  # (16,)

# %% claim-slow-noise
slow_noise = slow / critical_batch  # (16,)
