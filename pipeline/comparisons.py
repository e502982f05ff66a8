"""Compare the models of a data set in pairs, on the same test items.

The spread of a difference has two parts. Of the items it comes from a paired bootstrap: they are drawn anew, with
replacement, and the same ones for both models. Items that stand side by side in a text or a series are alike, so they
are drawn in blocks. Of the seeds there are too few to draw from: three that agree by chance, as one time in four they
do, would agree in every draw. So what other seeds would change is drawn from Student's t, with the degrees of freedom
of Welch (1947). The bootstrap is widened in the same way where there are few blocks.

With many pairs some differ by luck: Holm's correction (1979) holds the chance of one false claim to 5 %.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pipeline import together
from pipeline.datasets.prepared import Card
from pipeline.judgement import Judgements, Predictions
from pipeline.references import BASELINE

RESAMPLES = 4000  # at least
RESAMPLES_A_PAIR = 100  # else no p could be small enough to stay so when it is multiplied by the pairs
DRAWN_AT_ONCE = 1 << 20  # blocks, so that memory stays small
LEVEL = 0.95
BLOCKS = {"text": 50, "windows": 20}  # items drawn together, by format: neighbours are alike; of a series, a season

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """How much one model beats another: the difference of a measure, its interval, and whether it holds."""

    better: str
    worse: str
    measure: str
    difference: float  # in the measure's unit, never negative
    low: float
    high: float
    p: float  # corrected for the number of pairs
    holds: bool


def comparisons(card: Card, judgements: Judgements, excluded: Sequence[str] = ()) -> list[Comparison]:
    """Compare each pair of models, and each model with the strong baseline, on the test items.

    Models in `excluded` are left out: their figures mean nothing. A model is compared on the seeds that finished.
    """
    found = {name: judgements.predictions(name, "test") for name in (*judgements.networks, BASELINE)}
    runs = {name: list(each.values()) for name, each in found.items() if each and name not in excluded}
    return _compared(card, runs, list(combinations(runs, 2)))


def together_with_baseline(card: Card, judgements: Judgements, excluded: Sequence[str] = ()) -> list[Comparison]:
    """Compare what each model's seeds say together with the strong baseline, on the test items."""
    said = {name: together.of(judgements, name, "test") for name in judgements.networks if name not in excluded}
    base = list(judgements.predictions(BASELINE, "test").values())
    if not base:
        return []
    runs = {name: [each] for name, each in said.items() if each is not None}
    return _compared(card, runs | {BASELINE: base}, [(name, BASELINE) for name in runs])


def measure_of(card: Card) -> str:
    """Return the measure that is compared: of each item, better if smaller but for a share that is right."""
    return {
        "next-symbol": "loss",
        "classify": "accuracy",
        "regress": "mse",
        "forecast": "mae",
    }[card.task]


def _items(card: Card, predictions: Predictions) -> Numbers:
    """Return each item's part in the measure."""
    if card.task == "next-symbol":
        return np.asarray(predictions["nats"], dtype=np.float64)
    if card.task == "classify":
        return np.asarray(predictions["probabilities"].argmax(1) == predictions["truth"], dtype=np.float64)
    errors: Numbers = np.asarray(predictions["predicted"] - predictions["truth"], dtype=np.float64)
    squared: Numbers = errors * errors
    return np.abs(errors) if card.task == "forecast" else squared


def _blocks(card: Card, predictions: Predictions, items: int) -> NDArray[np.int64]:
    """Return the block of each item: the letters of a word, a stretch of a text or of a series, or itself."""
    if "row" in predictions:
        return np.unique(predictions["row"], return_inverse=True)[1].astype(np.int64)
    return np.arange(items, dtype=np.int64) // (card.season or BLOCKS.get(card.format, 1))


def _resamples(pairs: int) -> int:
    """Return how often to draw for each of some pairs."""
    return max(RESAMPLES, RESAMPLES_A_PAIR * pairs)


@dataclass(frozen=True)
class _Scored:
    """What a model has of the measure: in each block, the mean over its runs; and what is unsure as those are few."""

    sums: Numbers  # (blocks,)
    variance: float  # of the mean over runs; 0 where there is one run
    freedom: int  # its degrees of freedom
    borrowed: bool = False  # from other networks


def _compared(
    card: Card, runs: Mapping[str, Sequence[Predictions]], couples: Sequence[tuple[str, str]]
) -> list[Comparison]:
    """Compare pairs of models, all on the same draws of items, and correct their p."""
    if not couples:
        return []  # of one model, or none
    first = next(iter(runs.values()))[0]  # the same test items for all
    block = _blocks(card, first, len(_items(card, first)))
    sizes = np.bincount(block).astype(np.float64)
    if len(sizes) < 2:
        return []  # a single block says nothing of what others would
    scored = _with_spread({name: _scored(card, each, block) for name, each in runs.items()})
    draws = _resampled(np.stack([each.sums for each in scored.values()]), sizes, _resamples(len(couples)))
    other_items = dict(zip(scored, draws, strict=True))
    found = []
    for one, other in couples:
        difference = float((scored[one].sums - scored[other].sums).sum() / sizes.sum())
        other_seeds = _of_other_seeds(scored[one], scored[other], draws.shape[1])
        drawn = difference + other_items[one] - other_items[other] + other_seeds
        found.append(_comparison(card, (one, other), difference, drawn))
    return _corrected(found)


