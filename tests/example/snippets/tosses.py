"""Tosses of a fair coin, in hundreds of rows."""

import matplotlib.pyplot as plt
import numpy as np

n_tosses = 1024


def tosses(seed):
    """Heads (1) and tails (0) of 64 coins: (64, n_tosses)."""
    return np.random.default_rng(seed).normal(size=(64, n_tosses)) > 0
