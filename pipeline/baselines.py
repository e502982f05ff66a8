"""What a model without a network predicts: the least that a network has to beat."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from pipeline.artifacts import Arrays
from pipeline.datasets.prepared import Card
from pipeline.judgement import Predictions
from pipeline.settings.datasets import Task

# (training arrays, arrays before the judged ones, judged arrays, card) -> predictions
Baseline = Callable[[Arrays, Arrays | None, Arrays, Card], Predictions]


def most_frequent_symbol(train: Arrays, before: Arrays | None, arrays: Arrays, card: Card) -> Predictions:
    """Give each symbol its share of the training text, one being added to each count."""
    counts = np.bincount(_symbols(train)[0], minlength=card.symbols or 0) + 1
    truth, places = _symbols(arrays)
    nats = -np.log(counts / counts.sum())
    return {"truth": truth, "nats": nats[truth], "best": np.full(len(truth), counts.argmax()), **places}


def _symbols(arrays: Arrays) -> tuple[NDArray[np.int64], dict[str, NDArray[np.int64]]]:
    """Return the predicted symbols in order, and for rows the place of each."""
    if "stream" in arrays:
        return np.asarray(arrays["stream"], dtype=np.int64), {}
    symbols = arrays["symbols"]
    step = np.arange(symbols.shape[1])
    predicted = (step > 0) & (step < arrays["lengths"][:, None])
    row, place = np.nonzero(predicted)
    return symbols[predicted].astype(np.int64), {"row": row.astype(np.int64), "step": place.astype(np.int64)}


def most_frequent_class(train: Arrays, before: Arrays | None, arrays: Arrays, card: Card) -> Predictions:
    """Give each class its share of the training rows."""
    counts = np.bincount(train["labels"], minlength=len(card.classes or ())) + 1
    truth = arrays["labels"].astype(np.int64)
    return {"truth": truth, "probabilities": np.tile(counts / counts.sum(), (len(truth), 1))}


def mean_target(train: Arrays, before: Arrays | None, arrays: Arrays, card: Card) -> Predictions:
    """Predict the mean of the training targets, whatever is asked."""
    truth = arrays["targets"].astype(np.float64)
    return {"truth": truth, "predicted": np.full(len(truth), np.mean(train["targets"], dtype=np.float64))}


def seasonal_naive(train: Arrays, before: Arrays | None, arrays: Arrays, card: Card) -> Predictions:
    """Repeat the value of a season before; the first season of all has none."""
    season = card.season or 1
    history = np.asarray(before["values"])[-season:] if before else ()
    values = np.concatenate((history, arrays["values"]))
    return {"truth": values[season:], "predicted": values[:-season]}


BASELINES: Mapping[Task, tuple[str, Baseline]] = {
    "next-symbol": ("the symbols' shares of the training text", most_frequent_symbol),
    "classify": ("always the most frequent class", most_frequent_class),
    "regress": ("always the mean of the training targets", mean_target),
    "forecast": ("the value of a season before", seasonal_naive),
}
