"""The four tasks, by the name that a data set's format gives them."""

from pipeline.tasks.base import Task
from pipeline.tasks.classify import Classify
from pipeline.tasks.forecast import Forecast
from pipeline.tasks.next_symbol import NextSymbol
from pipeline.tasks.regress import Regress

TASKS: dict[str, Task] = {
    "next-symbol": NextSymbol(),
    "classify": Classify(),
    "regress": Regress(),
    "forecast": Forecast(),
}

__all__ = ["TASKS", "Task"]
