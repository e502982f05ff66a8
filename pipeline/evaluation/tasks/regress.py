"""Evaluate predicted numbers."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.prepared import ALL_ROWS, DataCard, Prepared
from pipeline.evaluation import metrics
from pipeline.evaluation.about import Difference
from pipeline.evaluation.results import Evaluations
from pipeline.evaluation.tables import Table
from pipeline.evaluation.tasks.base import Compared, Scores, TaskEvaluation

if TYPE_CHECKING:
    from pipeline.tasks.base import Predictions

PROBES = 9  # rows that the table lists


def compute_scores(predictions: "Predictions", card: DataCard) -> Scores:
    """Return the errors of numbers; for whole numbers also the share that is exact after rounding."""
    truth, predicted = predictions["truth"], predictions["predicted"]
    errors = {"mse": metrics.mse(truth, predicted), "mae": metrics.mae(truth, predicted)}
    whole = bool(np.all(truth == np.rint(truth)))
    return {"exact": metrics.exact(truth, predicted), **errors} if whole else errors


def probes(prepared: Prepared, evaluations: Evaluations) -> Iterator[Sequence[object]]:
    """Yield predictions of a few rows, from the smallest target to the largest, by the fits to all rows."""
    inputs = np.concatenate([np.asarray(arrays["inputs"]) for arrays in prepared.splits.values()])
    for model, predictions in evaluations.predictions(ALL_ROWS).items():
        if model not in evaluations.models:
            continue
        by_target = np.argsort(predictions["truth"], kind="stable")
        for place in np.unique(np.linspace(0, len(by_target) - 1, PROBES).round().astype(int)):
            row = by_target[place]
            numbers = " ".join(f"{number:g}" for number in inputs[row])
            yield model, numbers, float(predictions["truth"][row]), float(predictions["predicted"][row])


TASK = TaskEvaluation(
    goal="predict the number",
    loss_unit="squared error (scaled)",
    predictions=({"truth": ("f", 1), "predicted": ("f", 1)},),
    metrics=(metrics.EXACT, metrics.MSE, metrics.MAE),
    scores=compute_scores,
    primary=(metrics.MSE,),
    compared=Compared(metrics.MSE, Difference(name="mean squared error", unit="of mean squared error")),
    tables=(
        Table(
            "probes.csv",
            ("model", "input", "target", "prediction"),
            probes,
            "Predictions for single inputs",
        ),
    ),
)
