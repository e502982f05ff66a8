"""Many short texts in little memory, and as padded arrays of symbols."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.prepared.arrays import PIECE, join_pieces, pieces
from pipeline.data.prepared.vocabulary import Symbols, Vocabulary

Texts = NDArray[Any]  # (n,) of NumPy's StringDType: 16 bytes for a short text, a fifth of what Python needs
Rows = NDArray[np.intp]


def collect_texts(texts: Iterable[str]) -> Texts:
    """Return texts as an array, (n,)."""
    kind, rest = np.dtypes.StringDType(), iter(texts)
    parts = [np.array(part, dtype=kind) for part in iter(lambda: list(islice(rest, PIECE)), [])]
    return np.concatenate(parts) if parts else np.empty(0, dtype=kind)


def symbols_of(texts: Texts, rows: Rows) -> set[str]:
    """Return all symbols of some rows."""
    return set().union(*("".join(texts[rows[piece]].tolist()) for piece in pieces(len(rows))))


def encode_rows(
    texts: Texts, vocabulary: Vocabulary, rows: Mapping[str, Rows], folder: Path | None
) -> dict[str, dict[str, NDArray[Any]]]:
    """Return the rows of each split as symbols (n, longest), padded with zeros on the right, and their lengths (n,).

    Zero is also the id of a symbol: only the lengths tell what is padding. With a folder, both are mapped from new
    files there.
    """
    lengths = np.strings.str_len(texts).astype(np.int32)
    longest = int(lengths.max(initial=0))

    def encode(chosen: Rows) -> Iterator[Symbols]:
        for piece in pieces(len(chosen), longest):
            part = chosen[piece]
            symbols = np.zeros((len(part), longest), dtype=vocabulary.dtype)
            symbols[np.arange(longest) < lengths[part, None]] = vocabulary.encode("".join(texts[part].tolist()))
            yield symbols

    def path(split: str) -> Path | None:
        return folder and folder / split / "symbols.npy"

    return {
        split: {
            "symbols": join_pieces(encode(chosen), (len(chosen), longest), vocabulary.dtype, path(split)),
            "lengths": lengths[chosen],
        }
        for split, chosen in rows.items()
    }
