"""The rows that a baseline is fitted to: all there are, or of large data a sample that takes minutes at most."""

import numpy as np

from pipeline.data.prepared import Prepared
from pipeline.evaluation.baselines.base import FitData
from pipeline.files import Arrays

MAX_SYMBOLS = 500_000  # of a text: those nearest to the texts that are predicted
MAX_ROWS = 50_000  # others are drawn at random
MAX_PRODUCT = 1_000_000  # of rows and classes, as each class has weights of its own
HELD_OUT_SHARE = 5  # rows that hyperparameters are chosen on are so many times fewer


def sampled(data: FitData) -> FitData:
    """Return what to fit to and to choose hyperparameters on, with samples of what is large."""
    classes = len(data.card.classes or ())
    train = _training_sample(data.train, classes)
    rows = train if data.rows is data.train else _training_sample(data.rows, classes)
    validation = None if data.validation is None else _validation_sample(data.validation, classes)
    return FitData(data.card, rows, train, validation)


def describe_sample(prepared: Prepared) -> str:
    """Return which part of large data a baseline is fitted to, each sentence after a space; nothing if that is all."""
    splits, classes = prepared.splits, len(prepared.classes)
    sizes = _compare(splits["train"], _training_sample(splits["train"], classes), "last", "training")
    sentences = f" It is fitted to {sizes}." if sizes else ""
    if held_out := splits.get("validation"):
        sizes = _compare(held_out, _validation_sample(held_out, classes), "first", "validation")
        sentences += f" Its hyperparameters are chosen on {sizes}." if sizes else ""
    return sentences


def _training_sample(arrays: Arrays, classes: int) -> Arrays:
    """Return the rows to fit to, or the end of a text."""
    if "stream" in arrays:
        return {"stream": arrays["stream"][-MAX_SYMBOLS:]}
    return _draw(arrays, _most_rows(classes))


def _validation_sample(arrays: Arrays, classes: int) -> Arrays:
    """Return the rows to choose hyperparameters on, or the start of a text."""
    if "stream" in arrays:
        return {"stream": arrays["stream"][: MAX_SYMBOLS // HELD_OUT_SHARE]}
    return _draw(arrays, _most_rows(classes) // HELD_OUT_SHARE)


def _compare(arrays: Arrays, sample: Arrays, end: str, split: str) -> str:
    """Return how large a sample is, and of how many; nothing if it is all."""
    whole, taken = _count(arrays), _count(sample)
    if taken == whole:
        return ""
    if "stream" in arrays:
        return f"the {end} {taken:,} of {whole:,} {split} symbols"
    return f"{taken:,} of {whole:,} {split} rows, drawn at random"


def _count(arrays: Arrays) -> int:
    return len(next(iter(arrays.values())))


def _most_rows(classes: int) -> int:
    return min(MAX_ROWS, MAX_PRODUCT // max(classes, 1))


def _draw(arrays: Arrays, size: int) -> Arrays:
    rows = _count(arrays)
    if rows <= size:
        return arrays
    drawn = np.sort(np.random.default_rng(0).choice(rows, size, replace=False))
    return {name: array[drawn] for name, array in arrays.items()}
