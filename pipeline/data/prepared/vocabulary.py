"""Symbols to integers and back.

A vocabulary is closed or open. A closed one is a declared alphabet: all of its symbols, whether or not the rows
have them, and any other symbol is an error. An open one has the symbols of the training rows alone, because
a model must not know the symbols of held-out rows. Out-of-vocabulary (OOV) symbols share the reserved id 0,
`unknown`, shown as U+FFFD, Unicode's replacement character.

`unknown` gives a model no advantage. It is in no training row, so a model learns to give it almost no
probability, and each one in held-out data costs a large loss. It is no symbol of its own, so accuracy and
sampled text leave it out (`Vocabulary.unknown`). The data card says how many there are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.params.schema import UNKNOWN

CODE_POINTS = 0x110000
MAX_SHOWN = 60  # characters of an alphabet in an error

Symbols = NDArray[np.unsignedinteger[Any]]
CodePoints = NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True)
class Vocabulary:
    """A vocabulary; the id of a symbol is its index in `symbols`."""

    symbols: tuple[str, ...]

    @classmethod
    def closed(cls, alphabet: Iterable[str]) -> Self:
        """Return the vocabulary of a declared alphabet."""
        return cls(tuple(sorted(set(alphabet))))

    @classmethod
    def open(cls, symbols: Iterable[str]) -> Self:
        """Return the vocabulary of the symbols of the training rows, with id 0 for all others."""
        return cls((UNKNOWN, *sorted({*symbols} - {UNKNOWN})))

    @property
    def size(self) -> int:
        """The number of ids, including the reserved one."""
        return len(self.symbols)

    @property
    def unknown(self) -> int | None:
        """The id of out-of-vocabulary symbols; None for a closed vocabulary."""
        return 0 if self.symbols[0] == UNKNOWN else None

    @property
    def dtype(self) -> np.dtype[np.unsignedinteger[Any]]:
        """The smallest unsigned type that fits every id."""
        return np.dtype(np.min_scalar_type(self.size - 1))

    def encode(self, text: str) -> Symbols:
        """Return the ids of a text's symbols.

        Raises:
            DataError: if a symbol is not in a closed vocabulary; the message shows the first one.
        """
        return self.encode_points(code_points(text))

    def encode_points(self, text: CodePoints) -> Symbols:
        """Return the ids of a text given as code points; see `encode` and `code_points`."""
        ids = self._ids.take(text)
        if self.unknown is None and (is_oov := ids == self.size).any():
            symbol = chr(text[int(is_oov.argmax())])
            alphabet = "".join(self.symbols)
            shown = alphabet if len(alphabet) <= MAX_SHOWN else alphabet[:MAX_SHOWN] + "..."
            raise DataError(f"found symbol {symbol!r}; wanted one of {shown!r}")
        return ids.astype(self.dtype, copy=False)

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ids; the reserved id reads as U+FFFD."""
        return "".join(self.symbols[index] for index in ids)

    @cached_property
    def _ids(self) -> Symbols:
        """The id of every code point; indexing an array is about 20 times faster than a dictionary."""
        table = np.full(CODE_POINTS, 0 if self.unknown == 0 else self.size, dtype=np.min_scalar_type(self.size))
        table[[ord(symbol) for symbol in self.symbols]] = np.arange(self.size)
        return table


def code_points(text: str) -> CodePoints:
    """Return the code points of a text."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint32, copy=False)


def pad(rows: Sequence[Symbols]) -> tuple[Symbols, NDArray[np.int32]]:
    """Return rows as one array (n, longest), padded with zeros on the right, and their lengths (n,).

    Zero is also the id of a symbol: only the lengths tell what is padding.
    """
    lengths = np.array([len(row) for row in rows], dtype=np.int32)
    longest = int(lengths.max(initial=0))
    symbols = np.zeros((len(rows), longest), dtype=rows[0].dtype if rows else np.uint8)
    if rows:
        symbols[np.arange(longest) < lengths[:, None]] = np.concatenate(rows)
    return symbols, lengths
