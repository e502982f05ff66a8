"""The ensemble of a model's seeds: the mean of their predictions, as `pipeline.load` and `predict` give it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.data.prepared import DataCard
from pipeline.evaluation.results import Evaluations
from pipeline.evaluation.tasks import EVALUATIONS

if TYPE_CHECKING:
    from pipeline.tasks.base import Predictions


def ensemble_predictions(card: DataCard, evaluations: Evaluations, model: str, split: str) -> "Predictions | None":
    """Return the predictions of a model's ensemble on a split, or None if fewer than two seeds finished."""
    members = list(evaluations.predictions(model, split).values())
    return EVALUATIONS[card.task].combine(members) if len(members) > 1 else None


def ensemble_metrics(card: DataCard, evaluations: Evaluations, model: str, split: str) -> Mapping[str, float]:
    """Return the metrics of a model's ensemble on a split; empty if there is no ensemble."""
    predictions = ensemble_predictions(card, evaluations, model, split)
    return {} if predictions is None else EVALUATIONS[card.task].compute(predictions, card)
