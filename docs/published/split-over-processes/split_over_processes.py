# Split the examples over processes
# From Descent Notes: https://descent-notes.github.io/descent-notes/notes/split-over-processes/
# Needs Python 3.11 or later, torch and matplotlib.

# %% setup
"""The example that all notes share: colour names and a small character model.

Data: the 949 colour names of the xkcd survey, which Matplotlib carries. Model:
the character model of Bengio et al. (2003), JMLR 3, 1137-1155
"""

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from matplotlib.colors import XKCD_COLORS
from torch.func import grad_and_value, vmap

# The steps are so small that two threads wait for each other most of the time.
torch.set_num_threads(1)

# Your own words: change this one line, to words = ["sun", "moon"], say.
words = [name.removeprefix("xkcd:") for name in XKCD_COLORS]
if isinstance(words, str) or not all(isinstance(w, str) for w in words):
    raise TypeError("words must be a list of texts, like ['sun', 'moon']")
if len(set(words)) < 2 or "." in "".join(words):
    raise ValueError("words must be two different ones at least, without '.'")
context = 3  # characters that the model sees

chars = [".", *sorted(set("".join(words)))]  # "." marks the end of a word
index = {char: i for i, char in enumerate(chars)}
examples = []
for word in words:
    ids = [0] * context + [index[char] for char in word] + [0]
    examples += [ids[i : i + context + 1] for i in range(len(word) + 1)]
X = torch.tensor(examples)[:, :context]  # (N, 3): the characters before
Y = torch.tensor(examples)[:, context]  # (N,): the character that comes next

# The full set, cheaper: each of its K contexts once, with the counts of what
# follows it as targets. As X and Y of `loss_fn` they give the same mean loss.
contexts, row = torch.unique(X, dim=0, return_inverse=True)  # (K, 3), (N,)
counts = torch.zeros(len(contexts), len(chars), dtype=torch.float64)  # (K, 30)
counts.index_put_((row, Y), counts.new_ones(()), accumulate=True)
full_set = contexts, counts * len(contexts) / len(X)  # means over K, not N


def init_params(g):
    """Five tensors from a standard normal, drawn with the generator `g`."""
    shapes = [(len(chars), 10), (context * 10, 200), (200,)]
    shapes += [(200, len(chars)), (len(chars),)]
    # float64: two CPUs then agree on many more digits than float32 leaves.
    return [torch.randn(s, generator=g, dtype=torch.float64) for s in shapes]


def forward(params, X):
    """Logits (B, 30) for the contexts X (B, 3)."""
    C, W1, b1, W2, b2 = params
    emb = C[X]  # (B, 3, 10)
    h = torch.tanh(emb.flatten(1) @ W1 + b1)  # (B, 200)
    return h @ W2 + b2  # (B, 30)


def loss_fn(params, X, Y):
    """Mean cross-entropy in nats, a scalar."""
    return F.cross_entropy(forward(params, X), Y)


def sgd_step(params, lr, X, Y):
    """One step of gradient descent: the new parameters, the loss before it."""
    grads, loss = grad_and_value(loss_fn)(params, X, Y)
    return [p - lr * g for p, g in zip(params, grads, strict=True)], loss


# Many models side by side: each tensor gets a first dimension, S models long.
def init_models(seeds):
    """The parameters of one model a seed, stacked: C is (S, 30, 10), ..."""
    models = [init_params(torch.Generator().manual_seed(s)) for s in seeds]
    return [torch.stack(p) for p in zip(*models, strict=True)]


def train(params, lrs, batch_size, g):
    """Take a step with each of `lrs`: (T,), or (T, S) for a rate a model.

    Returns the parameters and the batch losses (T, S), each before its step.
    """
    losses = []
    for lr in lrs:
        ix = torch.randint(len(X), (len(params[0]), batch_size), generator=g)
        lr = lr.expand(len(ix))  # (S,)
        params, loss = vmap(sgd_step)(params, lr, X[ix], Y[ix])
        losses.append(loss)
    return params, torch.stack(losses)


