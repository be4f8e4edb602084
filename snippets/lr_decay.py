"""Lower the learning rate late in a run, or all along it."""

from color_names import full_loss, init_models, plt, torch, train

# %% level
batch_size = 32
seeds = list(range(16))
rates = torch.tensor([0.05, 0.1, 0.2, 0.3], dtype=torch.float64)
lrs = rates.repeat_interleave(16).expand(800, 64)  # (800, 64): constant
g = torch.Generator().manual_seed(0)
models, early = train(init_models(seeds * 4), lrs[:500], batch_size, g)
at_500 = full_loss(models).view(4, 16)  # (4, 16)
models, late = train(models, lrs[500:], batch_size, g)
at_800 = full_loss(models).view(4, 16)  # (4, 16)
blocks = torch.cat([early, late]).view(40, 20, 4, 16).mean(1)  # less noise
curves = blocks.median(2).values  # (40, 4): the middle seed


# %% cut
def go_on(lrs):
    """100 steps more, on the same batches at each call."""
    g = torch.Generator().manual_seed(1)
    params, losses = train(models, lrs[:100], batch_size, g)
    curves = losses.view(5, 20, 4, 16).mean(1).median(2).values  # (5, 4)
    return full_loss(params).view(4, 16), curves  # (4, 16), (5, 4)


kept, kept_curves = go_on(lrs)
cut, cut_curves = go_on(lrs / 10)
kept_drop = at_800 - kept  # (4, 16): the rate kept
drop = at_800 - cut  # (4, 16): the rate cut to a tenth
lower = (drop > 0).sum(1)  # (4,)
print("seeds lower after the cut:", lower.tolist())

# %% figure: cut
_, ax = plt.subplots()
ax.plot(range(310, 800, 20), curves[15:, 2], "C0")
ax.plot(range(810, 900, 20), kept_curves[:, 2], "oC0", label="rate kept")
ax.plot(range(810, 900, 20), cut_curves[:, 2], "sC1", label="rate cut")
ax.axvline(800, linestyle=":", color="C1")
ax.legend()
ax.set(xlabel="step", ylabel="median batch loss (nats)")
ax.set_title("Cut the rate, and the loss drops at once")
plt.show()

# %% drops
gain = kept - cut  # (4, 16): what the cut adds to going on
wins = (gain > 0).sum(1)  # (4,)
x = rates.log() - rates.log().mean()  # (4,)
power = x @ drop.log() / (x @ x)  # (16,): slope on log axes, by seed
power_high = power.mean() + 2 * power.std() / 4  # 2 standard errors up
drop_mid, gain_mid = drop.median(1).values, gain.median(1).values  # (4,)
drop_low, _, drop_trench, _ = drop_mid
kept_low, *_ = kept_drop.median(1).values
wins_low, *_ = wins
print("seeds where the cut beats going on:", wins.tolist())
print("twice the rate, less than twice the drop:", bool(power_high < 1))

# %% figure: drop
_, ax = plt.subplots()
ax.plot(rates, drop_mid, "-C0", label="before minus after")
ax.plot(rates, gain_mid, "--C1", label="kept minus cut")
ax.plot(rates - 0.002, drop, "oC0", alpha=0.4, markersize=4)
ax.plot(rates + 0.002, gain, "sC1", alpha=0.4, markersize=4)
ax.set(xlabel="learning rate before the cut", ylabel="drop (nats)")
ax.set(xlim=0)
ax.legend()
ax.set_title("The higher the rate, the more a cut brings")
plt.show()

# %% schedules
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, StepLR

schedules = {
    "step": lambda opt: StepLR(opt, step_size=375, gamma=0.1),
    "linear": lambda opt: LinearLR(opt, 1, 0, total_iters=500),
    "cosine": lambda opt: CosineAnnealingLR(opt, T_max=500),
}
lrs = torch.empty(500, 2, 3, dtype=torch.float64)  # step, start, schedule
for i, start in enumerate([0.05, 0.2]):
    for j, schedule in enumerate(schedules.values()):
        opt = SGD([torch.zeros(1)], lr=start)  # trains nothing
        scheduler = schedule(opt)
        for t in range(500):
            lrs[t, i, j] = opt.param_groups[0]["lr"]
            opt.step()
            scheduler.step()
lrs = lrs.flatten(1).repeat_interleave(16, 1)  # (500, 96)
decayed, losses = train(init_models(seeds * 6), lrs, batch_size, g)
constant = at_500[[0, 2]]  # (2, 16): rates 0.05 and 0.2, trained above
change = full_loss(decayed).view(2, 3, 16) - constant[:, None]  # (2, 3, 16)
names = list(schedules)
step_low, linear_low, cosine_low = change[0].median(1).values
for start, seen in zip([0.05, 0.2], change, strict=True):
    for name, nats in zip(names, seen.median(1).values, strict=True):
        end = "higher" if nats > 0 else "lower"
        print(f"{name} from {start}: median {end} than constant")
middle = losses.view(25, 20, 2, 3, 16).mean(1).median(3).values

# %% figure: schedules
_, axes = plt.subplots(2, 1, figsize=(5.2, 6), sharex=True)
for i, ax in enumerate(axes):
    ax.plot(range(110, 500, 20), curves[5:25, 2 * i], label="constant")
    for j, style in enumerate(["--", "-.", ":"]):
        ax.plot(range(110, 500, 20), middle[5:, i, j], style, label=names[j])
    ax.set_ylabel("median batch loss (nats)")
axes[0].legend()
axes[0].set_title("From 0.05, every decay ends higher")
axes[1].set_title("From 0.2, a late step ends lowest")
axes[1].set_xlabel("step")
plt.show()
