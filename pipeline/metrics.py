"""Metrics of predictions: arrays in, one number out. Natural logarithms throughout."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.floating[Any]]
Whole = NDArray[np.integer[Any]]


def loss(nats: Numbers) -> float:
    """Return the mean cross-entropy in nats, of the negative log probabilities of the true symbols."""
    return float(np.mean(nats, dtype=np.float64))


def perplexity(nats: Numbers) -> float:
    """Return exp of the mean cross-entropy; a uniform model over n symbols has perplexity n.

    Beyond 700 nats, where exp leaves the floats, the result is exp(700): JSON knows no infinity.
    """
    return math.exp(min(loss(nats), 700.0))


def bits_per_symbol(nats: Numbers) -> float:
    """Return the mean cross-entropy in bits."""
    return loss(nats) / math.log(2)


def accuracy(truth: Whole, predicted: Whole) -> float:
    """Return the share of predictions that are right."""
    return float(np.mean(truth == predicted))


def macro_f1(truth: Whole, predicted: Whole, classes: int) -> float:
    """Return the mean over all classes of F1; a class never met and never predicted counts 0."""
    from sklearn.metrics import f1_score  # late: it takes two seconds to import

    labels = list(range(classes))
    return float(f1_score(truth, predicted, labels=labels, average="macro", zero_division=0.0))


def confusion(truth: Whole, predicted: Whole, classes: int) -> NDArray[np.int64]:
    """Count the rows of each (true class, predicted class), (classes, classes)."""
    return np.bincount(truth * classes + predicted, minlength=classes**2).reshape(classes, classes)


def mse(truth: Numbers, predicted: Numbers) -> float:
    """Return the mean squared error, in the squared unit of the data."""
    return float(np.mean((predicted - truth) ** 2, dtype=np.float64))


def rmse(truth: Numbers, predicted: Numbers) -> float:
    """Return the root of the mean squared error, in the unit of the data."""
    return math.sqrt(mse(truth, predicted))


def mae(truth: Numbers, predicted: Numbers) -> float:
    """Return the mean absolute error, in the unit of the data."""
    return float(np.mean(np.abs(predicted - truth), dtype=np.float64))


def exact(truth: Numbers, predicted: Numbers) -> float:
    """Return the share of predictions that equal the truth once rounded to a whole number."""
    return float(np.mean(np.rint(predicted) == truth))


def mase(truth: Numbers, predicted: Numbers, seasonal: float) -> float:
    """Return the mean absolute scaled error (Hyndman and Koehler, 2006); below 1 beats the naive forecast.

    `seasonal` is the mean absolute error, on the training days, of repeating the day a season before.
    """
    return mae(truth, predicted) / seasonal
