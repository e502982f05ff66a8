"""Name metrics so that MLflow's charts show the headline first.

MLflow groups charts by what stands before a slash, sorts the groups by name, and shows what has no slash at top level.
So the headline and the training time have no slash, everything else has the name of a group, and the names of the
groups sort as they are to be read: loss curves come first, the learning rate comes last.
"""

from collections.abc import Mapping
from typing import Any

from pipeline.data.prepared import ALL_ROWS, FITS, TRAIN
from pipeline.params.load import flatten

SECONDS = "training_seconds"
GROUPS = CURVES, INTERVALS, OTHER, TIMES, SEEDS, SUMMARY, RATES = (  # sorted by name
    "curves",
    "interval",
    "other",
    "seconds",
    "seeds",
    "summary",
    "training",
)
PER_EPOCH = f"{TIMES}/per_epoch"
TEST = "test"  # the only rows whose figures have intervals, so the names of these leave it out
SPLITS = (TEST, ALL_ROWS)  # the split of the headline is the first of these that there is
ENDS = ("low", "high")

Numbers = Mapping[str, Any]  # value, and where there are any low, high, and mean and std of the seeds


def headline(primary: Mapping[str, str]) -> str:
    """Return the name of a data set's headline, such as `test.accuracy`.

    Args:
        primary: The metric that comes first, by split.
    """
    split = next(split for split in SPLITS if split in primary)
    return f"{split}.{primary[split]}"


def interval_ends(headline: str) -> tuple[str, ...]:
    """Return the names of the lower and the upper end of a headline's interval; none if it can have no interval."""
    split, _, metric = headline.partition(".")
    return tuple(_name_number(split, metric, end, headline) for end in ENDS) if split == TEST else ()


def name_metrics(metrics: Mapping[str, Mapping[str, Numbers]], headline: str | None) -> dict[str, float]:
    """Return all figures of a model, a baseline or the bound under their names in MLflow, those of the headline first.

    MLflow lists metrics in the order in which they were logged, and plots the first of them.

    Args:
        metrics: Its part of metrics.json: the numbers of each metric of each split.
        headline: The name at top level; None for a model that leaks its target, which must not sort among the others.
    """
    figures = [(split, metric, numbers) for split, of_split in metrics.items() for metric, numbers in of_split.items()]
    first = sorted(figures, key=lambda figure: name_value(figure[0], figure[1], headline) != headline)
    return {
        _name_number(split, metric, part, headline): float(number)
        for split, metric, numbers in first
        for part, number in flatten(numbers).items()
    }


def name_value(split: str, metric: str, headline: str | None) -> str:
    """Return the name of a metric of a split: the headline alone is at top level."""
    name = f"{split}.{metric}"
    return name if name == headline else f"{OTHER}/{name}"


def name_summary(role: str, split: str, metric: str) -> str:
    """Return the name of a metric of a comparison, such as `summary/best.test.accuracy`."""
    return f"{SUMMARY}/{role}.{split}.{metric}"


def name_curve(fit: str, column: str) -> str:
    """Return the name of a column of history.csv: those of a fit to all rows say so."""
    group = RATES if column == "learning_rate" else CURVES
    return f"{group}/{column}" if fit == TRAIN else f"{group}/{fit}.{column}"


def _name_number(split: str, metric: str, part: str, headline: str | None) -> str:
    """Return the name of a value, of an end of its interval, or of the mean or standard deviation over seeds."""
    if part == "value":
        return name_value(split, metric, headline)
    if part in ENDS:
        return f"{INTERVALS}/{metric}.{part}" if split == TEST else f"{INTERVALS}/{split}.{metric}.{part}"
    return f"{SEEDS}/{split}.{metric}.{part.removeprefix('seeds.')}"


def name_cost(seconds: float, epochs: int) -> dict[str, float]:
    """Return the metrics of training time, if it is known: no digest covers them, as no two runs take equally long."""
    return {SECONDS: seconds, PER_EPOCH: seconds / epochs} if seconds and epochs else {}


def name_epoch_seconds(fit: str) -> str:
    """Return the name of the curve of how long each epoch took, of a training that was shown while it ran."""
    return f"{TIMES}/epoch" if fit == TRAIN else f"{TIMES}/{fit}.epoch"


def is_curve(name: str) -> bool:
    """Return whether a metric has a value for each epoch."""
    return name.partition("/")[0] in (CURVES, RATES) or name in map(name_epoch_seconds, FITS)
