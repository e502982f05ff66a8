"""Write and read prepared data sets, which have the same form for every raw format."""

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, StringConstraints

from pipeline import files, manifest
from pipeline.data.prepared.arrays import pieces
from pipeline.data.prepared.vocabulary import Vocabulary
from pipeline.errors import REPAIR, DataError
from pipeline.files import Arrays
from pipeline.params.schema import Block

CARD = "data_card.json"
SPLITS = ("train", "validation", "test")
# The fits of a model or a baseline, named after the rows that each is made to: the split `train`, or all rows.
FITS = TRAIN, ALL_ROWS = "train", "all_rows"
VOCABULARY = "vocabulary.json"
BLOCK = 1 << 20  # bytes


class DataIssue(Block):
    """An issue found in the raw data, in plain English, and what was done about it."""

    found: str
    done: str


class Scale(Block):
    """Mean and standard deviation of the numbers of the training rows.

    `std` is 1 if all of them are equal, so that dividing by it is always safe.
    """

    mean: float
    std: Annotated[float, Field(gt=0)]
    seasonal_error: float = 0.0  # of a series: mean absolute change from one season to the next


class Passage(Block):
    """The part of a text that is used; positions and lengths are in characters after cleaning."""

    skipped: int
    characters: int
    opening: str


class DataCard(Block):
    """The facts about a prepared data set."""

    dataset: str
    format: str
    task: str
    raw: str
    raw_sha256: str
    unit: str  # what a row is: words, numbers, days, texts, characters, windows
    rows: Mapping[str, int]  # in each split that is not empty
    symbols: int | None  # number of ids in the vocabulary, including the reserved one
    unknown: int | None  # the reserved id, for out-of-vocabulary symbols
    classes: Mapping[str, int] | None  # rows of each class, over all splits
    season: int | None
    scaling: Mapping[str, Scale]  # of each array of numbers
    passage: Passage | None
    issues: tuple[DataIssue, ...]
    refit: bool
    digest: str  # of arrays, vocabulary and class names


class VocabularyFile(Block):
    """The content of vocabulary.json: the symbols in the order of their ids, and the names of the classes."""

    symbols: Annotated[tuple[Annotated[str, StringConstraints(min_length=1, max_length=1)], ...], Field(min_length=1)]
    classes: tuple[str, ...] | None


@dataclass(frozen=True)
class Prepared:
    """A data set ready for training: data card, vocabulary, class names and the arrays of each split."""

    card: DataCard
    vocabulary: Vocabulary | None
    classes: tuple[str, ...]
    splits: Mapping[str, Arrays]


def write(prepared: Prepared, folder: Path) -> None:
    """Write a prepared data set into an existing folder."""
    for split, arrays in prepared.splits.items():
        for name, array in arrays.items():
            # `prepare` has already written a long stream there, so as not to keep it in memory.
            if not _is_mapped_from(array, folder / split / f"{name}.npy"):
                files.write_arrays(folder / split, {name: array})
    if prepared.vocabulary:
        content = VocabularyFile(symbols=prepared.vocabulary.symbols, classes=prepared.classes or None)
        files.write_json(folder / VOCABULARY, content.model_dump(mode="json"))
    files.write_json(folder / CARD, prepared.card.model_dump(mode="json"))
    manifest.write(folder)


def read(folder: Path) -> Prepared:
    """Read a prepared data set that `write` wrote; its arrays are memory-mapped and read-only.

    Raises:
        DataError: if a file is missing, cannot be read or is of another version.
    """
    card = files.read_as(folder / CARD, DataCard)
    vocabulary = None if card.symbols is None else _read_vocabulary(folder / VOCABULARY, card)
    splits = {split: files.read_arrays(folder / split) for split in SPLITS if split in card.rows}
    if missing := [split for split, arrays in splits.items() if not arrays]:
        raise DataError(f"{folder / missing[0]}: no arrays; run `dvc repro`, which makes them")
    return Prepared(card, vocabulary, tuple(card.classes or ()), splits)


def join_splits(splits: Mapping[str, Arrays]) -> dict[str, NDArray[Any]]:
    """Return the splits of a data set as one, in order, rows padded to the longest."""
    parts = list(splits.values())
    return {name: _concatenate([np.asarray(part[name]) for part in parts]) for name in parts[0]}


def _concatenate(arrays: list[NDArray[Any]]) -> NDArray[Any]:
    if arrays[0].ndim == 1:
        return np.concatenate(arrays)
    width = max(array.shape[1] for array in arrays)
    return np.concatenate([np.pad(array, ((0, 0), (0, width - array.shape[1]))) for array in arrays])


def _read_vocabulary(path: Path, card: DataCard) -> Vocabulary:
    content = files.read_as(path, VocabularyFile)
    vocabulary = Vocabulary(content.symbols)
    found = len(set(content.symbols)), vocabulary.unknown, content.classes or ()
    if found != (card.symbols, card.unknown, tuple(card.classes or ())) or vocabulary.size != card.symbols:
        raise DataError(f"{path}: other symbols or classes than {CARD} has; {REPAIR}")
    return vocabulary


def content_digest(vocabulary: Vocabulary | None, classes: tuple[str, ...], splits: Mapping[str, Arrays]) -> str:
    """Return the SHA-256 of arrays, vocabulary and class names."""
    digest = hashlib.sha256(json.dumps([vocabulary.symbols if vocabulary else None, classes]).encode())
    for split, arrays in splits.items():
        for name, array in sorted(arrays.items()):
            digest.update(f"\0{split}/{name} {array.dtype.str} {array.shape}\0".encode())
            for block in _read_bytes(array):
                digest.update(block)
    return digest.hexdigest()


def scale(numbers: NDArray[Any], season: int | None = None) -> Scale:
    """Return the scale of numbers, from exactly rounded sums, which do not depend on the order of the numbers.

    Args:
        numbers: An array of any shape.
        season: The lag of the seasonal error, for a series (n,) with n > season.
    """
    flat = numbers.reshape(-1)
    mean = _exact_sum(flat, lambda values: values) / flat.size
    std = math.sqrt(_exact_sum(flat, lambda values: (values - mean) ** 2) / flat.size)
    if season is None:
        return Scale(mean=mean, std=std or 1.0)
    values = flat.astype(np.float64)
    changes = np.abs(values[season:] - values[:-season])
    return Scale(mean=mean, std=std or 1.0, seasonal_error=math.fsum(changes) / changes.size)


def _exact_sum(numbers: NDArray[Any], change: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> float:
    """Return the exactly rounded sum of numbers (n,), each changed in double precision, a piece at a time."""
    changed = (change(numbers[piece].astype(np.float64)) for piece in pieces(len(numbers)))
    return math.fsum(chain.from_iterable(part.tolist() for part in changed))


def _read_bytes(array: NDArray[Any]) -> Iterator[bytes | memoryview]:
    """Yield an array's bytes; those of a mapped file are read from the file, because mapped pages stay in memory."""
    if not isinstance(array, np.memmap):
        data = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
        yield from (data[start : start + BLOCK] for start in range(0, len(data), BLOCK))
        return
    with Path(str(array.filename)).open("rb") as file:
        file.seek(array.offset)
        while block := file.read(BLOCK):
            yield block


def _is_mapped_from(array: NDArray[Any], path: Path) -> bool:
    """Return whether an array is the memory-mapped content of a file."""
    return isinstance(array, np.memmap) and path.exists() and path.samefile(str(array.filename))