def _scored(card: Card, runs: Sequence[Predictions], block: NDArray[np.int64]) -> _Scored:
    """Sum up the measure of a model's runs."""
    sums = np.stack([np.bincount(block, _items(card, each)) for each in runs])  # (runs, blocks)
    means, freedom = sums.sum(1) / len(block), len(runs) - 1
    variance = float(means.var(ddof=1)) / len(runs) if freedom else 0.0
    return _Scored(sums.mean(0), variance, freedom)


def _with_spread(scored: Mapping[str, _Scored]) -> Mapping[str, _Scored]:
    """Give a network of which one seed finished the spread that other networks have over theirs, if any has."""
    known = [each for each in scored.values() if each.freedom]
    if not known:
        return scored
    of_one = sum(each.variance * (each.freedom + 1) for each in known) / len(known)
    freedom = sum(each.freedom for each in known)
    return {
        name: each
        if each.freedom or name == BASELINE
        else replace(each, variance=of_one, freedom=freedom, borrowed=True)
        for name, each in scored.items()
    }


def _resampled(sums: Numbers, sizes: Numbers, resamples: int) -> Numbers:
    """Return by how much the mean of each model (rows) changes with other items, in each resample (columns)."""
    generator, blocks = np.random.default_rng(0), len(sizes)
    portion = min(max(DRAWN_AT_ONCE // blocks, 1), resamples)
    counts = (_drawn(generator, blocks, portion) for _ in range(0, resamples, portion))
    means = np.concatenate([sums @ of / (sizes @ of) for of in counts], axis=1)[:, :resamples]
    # What turns a normal variable into Student's, and the bootstrap's variance into one without bias.
    wider = np.sqrt(blocks / generator.chisquare(blocks - 1, resamples))
    changes: Numbers = (means - (sums.sum(1) / sizes.sum())[:, None]) * wider
    return changes


def _drawn(generator: np.random.Generator, blocks: int, resamples: int) -> NDArray[np.int64]:
    """Return how often each block (rows) is drawn in each resample (columns)."""
    places = generator.integers(blocks, size=(resamples, blocks)) + blocks * np.arange(resamples)[:, None]
    return np.bincount(places.ravel(), minlength=resamples * blocks).reshape(resamples, blocks).T


def _of_other_seeds(one: _Scored, other: _Scored, resamples: int) -> Numbers:
    """Draw by how much a difference changes with other seeds, (resamples,)."""
    parts = [each for each in (one, other) if each.variance > 0]
    if not parts:
        return np.zeros(resamples)
    variance = sum(each.variance for each in parts)
    freedom = variance**2 / sum(each.variance**2 / each.freedom for each in parts)
    if one.borrowed or other.borrowed:  # not independent of each other, as Welch's are
        freedom = min(each.freedom for each in parts)
    return math.sqrt(variance) * np.random.default_rng(1).standard_t(freedom, resamples)


def _comparison(card: Card, pair: tuple[str, str], difference: float, drawn: Numbers) -> Comparison:
    """Say which of a pair is the better, by the differences of the measure in all resamples."""
    first, second = pair
    if card.task != "classify":  # a smaller error is better
        drawn, difference = -drawn, -difference
    if difference < 0:
        drawn, difference, first, second = -drawn, -difference, second, first
    low, high = np.quantile(drawn, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    p = min(1.0, 2 * (float(np.sum(drawn <= 0)) + 1) / (len(drawn) + 1))
    return Comparison(first, second, measure_of(card), difference, float(low), float(high), p, False)


def _corrected(pairs: Sequence[Comparison]) -> list[Comparison]:
    """Correct the p of each pair for their number, by Holm's step-down, and say which differences hold."""
    order = sorted(range(len(pairs)), key=lambda index: pairs[index].p)
    corrected, highest = list(pairs), 0.0
    for rank, index in enumerate(order):
        pair = pairs[index]
        highest = max(highest, min(1.0, pair.p * (len(pairs) - rank)))
        corrected[index] = Comparison(
            pair.better, pair.worse, pair.measure, pair.difference, pair.low, pair.high, highest, highest < 1 - LEVEL
        )
    return corrected


def rows(found: Sequence[Comparison]) -> Iterator[tuple[object, ...]]:
    """Yield a table row a comparison."""
    for each in found:
        holds = "yes" if each.holds else "no"
        yield each.better, each.worse, each.measure, each.difference, each.low, each.high, each.p, holds


COLUMNS = ("better", "worse", "measure", "difference", "low", "high", "p", "holds")
