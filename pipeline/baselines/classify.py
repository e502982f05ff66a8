"""Baselines that name the class of a text."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.artifacts import Arrays
from pipeline.baselines.learning import Lesson, Predict, chosen
from pipeline.judgement import Answer

START, END = "\x02", "\x03"
FIRST = 0x100  # symbol 0 is written as this character, clear of the marks
LONGEST_RUN = 4  # characters, of runs that may stand anywhere
LONGEST_ENDING = 8
RARE = 2  # texts in which a run must stand to count
CLOSE = 0.0003  # the largest slope of the loss at which it counts as least
STEPS = 1000  # far more than it takes to get there

Features = Callable[[int], Any]  # number of texts -> a vectoriser of scikit-learn


def frequent(lesson: Lesson) -> Predict:
    """Give each class its share of the rows, one being added to each count."""
    counts = np.bincount(lesson.rows["labels"], minlength=len(lesson.card.classes or ())) + 1

    def predict(before: Arrays | None, arrays: Arrays) -> Answer:
        return _answer(arrays, np.tile(counts / counts.sum(), (len(arrays["labels"]), 1)))

    return predict


def by_runs(lesson: Lesson) -> Predict:
    """Weigh the runs of characters that stand anywhere in the text."""
    return _chosen_regression(lesson, _runs, strengths=(10.0, 3.0))


def by_endings(lesson: Lesson) -> Predict:
    """Weigh the last characters of the text, which are those that its next one depends on."""
    return _chosen_regression(lesson, _endings, strengths=(1.0, 0.3, 3.0))


def runs(text: str) -> list[str]:
    """Return every run of 1 to 4 characters, marks of start and end being characters too."""
    marked = START + text + END
    return [
        marked[start : start + length]
        for length in range(1, LONGEST_RUN + 1)
        for start in range(len(marked) - length + 1)
    ]


def endings(text: str) -> list[str]:
    """Return the last 1, 2, up to 8 characters, the mark of the start being one too."""
    marked = START + text
    return [marked[-length:] for length in range(1, min(LONGEST_ENDING, len(marked)) + 1)]


def _runs(texts: int) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer  # late: scikit-learn takes seconds to import

    return TfidfVectorizer(analyzer=runs, min_df=min(RARE, texts), sublinear_tf=True)


def _endings(texts: int) -> Any:
    from sklearn.feature_extraction.text import CountVectorizer

    return CountVectorizer(analyzer=endings, dtype=np.float64)


def _chosen_regression(lesson: Lesson, features: Features, strengths: tuple[float, ...]) -> Predict:
    """Fit with the best of some strengths, where a larger one means less regularisation."""
    classes = len(lesson.card.classes or ())
    return chosen(lesson, strengths, partial(_regression, classes=classes, features=features), _nats)


def _regression(rows: Arrays, strength: float, *, classes: int, features: Features) -> Predict:
    """Fit a logistic regression to the features of the rows."""
    from sklearn.linear_model import LogisticRegression

    texts, labels = _texts(rows), np.asarray(rows["labels"])
    known = np.unique(labels)
    if len(known) < 2:
        return lambda before, arrays: _answer(arrays, _spread(np.ones((len(arrays["labels"]), 1)), known, classes, 1))
    vectoriser = features(len(texts))
    seen = vectoriser.fit_transform(texts)
    model = LogisticRegression(C=strength, tol=CLOSE, max_iter=STEPS).fit(seen, labels)

    def predict(before: Arrays | None, arrays: Arrays) -> Answer:
        found = model.predict_proba(vectoriser.transform(_texts(arrays)))
        return _answer(arrays, _spread(found, known, classes, len(labels)))

    return predict


def _texts(arrays: Arrays) -> list[str]:
    """Return each row as a text, its symbols being characters in the order of their ids."""
    rows = zip(np.asarray(arrays["symbols"]).tolist(), arrays["lengths"], strict=True)
    return ["".join(chr(FIRST + symbol) for symbol in row[:length]) for row, length in rows]


def _spread(found: NDArray[Any], known: NDArray[Any], classes: int, rows: int) -> NDArray[np.float64]:
    """Spread the probabilities of the known classes (n, known) over all (n, classes).

    All get a share of one row more, so that a class without training rows is not thought impossible.
    """
    whole = np.zeros((len(found), classes))
    whole[:, known] = found
    result: NDArray[np.float64] = (whole * rows + 1 / classes) / (rows + 1)
    return result


def _answer(arrays: Arrays, probabilities: NDArray[Any]) -> Answer:
    return {"truth": np.asarray(arrays["labels"], dtype=np.int64), "probabilities": probabilities}


def _nats(answer: Any) -> float:
    """Return the mean cross-entropy of predictions."""
    truth, probabilities = answer["truth"], answer["probabilities"]
    return -float(np.log(probabilities[np.arange(len(truth)), truth]).mean())
