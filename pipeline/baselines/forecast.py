"""Baselines that predict the next value of a series."""

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.artifacts import Arrays
from pipeline.baselines.learning import Lesson, Predict, chosen
from pipeline.judgement import Answer

Numbers = NDArray[np.float64]

WINDOW = 32  # values before the predicted one; fewer where the series is short
TREES = tuple(product((100, 50, 200), (3, 2, None)))  # how many, and how deep


def seasonal_naive(lesson: Lesson) -> Predict:
    """Give the value of a season before; the first season of all has none."""
    season = lesson.card.season or 1

    def predict(before: Arrays | None, arrays: Arrays) -> Answer:
        values = _after(before, arrays, season)
        return {"truth": values[season:], "predicted": values[:-season]}

    return predict


def median(lesson: Lesson) -> Predict:
    """Give the median of the training values, the constant with the least absolute error, whatever came before."""
    middle = float(np.median(lesson.train["values"]))

    def predict(before: Arrays | None, arrays: Arrays) -> Answer:
        truth = np.asarray(arrays["values"], dtype=np.float64)
        return {"truth": truth, "predicted": np.full(len(truth), middle)}

    return predict


def boosting(lesson: Lesson) -> Predict:
    """Predict from the values before by gradient boosting; as many trees, and as deep, as serve best."""
    window = min(WINDOW, max(len(lesson.train["values"]) // 2, 1))

    def fit(rows: Arrays, trees: tuple[int, int | None]) -> Predict:
        model = _boosted(*_windows(rows["values"].astype(np.float64), window), *trees)

        def predict(before: Arrays | None, arrays: Arrays) -> Answer:
            inputs, truth = _windows(_after(before, arrays, window), window)
            return {"truth": truth, "predicted": model.predict(inputs)}

        return predict

    return chosen(lesson, TREES, fit, _absolute_error)


def _boosted(inputs: Numbers, targets: Numbers, trees: int, depth: int | None) -> Any:
    """Fit trees that each correct those before them, so that the absolute error falls."""
    from sklearn.ensemble import HistGradientBoostingRegressor  # late: scikit-learn takes seconds to import

    model = HistGradientBoostingRegressor(
        loss="absolute_error",
        max_iter=trees,
        max_depth=depth,
        min_samples_leaf=5,
        early_stopping=False,  # it would hold out days at random, neighbours of those learnt from
        random_state=1,
    )
    return model.fit(inputs, targets)


def _windows(values: Numbers, window: int) -> tuple[Numbers, Numbers]:
    """Return the `window` values before each value, (n, window), and the value itself."""
    both = np.lib.stride_tricks.sliding_window_view(values, window + 1)
    return both[:, :-1], both[:, -1]


def _after(before: Arrays | None, arrays: Arrays, window: int) -> Numbers:
    """Return a split's values after the last `window` of those before it."""
    past = np.asarray(before["values"])[-window:] if before else ()
    return np.concatenate((past, arrays["values"])).astype(np.float64)


def _absolute_error(answer: Any) -> float:
    return float(np.abs(answer["predicted"] - answer["truth"]).mean())
