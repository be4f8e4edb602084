"""Counting gives the maximum likelihood, and descent approaches it."""

from color_names import (
    X,
    Y,
    chars,
    full_loss,
    init_models,
    plt,
    torch,
    train,
    words,
)

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

# %% figure: descent
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

# %% claim: bigram-theory
bigram_theory = bigram_gap[-1] / theory[-1]  # (16,)

# %% claim: bigram-tenth
n_tenth = n_descent // 10
bigram_tenth = bigram_gap[-1] / bigram_gap[n_tenth - 1]  # (16,)

# %% claim: unigram-arrives
unigram_arrives = unigram_off.amax((1, 2)) * 1e6  # (16,): in millionths

# %% claim: rare-rows-last
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

# %% claim: network-above-bigram
batch_size, n_steps, n_longer, lr = 32, 500, 1400, 0.1
lrs = torch.full((n_longer,), lr, dtype=torch.float64)  # (1400,)
start = init_models(range(16))
models, _ = train(start, lrs[:n_steps], batch_size, g16)
network_above_bigram = full_loss(models) - bigram_loss  # (16,)

# %% claim: network-below-bigram
longer, _ = train(models, lrs[n_steps:], batch_size, g16)
network_below_bigram = full_loss(longer) - bigram_loss  # (16,)

# %% claim: new-names
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

# %% numbers
last_unigram_gap, last_bigram_gap = unigram_curve[-1], bigram_curve[-1]
n_pairs, n_unseen = bigram.numel(), (bigram == 0).sum()
rarest = bigram.sum(1).min()  # ()
largest_row = bigram.sum(1).max() / len(Y)  # ()
unigram_perplexity = losses["unigram"].exp()  # ()
bigram_perplexity = bigram_loss.exp()  # ()
start_loss, uniform_loss = full_loss(start).mean(), losses["uniform"]
