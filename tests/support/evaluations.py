"""Evaluations made of predictions, for tests of tables."""

from collections.abc import Mapping

from pipeline.evaluation.results import Evaluation, Evaluations
from pipeline.params.schema import BASELINE
from pipeline.tasks.base import Predictions


def evaluations(**models: Mapping[str, Predictions]) -> Evaluations:
    """Make evaluations of {model: {split: predictions}}, the baseline last."""
    found = [Evaluation(model, predictions=predictions) for model, predictions in models.items()]
    return Evaluations((*found, Evaluation(BASELINE)))
