"""Baselines that predict a number from a sequence of numbers."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.baselines import bounds
from pipeline.evaluation.baselines.base import Baseline, Bound, FitData, Predict, References
from pipeline.evaluation.references import SplitResult
from pipeline.files import Arrays

# Predictions are rounded to so many digits, counted from the first digit of the largest target. The digits after them
# are rounding errors, which would be the whole error where the model fits the data exactly.
DIGITS = 10


def mean(data: FitData) -> Predict:
    """Always predict the mean of the targets."""
    constant = np.mean(data.rows["targets"], dtype=np.float64)
    return lambda before, arrays: _result(arrays, np.full(len(arrays["targets"]), constant))


def linear(data: FitData) -> Predict:
    """Fit a linear regression: a weight for each position of the sequence, and a constant."""
    from sklearn.linear_model import LinearRegression  # late: scikit-learn takes seconds to import

    rows = data.rows
    model = LinearRegression().fit(rows["inputs"].astype(np.float64), rows["targets"].astype(np.float64))
    digits = DIGITS - math.ceil(math.log10(max(float(np.abs(rows["targets"]).max()), 1e-30)))
    return lambda before, arrays: _result(arrays, model.predict(arrays["inputs"].astype(np.float64)).round(digits))


def _result(arrays: Arrays, predicted: NDArray[Any]) -> SplitResult:
    """Return predictions in the data's precision, like those of the networks."""
    truth = np.asarray(arrays["targets"], dtype=np.float64)
    return {"truth": truth, "predicted": predicted.astype(np.float32).astype(np.float64)}


NUMBERS = References(
    {
        "baseline-linear": Baseline(
            linear,
            "linear regression",
            "Linear regression on the inputs; exact where the number is a weighted sum of them, as the value of a "
            "binary number is of its bits.",
        ),
        "baseline-mean": Baseline(
            mean,
            "the mean of the training targets",
            "Predicts the mean of the training targets, whatever the inputs.",
        ),
    },
    Bound(
        bounds.regress_bound,
        "No function of the inputs can be right for all rows that have the same inputs but different targets; the "
        "bound on the error is zero where there are no such rows.",
    ),
)
