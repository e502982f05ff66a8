"""Write arrays piece by piece, so that large ones are never in memory as a whole."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

PIECE = 1 << 16  # rows
ENTRIES = 1 << 22  # of a piece with wide rows


def pieces(count: int, width: int = 1) -> Iterable[slice]:
    """Return slices that divide `count` rows of so many entries."""
    step = min(PIECE, max(1, ENTRIES // max(width, 1)))
    return (slice(start, min(start + step, count)) for start in range(0, count, step))


def join_pieces(
    parts: Iterable[NDArray[Any]], shape: tuple[int, ...], dtype: DTypeLike, path: Path | None = None
) -> NDArray[Any]:
    """Return arrays joined along their first axis.

    Args:
        parts: The arrays, in order.
        shape: The shape of the whole.
        dtype: Its type.
        path: A new .npy file to write it to, from which it is then memory-mapped; without one it is in memory.
    """
    if path is None:
        joined, start = np.empty(shape, dtype=dtype), 0
        for part in parts:
            joined[start : start + len(part)] = part
            start += len(part)
        return joined
    path.parent.mkdir(parents=True, exist_ok=True)
    header = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": shape}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for part in parts:
            file.write(np.ascontiguousarray(part, dtype=dtype).data)
    mapped: NDArray[Any] = np.load(path, mmap_mode="r")
    return mapped


def number_rows(columns: Sequence[NDArray[Any]]) -> NDArray[np.int32]:
    """Return the number of each row (n,) among the distinct rows in sorted order; equal rows have the same."""
    order = np.argsort(columns[0], kind="stable") if len(columns) == 1 else np.lexsort(columns[::-1])
    is_new = np.zeros(len(order), dtype=np.bool_)
    for column in columns:
        for piece in pieces(len(order) - 1):
            is_new[piece.start + 1 : piece.stop + 1] |= (
                column[order[piece.start + 1 : piece.stop + 1]] != column[order[piece]]
            )
    numbers = np.empty(len(order), dtype=np.int32)
    numbers[order] = np.cumsum(is_new, dtype=np.int32)
    return numbers


def first_rows(numbers: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the first row of each number, in ascending order."""
    first = np.empty(int(numbers.max(initial=-1)) + 1, dtype=np.int32)
    first[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1, dtype=np.int32)  # the last assignment stays
    first.sort()
    return first
