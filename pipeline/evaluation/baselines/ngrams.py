"""An n-gram model of symbols with interpolated, modified Kneser-Ney smoothing.

A *context* is the k symbols before the one that is predicted. For each k from 0 to order - 1 the model counts which
symbols followed which context, and interpolates that with the probabilities for the context that is one shorter:

    p_k(s | context) = (c(s) - d(c(s))) / sum(c)  +  sum(d(c)) / sum(c) * p_(k-1)(s | shorter context)

and p_(-1) is uniform over all symbols, so that none is impossible. For the longest context, c counts how often s
followed it. For shorter ones it is the continuation count: the number of different symbols that stood before the
context when s followed it, because a shorter context only matters where the longer one is rare or new. The discounts d
of counts of 1, 2, and 3 or more are those of Chen and Goodman, An empirical study of smoothing techniques for language
modeling (1998).
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
Probabilities = NDArray[np.float64]  # (n, symbols): of each symbol, at each position

DEFAULT_DISCOUNTS = (0.5, 1.0, 1.5)  # where they cannot be estimated; those of KenLM
UNSEEN = -1  # the id of a context that the training text does not have
MAX_PROBABILITIES = 1 << 22  # computed at a time, to bound the memory


@dataclass(frozen=True)
class Counts:
    """How often each symbol followed each context, (contexts + 1, symbols); the last row, of UNSEEN, is empty."""

    table: Any  # a sparse matrix of SciPy
    discounts: NDArray[np.float64]  # of counts of 0, 1, 2, and 3 or more

    def interpolate(self, contexts: IntArray, shorter: Probabilities) -> Probabilities:
        """Return the probabilities for some contexts, given those for the contexts that are one shorter."""
        seen = np.flatnonzero(contexts != UNSEEN)  # few of the long ones
        counts = self.table[contexts[seen]].toarray()  # (seen, symbols)
        discounts = self.discounts[np.minimum(counts, 3).astype(np.int64)]
        total = counts.sum(1, keepdims=True)
        mixed = (counts - discounts + discounts.sum(1, keepdims=True) * shorter[seen]) / np.maximum(total, 1)
        found = shorter.copy()
        found[seen] = np.where(total > 0, mixed, shorter[seen])
        return found


@dataclass(frozen=True)
class Level:
    """The contexts of one length."""

    codes: IntArray  # sorted: id of the context that is one shorter * symbols + the symbol before that
    followers: Counts
    continuations: Counts | None  # continuation counts; None for the longest contexts


@dataclass(frozen=True)
class NGrams:
    """A fitted model."""

    symbols: int  # number of ids
    levels: tuple[Level, ...]  # for contexts of 0, 1, 2, ... symbols

    def predict(self, past: IntArray, text: IntArray) -> dict[str, NDArray[Any]]:
        """Return the `nll` of each symbol of a text that follows `past`, and the `best` prediction in its place."""
        past = past[len(past) - min(len(past), len(self.levels)) :]
        joined = np.concatenate((past, text))
        step = max(MAX_PROBABILITIES // self.symbols, 1)
        parts = [self._predict_part(joined, start, start + step) for start in range(len(past), len(joined), step)]
        nll, best = zip(*parts, strict=True) if parts else ((np.zeros(0),), (np.zeros(0, np.int64),))
        return {"nll": np.concatenate(nll), "best": np.concatenate(best)}

    def probabilities(self, text: IntArray, start: int, end: int) -> Probabilities:
        """Return the probability of each symbol at positions `start` to `end` of a text, (end - start, symbols)."""
        found: Probabilities = np.full((end - start, self.symbols), 1 / self.symbols)
        contexts = np.zeros(end - start, dtype=np.int64)
        for length, level in enumerate(self.levels):
            if length:
                contexts = _extend(contexts, text, start, level.codes, length, self.symbols)
            counts = level.followers if level.continuations is None else level.continuations
            found = counts.interpolate(contexts, found)
        return found

    def _predict_part(self, text: IntArray, start: int, end: int) -> tuple[NDArray[np.float64], IntArray]:
        end = min(end, len(text))
        probabilities = self.probabilities(text, start, end)
        truth = text[start:end]
        return -np.log(probabilities[np.arange(len(truth)), truth]), probabilities.argmax(1)


def fit_ngrams(text: IntArray, symbols: int, order: int) -> NGrams:
    """Count what follows each context of up to order - 1 symbols.

    Args:
        text: Ids from 0 to symbols - 1.
        symbols: The number of ids.
        order: The length of the longest n-gram, from 1.
    """
    codes, ids = _contexts(text, symbols, order)
    followers = [
        _count_followers(text, contexts, len(level), symbols) for level, contexts in zip(codes, ids, strict=True)
    ]
    continuations = [
        _count_continuations(table, longer // symbols, len(shorter), symbols)
        for (shorter, longer), table in zip(pairwise(codes), followers[1:], strict=True)
    ]
    levels = zip(codes, map(_discounted, followers), [*map(_discounted, continuations), None], strict=True)
    return NGrams(symbols, tuple(Level(*level) for level in levels))


def _contexts(text: IntArray, symbols: int, order: int) -> tuple[list[IntArray], list[IntArray]]:
    """Return for each length the codes of its contexts, and the context of each position from `length` on."""
    codes, ids = [np.zeros(1, dtype=np.int64)], [np.zeros(len(text), dtype=np.int64)]
    for length in range(1, min(order, len(text))):
        longer = ids[-1][1:] * symbols + text[: len(text) - length]
        unique, contexts = np.unique(longer, return_inverse=True)
        codes.append(unique)
        ids.append(contexts.astype(np.int64))
    return codes, ids


def _extend(contexts: IntArray, text: IntArray, start: int, codes: IntArray, length: int, symbols: int) -> IntArray:
    """Return the contexts of `length` symbols of positions from `start`, from those that are one symbol shorter."""
    positions = np.arange(start, start + len(contexts)) - length
    longer = contexts * symbols + text[np.maximum(positions, 0)]
    ids = np.minimum(np.searchsorted(codes, longer), len(codes) - 1)
    seen = (codes[ids] == longer) & (contexts != UNSEEN) & (positions >= 0)
    return np.where(seen, ids, UNSEEN)


def _count_followers(text: IntArray, contexts: IntArray, number: int, symbols: int) -> Any:
    """Return how often each symbol followed each of `number` contexts."""
    return _count(contexts, text[len(text) - len(contexts) :], number, symbols)


def _count_continuations(followers: Any, shorter: IntArray, number: int, symbols: int) -> Any:
    """Return how many different symbols stood before each shorter context when a symbol followed it.

    Args:
        followers: The table of the longer contexts.
        shorter: The id of each longer context without its first symbol.
        number: The number of shorter contexts.
        symbols: The number of ids.
    """
    seen = followers.tocoo()
    return _count(shorter[seen.row], seen.col, number, symbols)


def _count(rows: IntArray, columns: IntArray, number: int, symbols: int) -> Any:
    from scipy.sparse import csr_array  # late: a fifth of a second

    table = csr_array((np.ones(len(rows)), (rows, columns)), shape=(number + 1, symbols))
    table.sum_duplicates()
    return table


def _discounted(table: Any) -> Counts:
    """Return counts with their discounts, estimated from how many of them are 1, 2, 3 and 4."""
    ones, twos, threes, fours = (float((table.data == count).sum()) for count in (1, 2, 3, 4))
    if min(ones, twos, threes, fours) == 0:
        return Counts(table, np.array([0.0, *DEFAULT_DISCOUNTS]))
    share = ones / (ones + 2 * twos)
    discounts = (1 - 2 * share * twos / ones, 2 - 3 * share * threes / twos, 3 - 4 * share * fours / threes)
    valid = all(0 < discount <= count for count, discount in enumerate(discounts, 1))
    return Counts(table, np.array([0.0, *(discounts if valid else DEFAULT_DISCOUNTS)]))
