"""Cross-entropy: what a model q costs when the data follow p."""

from color_names import (
    F,
    X,
    Y,
    chars,
    forward,
    full_loss,
    init_models,
    plt,
    torch,
    train,
    vmap,
)

# %% two-parts
char = "g" if "g" in chars else chars[1]  # or one of your own words
y = Y[X[:, -1] == chars.index(char)]  # (501,): what comes after each "g"
count = torch.bincount(y, minlength=len(chars)).double()  # (30,)
p = count / count.sum()  # (30,): the data

names = ["uniform", "overall", "counts + 1", "p itself"]
uniform = torch.full_like(p, 1 / len(chars))  # (30,)
overall = torch.bincount(Y).double() / len(Y)  # (30,): after any character
add_one = (count + 1) / (count + 1).sum()  # (30,)
q = torch.stack([uniform, overall, add_one, p])  # (4, 30): the models

some = p > 0  # (30,): a term with p = 0 counts as 0
H_p = -(p * p.log())[some].sum().item()
KL = (p * (p / q).log())[:, some].sum(1)  # (4,)
H_pq = -(p * q.log())[:, some].sum(1)  # (4,)
for i in range(len(q)):
    print(f"{names[i]:10}  {H_p:.3f} + {KL[i]:.3f} = {H_pq[i]:.3f} nats")

# %% figure: two-parts
fig, ax = plt.subplots()
label = "H(p): the same for every model"
ax.barh(names, [H_p] * len(names), color="C0", label=label)
label = "KL(p‖q): the difference"
ax.barh(names, KL.tolist(), left=H_p, color="C1", hatch="//", label=label)
for i in range(len(names)):
    ax.text(H_pq[i] + 0.05, i, f"{H_pq[i]:.2f}", va="center")
ax.invert_yaxis()
ax.set(xlim=(0, 3.8), ylim=(4.6, -0.6), xlabel="H(p, q) (nats)")
ax.grid(axis="y", visible=False)
ax.legend(loc="lower right")
ax.set_title("A part of every bar is the data's own")
plt.show()

# %% one-hot
costs = -overall[y].log()  # (501,): what each label costs
logits = overall.log().expand(len(y), -1)  # (501, 30): softmax gives q
built_in = F.cross_entropy(logits, y)  # ()
print(f"{H_pq[1]:.6f}  {costs.mean():.6f}  {built_in:.6f}")

# %% floors
floors = []
for n in [1, 2, 3]:
    kinds, kind = X[:, -n:].unique(dim=0, return_inverse=True)  # kind: (N,)
    nexts = torch.zeros(len(kinds), len(chars)).double()  # (kinds, 30)
    nexts.index_put_((kind, Y), nexts.new_ones(()), accumulate=True)
    best = nexts / nexts.sum(1, keepdim=True)  # (kinds, 30): a p for each
    floors.append(-best[kind, Y].log().mean().item())
for n in [1, 2, 3]:
    print(f"{n} before it: {floors[n - 1]:.2f} nats")

# %% networks
n_steps, n_longer, lr, batch_size = 300, 1000, 0.1, 32
lrs = torch.full((n_longer,), lr, dtype=torch.float64)  # (1000,)
g = torch.Generator().manual_seed(0)
models, _ = train(init_models(range(16)), lrs[:n_steps], batch_size, g)
longer, _ = train(models, lrs[n_steps:], batch_size, g)

# What comes after each character, in the data and in 16 networks' mean.
last = X[:, -1]  # (N,)
places = torch.bincount(last).double()  # (30,): how often each occurs
P = torch.zeros(len(chars), len(chars)).double()  # (30, 30)
P.index_put_((last, Y), P.new_ones(()), accumulate=True)
P = P / places[:, None]  # (30, 30)
over_models = vmap(lambda m: forward(m, X).softmax(-1), chunk_size=1)
each = over_models(models)  # (16, N, 30)
Q = torch.zeros(16, *P.shape).double()  # (16, 30, 30)
Q = Q.index_add(1, last, each) / places[:, None]  # (16, 30, 30)
entropy = -torch.xlogy(P, P).sum(-1)  # (30,); xlogy(0, 0) is 0
network = -torch.xlogy(P, Q).sum(-1)  # (16, 30): H(p, q) after each

# %% claim: below-overall
below_overall = network[:, chars.index(char)] - H_pq[1]  # (16,)

# %% claim: order-swaps
often = places >= 100  # (30,)
H = network[:, often]  # (16, 22)
D = H - entropy[often]  # (16, 22): the divergences
dearer = H[:, :, None] > H[:, None]  # (16, 22, 22): the first of a pair
nearer = D[:, :, None] < D[:, None]  # (16, 22, 22)
pairs = often.sum() * (often.sum() - 1) / 2  # ()
order_swaps = (dearer & nearer).double().sum((1, 2)) / pairs  # (16,)

# %% claim: towards-floor
above_floor = full_loss(longer) - floors[2]  # (16,)
towards_floor = above_floor / (full_loss(models) - floors[2])  # (16,)


# %% claim: below-floor
def share_below(params):  # of the examples that cost less than the floor
    losses = F.cross_entropy(forward(params, X), Y, reduction="none")  # (N,)
    return (losses < floors[2]).double().mean()


below_floor = vmap(share_below, chunk_size=1)(longer)  # (16,)

# %% numbers
n_chars, n_examples = len(chars), len(X)
n_after_g, n_often = len(y), often.sum()
uniform_nats, overall_nats, add_one_nats, _ = H_pq
uniform_kl, overall_kl, add_one_kl, p_kl = KL
after_uniform = uniform_nats - entropy  # (30,): KL after each character
least_after, most_after = after_uniform.min(), after_uniform.max()
floor_1, floor_2, floor_3 = floors
