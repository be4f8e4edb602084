"""Train twins that differ in ten weights' last bit, and see how they part."""

from color_names import (
    X,
    Y,
    init_models,
    init_params,
    plt,
    sgd_step,
    torch,
    vmap,
)

# %% two-runs
for lr in [0.05, 1]:
    g = torch.Generator().manual_seed(0)
    one = init_params(g)
    two = [p.clone() for p in one]
    two[0][0] = two[0][0].nextafter(two[0][0] + 1)  # (10,): C's first row
    for _ in range(100):
        ix = torch.randint(len(X), (32,), generator=g)  # (32,): for both
        one, _ = sgd_step(one, lr, X[ix], Y[ix])
        two, _ = sgd_step(two, lr, X[ix], Y[ix])
    gaps = [(p - q).abs().max() for p, q in zip(one, two, strict=True)]
    print(f"rate {lr}: the same to ten digits: {max(gaps) < 1e-10}")

# %% twins
twin_rates, n_twin, batch_size = [0.05, 0.1, 0.2, 0.4, 1], 100, 32
seeds = list(range(16))
g = torch.Generator().manual_seed(0)
models = init_models(seeds * 5)  # 80 models: C is (80, 30, 10), ...
S = len(models[0])
lr = torch.tensor(twin_rates, dtype=torch.float64)  # (5,)
lr = lr.repeat_interleave(16).repeat(2)  # (160,)
params = [torch.cat([p, p]) for p in models]  # twins: C is (160, 30, 10)
w = models[0][:, 0]  # (80, 10)
params[0][S:, 0] = w.nextafter(w + 1)  # the last bit of ten weights
apart = []
for _ in range(n_twin):
    gaps = [(p[:S] - p[S:]).flatten(1) for p in params]  # (80, 300), ...
    apart.append(torch.cat(gaps, 1).norm(dim=1))  # (80,)
    ix = torch.randint(len(X), (S, batch_size), generator=g).repeat(2, 1)
    params, _ = vmap(sgd_step)(params, lr, X[ix], Y[ix])
apart = torch.stack(apart).view(n_twin, 5, 16)  # (100, 5, 16)
apart_lg = apart.log10()  # (100, 5, 16)
apart_low, apart_high = apart_lg.amin(2), apart_lg.amax(2)  # (100, 5) each
apart_mid = apart_lg.median(2).values  # (100, 5)

# %% figure: twins
_, ax = plt.subplots()
for i in range(5):
    ax.plot(apart_mid[:, i])
    ax.fill_between(range(100), apart_low[:, i], apart_high[:, i], alpha=0.3)
    height = apart_mid[-1, i] + [-0.7, 0.7, 0, -0.7, 0.7][i]
    ax.text(101, height, f"rate {twin_rates[i]:g}", va="center")
ax.set(xlabel="step", ylabel="log10 of the twins' distance")
ax.set_title("Past the trench, the last bit decides")
plt.show()

# %% claim: twins-beyond
grown = apart[20, 4] / apart[5, 4]  # (16,): at a rate of 1
twins_beyond = grown ** (1 / 15)  # (16,): a step

# %% claim: twins-part
ways = [(p[:S] - q).flatten(1) for p, q in zip(params, models, strict=True)]
way = torch.cat(ways, 1).norm(dim=1).view(5, 16)  # from the start to the end
twins_part = apart[-1, 4] / way[4]  # (16,)

# %% claim: twins-in-the-trench
twins_in_the_trench = (apart[-1, 2] / apart[20, 2]) ** (1 / 79)  # (16,)

# %% claim: twins-below
twins_below = apart[-1, 0]  # (16,): at a rate of 0.05

# %% numbers
rate_below, rate_half, rate_trench, rate_past, rate_beyond = twin_rates
