"""Write arrays piece by piece, so that large ones are never in memory as a whole."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

PIECE = 1 << 16  # rows


def pieces(count: int) -> Iterable[slice]:
    """Return slices that divide `count` rows."""
    return (slice(start, min(start + PIECE, count)) for start in range(0, count, PIECE))


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
