"""The loss in one line, and the parameters that make it least."""

from color_names import F, X, Y, chars, forward, init_models, plt, torch, train

# %% one-line
lrs = torch.full((500,), 0.1, dtype=torch.float64)  # (500,): short training
g = torch.Generator().manual_seed(0)
models, _ = train(init_models([0]), lrs, 32, g)
params = [p[0] for p in models]  # the only model

batch_size = 32
ix = torch.randint(len(X), (batch_size,), generator=g)  # (32,)
Xb, Yb = X[ix], Y[ix]  # (32, 3), (32,)
logits = forward(params, Xb)  # (32, 30)
prob = logits.softmax(1)  # (32, 30)
loss = -prob[torch.arange(batch_size), Yb].log().mean()  # ()
print(f"loss {loss:.2f}")

# %% parts
picked = prob[torch.arange(batch_size), Yb]  # (32,): one of each row
sliced = prob[:, Yb]  # (32, 32): every row with every label, a bug
print("picked", tuple(picked.shape), "sliced", tuple(sliced.shape))

costs = -picked.log()  # (32,)
every = forward(params, X).softmax(1)[torch.arange(len(X)), Y]  # (N,)
every_costs = -every.log()  # (N,)
print(f"sum:  {costs.sum():6.0f} of 32, {every_costs.sum():6.0f} of all")
network_loss = every_costs.mean()  # ()
print(f"mean: {costs.mean():6.1f} of 32, {network_loss:6.1f} of all")

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
share_of_3 = costs[:3].sum() / costs.sum()
line = torch.logspace(-8, 0, 200, dtype=torch.float64)  # (200,)
cost_line = -line.log()  # (200,)

# %% figure: curve
fig, ax = plt.subplots()
ax.plot(line, cost_line, color="C0")
ax.plot(p, costs, "o", color="C1", alpha=0.7)
ax.axhline(loss, color="C2", ls="--")
ax.text(1, loss + 0.3, f"the loss {loss:.2f}", color="C2", ha="right")
for i in [0, 3, 15]:
    ax.annotate(names[i], (p[i] + 0.03, costs[i] + 0.5))
ax.set_xlabel("p, the probability given to the character that came")
ax.set(ylabel="-log p (nats)", title="The loss is the mean height of the dots")
plt.show()

# %% product
product, log_sum = every.prod(), every.log().sum()  # (), ()
zero_at = int((every.cumprod(0) > 0).sum()) + 1
print(f"product {product}, zero from factor {zero_at} on")
print(f"sum of logs {log_sum:.0f}")

# %% closed-form
last = X[:, 2]  # (N,): the character before
bigram = torch.bincount(last * 30 + Y, minlength=900).view(30, 30).double()
unigram = bigram.sum(0, keepdim=True)  # (1, 30)
best_bigram = bigram / bigram.sum(1, keepdim=True)  # (30, 30)
best_unigram = unigram / unigram.sum()  # (1, 30)


def loss_of(prob, counts):  # the one line, equal examples taken together
    return -torch.xlogy(counts, prob).sum() / len(Y)  # ()


def slopes(z, counts):  # of the loss of softmax(z), by the logits z
    return (z.softmax(1) * counts.sum(1, keepdim=True) - counts) / len(Y)


z = torch.randn((30, 30), generator=g, dtype=torch.float64)  # any logits
autograd = torch.func.grad(lambda z: F.cross_entropy(z[last], Y))(z)
same_slopes = bool((autograd - slopes(z, bigram)).abs().max() < 1e-12)
print("the slopes are autograd's to 1e-12:", same_slopes)

# %% descent
steps = torch.logspace(0, 4, 41).round().long().unique()  # (38,)


def descend(counts, prob, lr):
    z, losses = torch.zeros_like(counts), []
    for _ in range(steps[-1]):
        z = z - lr * slopes(z, counts)
        losses.append(loss_of(z.softmax(1), counts))
    off = (z.softmax(1) - prob).abs()
    mean_off = (counts * off).sum() / len(Y)  # over the examples
    print(f"probabilities off by {mean_off:.0e}, at most {off.max():.0e}")
    return torch.stack(losses)[steps - 1] - loss_of(prob, counts), off


unigram_gap, unigram_off = descend(unigram, best_unigram, lr=2)
bigram_gap, bigram_off = descend(bigram, best_bigram, lr=40)
last_unigram_gap, last_bigram_gap = unigram_gap[-1], bigram_gap[-1]
bigram_factor = bigram_gap[steps == 1000].item() / bigram_gap[-1]
never, rarest = (bigram == 0).sum(), bigram.sum(1).min()
largest_off = bigram_off.max()

# %% figure: descent
fig, ax = plt.subplots()
ax.loglog(steps, unigram_gap, color="C0")
ax.loglog(steps, bigram_gap, color="C1", ls="--")
ax.text(700, 2e-2, "bigram", color="C1")
ax.text(700, 3e-5, "unigram", color="C0", ha="right")
ax.set(xlabel="step", ylabel="loss above the closed form (nats)")
ax.set_title("Descent goes where counting is at once")
plt.show()

# %% perplexity
built_in = F.cross_entropy(logits, Yb)  # (): from the logits, at the top
print("F.cross_entropy agrees:", bool((built_in - loss).abs() < 1e-12))

uniform = torch.full_like(unigram, 1 / 30)  # (1, 30)
uniform_loss = loss_of(uniform, unigram)
unigram_loss = loss_of(best_unigram, unigram)
bigram_loss = loss_of(best_bigram, bigram)
for value in [uniform_loss, unigram_loss, bigram_loss]:
    print(f"loss {value:.2f}, perplexity {value.exp():4.1f}")
unigram_perplexity, bigram_perplexity = unigram_loss.exp(), bigram_loss.exp()
