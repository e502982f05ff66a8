"""Significance tests of the differences between models.

Models are compared in pairs on the same test items. The variance of a difference has two parts:

- Variance across items, from a paired bootstrap: items are resampled with replacement, the same ones for both models.
  Neighbouring items of a text or a series are correlated, so they are resampled in blocks. The bootstrap is widened
  by Student's t where there are few blocks.
- Variance across seeds. There are too few seeds for a bootstrap: one time in four, three seeds agree by chance, and
  would then agree in every resample. So this part is drawn from Student's t, with the degrees of freedom of Welch
  (1947).

Holm's correction (1979) keeps the probability of any false claim among all pairs of a table at 5 %.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.data.prepared import DataCard
from pipeline.evaluation.ensemble import ensemble_predictions
from pipeline.evaluation.intervals import LEVEL
from pipeline.evaluation.results import Evaluations
from pipeline.evaluation.tasks import EVALUATIONS
from pipeline.evaluation.tasks.base import Compared
from pipeline.params.schema import BASELINE

if TYPE_CHECKING:
    from pipeline.tasks.base import Predictions

MIN_RESAMPLES = 4000
RESAMPLES_PER_PAIR = 100  # so that p can be small enough to stay below 0.05 when multiplied by the number of pairs
MAX_BLOCKS = 5000  # more take longer, and hardly change an interval
MAX_DRAWS = 1 << 20  # blocks drawn at a time, to bound the memory

COLUMNS = ("better", "worse", "metric", "difference", "low", "high", "p", "significant")

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


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


def compare_models(
    card: DataCard, evaluations: Evaluations, block_size: int, excluded: Sequence[str] = ()
) -> list[Comparison]:
    """Compare each pair of models, and each model with the strong baseline, on the test items.

    Args:
        card: The data card.
        evaluations: All evaluations of the data set; a model is compared on the seeds that finished.
        block_size: Neighbouring items that are correlated.
        excluded: Models to leave out, such as those that leak their target.
    """
    by_model = {name: evaluations.predictions(name, "test") for name in (*evaluations.models, BASELINE)}
    seeds = {name: list(by_seed.values()) for name, by_seed in by_model.items() if by_seed and name not in excluded}
    return _compare(EVALUATIONS[card.task].compared, seeds, list(combinations(seeds, 2)), block_size)


def compare_ensembles(
    card: DataCard, evaluations: Evaluations, block_size: int, excluded: Sequence[str] = ()
) -> list[Comparison]:
    """Compare each model's ensemble with the strong baseline, on the test items; the arguments are the same."""
    names = [name for name in evaluations.models if name not in excluded]
    ensembles = {name: ensemble_predictions(card, evaluations, name, "test") for name in names}
    baseline = list(evaluations.predictions(BASELINE, "test").values())
    if not baseline:
        return []
    seeds = {name: [ensemble] for name, ensemble in ensembles.items() if ensemble is not None}
    pairs = [(name, BASELINE) for name in seeds]
    return _compare(EVALUATIONS[card.task].compared, seeds | {BASELINE: baseline}, pairs, block_size)


def item_blocks(predictions: "Predictions", items: int, block_size: int) -> IntArray:
    """Return the block of each item, (items,): its word, its stretch of a text or a series, or itself.

    Of more than `MAX_BLOCKS` blocks, neighbours are joined.
    """
    block = np.arange(items, dtype=np.int64) // block_size
    if "row" in predictions:
        block = np.unique(predictions["row"], return_inverse=True)[1].astype(np.int64)
    joined: IntArray = block // math.ceil((block.max(initial=0) + 1) / MAX_BLOCKS)
    return joined


def count_resamples(pairs: int) -> int:
    """Return the number of resamples for so many pairs."""
    return max(MIN_RESAMPLES, RESAMPLES_PER_PAIR * pairs)


@dataclass(frozen=True)
class _Scores:
    """The metric of a model, as the mean over its seeds."""

    sums: FloatArray  # (blocks,): over the items of each block
    variance: float  # of the mean over seeds; 0 where there is one seed
    degrees: int  # of freedom of that variance
    pooled: bool = False  # the variance is that of other networks


