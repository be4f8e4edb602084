"""How close a mini-batch gradient is to the full one, and what it costs."""

from color_names import (
    X,
    Y,
    full_loss,
    full_set,
    init_models,
    loss_fn,
    plt,
    sgd_step,
    torch,
    train,
    vmap,
)

# %% two-places
N, lr = len(X), torch.tensor(0.1)
g = torch.Generator().manual_seed(0)
start = init_models(range(16))  # 16 models: C is (16, 30, 10), ...
later, _ = train(start, lr.expand(600), 32, g)

# %% full-set
model = [p[0] for p in start]
gap = loss_fn(model, X, Y) - loss_fn(model, *full_set)  # ()
print(f"{N:,} examples in {len(full_set[0]):,} different contexts;")
print("the same loss either way:", bool(gap.abs() < 1e-12))

# %% gradient-error
from torch.func import grad


def flat(params):
    """Each model's five tensors as one row: (16, 12530)."""
    return torch.cat([p.flatten(1) for p in params], 1)


full_grad = vmap(grad(loss_fn), (0, None, None), chunk_size=1)
mini_grad = vmap(grad(loss_fn), chunk_size=1)
sizes = [8, 32, 128, 512, 2048]
errors, cosines = torch.zeros(2, 5, 16), torch.zeros(2, 5, 16)
for i, models in enumerate([start, later]):
    full = flat(full_grad(models, *full_set))  # (16, 12530)
    for j, B in enumerate(sizes):
        ix = torch.randint(N, (16, B), generator=g)  # (16, B)
        mini = flat(mini_grad(models, X[ix], Y[ix]))  # (16, 12530)
        errors[i, j] = (mini - full).norm(dim=1) / full.norm(dim=1)  # (16,)
        cosines[i, j] = torch.cosine_similarity(mini, full)  # (16,)

error, cosine = errors.median(2)[0], cosines.median(2)[0]  # (2, 5)
print("batch   error: start, later   cosine: start, later")
for B, e, c in zip(sizes, error.T, cosine.T, strict=True):
    print(f"{B:5} {e[0]:14.1f} {e[1]:6.1f} {c[0]:15.2f} {c[1]:6.2f}")
error_start, error_later = error[:, 1]  # at batch size 32
cosine_start, cosine_later = cosine[:, 1]
shrink_start, shrink_later = (errors[:, 0] / errors[:, 4]).median(1)[0]

# %% figure: error
fig, (top, bottom) = plt.subplots(2, 1, sharex=True, figsize=(5.2, 5))
for i, style in enumerate(["o-", "s--"]):
    top.loglog(sizes, error[i], style, label=["start", "later"][i])
    bottom.semilogx(sizes, cosine[i], style)
top.axhline(1, ls=":", color=plt.rcParams["text.color"])
top.set_title("One mini-batch gradient is not close")
top.set_ylabel("error / full gradient")
top.legend()
bottom.set_ylabel("cosine to the full one")
bottom.set_xlabel("batch size (examples)")
bottom.set_xticks(sizes, [f"{B}" for B in sizes])
bottom.minorticks_off()
plt.show()

# %% cost
from torch.utils.flop_counter import FlopCounterMode

for B in [8, 32, 256, N]:
    with FlopCounterMode(display=False) as counter:
        sgd_step(model, lr, X[:B], Y[:B])
    flops = counter.get_total_flops() / 1e6
    print(f"{B:6} examples: {flops:6.1f} million operations")

# %% many-steps
full_step = vmap(sgd_step, (0, None, None, None), chunk_size=1)
batches, marks = [N, 256, 32, 8], [1, 2, 4, 8, 16, 32]
losses = torch.zeros(3, 4, 6, 16)  # (setting, batch size, mark, model)
apart = torch.zeros(3, 4, 6, 16)
moves = torch.zeros(4, 6, 16, 12530)
settings = [(start, lr), (later, lr), (later, lr / 10)]
for i, (models, rate) in enumerate(settings):
    for j, B in enumerate(batches):
        params = models
        for step in range(1, 33):
            if B < N:
                params, _ = train(params, rate[None], B, g)
            else:
                params, _ = full_step(params, rate, *full_set)
            if step in marks:
                k = marks.index(step)
                losses[i, j, k] = full_loss(params)
                moves[j, k] = flat(params) - flat(models)
    apart[i] = (moves - moves[0]).norm(dim=3) / moves[0].norm(dim=2)

names = ["start, rate 0.1", "later, rate 0.1", "later, rate 0.01"]
loss, away = losses.median(3)[0], apart.median(3)[0]  # (3, 4, 6)
for i, name in enumerate(names):
    print(f"{name}:".ljust(20), "loss   away after 1 step, 32 steps")
    for j, B in enumerate(batches):
        first, last = away[i, j, 0], away[i, j, 5]
        print(f"{B:18} {loss[i, j, 5]:6.1f} {first:19.1f} {last:10.1f}")
before = full_loss(later)  # (16,)
loss_later, loss_full, loss_32 = before.median(), loss[1, 0, 5], loss[1, 2, 5]
first_32, last_32, last_256 = away[2, 2, 0], away[2, 2, 5], away[2, 1, 5]
start_first, start_32, start_256 = away[0, 2, 0], away[0, 2, 5], away[0, 1, 5]
one_step = loss[0, 0, 0]  # the full set, after its first step
end_full, end_256, end_32, end_8 = loss[0, :, 5]  # after 32
excess = losses[0, 1, 5] / losses[0, 0, 5] - 1  # (16,)
excess_low, excess_high = excess.min(), excess.max()

# %% figure: work
fig, axes = plt.subplots(1, 2, sharey=True)
for j, style in enumerate(["D-", "s--", "v-.", "o:"]):
    label = f"batch {batches[j]}" if j else "full set"
    axes[0].loglog(marks, loss[0, j], style, label=label)
    axes[1].loglog([batches[j] * mark for mark in marks], loss[0, j], style)
fig.suptitle("Close by steps, far ahead by examples")
axes[0].set_xlabel("step")
axes[1].set_xlabel("examples processed")
axes[0].set_ylabel("loss over all examples (nats)")
axes[0].set_yticks([10, 15, 20, 25], ["10", "15", "20", "25"])
axes[0].minorticks_off()
axes[0].legend(fontsize="small")
plt.show()

# %% figure: arrival
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