def full_loss(params):
    """The loss of each model over all N examples: (S,)."""
    over_models = vmap(loss_fn, in_dims=(0, None, None), chunk_size=4)
    return over_models(params, *full_set)

# %% shares
g = torch.Generator().manual_seed(0)
params = [p.requires_grad_() for p in init_params(g)]
ix = torch.randint(len(X), (32,), generator=g)  # (32,): a batch


def gradient(params, x, y):  # of the mean loss over x and y, in one row: (P,)
    grads = torch.autograd.grad(loss_fn(params, x, y), params)
    return torch.cat([grad.flatten() for grad in grads])


whole = gradient(params, X[ix], Y[ix])  # (P,)
for sizes in [16, 16], [8, 8, 8, 8], [24, 8]:
    shares = [gradient(params, X[i], Y[i]) for i in ix.split(sizes)]
    mean = sum(shares) / len(shares)  # (P,)
    off = (mean - whole).norm() / whole.norm()  # ()
    print(f"{sizes}: off by {off.round(decimals=2)} of its length")

# %% sixteen
batch_size, n_seeds = len(ix), 16
models = init_models(range(n_seeds))  # 16 models: C is (16, 30, 10), ...
ixs = torch.randint(len(X), (n_seeds, batch_size), generator=g)  # (16, 32)
xs, ys = X[ixs], Y[ixs]  # (16, 32, 3), (16, 32)
single, by_cut = [], []
for i in range(n_seeds):
    model = [p[i].clone().requires_grad_() for p in models]
    own = gradient(model, xs[i], ys[i])  # (P,)
    single.append(own)
    for cut in range(1, batch_size):
        first = gradient(model, xs[i, :cut], ys[i, :cut])  # (P,)
        rest = gradient(model, xs[i, cut:], ys[i, cut:])  # (P,)
        by_cut.append(((first + rest) / 2 - own).norm() / own.norm())
single = torch.stack(single)  # (16, P): what one process finds
by_cut = torch.stack(by_cut).view(n_seeds, -1)  # (16, 31)
low, high = by_cut.aminmax(dim=0)  # (31,), (31,)
mean_off = by_cut.mean(0)  # (31,)
cuts = torch.arange(1, batch_size)  # (31,)
part = cuts.double() / batch_size  # (31,): of the batch, in the first share
right_angles = (part - 0.5).abs() / (part * (1 - part)).sqrt()  # (31,)

# %% figure-cuts
_, ax = plt.subplots()
ax.fill_between(cuts, low, high, color="C0", alpha=0.3, lw=0)
ax.plot(cuts, mean_off, color="C0", label="16 models: mean and range")
ax.plot(cuts, right_angles, "--", color="C1", label="if at right angles")
ax.set(xlabel="examples in the first of two shares, of 32")
ax.set(ylabel="distance from the batch's gradient")
ax.set(xticks=range(0, 33, 4), ylim=(0, None))
ax.legend(loc="upper center")
ax.set_title("Only equal shares give the batch's gradient")
plt.show()

# %% script
script = """\
import os
import sys

import torch
import torch.distributed as dist
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel


class Network(torch.nn.Module):
    def __init__(self, params):
        super().__init__()
        self.params = torch.nn.ParameterList(params)

    def forward(self, x):
        C, W1, b1, W2, b2 = self.params
        h = torch.tanh(C[x].flatten(1) @ W1 + b1)
        return h @ W2 + b2


dist.init_process_group("gloo")
rank, n = dist.get_rank(), dist.get_world_size()
models, xs, ys = torch.load("start.pt")  # a model and a batch for each seed
found = []
# n equal shares; then two, cut where the command line says
for cut in [n, *([int(place)] for place in sys.argv[1:])]:
    for i in range(len(xs)):
        x, y = xs[i].tensor_split(cut)[rank], ys[i].tensor_split(cut)[rank]
        model = DistributedDataParallel(Network([p[i] for p in models]))
        loss = cross_entropy(model(x), y)  # the mean over this process's share
        loss.backward()  # and the mean of all processes' gradients
        found.append(torch.cat([p.grad.flatten() for p in model.parameters()]))
torch.save(torch.stack(found).unflatten(0, (-1, len(xs))), f"grads-{rank}.pt")
dist.destroy_process_group()
os._exit(0)  # at once: a thread of Gloo's may still hold tensors
"""

