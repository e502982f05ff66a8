"""Intervals of metrics over seeds."""

import math
from collections.abc import Sequence

import numpy as np

LEVEL = 0.95  # of the intervals; a difference is significant at alpha = 1 - LEVEL


def interval(values: Sequence[float], lowest: float = -math.inf, highest: float = math.inf) -> dict[str, float]:
    """Return Student's 95 % interval of a mean over seeds.

    Args:
        values: A value for each seed.
        lowest: The smallest value that is possible.
        highest: The largest value that is possible.

    Returns:
        `mean`, `low` and `high`; the interval is cut at the possible values, and has no width if there is one value.
    """
    from scipy.special import stdtrit  # late: a third of a second; scipy.stats takes twice that

    mean = float(np.mean(values))
    if len(values) < 2 or min(values) == max(values):
        return {"mean": mean, "low": mean, "high": mean}
    error = float(np.std(values, ddof=1)) / len(values) ** 0.5
    half = float(stdtrit(len(values) - 1, (1 + LEVEL) / 2)) * error
    return {"mean": mean, "low": max(mean - half, lowest), "high": min(mean + half, highest)}
