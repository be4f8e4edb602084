"""The machine that a program runs on, and the one that it plays for publishing."""

import contextlib
import os
import platform
import resource
import sys
from pathlib import Path
from typing import Any


def perturb() -> None:
    """Shift all seeds, or round each normal draw otherwise, if the environment asks.

    Publishing does, to see how far a result depends on either. Each DESCENT_NUDGE is
    a machine of its own: which draws are off in their last place is drawn by it.
    """
    shift = int(os.environ.get("DESCENT_SEEDS", "0"))
    nudge = int(os.environ.get("DESCENT_NUDGE", "0"))
    if not shift and not nudge:
        return
    import torch

    class Shifted(torch.Generator):
        def manual_seed(self, seed: int) -> torch.Generator:
            return super().manual_seed(seed + shift)

    draw = torch.randn

    def randn(*size: Any, **options: Any) -> Any:
        drawn = draw(*size, **options)
        if not nudge:
            return drawn
        # One unit in the last place up, down or none, by a hash of the draw's bits:
        # a machine rounds the same draw alike each time.
        whole = {4: torch.int32, 8: torch.int64}[drawn.element_size()]
        bits = drawn.contiguous().view(whole).long() + (nudge << 40)
        for _ in range(2):  # Knuth's multiplier, of MMIX; the product wraps
            bits = bits * 6364136223846793005
            bits = bits ^ (bits >> 32)
        off = ((bits >> 33) % 3 - 1).to(drawn.dtype)
        return drawn * (1 + off * torch.finfo(drawn.dtype).eps)

    # In this process alone: what follows is the page's program.
    torch.Generator = Shifted  # type: ignore[misc]
    torch.randn = randn


def about() -> dict[str, Any]:
    """What decides the last bits of a result: versions, instruction set, maths."""
    import numpy as np
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
    with contextlib.suppress(OSError):
        # getrusage counts the parent's memory before exec, too; Linux knows better.
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