def _compare(
    metric: Compared,
    seeds: "Mapping[str, Sequence[Predictions]]",
    pairs: Sequence[tuple[str, str]],
    block_size: int,
) -> list[Comparison]:
    """Compare pairs of models, all on the same resamples, and correct their p.

    Args:
        metric: What is compared.
        seeds: The predictions of each seed of each model, on the same items.
        pairs: The names of the models to compare.
        block_size: Neighbouring items that are correlated.
    """
    if not pairs:
        return []  # there is one model, or none
    first = next(iter(seeds.values()))[0]
    block = item_blocks(first, len(metric.scores(first)), block_size)
    sizes = np.bincount(block).astype(np.float64)
    if len(sizes) < 2:
        return []  # a single block has no variance
    scores = _pool_variance({name: _average(metric, predictions, block) for name, predictions in seeds.items()})
    changes = _bootstrap(np.stack([score.sums for score in scores.values()]), sizes, count_resamples(len(pairs)))
    across_items = dict(zip(scores, changes, strict=True))
    comparisons = []
    for one, other in pairs:
        difference = float((scores[one].sums - scores[other].sums).sum() / sizes.sum())
        across_seeds = _seed_changes(scores[one], scores[other], changes.shape[1])
        resampled = difference + across_items[one] - across_items[other] + across_seeds
        comparisons.append(_comparison(metric, (one, other), difference, resampled))
    return apply_holm(comparisons)


def _average(metric: Compared, seeds: "Sequence[Predictions]", block: IntArray) -> _Scores:
    """Return the scores of a model from the predictions of its seeds."""
    sums = np.stack([np.bincount(block, metric.scores(predictions)) for predictions in seeds])  # (seeds, blocks)
    means, degrees = sums.sum(1) / len(block), len(seeds) - 1
    variance = float(means.var(ddof=1)) / len(seeds) if degrees else 0.0
    return _Scores(sums.mean(0), variance, degrees)


def _pool_variance(scores: Mapping[str, _Scores]) -> Mapping[str, _Scores]:
    """Give networks of which one seed finished the pooled variance across seeds of the others, if there is any."""
    known = [score for score in scores.values() if score.degrees]
    if not known:
        return scores
    variance = sum(score.variance * (score.degrees + 1) for score in known) / len(known)  # of a single seed
    degrees = sum(score.degrees for score in known)
    return {
        name: score
        if score.degrees or name == BASELINE
        else replace(score, variance=variance, degrees=degrees, pooled=True)
        for name, score in scores.items()
    }


def _bootstrap(sums: FloatArray, sizes: FloatArray, resamples: int) -> FloatArray:
    """Return how much the mean of each model (rows) changes with other items, in each resample (columns)."""
    generator, blocks = np.random.default_rng(0), len(sizes)
    portion = min(max(MAX_DRAWS // blocks, 1), resamples)
    portions = (_draw_counts(generator, blocks, portion) for _ in range(0, resamples, portion))
    means = np.concatenate([sums @ counts / (sizes @ counts) for counts in portions], axis=1)[:, :resamples]
    # Turns a normal variable into Student's t, and makes the bootstrap's variance unbiased.
    wider = np.sqrt(blocks / generator.chisquare(blocks - 1, resamples))
    changes: FloatArray = (means - (sums.sum(1) / sizes.sum())[:, None]) * wider
    return changes


def _draw_counts(generator: np.random.Generator, blocks: int, resamples: int) -> IntArray:
    """Return how often each block (rows) is drawn in each resample (columns)."""
    draws = generator.integers(blocks, size=(resamples, blocks)) + blocks * np.arange(resamples)[:, None]
    return np.bincount(draws.ravel(), minlength=resamples * blocks).reshape(resamples, blocks).T


def _seed_changes(one: _Scores, other: _Scores, resamples: int) -> FloatArray:
    """Draw how much a difference changes with other seeds, (resamples,)."""
    varying = [score for score in (one, other) if score.variance > 0]
    if not varying:
        return np.zeros(resamples)
    variance = sum(score.variance for score in varying)
    degrees = variance**2 / sum(score.variance**2 / score.degrees for score in varying)
    if one.pooled or other.pooled:  # the two variances are not independent, as Welch's formula assumes
        degrees = min(score.degrees for score in varying)
    return math.sqrt(variance) * np.random.default_rng(1).standard_t(degrees, resamples)


def _comparison(metric: Compared, pair: tuple[str, str], difference: float, resampled: FloatArray) -> Comparison:
    """Return which of a pair is better, with its interval and p from the resampled differences."""
    better, worse = pair
    if not metric.metric.higher_is_better:
        resampled, difference = -resampled, -difference
    if difference < 0:
        resampled, difference, better, worse = -resampled, -difference, worse, better
    low, high = np.quantile(resampled, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    p = min(1.0, 2 * (float(np.sum(resampled <= 0)) + 1) / (len(resampled) + 1))
    return Comparison(better, worse, metric.metric.name, difference, float(low), float(high), p, False)


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
