"""The ensemble of a model's seeds: the mean of their numbers, or of their probabilities."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


def mean(members: Sequence[NDArray[Any]]) -> Doubles:
    """Return the mean of the members' numbers or probabilities; all arrays have one shape."""
    combined: Doubles = np.mean(np.array(members, dtype=np.float64), axis=0)
    return combined


def nll_of_mean(members: Sequence[NDArray[Any]]) -> Doubles:
    """Return the negative log-likelihood of the mean probability, -ln(mean(exp(-nll))), from that of each member."""
    nll = np.array(members, dtype=np.float64)
    combined: Doubles = np.log(len(nll)) - np.logaddexp.reduce(-nll, axis=0)
    return combined
