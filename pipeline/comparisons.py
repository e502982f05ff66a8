"""Compare the models of a data set in pairs, on the same test items and seeds.

The spread of a difference comes from a paired bootstrap: seeds and items are drawn anew, with replacement, and the
same ones for both models. Items that stand side by side in a text or a series are alike, so they are drawn in blocks.
With many pairs some differ by luck: Holm's correction (1979) holds the chance of one false claim to 5 %.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pipeline import together
from pipeline.datasets.prepared import Card
from pipeline.judgement import Judgements, Predictions
from pipeline.references import BASELINE

RESAMPLES = 4000  # at least
RESAMPLES_A_PAIR = 100  # else no p could be small enough to stay so when it is multiplied by the pairs
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
    scored: Scored = {}
    for name in (*judgements.networks, BASELINE):
        found = judgements.predictions(name, "test")
        if found and name not in excluded:
            scored[name] = {seed: _summed(card, each) for seed, each in found.items()}
    return _compared(card, scored, list(combinations(scored, 2)))


def together_with_baseline(card: Card, judgements: Judgements, excluded: Sequence[str] = ()) -> list[Comparison]:
    """Compare what each model's seeds say together with the strong baseline, on the test items."""
    said = {name: together.of(judgements, name, "test") for name in judgements.networks if name not in excluded}
    base = judgements.predictions(BASELINE, "test")
    if not base:
        return []
    scored = {name: {0: _summed(card, each)} for name, each in said.items() if each is not None}
    couples = [(name, BASELINE) for name in scored]
    return _compared(card, scored | {BASELINE: {0: _summed(card, base[0])}}, couples)


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


def _summed(card: Card, predictions: Predictions) -> tuple[Numbers, Numbers]:
    """Return the sum of the measure in each block, and the items of each."""
    items = _items(card, predictions)
    block = _blocks(card, predictions, len(items))
    return np.bincount(block, items).astype(np.float64), np.bincount(block).astype(np.float64)


Scored = dict[str, dict[int, tuple[Numbers, Numbers]]]


def _resamples(pairs: int) -> int:
    """Return how often to draw for each of some pairs."""
    return max(RESAMPLES, RESAMPLES_A_PAIR * pairs)


@dataclass(frozen=True)
class _Pair:
    """Two models, and by how much the first has more of the measure than the second: of each seed and block."""

    first: str
    second: str
    differences: Numbers  # (seeds, blocks)


def _compared(card: Card, scored: Scored, couples: Sequence[tuple[str, str]]) -> list[Comparison]:
    """Bootstrap pairs, those of as many seeds all from the same draws, and correct their p."""
    pairs = [pair for first, second in couples if (pair := _pair(scored, first, second)) is not None]
    if not pairs:
        return []
    _, sizes = next(iter(scored[pairs[0].first].values()))  # the same test items for all
    drawn = np.empty((len(pairs), _resamples(len(couples))))
    for seeds in {len(pair.differences) for pair in pairs}:
        alike = [place for place, pair in enumerate(pairs) if len(pair.differences) == seeds]
        drawn[alike] = _resampled(np.stack([pairs[place].differences for place in alike]), sizes, drawn.shape[1])
    return _corrected([_comparison(card, pair, sizes, means) for pair, means in zip(pairs, drawn, strict=True)])


def _pair(scored: Scored, first: str, second: str) -> _Pair | None:
    """Subtract two models' sums; the baseline has one run, which stands against every seed."""
    seeds = [seed for seed in scored[first] if seed in scored[second] or second == BASELINE]
    if not seeds:
        return None
    base = next(iter(scored[second].values()))
    return _Pair(
        first, second, np.stack([scored[first][seed][0] - scored[second].get(seed, base)[0] for seed in seeds])
    )


def _comparison(card: Card, pair: _Pair, sizes: Numbers, drawn: Numbers) -> Comparison:
    """Say which of a pair is the better, by the mean differences of all resamples."""
    first, second, difference = pair.first, pair.second, float(pair.differences.mean(0).sum() / sizes.sum())
    if card.task != "classify":  # a smaller error is better
        drawn, difference = -drawn, -difference
    if difference < 0:
        drawn, difference, first, second = -drawn, -difference, second, first
    low, high = np.quantile(drawn, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    p = min(1.0, 2 * (float(np.sum(drawn <= 0)) + 1) / (len(drawn) + 1))
    return Comparison(first, second, measure_of(card), difference, float(low), float(high), p, False)


def _resampled(differences: Numbers, sizes: Numbers, resamples: int) -> Numbers:
    """Return the mean difference of each pair (rows) in each resample of seeds and blocks (columns)."""
    generator = np.random.default_rng(0)
    pairs, seeds, blocks = differences.shape
    means = np.empty((pairs, resamples))
    for number in range(resamples):
        of_seeds = np.bincount(generator.integers(seeds, size=seeds), minlength=seeds)
        of_blocks = np.bincount(generator.integers(blocks, size=blocks), minlength=blocks)
        means[:, number] = differences @ of_blocks @ of_seeds / (seeds * (sizes @ of_blocks))
    return means


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
