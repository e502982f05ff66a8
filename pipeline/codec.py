"""Symbols to integers and back.

A vocabulary is closed or open. A closed one is a declared alphabet: all of it and nothing else, whichever
symbols the rows happen to hold, and any other symbol is an error. An open one holds the symbols of the
training rows alone, because a model must not know which symbols the held-out rows bring; those share the
reserved id 0, `unknown`, shown as U+FFFD, the character that Unicode keeps for this use.

`unknown` is no free gift to a model. It stands in no training row, so a model learns to give it next to no
probability and pays for each one in held-out data with a large loss. It names no symbol: whoever counts
hits or generates text leaves it out (`Codec.unknown`). The card of a data set says how many there are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError

UNKNOWN = "\ufffd"
CODE_POINTS = 0x110000
SHOWN = 60

Symbols = NDArray[np.unsignedinteger[Any]]
Points = NDArray[np.uint32]


@dataclass(frozen=True)
class Codec:
    """A vocabulary; the id of a symbol is its place in `symbols`."""

    symbols: tuple[str, ...]

    @classmethod
    def closed(cls, alphabet: Iterable[str]) -> Self:
        """Make the vocabulary of a declared alphabet."""
        symbols = sorted(set(alphabet))
        if UNKNOWN in symbols:
            raise UserError("alphabet: found U+FFFD, which stands for an unknown symbol; leave it out")
        return cls(tuple(symbols))

    @classmethod
    def open(cls, symbols: Iterable[str]) -> Self:
        """Make a vocabulary of the symbols of the training rows, with id 0 for all others."""
        return cls((UNKNOWN, *sorted({*symbols} - {UNKNOWN})))

    @property
    def size(self) -> int:
        """Return the number of ids, the reserved one included."""
        return len(self.symbols)

    @property
    def unknown(self) -> int | None:
        """Return the id of symbols outside an open vocabulary; a closed one has none."""
        return 0 if self.symbols[0] == UNKNOWN else None

    @property
    def dtype(self) -> np.dtype[np.unsignedinteger[Any]]:
        """Return the smallest unsigned type that holds every id."""
        return np.dtype(np.min_scalar_type(self.size - 1))

    def encode(self, text: str) -> Symbols:
        """Return the ids of a text's symbols; a UserError shows the first that is not known."""
        return self.encode_points(points(text))

    def encode_points(self, text: Points) -> Symbols:
        """Encode a text given as code points; see `points`."""
        ids = self._ids[text]
        if self.unknown is None and (outside := ids == self.size).any():
            symbol = chr(text[int(outside.argmax())])
            alphabet = "".join(self.symbols)
            cut = alphabet if len(alphabet) <= SHOWN else alphabet[:SHOWN] + "..."
            raise UserError(f"found symbol {symbol!r}; wanted one of {cut!r}")
        return ids.astype(self.dtype)

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ids; an unknown symbol reads as U+FFFD."""
        return "".join(self.symbols[index] for index in ids)

    @cached_property
    def _ids(self) -> NDArray[np.uint32]:
        """Hold the id of every code point: a table is some 20 times faster than a dictionary."""
        table = np.full(CODE_POINTS, 0 if self.unknown == 0 else self.size, dtype=np.uint32)
        table[[ord(symbol) for symbol in self.symbols]] = np.arange(self.size)
        return table


def points(text: str) -> Points:
    """Return the code points of a text."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint32, copy=False)


def pad(rows: Sequence[Symbols]) -> tuple[Symbols, NDArray[np.int32]]:
    """Return rows as one array (n, longest), filled with zeros on the right, and their lengths (n,).

    Zero may be a symbol too: the lengths alone tell what is padding.
    """
    lengths = np.array([len(row) for row in rows], dtype=np.int32)
    width = int(lengths.max(initial=0))
    symbols = np.zeros((len(rows), width), dtype=rows[0].dtype if rows else np.uint8)
    if rows:
        symbols[np.arange(width) < lengths[:, None]] = np.concatenate(rows)
    return symbols, lengths
