"""Evaluate predicted classes of texts."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.prepared import DataCard, Prepared
from pipeline.evaluation import confusions, metrics
from pipeline.evaluation.about import Difference
from pipeline.evaluation.figures import confusion_figures
from pipeline.evaluation.results import Evaluations
from pipeline.evaluation.tables import Table
from pipeline.evaluation.tasks.base import Compared, Scores, TaskEvaluation

if TYPE_CHECKING:
    from pipeline.tasks.base import Predictions


def compute_scores(predictions: "Predictions", card: DataCard) -> Scores:
    """Return accuracy, macro-F1 and cross-entropy."""
    truth, probabilities = predictions["truth"], predictions["probabilities"]
    best = probabilities.argmax(1)
    of_truth = probabilities[np.arange(len(truth)), truth]
    return {
        "accuracy": metrics.accuracy(truth, best),
        "macro_f1": metrics.macro_f1(truth, best, probabilities.shape[1]),
        "loss": metrics.loss(-np.log(np.maximum(of_truth, np.finfo(np.float64).tiny))),
    }


def confusion(prepared: Prepared, evaluations: Evaluations) -> Iterator[Sequence[object]]:
    """Yield each model's confusion matrix; see `confusions.count_rows`."""
    names = prepared.classes
    for model, predictions in evaluations.predictions(evaluations.headline_split).items():
        if model in evaluations.models:
            best = predictions["probabilities"].argmax(1)
            counts = metrics.confusion(predictions["truth"], best, len(names))
            yield from ((model, *row) for row in confusions.count_rows(names, counts))


def renamed_classes(prepared: Prepared, evaluations: Evaluations) -> Iterator[Sequence[object]]:
    """Yield each class that the figures cannot show as it is, and what they show in its place."""
    yield from confusions.format_classes(prepared.classes).items()


def count_neighbours(prepared: Prepared) -> int:
    """Return how many neighbours are correlated: windows of one text are, separate texts are not."""
    return 20 if "following" in prepared.splits["train"] else 1


TASK = TaskEvaluation(
    goal="predict the class",
    loss_unit="cross-entropy (nats a row)",
    predictions=({"truth": ("i", 1), "probabilities": ("f", 2)},),
    metrics=(metrics.ACCURACY, metrics.MACRO_F1, metrics.LOSS),
    scores=compute_scores,
    primary=(metrics.ACCURACY,),
    compared=Compared(metrics.ACCURACY, Difference(name="accuracy", unit="points of accuracy", factor=100.0)),
    block_size=count_neighbours,
    tables=(
        Table("confusion.csv", ("model", "truth", "prediction", "count"), confusion, "Confusions"),
        Table("classes.csv", ("class", "figure"), renamed_classes, ""),
    ),
    figures=(confusion_figures,),
)
