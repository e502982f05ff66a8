"""Split rows into training, validation and test rows without leakage."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.data.prepared import SPLITS, DataIssue
from pipeline.data.prepared.arrays import join_pieces, number_rows, pieces
from pipeline.data.readers import list_some, shorten
from pipeline.errors import DataError
from pipeline.params.datasets import DatasetParams, ShuffledParams

Rows = NDArray[np.intp]
Groups = Sequence[str] | NDArray[Any]
P = TypeVar("P", bound=DatasetParams)


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
    return require_sizes({"train": count - sum(held_out.values()), **held_out}, where, minimum)


def require_sizes(sizes: dict[str, int], where: str, minimum: int = 1) -> dict[str, int]:
    """Return the sizes of splits; refuse one with fewer than `minimum` rows."""
    if min(sizes.values()) < minimum:
        found = ", ".join(f"{max(0, size)} {split}" for split, size in sizes.items())
        raise DataError(f"{where}: found {sum(sizes.values())} ({found}); wanted at least {minimum} of each")
    return sizes


def split_files(folder: Path) -> dict[str, Path]:
    """Return the file or folder of each split in a folder: train.*, validation.* and test.*.

    Raises:
        DataError: if there is not exactly one for each split.
    """
    wanted = "a folder with one file each of train.*, validation.* and test.* (split_files)"
    if not folder.is_dir():
        raise DataError(f"{folder}: found no folder; wanted {wanted}")
    names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    found = {split: [name for name in names if name.partition(".")[0] == split] for split in SPLITS}
    if wrong := [split for split, files in found.items() if len(files) != 1]:
        problem = f"{len(found[wrong[0]])} files {wrong[0]}.* among {list_some(names) or 'nothing'}"
        raise DataError(f"{folder}: found {problem}; wanted {wanted}")
    return {split: folder / files[0] for split, files in found.items()}


def params_by_file(params: P) -> Iterator[tuple[P, str]]:
    """Yield the params of each raw file and the split of all its rows, an empty text if they are still to be split."""
    if not params.split_files:
        yield params, ""
        return
    for split, path in split_files(Path(params.raw)).items():
        yield params.model_copy(update={"raw": str(path)}), split


def check_split(name: str, where: str) -> str:
    """Return the name of a split in a column of a table.

    Raises:
        DataError: if it is none.
    """
    if name not in SPLITS:
        raise DataError(f"{where}: found {shorten(name)}; wanted {', '.join(SPLITS)}")
    return name


def split_number(split: str) -> int:
    """Return the number of a split that the user gives; one behind them for rows without one."""
    return (*SPLITS, "").index(split)


def choose_rows(
    groups: Groups, labels: Sequence[str] | None, given: NDArray[np.int8], params: ShuffledParams, where: str
) -> dict[str, Rows]:
    """Return the row numbers of each split: as the user has given them, or else as `stratified_split` does.

    Args:
        groups: The group of each row, (n,).
        labels: The label of each row, (n,), or None.
        given: The `split_number` of each row, (n,); not read if params have shares.
        params: The settings.
        where: The file and kind of row that an error names.

    Raises:
        DataError: if a split has too few rows.
    """
    if params.given_by is None:
        return stratified_split(groups, labels, params, where)
    rows = {split: np.flatnonzero(given == number) for number, split in enumerate(SPLITS)}
    require_sizes({split: len(chosen) for split, chosen in rows.items()}, where)
    return rows


def describe_overlap(groups: Groups, rows: Mapping[str, Rows], params: DatasetParams) -> Iterator[DataIssue]:
    """Yield how many rows of each held-out split are in an earlier split too, as they may be if the user gives them."""
    if params.given_by is None:
        return
    numbers = number_groups(groups)
    splits = list(rows)
    for place, split in enumerate(splits[1:], 1):
        earlier = np.concatenate([numbers[rows[name]] for name in splits[:place]])
        if equal := int(np.isin(numbers[rows[split]], earlier).sum()):
            yield DataIssue(
                found=f"{equal} {split} rows that are in another split too, so that they are not new to a model",
                done="kept, since the splits are given",
            )


def stratified_split(
    groups: Groups, labels: Sequence[str] | None, params: ShuffledParams, where: str
) -> dict[str, Rows]:
    """Return the row numbers of each split, in ascending order.

    Rows of one group go to the same split. Each label is divided as `split_sizes` says, as closely as the
    groups allow. The split depends on the rows and the seed, not on the order of the rows.

    Args:
        groups: The group of each row, (n,): a name, or its number in the order of the names.
        labels: The label of each row, (n,), or None.
        params: The shares of the splits, and the seed.
        where: The file and kind of row that an error names.

    Raises:
        DataError: if a label has too few rows for a split.
    """
    sizes = [
        split_sizes(count, params, f"{where} {shorten(label)}" if label else where)
        for label, count in sorted(Counter(labels).items() if labels else [("", len(groups))])
    ]
    of_row = _number_labels(labels) if labels else np.zeros(len(groups), dtype=np.int32)
    counts, order = _shuffle_groups(number_groups(groups), params.split_seed)
    wanted = [list(size.values()) for size in sizes]
    assigned = np.empty(len(groups), dtype=np.uint8)
    assigned[order] = np.frombuffer(_assign(counts, of_row[order], wanted), dtype=np.uint8)
    return {split: np.flatnonzero(assigned == number) for number, split in enumerate(sizes[0] if sizes else ())}


def number_groups(groups: Groups) -> NDArray[np.int32]:
    """Return for each of some names (n,) its number in their order; numbers stay as they are."""
    if isinstance(groups, np.ndarray) and groups.dtype.kind == "i":
        return groups
    texts = groups if isinstance(groups, np.ndarray) else np.array(groups, dtype=np.dtypes.StringDType())
    return number_rows([texts])


def _number_labels(labels: Sequence[str]) -> NDArray[np.int32]:
    """Return for each label (n,) its number in their order."""
    numbers = {label: number for number, label in enumerate(sorted(set(labels)))}
    return np.fromiter((numbers[label] for label in labels), np.int32, len(labels))


def _shuffle_groups(groups: NDArray[np.int32], seed: int | None) -> tuple[NDArray[np.int32], Rows]:
    """Return the sizes of all groups and their rows, one group after the other.

    The groups are in random order, but large ones first, so that single rows fill the gaps.
    """
    counts = np.bincount(groups).astype(np.int32)
    order = np.random.default_rng(seed).permutation(len(counts)).astype(np.int32)
    order = order[np.argsort(-counts[order], kind="stable")]
    places = np.empty_like(order)
    places[order] = np.arange(len(order), dtype=np.int32)
    return counts[order], np.argsort(places[groups], kind="stable")


def _assign(counts: NDArray[np.int32], labels: NDArray[np.int32], wanted: list[list[int]]) -> bytearray:
    """Return the number of the split of each row, for rows (n,) in the order of their groups."""
    open_places = [list(sizes) for sizes in wanted]
    assigned = bytearray()
    for piece in pieces(len(counts)):
        for size in counts[piece].tolist():
            own = labels[len(assigned) : len(assigned) + size].tolist()
            lacking = [0.0] * len(wanted[0])
            for label in own:
                for number, (places, size_wanted) in enumerate(zip(open_places[label], wanted[label], strict=True)):
                    lacking[number] += places / size_wanted
            split = lacking.index(max(lacking))  # that lacks the largest part of its rows with these labels
            assigned += bytes((split,)) * size
            for label in own:
                open_places[label][split] -= 1
    return assigned


def take_rows(
    arrays: Mapping[str, NDArray[Any]], rows: Mapping[str, Rows], folder: Path | None = None
) -> dict[str, dict[str, NDArray[Any]]]:
    """Return each split's rows of arrays whose first axis is the row; with a folder, mapped from new files there."""
    return {
        split: {
            name: join_pieces(
                (array[chosen[piece]] for piece in pieces(len(chosen))),
                (len(chosen), *array.shape[1:]),
                array.dtype,
                folder and folder / split / f"{name}.npy",
            )
            for name, array in arrays.items()
        }
        for split, chosen in rows.items()
    }
