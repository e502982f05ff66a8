"""Metrics of predictions: what each is, and the functions that compute them; `tasks` says which each task has.

An nll is the negative log-likelihood of the true symbol or class, in nats. Arrays have an entry for each item, (n,).
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.about import Metric

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.integer[Any]]

MAX_NATS = 700.0

ACCURACY = Metric(
    name="accuracy",
    label="accuracy",
    explanation="share of rows, or symbols, that are predicted correctly",
    higher_is_better=True,
    at_most=1.0,
)
MACRO_F1 = Metric(
    name="macro_f1",
    label="macro-F1",
    explanation="F1 of each class, averaged so that small classes count as much as large ones",
    higher_is_better=True,
    at_most=1.0,
)
LETTER_ACCURACY = Metric(
    name="letter_accuracy",
    label="letter accuracy",
    explanation="share of letters after the first that are predicted correctly, given the true letters before",
    higher_is_better=True,
    at_most=1.0,
)
FINAL_LETTER_ACCURACY = Metric(
    name="final_letter_accuracy",
    label="final letter accuracy",
    explanation="the same for the last letter of a word alone",
    higher_is_better=True,
    at_most=1.0,
)
EXACT = Metric(
    name="exact",
    label="exact after rounding",
    explanation="share of predictions that are correct after rounding",
    higher_is_better=True,
    at_most=1.0,
)
LOSS = Metric(
    name="loss",
    label="loss (nats)",
    explanation="cross-entropy: the mean negative log-likelihood (nll), -ln(probability of the truth), in nats",
)
PERPLEXITY = Metric(
    name="perplexity",
    label="perplexity",
    explanation="exp(loss): the prediction is as uncertain as a choice among that many equally likely symbols",
)
PERPLEXITY_KNOWN = Metric(
    name="perplexity_known",
    label="perplexity of known symbols",
    explanation="perplexity over the symbols that some training row has: each of the others costs a large loss, which "
    "no model can avoid",
)
BITS_PER_SYMBOL = Metric(name="bits_per_symbol", label="bits per symbol", explanation="the loss in bits")
MSE = Metric(name="mse", label="mean squared error", explanation="mean of (prediction - true value) squared")
MAE = Metric(name="mae", label="mean absolute error", explanation="mean of |prediction - true value|")
RMSE = Metric(name="rmse", label="root mean squared error", explanation="square root of the mean squared error")
MASE = Metric(
    name="mase",
    label="MASE",
    explanation="mean absolute error divided by that of the seasonal naive forecast (the value one season before) on "
    "the training days",
)


def loss(nll: FloatArray) -> float:
    """Return the mean cross-entropy, in nats."""
    return float(np.mean(nll, dtype=np.float64))


def perplexity(nll: FloatArray) -> float:
    """Return exp of the mean cross-entropy; a uniform distribution over n symbols has perplexity n.

    The loss is cut at `MAX_NATS`, near where exp overflows, since JSON has no infinity.
    """
    return math.exp(min(loss(nll), MAX_NATS))


def bits_per_symbol(nll: FloatArray) -> float:
    """Return the mean cross-entropy in bits."""
    return loss(nll) / math.log(2)


def accuracy(truth: IntArray, predicted: IntArray) -> float:
    """Return the share of correct predictions."""
    return float(np.mean(truth == predicted))


def macro_f1(truth: IntArray, predicted: IntArray, classes: int) -> float:
    """Return the mean over all classes of F1; a class without rows and predictions counts 0."""
    from sklearn.metrics import f1_score  # late: it takes two seconds to import

    labels = list(range(classes))
    return float(f1_score(truth, predicted, labels=labels, average="macro", zero_division=0.0))


def confusion(truth: IntArray, predicted: IntArray, classes: int) -> NDArray[np.int64]:
    """Count the rows of each (true class, predicted class), (classes, classes)."""
    return np.bincount(truth * classes + predicted, minlength=classes**2).reshape(classes, classes)


def mse(truth: FloatArray, predicted: FloatArray) -> float:
    """Return the mean squared error, in the squared unit of the data."""
    return float(np.mean((predicted - truth) ** 2, dtype=np.float64))


def rmse(truth: FloatArray, predicted: FloatArray) -> float:
    """Return the root of the mean squared error, in the unit of the data."""
    return math.sqrt(mse(truth, predicted))


def mae(truth: FloatArray, predicted: FloatArray) -> float:
    """Return the mean absolute error, in the unit of the data."""
    return float(np.mean(np.abs(predicted - truth), dtype=np.float64))


def exact(truth: FloatArray, predicted: FloatArray) -> float:
    """Return the share of predictions that equal the truth when rounded to a whole number."""
    return float(np.mean(np.rint(predicted) == truth))


def mase(truth: FloatArray, predicted: FloatArray, seasonal: float) -> float:
    """Return the mean absolute scaled error (Hyndman and Koehler, 2006).

    Args:
        truth: The true values.
        predicted: The forecasts.
        seasonal: The mean absolute error, on the training days, of repeating the value of a season before; above 0.

    Returns:
        The mean absolute error divided by `seasonal`: below 1, the forecast is better than the seasonal naive
        forecast is on the training days.
    """
    return mae(truth, predicted) / seasonal
