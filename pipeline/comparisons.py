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
    scored = {}
    for name in (*judgements.networks, BASELINE):
        found = judgements.predictions(name, "test")
        if found and name not in excluded:
            scored[name] = {seed: _summed(card, each) for seed, each in found.items()}
    couples = list(combinations(scored, 2))
    pairs = [_compared(card, scored, first, second, _resamples(len(couples))) for first, second in couples]
    return _corrected([pair for pair in pairs if pair is not None])


def together_with_baseline(card: Card, judgements: Judgements, excluded: Sequence[str] = ()) -> list[Comparison]:
    """Compare what each model's seeds say together with the strong baseline, on the test items."""
    base, drawn = judgements.predictions(BASELINE, "test"), _resamples(len(judgements.networks))
    found = {name: together.of(judgements, name, "test") for name in judgements.networks if name not in excluded}
    pairs = [
        _compared(card, {name: {0: _summed(card, said)}, BASELINE: {0: _summed(card, base[0])}}, name, BASELINE, drawn)
        for name, said in found.items()
        if said is not None and base
    ]
    return _corrected([pair for pair in pairs if pair is not None])


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


def _compared(card: Card, scored: Scored, first: str, second: str, resamples: int) -> Comparison | None:
    """Bootstrap one pair; the baseline has one run, which stands against every seed."""
    seeds = [seed for seed in scored[first] if seed in scored[second] or second == BASELINE]
    if not seeds:
        return None
    base = next(iter(scored[second].values()))
    differences = np.stack([scored[first][seed][0] - scored[second].get(seed, base)[0] for seed in seeds])
    sizes = base[1]
    drawn = _resampled(differences, sizes, resamples)
    difference = float(differences.mean(0).sum() / sizes.sum())
    if card.task != "classify":  # a smaller error is better
        drawn, difference = -drawn, -difference
    if difference < 0:
        drawn, difference, first, second = -drawn, -difference, second, first
    low, high = np.quantile(drawn, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    p = min(1.0, 2 * (float(np.sum(drawn <= 0)) + 1) / (len(drawn) + 1))
    return Comparison(first, second, measure_of(card), difference, float(low), float(high), p, False)


def _resampled(differences: Numbers, sizes: Numbers, resamples: int) -> Numbers:
    """Return the mean difference of each resample of seeds (rows) and blocks (columns)."""
    generator = np.random.default_rng(0)
    seeds, blocks = differences.shape
    means = np.empty(resamples)
    for number in range(resamples):
        of_seeds = np.bincount(generator.integers(seeds, size=seeds), minlength=seeds)
        of_blocks = np.bincount(generator.integers(blocks, size=blocks), minlength=blocks)
        means[number] = of_seeds @ differences @ of_blocks / (seeds * (sizes @ of_blocks))
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
