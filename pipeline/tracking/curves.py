"""The curves of a training: its losses and learning rate by epoch, from rows of history.csv or of a spool."""

import math
from collections.abc import Mapping, Sequence

from pipeline.evaluation.stored import Rows
from pipeline.tracking import metric_names

Curves = Mapping[str, Sequence[tuple[int, float]]]  # name -> (epoch, value) pairs
LOSSES = ("train_loss", "validation_loss")


def mean(history: Rows) -> Curves:
    """Return the mean of each loss over the seeds that reached an epoch, and the learning rate, the same for all.

    Of the learning rate only where it changes: most schedules keep it, and each point costs time.
    """
    return {**_collect(history, LOSSES), **_without_repeats(_collect(history, ("learning_rate",)))}


def of_seed(history: Rows, seed: str) -> Curves:
    """Return the losses of one seed."""
    return _collect([row for row in history if row["seed"] == seed], LOSSES)


def _collect(rows: Rows, columns: Sequence[str]) -> Curves:
    """Return curves such as `curves/train_loss`, without values that are not finite."""
    values: dict[str, dict[int, list[float]]] = {}
    for row in rows:
        for column in columns:
            if row[column] and math.isfinite(value := float(row[column])):
                epochs = values.setdefault(metric_names.name_curve(row["fit"], column), {})
                epochs.setdefault(int(row["epoch"]), []).append(value)
    return {
        name: [(epoch, sum(seeds) / len(seeds)) for epoch, seeds in sorted(epochs.items())]
        for name, epochs in values.items()
    }


def _without_repeats(curves: Curves) -> Curves:
    """Return curves without points that are between two of the same value."""
    return {
        name: [
            point
            for before, point, after in zip([None, *points[:-1]], points, [*points[1:], None], strict=True)
            if before is None or after is None or not before[1] == point[1] == after[1]
        ]
        for name, points in curves.items()
    }
