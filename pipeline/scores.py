"""The metrics that suit each task, the headline first."""

from collections.abc import Callable, Mapping

import numpy as np

from pipeline import metrics
from pipeline.datasets.prepared import Card
from pipeline.judgement import Predictions
from pipeline.settings.datasets import Task


def scores(predictions: Predictions, card: Card) -> dict[str, float]:
    """Return the metrics of one split's predictions."""
    return SCORES[card.task](predictions, card)


def next_symbol(predictions: Predictions, card: Card) -> dict[str, float]:
    """Score texts by perplexity, rows by their letters; both by loss, which needs no `best`."""
    nats, truth = predictions["nats"], predictions["truth"]
    measured = {
        "perplexity": metrics.perplexity(nats),
        "bits_per_symbol": metrics.bits_per_symbol(nats),
        "loss": metrics.loss(nats),
    }
    if "best" not in predictions:
        return measured
    known = truth != (-1 if card.unknown is None else card.unknown)  # `unknown` names no symbol
    right = (predictions["best"] == truth) & known
    if "row" not in predictions:
        return measured | {"accuracy": float(right.mean())}
    row = predictions["row"]
    final = np.append(row[1:] != row[:-1], True)  # the last entry of each row
    letters = {"letter_accuracy": float(right.mean()), "final_letter_accuracy": float(right[final].mean())}
    return letters | measured


def classify(predictions: Predictions, card: Card) -> dict[str, float]:
    """Score classes by accuracy, macro-F1 and cross-entropy."""
    truth, probabilities = predictions["truth"], predictions["probabilities"]
    best = probabilities.argmax(1)
    true = probabilities[np.arange(len(truth)), truth]
    return {
        "accuracy": metrics.accuracy(truth, best),
        "macro_f1": metrics.macro_f1(truth, best, probabilities.shape[1]),
        "loss": metrics.loss(-np.log(np.maximum(true, np.finfo(np.float64).tiny))),
    }


def regress(predictions: Predictions, card: Card) -> dict[str, float]:
    """Score numbers by their errors; whole numbers also by the share that is exact."""
    truth, predicted = predictions["truth"], predictions["predicted"]
    errors = {"mse": metrics.mse(truth, predicted), "mae": metrics.mae(truth, predicted)}
    whole = bool(np.all(truth == np.rint(truth)))
    return {"exact": metrics.exact(truth, predicted), **errors} if whole else errors


def forecast(predictions: Predictions, card: Card) -> dict[str, float]:
    """Score forecasts by their errors, in the unit of the data and against the seasonal naive error."""
    truth, predicted = predictions["truth"], predictions["predicted"]
    errors = {"mae": metrics.mae(truth, predicted), "rmse": metrics.rmse(truth, predicted)}
    seasonal = card.scaling["values"].seasonal_error
    if not seasonal:  # a series that repeats itself to the last digit has no scale
        return errors
    return {"mase": metrics.mase(truth, predicted, seasonal), **errors}


SCORES: Mapping[Task, Callable[[Predictions, Card], dict[str, float]]] = {
    "next-symbol": next_symbol,
    "classify": classify,
    "regress": regress,
    "forecast": forecast,
}
