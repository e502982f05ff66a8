"""Baselines that predict the class of a text."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.prepared import Prepared
from pipeline.evaluation.baselines import bounds
from pipeline.evaluation.baselines.base import Baseline, Bound, FitData, Predict, References, fit_best
from pipeline.evaluation.baselines.samples import describe_sample, sampled
from pipeline.evaluation.references import SplitResult
from pipeline.files import Arrays

START, END = "\x02", "\x03"  # marks around a text
FIRST_CHARACTER = 0x100  # symbol 0 is written as this character, and so on; none of them is a mark
MAX_NGRAM = 4  # characters, of n-grams anywhere in the text
MAX_SUFFIX = 8  # characters, of suffixes
MIN_TEXTS = 2  # that must contain an n-gram for it to count
TOLERANCE = 0.0003  # the fit stops when no slope of the loss is larger
MAX_ITERATIONS = 1000  # far more than it takes to get there

MakeVectoriser = Callable[[int], Any]  # number of texts -> a vectoriser of scikit-learn


def frequent(data: FitData) -> Predict:
    """Predict each class with its share of the rows, after adding 1 to each count."""
    counts = np.bincount(data.rows["labels"], minlength=len(data.card.classes or ())) + 1

    def predict(before: Arrays | None, arrays: Arrays) -> SplitResult:
        return _result(arrays, np.tile(counts / counts.sum(), (len(arrays["labels"]), 1)))

    return predict


def ngram_regression(data: FitData) -> Predict:
    """Fit a logistic regression on the n-grams anywhere in the text, weighted by tf-idf."""
    return _best_regression(data, _ngram_vectoriser, strengths=(10.0, 3.0))


def suffix_regression(data: FitData) -> Predict:
    """Fit a logistic regression on the last characters of the text, which say most about the next one."""
    return _best_regression(data, _suffix_vectoriser, strengths=(1.0, 0.3, 3.0))


def char_ngrams(text: str) -> list[str]:
    """Return all n-grams of 1 to MAX_NGRAM characters; the marks of start and end are characters too."""
    marked = START + text + END
    return [
        marked[start : start + length]
        for length in range(1, MAX_NGRAM + 1)
        for start in range(len(marked) - length + 1)
    ]


def suffixes(text: str) -> list[str]:
    """Return the last 1, 2, up to MAX_SUFFIX characters; the mark of the start is a character too."""
    marked = START + text
    return [marked[-length:] for length in range(1, min(MAX_SUFFIX, len(marked)) + 1)]


def _ngram_vectoriser(texts: int) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer  # late: scikit-learn takes seconds to import

    return TfidfVectorizer(analyzer=char_ngrams, min_df=min(MIN_TEXTS, texts), sublinear_tf=True)


def _suffix_vectoriser(texts: int) -> Any:
    from sklearn.feature_extraction.text import CountVectorizer

    return CountVectorizer(analyzer=suffixes, dtype=np.float64)


def _best_regression(data: FitData, vectoriser: MakeVectoriser, strengths: tuple[float, ...]) -> Predict:
    """Fit with the best of some strengths; a larger one means less regularisation."""
    classes = len(data.card.classes or ())
    return fit_best(
        sampled(data), strengths, partial(_fit_regression, classes=classes, vectoriser=vectoriser), _cross_entropy
    )


def _fit_regression(rows: Arrays, strength: float, *, classes: int, vectoriser: MakeVectoriser) -> Predict:
    from sklearn.linear_model import LogisticRegression

    texts, labels = _texts(rows), np.asarray(rows["labels"])
    known = np.unique(labels)
    if len(known) < 2:
        return lambda before, arrays: _result(arrays, _smooth(np.ones((len(arrays["labels"]), 1)), known, classes, 1))
    fitted = vectoriser(len(texts))
    features = fitted.fit_transform(texts)
    model = LogisticRegression(C=strength, tol=TOLERANCE, max_iter=MAX_ITERATIONS).fit(features, labels)

    def predict(before: Arrays | None, arrays: Arrays) -> SplitResult:
        probabilities = model.predict_proba(fitted.transform(_texts(arrays)))
        return _result(arrays, _smooth(probabilities, known, classes, len(labels)))

    return predict


def _texts(arrays: Arrays) -> list[str]:
    """Return each row as a text, with a character for each symbol."""
    rows = zip(np.asarray(arrays["symbols"]).tolist(), arrays["lengths"], strict=True)
    return ["".join(chr(FIRST_CHARACTER + symbol) for symbol in row[:length]) for row, length in rows]


def _smooth(probabilities: NDArray[Any], known: NDArray[Any], classes: int, rows: int) -> NDArray[np.float64]:
    """Return probabilities of all classes (n, classes) from those of the known classes (n, known).

    They are mixed with a uniform distribution that counts as one row more, so that no class is impossible.
    """
    of_all = np.zeros((len(probabilities), classes))
    of_all[:, known] = probabilities
    smoothed: NDArray[np.float64] = (of_all * rows + 1 / classes) / (rows + 1)
    return smoothed


def _result(arrays: Arrays, probabilities: NDArray[Any]) -> SplitResult:
    return {"truth": np.asarray(arrays["labels"], dtype=np.int64), "probabilities": probabilities}


def _cross_entropy(result: Any) -> float:
    truth, probabilities = result["truth"], result["probabilities"]
    return -float(np.log(probabilities[np.arange(len(truth)), truth]).mean())


FREQUENT = Baseline(
    frequent,
    "class frequencies",
    "Predicts each class with its share of the training rows, whatever the text.",
)
TEXTS = References(
    {
        "baseline-regression": Baseline(
            ngram_regression,
            "logistic regression on n-grams",
            "Logistic regression on the character n-grams of length 1 to 4 of the text, with start and end marked, "
            "weighted by tf-idf; the strength of the regularisation is chosen on validation rows.",
            sampled=True,
        ),
        "baseline-frequent": FREQUENT,
    },
    Bound(
        bounds.classify_bound,
        "Some texts have several labels: whatever a model predicts for such a text is wrong for its rows with another "
        "label.",
    ),
)
WINDOWS = References(
    {
        "baseline-regression": Baseline(
            suffix_regression,
            "logistic regression on n-grams",
            "Logistic regression on the last 1 to 8 characters of the window, with each n-gram as one feature; the "
            "strength of the regularisation is chosen on validation rows.",
            sampled=True,
        ),
        "baseline-frequent": FREQUENT,
    },
)


def find_references(prepared: Prepared) -> References:
    """Return those of windows of a text, where each step has a class, or of separate texts."""
    known = WINDOWS if "following" in prepared.splits["train"] else TEXTS
    return replace(known, sample=describe_sample(prepared))
