"""Read what the models of a data set are compared with, so that nothing in it can surprise who uses it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline import files, manifest
from pipeline.data.prepared import ALL_ROWS, DataCard
from pipeline.errors import REPAIR, DataError
from pipeline.evaluation.references import FILE, FittedReference, FittedReferences, MetricsOnly, StoredReferences
from pipeline.evaluation.tasks.base import Forms
from pipeline.files import Arrays
from pipeline.params.schema import is_baseline, is_reference

DEPTH = 2  # levels below the project's folder
SPLITS = ("validation", "test", ALL_ROWS)


def read_verified(folder: Path, card: DataCard, forms: Sequence[Forms]) -> FittedReferences:
    """Read the baselines and the bound of a data set, after comparing the folder with its manifest; arrays are mapped.

    Args:
        folder: What stage `baseline` has written.
        card: The prepared data's.
        forms: The forms that the predictions of a split may have, from the task.

    Raises:
        DataError: if a file is missing, damaged or of another form, or they were fitted to other data
            than the card's.
    """
    manifest.check(folder, DEPTH)
    content = files.read_as(folder / FILE, StoredReferences)
    if content.dataset != card.dataset:
        raise DataError(f"{folder / FILE}: of data set {content.dataset[:60]}, not {card.dataset}; {REPAIR}")
    if content.prepared_digest != card.digest:
        cure = f"run `dvc repro baseline@{card.dataset}`"
        raise DataError(f"{folder}: fitted to other data than those prepared now; {cure}")
    _check_names({name: of.splits for name, of in content.references.items()}, folder / FILE)
    found = {
        name: FittedReference(
            of.words,
            {
                split: MetricsOnly(metrics)
                if metrics is not None
                else _read_predictions(folder / name / split, card, forms)
                for split, metrics in of.splits.items()
            },
        )
        for name, of in content.references.items()
    }
    return FittedReferences(found, content.reproducibility)


def _read_predictions(folder: Path, card: DataCard, forms: Sequence[Forms]) -> Arrays:
    """Return the arrays of a split; refuse others than the task's, or of other types, axes, lengths or ranges."""
    arrays = files.read_arrays(folder)
    found = {name: (array.dtype.kind, array.ndim) for name, array in arrays.items()}
    if found not in forms:
        described = ", ".join(f"{name} ({kind}, {axes} axes)" for name, (kind, axes) in found.items()) or "no arrays"
        raise DataError(f"{folder}: found {described[:200]}; not what task {card.task} predicts; {REPAIR}")
    for name, array in arrays.items():
        if problem := _find_array_problem(card, name, array, len(arrays["truth"])):
            raise DataError(f"{folder / name}.npy: {problem}; {REPAIR}")
    return arrays


def _check_names(splits: Mapping[str, Mapping[str, object]], file: Path) -> None:
    """Refuse names that no reference and no split has; `splits` are those of each reference."""
    unknown = [name for name in splits if not is_reference(name)]
    unknown += [split for of in splits.values() for split in of if split not in SPLITS]
    if unknown:
        raise DataError(f"{file}: references: found {unknown[0][:60]!r}; {REPAIR}")
    if not any(map(is_baseline, splits)):
        raise DataError(f"{file}: references: found no baseline; {REPAIR}")


def _find_array_problem(card: DataCard, name: str, array: NDArray[Any], length: int) -> str | None:
    wanted = (length, len(card.classes or ()))[: array.ndim]
    if array.shape != wanted or not array.size:
        return f"found the shape {array.shape}; wanted {wanted}"
    low, high = _range(card, name, array.dtype.kind)
    if low <= array.min() and array.max() <= high:  # not so for NaN
        return None
    return f"found values that are not from {low:.4g} to {high:.4g}"


def _range(card: DataCard, name: str, kind: str) -> tuple[float, float]:
    """Return the lowest and the highest value that an array of predictions may have."""
    if name == "probabilities":
        return 0, 1
    if kind == "f":
        largest = float(np.finfo(np.float32).max)  # as of all data; their squares are doubles
        return -largest, largest
    if name in ("row", "step"):
        return 0, float(np.iinfo(np.int64).max)
    return 0, len(card.classes or ()) - 1 if card.task == "classify" else (card.symbols or 0) - 1
