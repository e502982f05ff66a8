"""The bootstrap over the items of a split, which gives intervals of metrics and of differences.

Items are resampled with replacement, the same ones for every model. Neighbouring items of a text or a series are
correlated, so they are resampled in blocks. Where there are few blocks, the bootstrap is widened by Student's t.
"""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.metrics import Score

if TYPE_CHECKING:
    from pipeline.tasks.base import Predictions

LEVEL = 0.95  # of the intervals; a difference is significant at alpha = 1 - LEVEL
MIN_RESAMPLES = 4000
RESAMPLES_PER_PAIR = 100  # so that p can be small enough to stay below 0.05 when multiplied by the number of pairs
MAX_BLOCKS = 5000  # more take longer, and hardly change an interval
MAX_DRAWS = 1 << 20  # blocks drawn at a time, to bound the memory

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Bootstrap:
    """Resamples of the items of a split; every score of the split gets the same ones."""

    def __init__(self, block: IntArray, resamples: int = MIN_RESAMPLES) -> None:
        self.block, self.blocks = block, int(block.max(initial=-1)) + 1
        self.counts = list(_draw_counts(self.blocks, resamples))
        # Turns a normal variable into Student's t, and makes the bootstrap's variance unbiased.
        chi_square = np.random.default_rng(1).chisquare(max(self.blocks - 1, 1), resamples)
        self.wider: FloatArray = np.sqrt(self.blocks / chi_square)

    @property
    def has_variance(self) -> bool:
        """Return whether there is more than one block: a single one has no variance."""
        return self.blocks > 1

    def resample(self, score: Score) -> FloatArray:
        """Return a score in each resample, (resamples,), before its `finish`."""
        sums, plain = score.sum_blocks(self.block), score.plain
        found = np.concatenate([score.of_sums(sums @ counts.astype(np.float64)) for counts in self.counts])
        resampled: FloatArray = plain + (found[: len(self.wider)] - plain) * self.wider
        return resampled


def interval(score: Score, resampled: FloatArray, highest: float = math.inf) -> tuple[float, float]:
    """Return the 95 % interval of a score that is never below 0, nor above `highest` before its `finish`."""
    low, high = score.finish(np.clip(quantiles(resampled), 0.0, highest))
    return float(low), float(high)


def quantiles(resampled: FloatArray) -> FloatArray:
    """Return the ends of the 95 % interval, (2,)."""
    ends: FloatArray = np.quantile(resampled, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return ends


def item_blocks(predictions: "Predictions", block_size: int) -> IntArray:
    """Return the block of each item, (items,): its word, its stretch of a text or a series, or itself.

    Of more than `MAX_BLOCKS` blocks, neighbours are joined.
    """
    block = np.arange(len(predictions["truth"]), dtype=np.int64) // block_size
    if "row" in predictions:
        block = np.unique(predictions["row"], return_inverse=True)[1].astype(np.int64)
    joined: IntArray = block // math.ceil((block.max(initial=0) + 1) / MAX_BLOCKS)
    return joined


def count_resamples(pairs: int) -> int:
    """Return the number of resamples for so many pairs."""
    return max(MIN_RESAMPLES, RESAMPLES_PER_PAIR * pairs)


def _draw_counts(blocks: int, resamples: int) -> Iterator[NDArray[np.int16]]:
    """Yield how often each block (rows) is drawn in each resample (columns), a portion of the resamples at a time."""
    generator, portion = np.random.default_rng(0), min(max(MAX_DRAWS // max(blocks, 1), 1), resamples)
    for _ in range(0, resamples if blocks > 1 else 0, portion):
        draws = generator.integers(blocks, size=(portion, blocks)) + blocks * np.arange(portion)[:, None]
        yield np.bincount(draws.ravel(), minlength=portion * blocks).reshape(portion, blocks).T.astype(np.int16)
