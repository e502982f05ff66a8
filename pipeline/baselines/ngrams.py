"""An n-gram model of symbols with interpolated, modified Kneser-Ney smoothing.

A *context* is the k symbols before the one that is predicted. For each k from 0 to order - 1 the model knows
which symbols followed which context, and mixes that with what it knows of the context that is one shorter:

    p_k(s | context) = (c(s) - d(c(s))) / sum(c)  +  sum(d(c)) / sum(c) * p_(k-1)(s | shorter context)

and p_(-1) is uniform over all symbols, so that none is impossible. At the longest context c counts how often s
followed it; at shorter ones, before how many different symbols the context stood when s followed it: what is
asked there is how s follows when the longer context is new. The discounts d for counts of 1, 2, and 3 or more
are those of Chen and Goodman, An empirical study of smoothing techniques for language modeling (1998).
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Shares = NDArray[np.float64]  # (n, symbols): of each position, the probability of each symbol

USUAL = (0.5, 1.0, 1.5)  # discounts where the counts do not give any, as KenLM has them
NEW = -1  # the id of a context that the training text does not have
CELLS = 1 << 22  # probabilities held at a time


@dataclass(frozen=True)
class Counts:
    """How often each symbol followed each context, (contexts + 1, symbols); the last row, of NEW, is empty."""

    table: Any  # a sparse matrix of SciPy
    discounts: NDArray[np.float64]  # of counts of 0, 1, 2, and 3 or more

    def mixed(self, contexts: Whole, lower: Shares) -> Shares:
        """Mix what followed the contexts with the probabilities that the shorter ones give."""
        counts = self.table[contexts].toarray()  # (n, symbols)
        less = self.discounts[np.minimum(counts, 3).astype(np.int64)]
        total = counts.sum(1, keepdims=True)
        known = (counts - less + less.sum(1, keepdims=True) * lower) / np.maximum(total, 1)
        return np.where(total > 0, known, lower)


@dataclass(frozen=True)
class Level:
    """What is known of the contexts of one length."""

    codes: Whole  # sorted, of each context: id of the context that is one shorter x symbols + the symbol before it
    followers: Counts
    spread: Counts | None  # followers by the number of different symbols before the context; the longest has none


@dataclass(frozen=True)
class NGrams:
    """A model; `symbols` is the number of ids, `levels` are those of contexts of 0, 1, 2, ... symbols."""

    symbols: int
    levels: tuple[Level, ...]

    def predict(self, past: Whole, text: Whole) -> dict[str, NDArray[Any]]:
        """Return for each symbol of a text, which goes on from `past`, its nats, and the best guess."""
        past = past[len(past) - min(len(past), len(self.levels)) :]
        whole = np.concatenate((past, text))
        step = max(CELLS // self.symbols, 1)
        parts = [self._part(whole, start, start + step) for start in range(len(past), len(whole), step)]
        nats, best = zip(*parts, strict=True) if parts else ((np.zeros(0),), (np.zeros(0, np.int64),))
        return {"nats": np.concatenate(nats), "best": np.concatenate(best)}

    def probabilities(self, whole: Whole, start: int, end: int) -> Shares:
        """Return the probability of each symbol at positions `start` to `end` of a text."""
        shares: Shares = np.full((end - start, self.symbols), 1 / self.symbols)
        contexts = np.zeros(end - start, dtype=np.int64)
        for length, level in enumerate(self.levels):
            if length:
                contexts = _longer(whole, start, contexts, level.codes, length, self.symbols)
            counts = level.followers if level.spread is None else level.spread
            shares = counts.mixed(contexts, shares)
        return shares

    def _part(self, whole: Whole, start: int, end: int) -> tuple[Shares, Whole]:
        end = min(end, len(whole))
        shares = self.probabilities(whole, start, end)
        truth = whole[start:end]
        return -np.log(shares[np.arange(len(truth)), truth]), shares.argmax(1)


def learn(text: Whole, symbols: int, order: int) -> NGrams:
    """Count what follows each context of up to order - 1 symbols."""
    codes, ids = _contexts(text, symbols, order)
    followers = [_followers(text, found, len(known), symbols) for known, found in zip(codes, ids, strict=True)]
    spread = [
        _spread(table, known // symbols, len(shorter), symbols)
        for (shorter, known), table in zip(pairwise(codes), followers[1:], strict=True)
    ]
    levels = zip(codes, map(_counts, followers), [*map(_counts, spread), None], strict=True)
    return NGrams(symbols, tuple(Level(*level) for level in levels))


def _contexts(text: Whole, symbols: int, order: int) -> tuple[list[Whole], list[Whole]]:
    """Return for each length the codes of its contexts, and the context of each position from `length` on."""
    codes, ids = [np.zeros(1, dtype=np.int64)], [np.zeros(len(text), dtype=np.int64)]
    for length in range(1, min(order, len(text))):
        known, found = np.unique(ids[-1][1:] * symbols + text[: len(text) - length], return_inverse=True)
        codes.append(known)
        ids.append(found.astype(np.int64))
    return codes, ids


def _longer(whole: Whole, start: int, contexts: Whole, known: Whole, length: int, symbols: int) -> Whole:
    """Return the contexts of `length` symbols, from those that are one symbol shorter, of positions from `start`."""
    positions = np.arange(start, start + len(contexts)) - length
    wanted = contexts * symbols + whole[np.maximum(positions, 0)]
    found = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    met = (known[found] == wanted) & (contexts != NEW) & (positions >= 0)
    return np.where(met, found, NEW)


def _followers(text: Whole, contexts: Whole, number: int, symbols: int) -> Any:
    """Count how often each symbol followed each context."""
    return _table(contexts, text[len(text) - len(contexts) :], number, symbols)


def _spread(followers: Any, shorter: Whole, number: int, symbols: int) -> Any:
    """Count, for each shorter context, before how many of the longer ones' symbols each symbol followed it."""
    met = followers.tocoo()
    return _table(shorter[met.row], met.col, number, symbols)


def _table(rows: Whole, columns: Whole, number: int, symbols: int) -> Any:
    from scipy.sparse import csr_array  # late: a fifth of a second

    table = csr_array((np.ones(len(rows)), (rows, columns)), shape=(number + 1, symbols))
    table.sum_duplicates()
    return table


def _counts(table: Any) -> Counts:
    """Estimate the discounts from how many counts are 1, 2, 3 and 4."""
    ones, twos, threes, fours = (float((table.data == count).sum()) for count in (1, 2, 3, 4))
    if min(ones, twos, threes, fours) == 0:
        return Counts(table, np.array([0.0, *USUAL]))
    share = ones / (ones + 2 * twos)
    discounts = (1 - 2 * share * twos / ones, 2 - 3 * share * threes / twos, 3 - 4 * share * fours / threes)
    fit = all(0 < discount <= count for count, discount in enumerate(discounts, 1))
    return Counts(table, np.array([0.0, *(discounts if fit else USUAL)]))
