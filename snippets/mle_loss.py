"""The loss in one line, part by part."""

from color_names import (
    F,
    X,
    Y,
    chars,
    forward,
    full_loss,
    grad_and_value,
    init_models,
    init_params,
    plt,
    torch,
    train,
    vmap,
)

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

# %% figure: curve
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


# %% claim: log-teaches
rate_p = 1.0
on_p = train_on_p(start, rate_p)
log_teaches = mean_p(early) - mean_p(on_p)  # (16,)

# %% claim: calm-start
calm = [*start[:3], start[3] / 100, start[4] / 100]
calm_log, _ = train(calm, lrs[:n_early], batch_size, g16)
calm_p = train_on_p(calm, rate_p)
calm_start = mean_p(calm_p) - mean_p(calm_log)  # (16,)


# %% claim: three-make-half
def share_of_3(params):  # of the costliest three in a batch's loss: (16,)
    over_batches = vmap(vmap(costs_of, (None, 0, 0)))
    costs = over_batches(params, X[draws], Y[draws])  # (16, 100, 32)
    three = costs.topk(3).values.sum(2)  # (16, 100)
    return (three / costs.sum(2)).mean(1)


three_make_half = share_of_3(models)  # (16,)

# %% claim: three-before-training
three_before_training = share_of_3(start)  # (16,)

# %% numbers
n_examples, n_chars = len(X), len(chars)
cheap = int((dot_cost < 1).sum())  # below one nat
costliest, highest = names[0], dot_cost[0]
batch_sum, all_sum = dot_cost.sum(), -every.log().sum()  # (), ()
all_mean = all_sum / n_examples  # ()
zero_at = int((every.cumprod(0) > 0).sum()) + 1
times = rate_p / lr
p_chars, uniform_loss = 1 / n_chars, torch.tensor(n_chars).log()
start_loss = full_loss(start).mean()  # ()
calm_cost_p = full_loss(calm_p).mean()  # ()
calm_cost_log = full_loss(calm_log).mean()  # ()
