"""What well-known rules read off a sweep of the learning rate."""

from color_names import init_models, plt, torch, train

# %% sweeps
batch_size = 32
lre = torch.linspace(-5, 0, 1000, dtype=torch.float64)  # (1000,) exponents
lrs = 10**lre  # (1000,): a little more each step
g = torch.Generator().manual_seed(0)
seeds = list(range(16))
start = init_models(seeds)  # 16 models: C is (16, 30, 10), ...
_, sweeps = train(start, lrs, batch_size, g)  # (1000, 16)

middle = lre[50:950]  # (900,): of windows of 101 steps, a tenth of the sweep
smoothed = sweeps.unfold(0, 101, 1).mean(2)  # (900, 16)
trench = 10 ** middle[smoothed.argmin(0)]  # (16,)
quarters = torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64)
sweep_low, sweep_mid, sweep_high = smoothed.quantile(quarters, 1)  # (900,)


# %% suggest
def suggest(lrs, losses):
    """What fastai's steep, valley and minimum / 10 read: (S,) each."""
    T, mean, smooth = len(lrs), 0, []
    for t, loss in enumerate(losses):
        mean = 0.98 * mean + 0.02 * loss  # (S,)
        smooth.append(mean / (1 - 0.98 ** (t + 1)))
    lrs, smooth = lrs[T // 10 : -5], torch.stack(smooth)[T // 10 : -5]
    slope = smooth.diff(dim=0) / lrs.log().diff()[:, None]  # by log rate
    length = torch.ones(smooth.shape, dtype=torch.int64)  # of the longest
    for i in range(1, len(smooth)):  # falling subsequence that ends at i
        length[i] += (length[:i] * (smooth[:i] > smooth[i])).amax(0)
    end, length = length.argmax(0), length.amax(0)  # (S,): the valley's
    valley = lrs[end - length + length // 3 + length // 6]
    return lrs[slope.argmin(0)], valley, lrs[smooth.argmin(0)] / 10


suggestions = torch.stack(suggest(lrs, sweeps))  # (3, 16)
marks = torch.stack([*suggestions, trench]).log10()  # (4, 16)

# %% figure: suggestions
_, ax = plt.subplots()
ax.plot(middle, sweep_mid)
ax.fill_between(middle, sweep_low, sweep_high, alpha=0.3)
names = ["steep", "valley", "minimum / 10", "trench"]
for i in range(4):
    ax.plot(marks[i], [7.5 - 2.5 * i] * 16, "v^sx"[i], alpha=0.7)
    ax.text(-4.9, 7.5 - 2.5 * i, names[i], va="center")
ax.set(xlabel="log10 of the learning rate", ylabel="loss (nats)")
ax.set_ylim(-2, 30)
ax.set_title("On a long sweep, each rule stops short of the trench")
plt.show()

# %% claim: suggestions-low
suggestions_low = trench / suggestions.amax(0)  # (16,): the highest of three

# %% costs
horizon, tail = 500, 100
rates = torch.stack([*suggestions[1:], trench])  # (3, 16)
each_step = rates.flatten().expand(horizon, -1)  # (500, 48)
_, losses = train(init_models(seeds * 3), each_step, batch_size, g)
ends = losses[-tail:].mean(0).view(3, 16)  # (3, 16): the last batches

# %% claim: valley-costs
valley_costs = ends[0] / ends[2]  # (16,)

# %% claim: tenth-costs
tenth_costs = ends[1] / ends[2]  # (16,)

# %% short
decades = torch.arange(100).double() * 0.08 - 7  # (100,) exponents
_, short = train(start, 10**decades, batch_size, g)  # (100, 16)
_, _, tenth = suggest(10**decades, short)  # (16,)

# %% claim: tenth-of-a-short-sweep
tenth_of_a_short_sweep = tenth / trench  # (16,)

# %% recipe
recipe = [0.001, 0.003, 0.006, 0.01, 0.03, 0.06, 0.1, 0.3, 0.6, 1]
recipe = torch.tensor(recipe, dtype=torch.float64)  # (10,)
tries, last = 100, 20  # steps at each rate, and how many of them count
each_step = recipe.repeat_interleave(16).expand(tries, -1)  # (100, 160)
_, losses = train(init_models(seeds * 10), each_step, batch_size, g)
recipe_end = losses[-last:].mean(0).view(10, 16)  # (10, 16)
recipe_low, recipe_mid, recipe_high = recipe_end.quantile(quarters, 1)
recipe_lre = recipe.log10()  # (10,)

# %% figure: recipe
_, ax = plt.subplots()
ax.plot(middle, sweep_mid, label="one sweep")
ax.fill_between(middle, sweep_low, sweep_high, alpha=0.3)
ax.plot(recipe_lre, recipe_mid, "oC3", label="ten runs of 100 steps")
ax.vlines(recipe_lre, recipe_low, recipe_high, color="C3")
ax.set(xlabel="log10 of the learning rate", ylabel="loss (nats)", ylim=0)
ax.legend(loc="lower left")
ax.set_title("Ten runs from the start follow one sweep's curve")
plt.show()

# %% claim: recipe-agrees
factor = 2
nearby = recipe[recipe_end.argmin(0)] / trench  # (16,)
recipe_agrees = ((nearby > 1 / factor) & (nearby < factor)).double()  # (16,)

# %% numbers
n_sweep, n_short = len(lrs), len(decades)
first_loss = sweep_mid[0]
typical = suggestions.median(1).values  # (3,)
steep_typical, valley_typical, tenth_typical = typical
trench_typical = trench.median()
