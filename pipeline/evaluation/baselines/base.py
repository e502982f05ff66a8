"""The interface of the baselines, and how their hyperparameters are chosen."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pipeline.data.prepared import DataCard
from pipeline.evaluation.results import SplitResult
from pipeline.files import Arrays

Candidate = TypeVar("Candidate")

# (arrays before the split in time, if there are any; arrays of the split) -> result on the split
Predict = Callable[[Arrays | None, Arrays], SplitResult]


@dataclass(frozen=True)
class FitData:
    """The rows to fit a baseline to, and the splits to choose its hyperparameters on."""

    card: DataCard
    rows: Arrays  # the training rows, or all rows
    train: Arrays
    validation: Arrays | None  # None if no rows are held out
    window: int | None = None  # of the models, in lags, if they have one; the largest where they differ


Fit = Callable[[FitData], Predict]


def fit_best(
    data: FitData,
    candidates: Sequence[Candidate],
    fit: Callable[[Arrays, Candidate], Predict],
    loss: Callable[[SplitResult], float],
) -> Predict:
    """Fit with the hyperparameters that have the lowest loss on the validation rows when fitted to the training rows.

    Args:
        data: What to fit to; for all rows, the hyperparameters are those of the training rows too.
        candidates: The hyperparameters to choose from; without validation rows, the first is taken.
        fit: Fits to some rows with some hyperparameters.
        loss: Returns the loss of a result.
    """
    if data.validation is None:
        return fit(data.rows, candidates[0])
    best, lowest, fitted = candidates[0], math.inf, None
    for candidate in candidates:  # one at a time: only the best so far stays in memory
        predict = fit(data.train, candidate)
        if (found := loss(predict(data.train, data.validation))) < lowest:
            best, lowest, fitted = candidate, found, predict
    return fitted if fitted is not None and data.rows is data.train else fit(data.rows, best)
