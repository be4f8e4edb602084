"""How much a cut of the learning rate brings, by the rate before it."""

from color_names import full_loss, init_models, plt, torch, train

# %% level
low, trench = 0.05, 0.2  # two of the rates
batch_size, n_steps, n_seeds = 32, 800, 16
seeds = list(range(n_seeds))
rates = torch.tensor([low, 0.1, trench, 0.3], dtype=torch.float64)  # (4,)
lrs = rates.repeat_interleave(16).expand(n_steps, 64)  # (800, 64): constant
g = torch.Generator().manual_seed(0)
models, losses = train(init_models(seeds * 4), lrs, batch_size, g)
at_800 = full_loss(models).view(4, 16)  # (4, 16)

# %% cut
n_soon, n_more = 25, 100


def go_on(models, lrs):
    """The losses 25 and 100 steps on, over all examples: (S,) each."""
    g = torch.Generator().manual_seed(1)  # the same batches at each call
    soon, _ = train(models, lrs[:n_soon], batch_size, g)
    end, _ = train(soon, lrs[n_soon:n_more], batch_size, g)
    return full_loss(soon), full_loss(end)


_, kept = go_on(models, lrs)  # (64,)
cut_soon, cut = go_on(models, lrs / 10)  # (64,) each
kept, cut, cut_soon = (x.view(4, 16) for x in (kept, cut, cut_soon))  # (4, 16)

# %% drops
drop = at_800 - cut  # (4, 16): before minus after
gain = kept - cut  # (4, 16): what the cut adds to going on
drop_mid, gain_mid = drop.median(1).values, gain.median(1).values  # (4,)
quarters = torch.tensor([0.25, 0.75], dtype=torch.float64)  # (2,)
drop_half = drop.quantile(quarters, dim=1)  # (2, 4): of the seeds
gain_half = gain.quantile(quarters, dim=1)  # (2, 4)


def power(y):
    """The slope of y, (4, 16), over the rates on log axes, by seed: (16,)."""
    x = rates.log() - rates.log().mean()  # (4,)
    return x @ y.log() / (x @ x)


# %% figure: drop
_, ax = plt.subplots()
ax.plot(rates, drop_mid, "o-C0", label="before minus after")
ax.plot(rates, gain_mid, "s--C1", label="kept minus cut")
ax.vlines(rates, *drop_half, "C0", linewidth=4, alpha=0.4)
ax.vlines(rates, *gain_half, "C1", linewidth=4, alpha=0.4)
ax.axhline(0, color="0.5", linewidth=0.8)
ax.set(xlabel="learning rate before the cut", ylabel="drop (nats)")
ax.set(xlim=0)
ax.legend()
ax.set_title("The higher the rate, the more a cut brings")
plt.show()

# %% claim: every-cut-lowers
lowered = at_800 - cut  # (4, 16)
every_cut_lowers = lowered.amin(0)  # (16,): at the rate where it does least

# %% claim: drop-power
drop_power = power(drop)  # (16,): 1 if the drop is proportional to the rate

# %% claim: power-falls
power_falls = power(at_800 - cut_soon) - drop_power  # (16,)

# %% claim: cut-beats
cut_beats = gain[1:].amin(0)  # (16,): at the rate where it does least

# %% claim: low-rate
low_rate = gain[0]  # (16,): kept minus cut at the rate 0.05

# %% claim: low-rate-later
slow = [p[:16] for p in models]  # those at 0.05 are first in each tensor
again = torch.Generator().manual_seed(2)
slow, _ = train(slow, lrs[:, :16], batch_size, again)  # 800 steps more
_, slow_kept = go_on(slow, lrs[:, :16])  # (16,)
_, slow_cut = go_on(slow, lrs[:, :16] / 10)  # (16,)
low_rate_later = slow_kept - slow_cut  # (16,)

# %% numbers
drop_low, gain_trench = drop_mid[0], gain_mid[2]
