"""One dimension of every tensor is the examples, from X to the loss."""

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
    vmap,
)

# %% shapes
g = torch.Generator().manual_seed(0)
params = init_params(g)
C, W1, b1, W2, b2 = params

emb = C[X]  # (N, 3, 10)
h = torch.tanh(emb.flatten(1) @ W1 + b1)  # (N, 200)
logits = h @ W2 + b2  # (N, 30)
losses = F.cross_entropy(logits, Y, reduction="none")  # (N,)
loss = losses.mean()  # ()

for tensor in [X, emb, h, logits, losses, loss]:
    print(tuple(tensor.shape))

# %% sizes
names = ["X", "emb", "h", "logits", "losses", "loss"]
shapes = [tuple(t.shape) for t in [X, emb, h, logits, losses, loss]]
sizes = [[*shape, 0, 0, 0][:3] for shape in shapes]  # 0: no such dimension

# %% figure: shapes
steps = ["C[X]", "tanh(emb.flatten(1) @ W1 + b1)", "h @ W2 + b2"]
steps += ["cross_entropy with Y", "mean over the examples", ""]
plain = {"color": "C0", "alpha": 0.35}
picked = {"facecolor": "none", "edgecolor": "C1", "hatch": "////"}
fig, ax = plt.subplots(figsize=(5.2, 5.6))
for row, (name, step) in enumerate(zip(names, steps, strict=True)):
    y = -1.5 * row
    ax.text(-0.2, y, name, ha="right", va="center", weight="bold")
    ax.text(1.6, y - 0.75, step and f"↓ {step}", va="center")
    for dim, size in enumerate(sizes[row]):
        if size > 0:
            style = plain if dim else picked
            ax.bar(1.6 * dim + 0.7, 0.25, 1.4, y - 0.4, lw=2, **style)
            ax.text(1.6 * dim + 0.7, y - 0.05, f"{size:,.0f}", ha="center")
ax.text(0, y, "()  one number, no dimension left", va="center")
ax.text(0.7, 0.6, "examples", color="C1", ha="center", weight="bold")
ax.set(xlim=(-1.5, 5.4), ylim=(y - 0.5, 1.1))
ax.axis("off")
ax.set_title("The examples keep a dimension up to the mean")
plt.show()


# %% claim: batch-norm-mixes
def normed(params, x):  # the network with its hidden units normalised
    C, W1, b1, W2, b2 = params
    h = torch.tanh(C[x].flatten(1) @ W1 + b1)  # (B, 200)
    return (h - h.mean(0)) / h.std(0) @ W2 + b2  # (B, 30)


batch_size, few = 32, min(500, len(X))
models = init_models(range(16))  # C is (16, 30, 10), ...
passes = vmap(normed, (0, None))  # of 16 models on the same examples
company = passes(models, X[:few])[:, :batch_size]  # (16, 32, 30): of 500
moved = company - passes(models, X[:batch_size])  # (16, 32, 30)
batch_norm_mixes = moved.std((1, 2)) / company.std((1, 2))  # (16,)

# %% two-bugs
versions = {
    "right": lambda exps: exps / exps.sum(1, keepdim=True),
    "dim 0": lambda exps: exps / exps.sum(0, keepdim=True),
    "no keepdim": lambda exps: exps / exps.sum(1),
}


def losses_of(logits, y, softmax):
    probs = softmax(logits.exp())  # (30, 30)
    return -probs[torch.arange(len(y)), y].log()  # (30,)


ix = torch.randint(len(X), (len(chars),), generator=g)  # (30,)
x, y = X[ix], Y[ix]  # as many examples as classes
logits = forward(params, x)  # (30, 30)
for name, softmax in versions.items():
    losses = losses_of(logits, y, softmax)  # (30,)
    print(f"{name:12}{tuple(losses.shape)}, mean {losses.mean():.1f}")

# %% train-with-each
n_steps, lr, shown_over = 200, 0.1, 20


