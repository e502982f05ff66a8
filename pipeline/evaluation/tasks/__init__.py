"""How each task is evaluated: a module for each, and one registry."""

from pipeline.evaluation.tasks import classify, forecast, next_symbol, regress
from pipeline.evaluation.tasks.base import TaskEvaluation

EVALUATIONS: dict[str, TaskEvaluation] = {
    "next-symbol": next_symbol.TASK,
    "classify": classify.TASK,
    "regress": regress.TASK,
    "forecast": forecast.TASK,
}
