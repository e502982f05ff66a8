"""Read a prepared data set so that nothing in it can surprise who uses it: files, data card and arrays are checked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline import manifest
from pipeline.data import prepared as data
from pipeline.data.prepared import CARD, SPLITS, DataCard, Prepared
from pipeline.errors import REPAIR, DataError
from pipeline.files import Arrays

Form = tuple[str, int]  # NumPy's letter of the type (u: ids, i: whole numbers, f: numbers, M: dates), and the axes

ROWS: Mapping[str, Form] = {"symbols": ("u", 2), "lengths": ("i", 1)}
ARRAYS: Mapping[str, tuple[Mapping[str, Form], ...]] = {  # the arrays that a task reads: one of these groups
    "next-symbol": (ROWS, {"stream": ("u", 1)}),
    "classify": ({**ROWS, "labels": ("i", 1)}, {**ROWS, "labels": ("i", 1), "following": ("i", 2)}),
    "regress": ({"inputs": ("f", 2), "targets": ("f", 1)},),
    "forecast": ({"values": ("f", 1), "dates": ("M", 1)},),
}


def read_verified(folder: Path) -> Prepared:
    """Read a prepared data set, after comparing its folder with its manifest.

    Raises:
        DataError: as for `prepared.read` and `manifest.check`, and if a task cannot read the arrays.
    """
    manifest.check(folder)
    prepared = data.read(folder)
    if problem := _find_card_problem(prepared.card, folder.name):
        raise DataError(f"{folder / CARD}: {problem}; {REPAIR}")
    for split, arrays in prepared.splits.items():
        _check_forms(prepared.card, arrays, folder / split)
        for name in arrays:
            if problem := _find_array_problem(prepared.card, arrays, name, prepared.card.rows[split]):
                raise DataError(f"{folder / split / name}.npy: {problem}; {REPAIR}")
    return prepared


def _find_card_problem(card: DataCard, name: str) -> str | None:
    if card.dataset != name:
        return f"of data set {card.dataset[:60]}, not {name}"
    if card.task not in ARRAYS:
        return f"task: found {card.task[:60]!r}; wanted one of {', '.join(ARRAYS)}"
    if set(card.rows) != ({*SPLITS} if len(card.rows) > 1 or not card.refit else {"train"}):
        return f"rows: wanted the splits {', '.join(SPLITS)}, or train alone for a refit"
    if card.task == "forecast" and not card.season:
        return "season: found none; wanted days"
    return None


def _check_forms(card: DataCard, arrays: Arrays, folder: Path) -> None:
    """Refuse other arrays, or arrays of other types or axes, than those that the task reads."""
    found = {name: (array.dtype.kind, array.ndim) for name, array in arrays.items()}
    if found not in ARRAYS[card.task]:
        described = ", ".join(f"{name} ({kind}, {axes} axes)" for name, (kind, axes) in found.items())
        raise DataError(f"{folder}: found {described[:200]}; not the arrays of task {card.task}; {REPAIR}")
    if missing := [name for name, (kind, _) in found.items() if kind == "f" and name not in card.scaling]:
        raise DataError(f"{folder.parent / CARD}: scaling: found none of {missing[0]}; {REPAIR}")


def _find_array_problem(card: DataCard, arrays: Arrays, name: str, rows: int) -> str | None:
    array = arrays[name]
    if not len(array) or len(array) != rows:
        return f"found {len(array)} rows; wanted {rows}, as {CARD} has"
    if array.dtype.kind == "M":
        return None
    low, high = _range(card, arrays, name)
    if array.size and low <= array.min() and array.max() <= high:  # not so for NaN
        return None
    return f"found values that are not from {low:.4g} to {high:.4g}"


def _range(card: DataCard, arrays: Mapping[str, NDArray[Any]], name: str) -> tuple[float, float]:
    """Return the lowest and the highest value that an array may have."""
    largest, classes = float(np.finfo(np.float32).max), len(card.classes or ())
    known = {"labels": (0, classes - 1), "following": (-1, classes - 1)}
    if name == "lengths":
        return 1, arrays["symbols"].shape[1]
    if name in ("symbols", "stream"):
        return 0, (card.symbols or 0) - 1
    return known.get(name, (-largest, largest))
