"""Baselines that predict the next value of a series."""

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.baselines.base import FitData, Predict, fit_best
from pipeline.evaluation.results import SplitResult
from pipeline.files import Arrays

FloatArray = NDArray[np.float64]

WINDOW = 32  # values before the predicted one; fewer where the series is short
STRENGTHS = (1.0, 0.01, 10.0, 100.0, 1000.0)  # of the regularisation
TREES = tuple(product((100, 50, 200), (3, 2, None)))  # number of trees, and their depth


def seasonal_naive(data: FitData) -> Predict:
    """Predict the value of a season before; the first season of the series is not predicted."""
    season = data.card.season or 1

    def predict(before: Arrays | None, arrays: Arrays) -> SplitResult:
        values = _with_past(before, arrays, season)
        return {"truth": values[season:], "predicted": values[:-season]}

    return predict


def median(data: FitData) -> Predict:
    """Always predict the median of the training days: the constant with the least absolute error on them."""
    constant = float(np.median(data.train["values"]))

    def predict(before: Arrays | None, arrays: Arrays) -> SplitResult:
        truth = np.asarray(arrays["values"], dtype=np.float64)
        return {"truth": truth, "predicted": np.full(len(truth), constant)}

    return predict


def boosting(data: FitData) -> Predict:
    """Fit gradient-boosted trees on the values before a day; their number and depth are chosen on validation days."""
    window = min(WINDOW, max(len(data.train["values"]) // 2, 1))

    def fit(rows: Arrays, trees: tuple[int, int | None]) -> Predict:
        model = _fit_trees(*_lagged(rows["values"].astype(np.float64), window), *trees)

        def predict(before: Arrays | None, arrays: Arrays) -> SplitResult:
            inputs, truth = _lagged(_with_past(before, arrays, window), window)
            return {"truth": truth, "predicted": model.predict(inputs)}

        return predict

    return fit_best(data, TREES, fit, _absolute_error)


def linear(data: FitData) -> Predict:
    """Fit a ridge regression on the values that the models read, standardised; its strength is chosen on validation."""
    from sklearn.linear_model import Ridge  # late: scikit-learn takes seconds to import

    scale, window = data.card.scaling["values"], min(data.window or WINDOW, max(len(data.train["values"]) // 2, 1))

    def lagged(values: FloatArray) -> tuple[FloatArray, FloatArray]:
        return _lagged((values.astype(np.float64) - scale.mean) / scale.std, window)

    def fit(rows: Arrays, strength: float) -> Predict:
        # Any strength above 0 bears lags that determine each other, as those of a straight line do.
        model = Ridge(strength, solver="cholesky").fit(*lagged(rows["values"]))

        def predict(before: Arrays | None, arrays: Arrays) -> SplitResult:
            values = _with_past(before, arrays, window)
            return {"truth": values[window:], "predicted": model.predict(lagged(values)[0]) * scale.std + scale.mean}

        return predict

    return fit_best(data, STRENGTHS, fit, _absolute_error)


def _fit_trees(inputs: FloatArray, targets: FloatArray, trees: int, depth: int | None) -> Any:
    """Return a model of scikit-learn, fitted to the absolute error."""
    from sklearn.ensemble import HistGradientBoostingRegressor  # late: scikit-learn takes seconds to import

    model = HistGradientBoostingRegressor(
        loss="absolute_error",
        max_iter=trees,
        max_depth=depth,
        min_samples_leaf=5,
        early_stopping=False,  # it would hold out random days, which lie between training days
        random_state=1,
    )
    return model.fit(inputs, targets)


def _lagged(values: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Return the `window` values before each value, (n, window), and the values themselves, (n,)."""
    both = np.lib.stride_tricks.sliding_window_view(values, window + 1)
    return both[:, :-1], both[:, -1]


def _with_past(before: Arrays | None, arrays: Arrays, window: int) -> FloatArray:
    """Return the last `window` values before a split, and those of the split."""
    past = np.asarray(before["values"])[-window:] if before else ()
    return np.concatenate((past, arrays["values"])).astype(np.float64)


def _absolute_error(result: Any) -> float:
    return float(np.abs(result["predicted"] - result["truth"]).mean())
