"""Spread of a metric over seeds."""

import math
from collections.abc import Sequence

import numpy as np

LEVEL = 0.95

# Metrics that are shares.
SHARES = ("accuracy", "macro_f1", "letter_accuracy", "final_letter_accuracy", "exact")


def interval(values: Sequence[float], lowest: float = -math.inf, highest: float = math.inf) -> dict[str, float]:
    """Return mean, low and high: Student's 95 % interval of the mean over seeds.

    It is cut at the bounds that the values cannot pass, and has no width where there is one value.
    """
    from scipy.special import stdtrit  # late: a third of a second; scipy.stats takes twice that

    mean = float(np.mean(values))
    if len(values) < 2 or min(values) == max(values):
        return {"mean": mean, "low": mean, "high": mean}
    error = float(np.std(values, ddof=1)) / len(values) ** 0.5
    half = float(stdtrit(len(values) - 1, (1 + LEVEL) / 2)) * error
    return {"mean": mean, "low": max(mean - half, lowest), "high": min(mean + half, highest)}


def metric_interval(values: Sequence[float], metric: str) -> dict[str, float]:
    """Return the interval of a metric: none is below 0, and a share not above 1."""
    return interval(values, 0.0, 1.0 if metric in SHARES else math.inf)
