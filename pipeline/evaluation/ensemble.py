"""The ensemble of a model's seeds: the mean of their predictions, as `pipeline.load` and `predict` give it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.prepared import DataCard
from pipeline.evaluation.results import Evaluations
from pipeline.evaluation.tasks import find_task

if TYPE_CHECKING:
    from pipeline.tasks.base import Predictions

AVERAGED = ("probabilities", "predicted")


def combine(members: "Sequence[Predictions]") -> "Predictions":
    """Return the ensemble's predictions: the mean of probabilities or numbers, or the nll of the mean probability.

    Predictions of next symbols contain the probability of the true symbol alone, so the most likely symbol of the
    ensemble is not known, and `best` is left out.

    Args:
        members: The predictions of each seed, on the same items.
    """
    first = members[0]
    combined = {name: value for name, value in first.items() if name not in (*AVERAGED, "nll", "best")}
    for name in AVERAGED:
        if name in first:
            combined[name] = np.mean([each[name] for each in members], axis=0)
    if "nll" in first:
        nll = np.array([each["nll"] for each in members], dtype=np.float64)  # (seeds, items)
        combined["nll"] = np.log(len(nll)) - np.logaddexp.reduce(-nll, axis=0)  # -ln(mean(exp(-nll)))
    return combined


def ensemble_predictions(evaluations: Evaluations, model: str, split: str) -> "Predictions | None":
    """Return the predictions of a model's ensemble on a split, or None if fewer than two seeds finished."""
    members = list(evaluations.predictions(model, split).values())
    return combine(members) if len(members) > 1 and model in evaluations.models else None


def ensemble_metrics(card: DataCard, evaluations: Evaluations, model: str, split: str) -> Mapping[str, float]:
    """Return the metrics of a model's ensemble on a split; empty if there is no ensemble."""
    predictions = ensemble_predictions(evaluations, model, split)
    return {} if predictions is None else find_task(card).metrics(predictions, card)