# %% start
import os
import subprocess
import sys
from pathlib import Path

torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
torchrun += ["--local-addr", "127.0.0.1"]  # whatever this machine is called
loopback = "lo0" if sys.platform == "darwin" else "lo"
settings = {"GLOO_SOCKET_IFNAME": loopback, "OMP_NUM_THREADS": "1"}


def gradients(n, *args):
    """What `torchrun --nproc-per-node n split.py` leaves: (ways, n, 16, P)."""
    Path("split.py").write_text(script, "utf-8")
    torch.save([models, xs, ys], "start.pt")
    command = [*torchrun, "--nproc-per-node", str(n), "split.py"]
    command += map(str, args)
    env = {**os.environ, **settings}
    ran = subprocess.run(command, env=env, capture_output=True, text=True)
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    found = [torch.load(f"grads-{rank}.pt") for rank in range(n)]
    return torch.stack(found, 1)


large, small = 24, 8
two, unequal = gradients(2, large)  # (2, 16, P), (2, 16, P)
(four,) = gradients(4)  # (4, 16, P)

# %% compare
def off(grads):  # on the process that is furthest off: (16,)
    return (grads - single).norm(dim=2).amax(0) / single.norm(dim=1)


ways = {"two": two, "four": four, f"{large} and {small}": unequal}
for name, grads in ways.items():
    print(f"{name:9} off by {off(grads).mean().round(decimals=2)}")

# %% claim-two-processes
two_processes = off(two)  # (16,)

# %% claim-four-processes
four_processes = off(four)  # (16,)

# %% claim-unequal-shares
unequal_shares = off(unequal)  # (16,)

# %% ring
def ring(grads):
    """The mean that each process ends with, and how many bytes it sent."""
    n = len(grads)
    parts = [list(grad.tensor_split(n)) for grad in grads]  # n parts in each
    sent = [0] * n
    for step in range(2 * (n - 1)):
        for rank in range(n):
            k, right = (rank - step) % n, (rank + 1) % n
            sent[rank] += parts[rank][k].nbytes  # part k goes to the right
            before = parts[right][k] if step < n - 1 else 0
            parts[right][k] = before + parts[rank][k]
    return [torch.cat(own) / n for own in parts], sent


shares = [gradient(params, X[i], Y[i]) for i in ix.chunk(4)]  # four of (P,)
means, sent = ring(shares)
print("the batch's:", all(torch.allclose(mean, whole) for mean in means))
print(f"sent by each: {sum(sent) / len(sent):,.0f} bytes")

# %% costs
processes = [1, 2, 4, 8, 16, 32]
_, W1, _, W2, _ = params
sums, bytes_sent = [], []
for n in processes:
    shares = [gradient(params, X[i], Y[i]) for i in ix.chunk(n)]  # n of (P,)
    _, sent = ring(shares)
    bytes_sent.append(sum(sent) / n)
    # Each weight takes one multiply-add forwards, and two backwards.
    sums.append(3 * (W1.numel() + W2.numel()) * batch_size / n)

# %% figure-costs
_, ax = plt.subplots()
ax.plot(processes, sums, "o-", color="C0")
ax.plot(processes[1:], bytes_sent[1:], "s--", color="C1")
ax.text(3, sums[1], "multiply-adds", color="C0")
ax.text(10, bytes_sent[3] * 1.25, "bytes sent", color="C1")
ax.set(xscale="log", yscale="log", xlabel="processes")
ax.set(ylabel="of each process, in a step")
ax.set_xticks(processes, [str(n) for n in processes])
ax.set_yticks([1e5, 1e6], ["100,000", "1,000,000"])
ax.minorticks_off()
ax.set_title("Each computes less, and sends no less")
plt.show()
