"""The best that any model could do on given rows, where it can be computed.

A model is a function of what it reads. Where the same input stands in several rows with different answers, it
says the same thing of all of them, so on these very rows it cannot be better than the best single thing to say:

- as a probability, the shares of the answers among these rows: the mean of -ln q(answer) is least at q = shares
  (Gibbs' inequality), and is then their entropy;
- as one answer, the commonest, which is right for as many rows as share it;
- as a number, their mean for the squared error, their median for the absolute one.

A limit is one of the judged rows alone. Nothing says that a model can reach it without having seen them.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline import metrics
from pipeline.artifacts import Arrays
from pipeline.history import REFIT

Metrics = dict[str, float]


def limit(format_: str, fit: str, arrays: Arrays) -> Metrics:
    """Return the best possible metrics on a split, in the order of their `scores`; empty where none are known."""
    return LIMITS[format_](fit, arrays) if format_ in LIMITS else {}


def next_symbol(fit: str, arrays: Arrays) -> Metrics:
    """Return how well the letters of words can be told from those before, if these very words are known.

    What is read is the prefix, what is asked the letter after it. Of held-out words this is a limit too, but
    so far off, as nearly every prefix of a few words goes on in one way only, that it says nothing: it is
    given for a fit to all words alone. The last letters are a question of their own, among themselves.
    """
    if fit != REFIT:
        return {}
    prefixes, letters, last = _prefixes(arrays)
    nats, right = _conditional(prefixes, letters)
    _, last_right = _conditional([prefixes[item] for item in last], letters[last])
    return {
        "letter_accuracy": float(right.mean()),
        "final_letter_accuracy": float(last_right.mean()),
        "perplexity": metrics.perplexity(nats),
        "bits_per_symbol": metrics.bits_per_symbol(nats),
        "loss": metrics.loss(nats),
    }


def classify(fit: str, arrays: Arrays) -> Metrics:
    """Return how well labels can be told from texts, some of which stand under several labels.

    The accuracy is the sum, over different texts, of the rows with the commonest label of the text, divided
    by all rows. Macro-F1 is left out: no such sum gives its best value.
    """
    rows = zip(np.asarray(arrays["symbols"]), arrays["lengths"], strict=True)
    nats, right = _conditional([row[:length].tobytes() for row, length in rows], np.asarray(arrays["labels"]))
    return {"accuracy": float(right.mean()), "loss": metrics.loss(nats)}


def regress(fit: str, arrays: Arrays) -> Metrics:
    """Return how well targets can be told from inputs; without error where no inputs have two targets."""
    targets = np.asarray(arrays["targets"], dtype=np.float64)
    inputs = [row.tobytes() for row in np.asarray(arrays["inputs"]) + 0.0]  # -0.0 is 0.0
    groups = _groups(inputs)
    errors = {
        "mse": _mean_error([np.square(_beside(targets[group], np.mean)) for group in groups]),
        "mae": _mean_error([np.abs(_beside(targets[group], np.median)) for group in groups]),
    }
    if not np.array_equal(targets, np.rint(targets)):
        return errors
    _, right = _conditional(inputs, targets)
    return {"exact": float(right.mean()), **errors}


def _prefixes(arrays: Arrays) -> tuple[list[bytes], NDArray[Any], list[int]]:
    """Return the letters before each predicted one, the predicted letters, and which of them end a word."""
    prefixes: list[bytes] = []
    letters: list[int] = []
    last: list[int] = []
    for row, length in zip(np.asarray(arrays["symbols"]), arrays["lengths"].tolist(), strict=True):
        prefixes += [row[:place].tobytes() for place in range(1, length)]
        letters += row[1:length].tolist()
        last += [len(letters) - 1] if length > 1 else []
    return prefixes, np.array(letters), last


def _conditional(read: Sequence[Hashable], answers: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return for each row -ln(share of its answer among the rows that read the same), and if it is the commonest."""
    counts: dict[Hashable, Counter[Any]] = defaultdict(Counter)
    listed = answers.tolist()
    for text, answer in zip(read, listed, strict=True):
        counts[text][answer] += 1
    commonest = {text: of.most_common(1)[0][0] for text, of in counts.items()}
    nats = [math.log(counts[text].total() / counts[text][answer]) for text, answer in zip(read, listed, strict=True)]
    right = [commonest[text] == answer for text, answer in zip(read, listed, strict=True)]
    return np.array(nats), np.array(right)


def _groups(read: Sequence[Hashable]) -> list[list[int]]:
    """Return the rows that read the same, together."""
    groups: dict[Hashable, list[int]] = {}
    for row, inputs in enumerate(read):
        groups.setdefault(inputs, []).append(row)
    return list(groups.values())


def _beside(targets: NDArray[np.float64], middle: Callable[[Any], Any]) -> NDArray[np.float64]:
    """Return how far targets are from their middle, which is exactly nothing where they are equal."""
    apart = targets - targets[0]
    beside: NDArray[np.float64] = apart - middle(apart)
    return beside


def _mean_error(errors: list[NDArray[np.float64]]) -> float:
    return float(np.concatenate(errors).mean())


LIMITS: Mapping[str, Callable[[str, Arrays], Metrics]] = {
    "words": next_symbol,
    "labelled": classify,
    "pairs": regress,
}
