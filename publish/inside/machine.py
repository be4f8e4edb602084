"""The machine that a program runs on, and the virtual machine that it may play."""

import contextlib
import os
import platform
import resource
import sys
from pathlib import Path
from typing import Any


def perturb(torch_too: bool) -> None:
    """Shift all seeds, or round each normal draw otherwise, if the environment asks.

    Publishing sets DESCENT_SEEDS or DESCENT_NUDGE, to see how far a result depends on
    either. Each DESCENT_NUDGE is a virtual machine: it decides which draws are off in
    their last place. Draws are NumPy's and, with `torch_too`, PyTorch's.
    """
    shift = int(os.environ.get("DESCENT_SEEDS", "0"))
    nudge = int(os.environ.get("DESCENT_NUDGE", "0"))
    if shift or nudge:
        perturb_numpy(shift, nudge)
        if torch_too:
            perturb_torch(shift, nudge)


def perturb_numpy(shift: int, nudge: int) -> None:
    """Perturb what `numpy.random.default_rng` gives from now on."""
    import numpy as np

    class Perturbed(np.random.Generator):
        def standard_normal(self, *args: Any, **options: Any) -> Any:
            drawn = super().standard_normal(*args, **options)
            return nudged(drawn, nudge) if nudge else drawn

        def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
            if size is None:
                size = np.broadcast_shapes(np.shape(loc), np.shape(scale)) or None
            return loc + scale * self.standard_normal(size)

    def default_rng(seed: int) -> np.random.Generator:
        return Perturbed(np.random.PCG64(seed + shift))

    # In this process only, which runs nothing but the page's program.
    np.random.default_rng = default_rng  # type: ignore[assignment]


def perturb_torch(shift: int, nudge: int) -> None:
    """Perturb what `torch.Generator` and `torch.randn` give from now on."""
    import torch

    class Shifted(torch.Generator):
        def manual_seed(self, seed: int) -> torch.Generator:
            return super().manual_seed(seed + shift)

    draw = torch.randn

    def randn(*size: Any, **options: Any) -> Any:
        drawn = draw(*size, **options)
        return torch.from_numpy(nudged(drawn.numpy(), nudge)) if nudge else drawn

    # In this process only, too: PyTorch has no hook for its draws.
    torch.Generator = Shifted  # type: ignore[misc]
    torch.randn = randn


def nudged(drawn: Any, nudge: int) -> Any:
    """Draws that are one unit in the last place up, down or as they were.

    A hash of each draw's bits says which, as a machine rounds equal draws alike.
    """
    import numpy as np

    array = np.atleast_1d(np.ascontiguousarray(drawn))
    whole = {4: np.int32, 8: np.int64}[array.itemsize]
    bits = array.view(whole).astype(np.int64) + (nudge << 40)
    for _ in range(2):  # Knuth's multiplier, of MMIX; the product wraps
        bits = bits * 6364136223846793005
        bits = bits ^ (bits >> 32)
    off = ((bits >> 33) % 3 - 1).astype(array.dtype)
    return (array * (1 + off * np.finfo(array.dtype).eps)).reshape(np.shape(drawn))


def about() -> dict[str, Any]:
    """What decides the last bits of a result: versions, instruction set, maths."""
    import numpy as np

    if "torch" not in sys.modules:
        return {"numpy": np.__version__, "cpu": cpu()}
    import torch

    mkl = "mkl" in torch.__config__.show().lower()
    return {
        "torch": torch.__version__,
        "numpy": np.__version__,
        "capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "mkl_mode": os.environ.get("MKL_CBWR", "") if mkl else "none",
        "cpu": cpu(),
    }


def cpu() -> str:
    """The kind of processor, as far as the system tells."""
    keys = ("vendor_id", "cpu family", "model", "model name")
    about = processor()
    named = " ".join(about[key] for key in keys if key in about)
    return named or platform.processor() or platform.machine()


def processor() -> dict[str, str]:
    """What Linux tells of the processor, by its names; {} elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return {}
    pairs = (line.split(": ", 1) for line in lines if ": " in line)
    return {key.strip(): value for key, value in pairs}


def peak_megabytes() -> float:
    """The most memory that this process has held."""
    with contextlib.suppress(OSError):  # macOS has no such file
        # getrusage counts the parent's memory before exec, too; Linux's file doesn't.
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
