"""Bounds: the best that any model could do on given rows, where that can be computed.

A model is a function of its input. Where several rows have the same input and different targets, its output is the
same for all of them, so on these rows it cannot be better than the best single output:

- for probabilities, the shares of the targets among these rows: the mean of -ln q(target) is least at q = shares
  (Gibbs' inequality), and is then their entropy;
- for a class or a symbol, the most frequent target, which is correct for as many rows as have it;
- for a number, the mean of the targets for the squared error, their median for the absolute error.

A bound is one of the evaluated rows alone. A model that was not trained on them may be unable to reach it.

Each takes the fit that is evaluated on a split, and the arrays of the split. It returns the best possible metrics, the
primary metric first, or none.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.prepared import ALL_ROWS
from pipeline.evaluation import metrics
from pipeline.files import Arrays

Metrics = dict[str, float]


def next_symbol_bound(fit: str, arrays: Arrays) -> Metrics:
    """Return how well the letters of words can be predicted from those before, by a model trained on these words.

    The input is the prefix, the target the letter after it. On held-out words the bound says little, as nearly every
    prefix of a few words has a single continuation, so it is given for the fit to all rows alone. The accuracy of final
    letters has a bound of its own, computed from final letters alone.
    """
    if fit != ALL_ROWS:
        return {}
    prefixes, letters, final = _prefixes(arrays)
    nll, correct = _best_outputs(prefixes, letters)
    _, final_correct = _best_outputs([prefixes[item] for item in final], letters[final])
    return {
        "letter_accuracy": float(correct.mean()),
        "final_letter_accuracy": float(final_correct.mean()),
        "perplexity": metrics.perplexity(nll).value,
        "bits_per_symbol": metrics.bits_per_symbol(nll).value,
        "loss": metrics.loss(nll).value,
    }


def classify_bound(fit: str, arrays: Arrays) -> Metrics:
    """Return how well labels can be predicted from texts, some of which have several labels.

    The accuracy is the share of rows whose label is the most frequent one of their text. Macro-F1 is left out: its
    best value is not found text by text.
    """
    rows = zip(np.asarray(arrays["symbols"]), arrays["lengths"], strict=True)
    nll, correct = _best_outputs([row[:length].tobytes() for row, length in rows], np.asarray(arrays["labels"]))
    return {"accuracy": float(correct.mean()), "loss": metrics.loss(nll).value}


def regress_bound(fit: str, arrays: Arrays) -> Metrics:
    """Return how well targets can be predicted from inputs; the errors are 0 if no input has two targets."""
    targets = np.asarray(arrays["targets"], dtype=np.float64)
    inputs = [row.tobytes() for row in np.asarray(arrays["inputs"]) + 0.0]  # turns -0.0 into 0.0, whose bytes differ
    groups = _groups(inputs)
    errors = {
        "mse": _mean_error([np.square(_deviations(targets[group], np.mean)) for group in groups]),
        "mae": _mean_error([np.abs(_deviations(targets[group], np.median)) for group in groups]),
    }
    if not np.array_equal(targets, np.rint(targets)):
        return errors
    _, correct = _best_outputs(inputs, targets)
    return {"exact": float(correct.mean()), **errors}


def _prefixes(arrays: Arrays) -> tuple[list[bytes], NDArray[Any], list[int]]:
    """Return the prefix before each predicted letter, these letters, and the indices of the final ones."""
    prefixes: list[bytes] = []
    letters: list[int] = []
    final: list[int] = []
    for row, length in zip(np.asarray(arrays["symbols"]), arrays["lengths"].tolist(), strict=True):
        prefixes += [row[:step].tobytes() for step in range(1, length)]
        letters += row[1:length].tolist()
        final += [len(letters) - 1] if length > 1 else []
    return prefixes, np.array(letters), final


def _best_outputs(inputs: Sequence[Hashable], targets: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return for each row the nll of its target and whether it is predicted, both under the best output for its input.

    The nll is -ln(share of the target among the rows with the same input); the most frequent target is predicted.
    """
    counts: dict[Hashable, Counter[Any]] = defaultdict(Counter)
    rows = list(zip(inputs, targets.tolist(), strict=True))
    for value, target in rows:
        counts[value][target] += 1
    most_frequent = {value: counter.most_common(1)[0][0] for value, counter in counts.items()}
    nll = [math.log(counts[value].total() / counts[value][target]) for value, target in rows]
    correct = [most_frequent[value] == target for value, target in rows]
    return np.array(nll), np.array(correct)


def _groups(inputs: Sequence[Hashable]) -> list[list[int]]:
    """Return the rows of each input."""
    groups: dict[Hashable, list[int]] = {}
    for row, value in enumerate(inputs):
        groups.setdefault(value, []).append(row)
    return list(groups.values())


def _deviations(targets: NDArray[np.float64], middle: Callable[[Any], Any]) -> NDArray[np.float64]:
    """Return the differences of targets from their mean or median, exactly 0 where all targets are equal."""
    shifted = targets - targets[0]
    deviations: NDArray[np.float64] = shifted - middle(shifted)
    return deviations


def _mean_error(errors: list[NDArray[np.float64]]) -> float:
    return float(np.concatenate(errors).mean())
