"""Metrics of predictions: what each is, and the functions that compute them; `tasks` says which each task has.

Each function returns a `Score`: the metric as a function of sums over items, of which a bootstrap makes others.

An nll is the negative log-likelihood of the true symbol or class, in nats. Arrays have an entry for each item, (n,).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.about import Metric

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.integer[Any]]
Doubles = NDArray[np.float64]

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


@dataclass(frozen=True)
class Score:
    """A metric of some items, as a function of sums over them.

    Attributes:
        items: The number of items, n.
        sum_blocks: Takes the block of each item, (n,), and returns the sums of each block, (k, blocks).
        of_sums: Takes sums over items, (k, ...), and returns the metric before `finish`, (...).
        finish: An increasing function, such as exp.
    """

    items: int
    sum_blocks: Callable[[IntArray], Doubles]
    of_sums: Callable[[Doubles], Doubles]
    finish: Callable[[Doubles], Doubles] = lambda plain: plain

    @property
    def plain(self) -> float:
        """Return the metric of all items, before `finish`."""
        return float(self._all_items()[0])

    @property
    def value(self) -> float:
        """Return the metric of all items."""
        return float(self.finish(self._all_items())[0])

    def _all_items(self) -> Doubles:
        """Return the metric of one block of all items, (1,), before `finish`."""
        return self.of_sums(self.sum_blocks(np.zeros(self.items, dtype=np.int64)))


def mean(values: FloatArray | NDArray[np.bool_], counted: NDArray[np.bool_] | None = None) -> Score:
    """Return the mean of a number of each item, or of each item that is counted."""
    weights = np.ones(len(values)) if counted is None else counted.astype(np.float64)
    numbers = np.asarray(values, dtype=np.float64) * weights

    def sum_blocks(block: IntArray) -> Doubles:
        return np.stack([np.bincount(block, numbers), np.bincount(block, weights)])

    return Score(len(numbers), sum_blocks, _divide)


def _divide(sums: Doubles) -> Doubles:
    """Return sums of numbers divided by sums of weights; 0 where no item is counted."""
    quotients: Doubles = np.divide(sums[0], sums[1], out=np.zeros_like(sums[0]), where=sums[1] > 0)
    return quotients


def exp(plain: Doubles) -> Doubles:
    """Return e to the power of a loss, which is cut at `MAX_NATS`, near where it overflows: JSON has no infinity."""
    return np.exp(np.minimum(plain, MAX_NATS))


def loss(nll: FloatArray) -> Score:
    """Return the mean cross-entropy, in nats."""
    return mean(nll)


def perplexity(nll: FloatArray) -> Score:
    """Return exp of the mean cross-entropy; a uniform distribution over n symbols has perplexity n."""
    return replace(mean(nll), finish=exp)


def bits_per_symbol(nll: FloatArray) -> Score:
    """Return the mean cross-entropy in bits."""
    return replace(mean(nll), finish=lambda plain: plain / math.log(2))


def accuracy(truth: IntArray, predicted: IntArray) -> Score:
    """Return the share of correct predictions."""
    return mean(truth == predicted)


def macro_f1(truth: IntArray, predicted: IntArray, classes: int) -> Score:
    """Return the mean over all classes of F1; a class without rows and predictions counts 0.

    F1 of a class is twice its correct rows, divided by its rows and its predictions together.
    """
    hit = np.asarray(truth == predicted, dtype=np.float64)

    def sum_blocks(block: IntArray) -> Doubles:
        """Return each class's correct rows, and then its rows and predictions together, (2 classes, blocks)."""
        blocks = int(block.max(initial=0)) + 1
        cells = block.astype(np.int64) * classes
        size = blocks * classes
        correct = np.bincount(cells + truth, hit, size)
        found = np.bincount(cells + truth, minlength=size) + np.bincount(cells + predicted, minlength=size)
        return np.concatenate([correct.reshape(blocks, classes).T, found.reshape(blocks, classes).T.astype(np.float64)])

    def of_sums(sums: Doubles) -> Doubles:
        f1: Doubles = 2 * _divide(sums.reshape(2, classes, -1))
        means: Doubles = f1.mean(0)
        return means

    return Score(len(truth), sum_blocks, of_sums)


def confusion(truth: IntArray, predicted: IntArray, classes: int) -> NDArray[np.int64]:
    """Count the rows of each (true class, predicted class), (classes, classes)."""
    return np.bincount(truth * classes + predicted, minlength=classes**2).reshape(classes, classes)


def mse(truth: FloatArray, predicted: FloatArray) -> Score:
    """Return the mean squared error, in the squared unit of the data."""
    return mean((predicted - truth) ** 2)


def rmse(truth: FloatArray, predicted: FloatArray) -> Score:
    """Return the root of the mean squared error, in the unit of the data."""
    return replace(mse(truth, predicted), finish=np.sqrt)


def mae(truth: FloatArray, predicted: FloatArray) -> Score:
    """Return the mean absolute error, in the unit of the data."""
    return mean(np.abs(predicted - truth))


def exact(truth: FloatArray, predicted: FloatArray) -> Score:
    """Return the share of predictions that equal the truth when rounded to a whole number."""
    return mean(np.rint(predicted) == truth)


def mase(truth: FloatArray, predicted: FloatArray, seasonal: float) -> Score:
    """Return the mean absolute scaled error (Hyndman and Koehler, 2006).

    Args:
        truth: The true values.
        predicted: The forecasts.
        seasonal: The mean absolute error, on the training days, of repeating the value of a season before; above 0.

    Returns:
        The mean absolute error divided by `seasonal`: below 1, the forecast is better than the seasonal naive
        forecast is on the training days.
    """
    return replace(mae(truth, predicted), finish=lambda plain: plain / seasonal)
