"""How each task is evaluated: a module for each, and one registry.

`descriptions`, beside this package, has the words that the report needs too.
"""

from pipeline.data.prepared import DataCard
from pipeline.evaluation.tasks.base import FormatEvaluation, TaskEvaluation
from pipeline.evaluation.tasks.classify import CLASSIFY
from pipeline.evaluation.tasks.forecast import FORECAST
from pipeline.evaluation.tasks.next_symbol import NEXT_SYMBOL
from pipeline.evaluation.tasks.regress import REGRESS
from pipeline.params.schema import Task

TASKS: dict[Task, TaskEvaluation] = {task.about.name: task for task in (NEXT_SYMBOL, CLASSIFY, REGRESS, FORECAST)}


def find_task(card: DataCard) -> TaskEvaluation:
    """Return how the task of a data set is evaluated."""
    return TASKS[card.task]


def find_format(card: DataCard) -> FormatEvaluation:
    """Return the baselines and the bound of a data set's format."""
    return next(format_ for format_ in TASKS[card.task].formats if format_.about.name == card.format)
