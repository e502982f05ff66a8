"""Evaluations made of predictions, for tests of tables."""

from collections.abc import Mapping

from pipeline.evaluation.results import Evaluation, Evaluations
from pipeline.params.schema import BASELINE
from pipeline.tasks.base import Predictions


def evaluations(**models: Mapping[int, Mapping[str, Predictions]]) -> Evaluations:
    """Make evaluations of {model: {seed: {split: predictions}}}, the baseline last."""
    found = [
        Evaluation(model, seed, {}, predictions)
        for model, seeds in models.items()
        for seed, predictions in seeds.items()
    ]
    return Evaluations((*found, Evaluation(BASELINE, 0)))
