"""Split rows into training, validation and test rows without leakage."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.readers import shorten
from pipeline.errors import DataError
from pipeline.params.datasets import DatasetParams, ShuffledParams

Rows = NDArray[np.intp]


def split_sizes(count: int, params: DatasetParams, where: str, minimum: int = 1) -> dict[str, int]:
    """Return how many of `count` rows go to each split that is not empty.

    Args:
        count: Number of rows.
        params: The shares of validation and test rows.
        where: The file and kind of row that an error names.
        minimum: Rows that each split needs.

    Raises:
        DataError: if there are too few rows for a split.
    """
    shares = {"validation": params.validation, "test": params.test}
    held_out = {split: max(1, round(count * share)) for split, share in shares.items() if share}
    sizes = {"train": count - sum(held_out.values()), **held_out}
    if min(sizes.values()) < minimum:
        found = ", ".join(f"{max(0, size)} {split}" for split, size in sizes.items())
        raise DataError(f"{where}: found {count} ({found}); wanted at least {minimum} of each")
    return sizes


def stratified_split(
    groups: Sequence[str], labels: Sequence[str], params: ShuffledParams, where: str
) -> dict[str, Rows]:
    """Return the row numbers of each split, in ascending order.

    Rows of one group go to the same split. Each label is divided as `split_sizes` says, as closely as the
    groups allow. The split depends on the rows and the seed, not on the order of the rows.

    Args:
        groups: The group of each row, (n,).
        labels: The label of each row, (n,).
        params: The shares of the splits, and the seed.
        where: The file and kind of row that an error names.

    Raises:
        DataError: if a label has too few rows for a split.
    """
    wanted = {
        label: split_sizes(count, params, f"{where} {shorten(label)}" if label else where)
        for label, count in sorted(Counter(labels).items())
    }
    open_places = {label: dict(sizes) for label, sizes in wanted.items()}
    chosen: dict[str, list[int]] = {split: [] for split in next(iter(wanted.values()), {})}
    for rows in _shuffled_groups(groups, params.split_seed):
        group_labels = [labels[row] for row in rows]
        # The split that lacks the largest part of its rows with these labels.
        split = max(
            chosen, key=lambda name: sum(open_places[label][name] / wanted[label][name] for label in group_labels)
        )
        chosen[split] += rows
        for label in group_labels:
            open_places[label][split] -= 1
    return {split: np.sort(np.array(rows, dtype=np.intp)) for split, rows in chosen.items()}


def _shuffled_groups(groups: Sequence[str], seed: int) -> list[list[int]]:
    """Return the rows of each group in random order, but large groups first, so that single rows fill the gaps."""
    rows: dict[str, list[int]] = {}
    for row, group in enumerate(groups):
        rows.setdefault(group, []).append(row)
    names = sorted(rows)
    order = np.random.default_rng(seed).permutation(len(names))
    return sorted((rows[names[index]] for index in order), key=len, reverse=True)


def take_rows(arrays: dict[str, NDArray[Any]], rows: dict[str, Rows]) -> dict[str, dict[str, NDArray[Any]]]:
    """Return each split's rows of arrays whose first axis is the row."""
    return {split: {name: array[chosen] for name, array in arrays.items()} for split, chosen in rows.items()}
