"""What a baseline and a bound are, and how the hyperparameters of a baseline are chosen."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pipeline.data.prepared import DataCard, Prepared
from pipeline.evaluation.references import SplitResult
from pipeline.files import Arrays

Candidate = TypeVar("Candidate")

# (arrays before the split in time, if there are any; arrays of the split) -> result on the split
Predict = Callable[[Arrays | None, Arrays], SplitResult]
# (fit, arrays of a split) -> the best possible metrics, or none
ComputeBound = Callable[[str, Arrays], dict[str, float]]


@dataclass(frozen=True)
class FitData:
    """The rows to fit a baseline to, and the splits to choose its hyperparameters on."""

    card: DataCard
    rows: Arrays  # the training rows, or all rows
    train: Arrays
    validation: Arrays | None  # None if no rows are held out


Fit = Callable[[FitData], Predict]


@dataclass(frozen=True)
class Baseline:
    """A method without a network: the function that fits it, and what it is."""

    fit: Fit
    short_name: str  # within a sentence
    description: str
    sampled: bool = False  # it is fitted to a sample of large data


@dataclass(frozen=True)
class Bound:
    """The best that any model can do on given rows."""

    compute: ComputeBound
    description: str


@dataclass(frozen=True)
class References:
    """What the models on some kind of data are compared with."""

    baselines: Mapping[str, Baseline]  # by names `baseline-...`; the first is the strong one if no rows are held out
    bound: Bound | None = None  # None if none can be computed
    sample: str = ""  # of large data: a sentence after a space


FindReferences = Callable[[Prepared], References]


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
