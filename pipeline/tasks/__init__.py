"""The tasks, by the name that a data set's format gives them."""

from pipeline.settings.datasets import Task as TaskName
from pipeline.tasks.classify import Classify
from pipeline.tasks.next_symbol import NextSymbol
from pipeline.tasks.numbers import Forecast, Regress
from pipeline.tasks.protocol import Task

TASKS: dict[TaskName, Task] = {
    "next-symbol": NextSymbol(),
    "classify": Classify(),
    "regress": Regress(),
    "forecast": Forecast(),
}

__all__ = ["TASKS", "Task"]
