"""What every baseline learns from and gives back, and how its settings are chosen."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pipeline.artifacts import Arrays
from pipeline.datasets.prepared import Card
from pipeline.judgement import Answer

Setting = TypeVar("Setting")

# (arrays before the judged ones in time, if there are any; judged arrays) -> what is said of them
Predict = Callable[[Arrays | None, Arrays], Answer]


@dataclass(frozen=True)
class Lesson:
    """The rows to learn from, and the held-out ones to choose settings on, if there are any.

    `rows` are the training rows, or for a refit all rows; settings are chosen on validation rows either way.
    """

    card: Card
    rows: Arrays
    train: Arrays
    validation: Arrays | None


Fit = Callable[[Lesson], Predict]


def chosen(
    lesson: Lesson,
    settings: Sequence[Setting],
    fit: Callable[[Arrays, Setting], Predict],
    cost: Callable[[Answer], float],
) -> Predict:
    """Fit with that setting whose predictions of the validation rows cost least; the first where there are none."""
    if lesson.validation is None:
        return fit(lesson.rows, settings[0])
    best, lowest, kept = settings[0], math.inf, None
    for setting in settings:  # one at a time: only the best so far stays in memory
        predict = fit(lesson.train, setting)
        if (found := cost(predict(lesson.train, lesson.validation))) < lowest:
            best, lowest, kept = setting, found, predict
    return kept if kept is not None and lesson.rows is lesson.train else fit(lesson.rows, best)
