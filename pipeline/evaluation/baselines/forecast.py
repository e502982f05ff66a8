"""Baselines that predict the next value of a series."""

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.baselines.base import Baseline, FitData, Predict, References, fit_best
from pipeline.evaluation.references import SplitResult
from pipeline.files import Arrays

FloatArray = NDArray[np.float64]

WINDOW = 32  # values before the predicted one; fewer where the series is short
WINDOWS = (WINDOW, 8, 128)  # those of a linear model; the first without validation days
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
    window = _shorten(data, WINDOW)

    def fit(rows: Arrays, trees: tuple[int, int | None]) -> Predict:
        model = _fit_trees(*_lagged(rows["values"].astype(np.float64), window), *trees)

        def predict(before: Arrays | None, arrays: Arrays) -> SplitResult:
            inputs, truth = _lagged(_with_past(before, arrays, window), window)
            return {"truth": truth, "predicted": model.predict(inputs)}

        return predict

    return fit_best(data, TREES, fit, _absolute_error)


def linear(data: FitData) -> Predict:
    """Fit a ridge regression on the values before a day, standardised; their number is chosen on validation days."""
    from sklearn.linear_model import Ridge  # late: scikit-learn takes seconds to import

    scale = data.card.scaling["values"]

    def lagged(values: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
        return _lagged((values.astype(np.float64) - scale.mean) / scale.std, window)

    def fit(rows: Arrays, candidate: tuple[int, float]) -> Predict:
        window, strength = candidate
        # Any strength above 0 bears lags that determine each other, as those of a straight line do.
        model = Ridge(strength, solver="cholesky").fit(*lagged(rows["values"], window))

        def predict(before: Arrays | None, arrays: Arrays) -> SplitResult:
            values = _with_past(before, arrays, window)
            predicted = model.predict(lagged(values, window)[0]) * scale.std + scale.mean
            return {"truth": values[window:], "predicted": predicted}

        return predict

    windows = dict.fromkeys(_shorten(data, window) for window in WINDOWS)
    return fit_best(data, tuple(product(windows, STRENGTHS)), fit, _absolute_error)


def _shorten(data: FitData, window: int) -> int:
    """Return as many values of a window as leave half of the training days to predict."""
    return min(window, max(len(data.train["values"]) // 2, 1))


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


SERIES = References(
    {
        "baseline-boosting": Baseline(
            boosting,
            "gradient boosting",
            "Gradient boosting of small trees on the 32 values before the day, with the absolute error as loss; size "
            "and number of trees are chosen on validation days.",
        ),
        "baseline-linear": Baseline(
            linear,
            "linear autoregression",
            "Linear autoregression: ridge regression on the values before the day, standardised as for the networks; "
            "their number (32, 8 or 128) and the strength of the regularisation are chosen on validation days.",
        ),
        "baseline-naive": Baseline(
            seasonal_naive,
            "the value of one season before",
            "Predicts the value of one season before (the seasonal naive forecast).",
        ),
        "baseline-median": Baseline(
            median,
            "the median of the training days",
            "Predicts the median of the training days, whatever the days before.",
        ),
    },
)
