"""Significance tests of the differences between models.

The ensembles of two models, or an ensemble and the baseline, are compared on the same test items by a paired
bootstrap: each resample has the same items for both. It measures the variance across items, not the variance across
seeds: it tells whether these trained ensembles differ on new items.

Holm's correction (1979) keeps the probability of any false claim among all pairs of a table at 5 %.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from pipeline.evaluation.about import Metric
from pipeline.evaluation.bootstrap import LEVEL, FloatArray, quantiles

COLUMNS = ("better", "worse", "metric", "difference", "low", "high", "p", "significant")


@dataclass(frozen=True)
class Resampled:
    """A metric of a model, and the same in each resample, (resamples,)."""

    value: float
    resamples: FloatArray


@dataclass(frozen=True)
class Comparison:
    """The difference of a metric between two models, its interval, and whether it is significant."""

    better: str
    worse: str
    metric: str
    difference: float  # in the metric's unit, never negative
    low: float
    high: float
    p: float  # corrected for the number of pairs
    significant: bool


def compare(metric: Metric, models: Mapping[str, Resampled]) -> list[Comparison]:
    """Compare each pair of models on the same resamples, and correct their p.

    Args:
        metric: What is compared, a mean over items.
        models: Its values by the name of the model, or of the baseline.
    """
    pairs = combinations(models, 2)
    return apply_holm([_compare(metric, pair, *(models[name] for name in pair)) for pair in pairs])


def _compare(metric: Metric, pair: tuple[str, str], one: Resampled, other: Resampled) -> Comparison:
    """Return which of a pair is better, with its interval and p from the resampled differences."""
    difference, resampled = one.value - other.value, one.resamples - other.resamples
    better, worse = pair
    if not metric.higher_is_better:
        difference, resampled = -difference, -resampled
    if difference < 0:
        difference, resampled, better, worse = -difference, -resampled, worse, better
    low, high = quantiles(resampled)
    p = min(1.0, 2 * (float(np.sum(resampled <= 0)) + 1) / (len(resampled) + 1))
    return Comparison(better, worse, metric.name, difference, float(low), float(high), p, False)


def apply_holm(pairs: Sequence[Comparison]) -> list[Comparison]:
    """Correct the p of each pair for their number by Holm's step-down, and mark the significant differences."""
    order = sorted(range(len(pairs)), key=lambda index: pairs[index].p)
    corrected, highest = list(pairs), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, pairs[index].p * (len(pairs) - rank)))
        corrected[index] = replace(pairs[index], p=highest, significant=highest < 1 - LEVEL)
    return corrected


def comparison_rows(comparisons: Sequence[Comparison]) -> Iterator[tuple[object, ...]]:
    """Yield a table row for each comparison, in COLUMNS."""
    for pair in comparisons:
        significant = "yes" if pair.significant else "no"
        yield pair.better, pair.worse, pair.metric, pair.difference, pair.low, pair.high, pair.p, significant
