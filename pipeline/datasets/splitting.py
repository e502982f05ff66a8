"""Split rows into training, validation and test rows without a leak."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.settings import DatasetSettings, LabelledSettings, PairsSettings, WordsSettings

SPLITS = ("train", "validation", "test")

Rows = NDArray[np.intp]
ShuffledSettings = WordsSettings | PairsSettings | LabelledSettings


def sizes(count: int, settings: DatasetSettings, where: str, least: int = 1) -> dict[str, int]:
    """Share `count` rows out to the splits that are not empty, at least `least` rows to each.

    `where` says in an error whose rows they are: file and kind of row.
    """
    shares = {"validation": settings.validation, "test": settings.test}
    held = {split: max(1, round(count * share)) for split, share in shares.items() if share}
    shared = {"train": count - sum(held.values()), **held}
    if min(shared.values()) < least:
        parts = ", ".join(f"{max(0, size)} {split}" for split, size in shared.items())
        raise UserError(f"{where}: found {count} ({parts}); wanted at least {least} of each")
    return shared


def stratified(groups: Sequence[str], labels: Sequence[str], settings: ShuffledSettings, where: str) -> dict[str, Rows]:
    """Return the row numbers of each split, in the order of the rows.

    Rows of one group stay on one side, and each label is shared out as `sizes` says, as nearly as the
    groups allow. The split depends on the rows and the seed, not on the order of the rows.
    """
    room = {
        label: sizes(count, settings, f"{where} {label!r}" if label else where)
        for label, count in sorted(Counter(labels).items())
    }
    wanted = {label: dict(splits) for label, splits in room.items()}
    chosen: dict[str, list[int]] = {split: [] for split in next(iter(room.values()), {})}
    for rows in _drawn(groups, settings.split_seed):
        there = [labels[row] for row in rows]
        split = max(chosen, key=lambda name: sum(room[label][name] / wanted[label][name] for label in there))
        chosen[split] += rows
        for label in there:
            room[label][split] -= 1
    return {split: np.sort(np.array(rows, dtype=np.intp)) for split, rows in chosen.items()}


def _drawn(groups: Sequence[str], seed: int) -> list[list[int]]:
    """Return the rows of each group, groups in random order, but large ones first: single rows fill up."""
    rows: dict[str, list[int]] = {}
    for row, group in enumerate(groups):
        rows.setdefault(group, []).append(row)
    names = sorted(rows)
    order = np.random.default_rng(seed).permutation(len(names))
    return sorted((rows[names[index]] for index in order), key=len, reverse=True)


def taken(arrays: dict[str, NDArray[Any]], rows: dict[str, Rows]) -> dict[str, dict[str, NDArray[Any]]]:
    """Return each split's part of arrays whose first axis is the row."""
    return {split: {name: array[chosen] for name, array in arrays.items()} for split, chosen in rows.items()}