def train_with(softmax):  # 16 models, from the same starts and batches
    def mean_loss(params, x, y):
        return losses_of(forward(params, x), y, softmax).mean()

    params, g = models, torch.Generator().manual_seed(1)
    step, shown, true = vmap(grad_and_value(mean_loss)), [], []
    for at in range(n_steps):
        if at % shown_over == 0:
            true.append(full_loss(params))
        ix = torch.randint(len(X), (16, len(chars)), generator=g)  # (16, 30)
        grads, loss = step(params, X[ix], Y[ix])
        params = [p - lr * g for p, g in zip(params, grads, strict=True)]
        shown.append(loss)
    return params, torch.stack(shown), torch.stack([*true, full_loss(params)])


runs = [train_with(softmax) for softmax in versions.values()]
shown = torch.stack([run[1] for run in runs])  # (3, 200, 16)
shown = shown.unflatten(1, (-1, shown_over)).mean(2)  # (3, 10, 16)
true = torch.stack([run[2] for run in runs])  # (3, 11, 16)

# %% figure: shown-and-true
fig, axs = plt.subplots(1, 2, sharey=True, figsize=(5.2, 3.4))
every = n_steps // len(shown[0])
styles = {"right": "-", "dim 0": "--", "no keepdim": ":"}
for row, (name, style) in enumerate(styles.items()):
    at = [every * (i + 0.5) for i in range(len(shown[row]))]
    axs[0].plot(at, shown[row].mean(1), style, lw=2, label=name)
    at = [every * i for i in range(len(true[row]))]
    axs[1].plot(at, true[row].mean(1), style, lw=2, label=name)
    above = {"right": -1.3, "dim 0": 1.4, "no keepdim": 2.6}[name]
    end = at[-1], true[row].mean(1)[-1] + above
    axs[1].text(*end, name, ha="right", va="center", color=f"C{row}")
axs[0].set(xlabel="step", ylabel="loss (nats)", ylim=(0, None))
axs[0].set_title("The loss that you are shown", size=11)
axs[1].set(xlabel="step")
axs[1].set_title("The true loss", size=11)
fig.suptitle("A falling loss hides both bugs")
plt.show()

# %% claim: dim-0-shows-learning
dim_0_shows_learning = shown[1][0] - shown[1][-1]  # (16,)

# %% claim: dim-0-harm
right_end, dim_0_end, no_keepdim_end = true[:, -1]  # (16,) each
dim_0_harm = dim_0_end - right_end  # (16,)

# %% claim: no-keepdim-harm
no_keepdim_harm = no_keepdim_end - right_end  # (16,)

# %% catch-them
for name, softmax in versions.items():
    sums = softmax(logits.exp()).sum(1)  # (30,): over the classes
    to_one = torch.allclose(sums, torch.ones_like(sums))
    rows = [losses_of(logits[[i]], y[[i]], softmax) for i in range(len(y))]
    same = torch.allclose(torch.cat(rows), losses_of(logits, y, softmax))
    print(f"{name:12}sums to one: {to_one!s:7}same alone: {same}")

# %% numbers
n_examples, n_chars, emb_size = len(X), len(chars), emb.shape[2]
joined, hidden = len(W1), len(W2)
uniform = torch.tensor(len(chars)).log()
by_version = [losses_of(logits, y, softmax) for softmax in versions.values()]
by_version = torch.stack(by_version)  # (3, 30)
error = by_version[0].std() / len(y) ** 0.5
shown_right, shown_dim_0, shown_no_keepdim = shown[:, -1].mean(1)
true_start, _, _ = true[:, 0].mean(1)
true_right, true_dim_0, true_no_keepdim = true[:, -1].mean(1)
# What tests/facts hold: one example at a time, and what the bugs do.
alone = torch.cat([forward(params, X[i : i + 1]) for i in range(few)])
together = forward(params, X[:few])  # (500, 30), as `alone`
sums = [softmax(logits.exp()).sum(1) for softmax in versions.values()]
sums = torch.stack(sums)  # (3, 30)
moved_b2 = [(run[0][4] - models[4]).abs().max() for run in runs]
