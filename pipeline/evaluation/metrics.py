"""Metrics of predictions, and which of them each task has.

An nll is the negative log-likelihood of the true symbol or class, in nats. Arrays have an entry for each item, (n,).
"""

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.prepared import DataCard
from pipeline.params.schema import Task

if TYPE_CHECKING:
    from pipeline.tasks.base import Predictions

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.integer[Any]]

MAX_NATS = 700.0


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


def compute_metrics(predictions: "Predictions", card: DataCard) -> dict[str, float]:
    """Return the metrics of one split's predictions, the primary metric first."""
    return METRICS[card.task](predictions, card)


def next_symbol_metrics(predictions: "Predictions", card: DataCard) -> dict[str, float]:
    """Return perplexity, bits per symbol and loss, and an accuracy: of a text's symbols, or of the letters of words.

    An ensemble has no `best`, and so no accuracy.
    """
    nll, truth = predictions["nll"], predictions["truth"]
    metrics = {
        "perplexity": perplexity(nll),
        "bits_per_symbol": bits_per_symbol(nll),
        "loss": loss(nll),
    }
    if "best" not in predictions:
        return metrics
    in_vocabulary = truth != (-1 if card.unknown is None else card.unknown)
    correct = (predictions["best"] == truth) & in_vocabulary  # predicting the `unknown` token is never correct
    if "row" not in predictions:
        return metrics | {"accuracy": float(correct.mean())}
    row = predictions["row"]
    final = np.append(row[1:] != row[:-1], True)  # the last entry of each row
    letters = {"letter_accuracy": float(correct.mean()), "final_letter_accuracy": float(correct[final].mean())}
    return letters | metrics


def classify_metrics(predictions: "Predictions", card: DataCard) -> dict[str, float]:
    """Return accuracy, macro-F1 and cross-entropy."""
    truth, probabilities = predictions["truth"], predictions["probabilities"]
    best = probabilities.argmax(1)
    of_truth = probabilities[np.arange(len(truth)), truth]
    return {
        "accuracy": accuracy(truth, best),
        "macro_f1": macro_f1(truth, best, probabilities.shape[1]),
        "loss": loss(-np.log(np.maximum(of_truth, np.finfo(np.float64).tiny))),
    }


def regress_metrics(predictions: "Predictions", card: DataCard) -> dict[str, float]:
    """Return the errors of numbers; for whole numbers also the share that is exact after rounding."""
    truth, predicted = predictions["truth"], predictions["predicted"]
    errors = {"mse": mse(truth, predicted), "mae": mae(truth, predicted)}
    whole = bool(np.all(truth == np.rint(truth)))
    return {"exact": exact(truth, predicted), **errors} if whole else errors


def forecast_metrics(predictions: "Predictions", card: DataCard) -> dict[str, float]:
    """Return the errors of forecasts, in the unit of the data and relative to the seasonal naive error."""
    truth, predicted = predictions["truth"], predictions["predicted"]
    errors = {"mae": mae(truth, predicted), "rmse": rmse(truth, predicted)}
    seasonal = card.scaling["values"].seasonal_error
    if not seasonal:  # a series that repeats itself exactly has no scale
        return errors
    return {"mase": mase(truth, predicted, seasonal), **errors}


METRICS: Mapping[Task, Callable[["Predictions", DataCard], dict[str, float]]] = {
    "next-symbol": next_symbol_metrics,
    "classify": classify_metrics,
    "regress": regress_metrics,
    "forecast": forecast_metrics,
}
