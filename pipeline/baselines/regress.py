"""Baselines that predict a number from a sequence of numbers."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.artifacts import Arrays
from pipeline.baselines.learning import Lesson, Predict
from pipeline.judgement import Answer

# Of a prediction, counted from the first of the largest target. What follows is noise of the arithmetic, which would
# be all of the error where a line fits the data.
DIGITS = 10


def mean(lesson: Lesson) -> Predict:
    """Give the mean of the targets, whatever the inputs."""
    middle = np.mean(lesson.rows["targets"], dtype=np.float64)
    return lambda before, arrays: _answer(arrays, np.full(len(arrays["targets"]), middle))


def linear(lesson: Lesson) -> Predict:
    """Fit a constant and a weight for each place of the sequence."""
    from sklearn.linear_model import LinearRegression  # late: scikit-learn takes seconds to import

    rows = lesson.rows
    model = LinearRegression().fit(rows["inputs"].astype(np.float64), rows["targets"].astype(np.float64))
    digits = DIGITS - math.ceil(math.log10(max(float(np.abs(rows["targets"]).max()), 1e-30)))
    return lambda before, arrays: _answer(arrays, model.predict(arrays["inputs"].astype(np.float64)).round(digits))


def _answer(arrays: Arrays, predicted: NDArray[Any]) -> Answer:
    """Return predictions in the precision of the data, as those of the networks are."""
    truth = np.asarray(arrays["targets"], dtype=np.float64)
    return {"truth": truth, "predicted": predicted.astype(np.float32).astype(np.float64)}
