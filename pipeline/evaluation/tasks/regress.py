"""Evaluate predicted numbers."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.prepared import DataCard, Prepared
from pipeline.evaluation import bounds, descriptions, intervals, metrics
from pipeline.evaluation.baselines import regress as baselines
from pipeline.evaluation.results import Evaluations
from pipeline.evaluation.tables import Table
from pipeline.evaluation.tasks.base import ComparedMetric, FormatEvaluation, Metrics, Scores, TaskEvaluation
from pipeline.params.schema import BASELINE

if TYPE_CHECKING:
    from pipeline.tasks.base import Predictions

PROBES = 9  # rows that the table lists


def compute_metrics(predictions: "Predictions", card: DataCard) -> Metrics:
    """Return the errors of numbers; for whole numbers also the share that is exact after rounding."""
    truth, predicted = predictions["truth"], predictions["predicted"]
    errors = {"mse": metrics.mse(truth, predicted), "mae": metrics.mae(truth, predicted)}
    whole = bool(np.all(truth == np.rint(truth)))
    return {"exact": metrics.exact(truth, predicted), **errors} if whole else errors


def squared_errors(predictions: "Predictions") -> Scores:
    """Return the squared error of each row, in the squared unit of the data."""
    errors: Scores = np.asarray(predictions["predicted"] - predictions["truth"], dtype=np.float64)
    return errors * errors


def probes(prepared: Prepared, evaluations: Evaluations) -> Iterator[Sequence[object]]:
    """Yield the refit's predictions of a few rows, from the smallest target to the largest, with an interval."""
    inputs = np.concatenate([np.asarray(arrays["inputs"]) for arrays in prepared.splits.values()])
    for model in evaluations.models:
        seeds = list(evaluations.predictions(model, "all_rows").values())
        if not seeds:
            continue
        truth = seeds[0]["truth"]
        by_target = np.argsort(truth, kind="stable")
        for place in np.unique(np.linspace(0, len(by_target) - 1, PROBES).round().astype(int)):
            row = by_target[place]
            predicted = intervals.interval([float(predictions["predicted"][row]) for predictions in seeds])
            numbers = " ".join(f"{number:g}" for number in inputs[row])
            yield model, numbers, float(truth[row]), predicted["mean"], predicted["low"], predicted["high"]


REGRESS = TaskEvaluation(
    about=descriptions.REGRESS,
    loss_unit="squared error (scaled)",
    metrics=compute_metrics,
    compared=ComparedMetric("mse", squared_errors),
    tables=(Table("probes.csv", ("model", "input", "target", "prediction", "low", "high"), probes),),
    formats=(
        FormatEvaluation(
            about=descriptions.PAIRS,
            fits={BASELINE: baselines.linear, "baseline-mean": baselines.mean},
            bound=bounds.regress_bound,
        ),
    ),
)
