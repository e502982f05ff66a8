"""Evaluate predicted classes of texts."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.prepared import DataCard, Prepared
from pipeline.evaluation import bounds, descriptions, metrics
from pipeline.evaluation.baselines import classify as baselines
from pipeline.evaluation.figures import confusion_figures
from pipeline.evaluation.results import Evaluations
from pipeline.evaluation.tables import Table
from pipeline.evaluation.tasks.base import ComparedMetric, FormatEvaluation, Metrics, Scores, TaskEvaluation
from pipeline.params.schema import BASELINE

if TYPE_CHECKING:
    from pipeline.tasks.base import Predictions


def compute_metrics(predictions: "Predictions", card: DataCard) -> Metrics:
    """Return accuracy, macro-F1 and cross-entropy."""
    truth, probabilities = predictions["truth"], predictions["probabilities"]
    best = probabilities.argmax(1)
    of_truth = probabilities[np.arange(len(truth)), truth]
    return {
        "accuracy": metrics.accuracy(truth, best),
        "macro_f1": metrics.macro_f1(truth, best, probabilities.shape[1]),
        "loss": metrics.loss(-np.log(np.maximum(of_truth, np.finfo(np.float64).tiny))),
    }


def correct_rows(predictions: "Predictions") -> Scores:
    """Return 1 for each row whose most probable class is the true one, and 0 for the others."""
    return np.asarray(predictions["probabilities"].argmax(1) == predictions["truth"], dtype=np.float64)


def confusion(prepared: Prepared, evaluations: Evaluations) -> Iterator[Sequence[object]]:
    """Yield the confusion matrix of the test rows, summed over seeds: a row for each pair of classes."""
    names = prepared.classes
    for model in evaluations.models:
        counts = [
            metrics.confusion(predictions["truth"], predictions["probabilities"].argmax(1), len(names))
            for predictions in evaluations.predictions(model, "test").values()
        ]
        for truth, row in enumerate(np.sum(counts, axis=0) if counts else ()):
            for predicted, count in enumerate(row):
                yield model, names[truth], names[predicted], int(count)


CLASSIFY = TaskEvaluation(
    about=descriptions.CLASSIFY,
    loss_unit="cross-entropy (nats a row)",
    metrics=compute_metrics,
    compared=ComparedMetric("accuracy", correct_rows, lower_is_better=False),
    tables=(Table("confusion.csv", ("model", "truth", "prediction", "count"), confusion),),
    figures=(confusion_figures,),
    formats=(
        FormatEvaluation(
            about=descriptions.LABELLED,
            fits={BASELINE: baselines.ngram_regression, "baseline-frequent": baselines.frequent},
            bound=bounds.classify_bound,
        ),
        FormatEvaluation(
            about=descriptions.WINDOWS,
            fits={BASELINE: baselines.suffix_regression, "baseline-frequent": baselines.frequent},
            block_size=20,
        ),
    ),
)
