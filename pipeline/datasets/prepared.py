"""The prepared data set: what every format ends as, and what training reads."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from pipeline import artifacts
from pipeline.artifacts import Arrays
from pipeline.codec import Codec
from pipeline.datasets.splitting import SPLITS
from pipeline.errors import UserError
from pipeline.settings import DatasetSettings, Task
from pipeline.settings.block import Block

CARD = "card.json"
VOCABULARY = "vocabulary.json"
BLOCK = 1 << 22  # bytes


class Fault(Block):
    """A fault of the raw data, in plain English, and what was done about it."""

    found: str
    done: str


class Scale(Block):
    """Mean and standard deviation of the numbers of the training rows.

    `std` is 1 where all of them are equal, so that dividing by it is always safe.
    """

    mean: float
    std: float
    seasonal_error: float = 0.0  # of a series: mean absolute change over a season


class Passage(Block):
    """The part of a text that is used, in characters after cleaning."""

    skipped: int
    characters: int
    opening: str


class Card(Block):
    """What is known of a prepared data set."""

    dataset: str
    format: str
    task: Task
    raw: str
    raw_sha256: str
    unit: str  # what a row is: words, numbers, days, names, characters, windows
    rows: Mapping[str, int]  # of each split that is not empty
    symbols: int | None  # ids in the vocabulary, the reserved one included
    unknown: int | None  # the reserved one, for symbols that no training row has
    classes: Mapping[str, int] | None  # rows of each class, over all splits
    season: int | None
    scaling: Mapping[str, Scale]  # of each array of numbers
    passage: Passage | None
    faults: tuple[Fault, ...]
    refit: bool
    digest: str  # of arrays and vocabulary


@dataclass(frozen=True)
class Draft:
    """What a format's module makes of a raw file, before it gets its card."""

    unit: str
    splits: Mapping[str, Arrays]
    codec: Codec | None = None
    classes: Mapping[str, int] = field(default_factory=dict)
    season: int | None = None
    scaling: Mapping[str, Scale] = field(default_factory=dict)
    passage: Passage | None = None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Prepared:
    """A data set ready for training: card, vocabulary, class names and the arrays of each split."""

    card: Card
    codec: Codec | None
    classes: tuple[str, ...]
    splits: Mapping[str, Arrays]


def assemble(name: str, settings: DatasetSettings, raw_sha256: str, draft: Draft) -> Prepared:
    """Give a draft its card."""
    card = Card(
        dataset=name,
        format=settings.format,
        task=settings.task,
        raw=settings.raw,
        raw_sha256=raw_sha256,
        unit=draft.unit,
        rows={split: len(next(iter(arrays.values()))) for split, arrays in draft.splits.items()},
        symbols=draft.codec.size if draft.codec else None,
        unknown=draft.codec.unknown if draft.codec else None,
        classes=draft.classes or None,
        season=draft.season,
        scaling=draft.scaling,
        passage=draft.passage,
        faults=draft.faults,
        refit=settings.refit,
        digest=_digest(draft.codec, tuple(draft.classes), draft.splits),
    )
    return Prepared(card, draft.codec, tuple(draft.classes), draft.splits)


def write(prepared: Prepared, folder: Path) -> None:
    """Write a prepared data set into an existing folder."""
    for split, arrays in prepared.splits.items():
        for name, array in arrays.items():
            # A long stream is there already: `prepare` wrote it rather than hold it in memory.
            if not _stands_in(array, folder / split / f"{name}.npy"):
                artifacts.write_arrays(folder / split, {name: array})
    if prepared.codec:
        artifacts.write_json(folder / VOCABULARY, _vocabulary(prepared.codec, prepared.classes))
    artifacts.write_json(folder / CARD, prepared.card.model_dump(mode="json"))


def read(folder: Path) -> Prepared:
    """Read what `write` wrote; the arrays are memory-mapped and cannot be written to."""
    artifacts.read_json(folder / CARD)  # for its errors
    try:
        card = Card.model_validate_json((folder / CARD).read_bytes())
    except ValidationError:
        raise UserError(f"{folder / CARD}: not a card of this version; run `dvc repro`") from None
    codec = None
    if card.symbols is not None:
        codec = Codec(tuple(artifacts.read_json(folder / VOCABULARY)["symbols"]))
    splits = {split: artifacts.read_arrays(folder / split) for split in SPLITS if split in card.rows}
    if missing := [split for split, arrays in splits.items() if not arrays]:
        raise UserError(f"{folder / missing[0]}: no arrays; run `dvc repro`, which makes them")
    return Prepared(card, codec, tuple(card.classes or ()), splits)


def read_whole(folder: Path) -> Prepared:
    """Read what `write` wrote, and every byte of it, to see that none has changed."""
    prepared = read(folder)
    if _digest(prepared.codec, prepared.classes, prepared.splits) != prepared.card.digest:
        raise UserError(f"{folder}: damaged, by the digest in its {CARD}; run `make mend` and `dvc repro`")
    return prepared


def scale(numbers: NDArray[Any], season: int | None = None) -> Scale:
    """Measure numbers with exactly rounded sums, which come out the same in any order."""
    values = numbers.astype(np.float64).ravel()
    mean = math.fsum(values) / values.size
    std = math.sqrt(math.fsum((values - mean) ** 2) / values.size)
    if season is None:
        return Scale(mean=mean, std=std or 1.0)
    changes = np.abs(values[season:] - values[:-season])
    return Scale(mean=mean, std=std or 1.0, seasonal_error=math.fsum(changes) / changes.size)


def _vocabulary(codec: Codec, classes: tuple[str, ...]) -> dict[str, Any]:
    return {"symbols": list(codec.symbols), "classes": list(classes) or None}


def _digest(codec: Codec | None, classes: tuple[str, ...], splits: Mapping[str, Arrays]) -> str:
    """Return the SHA-256 of arrays, vocabulary and class names."""
    digest = hashlib.sha256(json.dumps([codec.symbols if codec else None, classes]).encode())
    for split, arrays in splits.items():
        for name, array in sorted(arrays.items()):
            digest.update(f"\0{split}/{name} {array.dtype.str} {array.shape}\0".encode())
            for block in _content(array):
                digest.update(block)
    return digest.hexdigest()


def _content(array: NDArray[Any]) -> Iterator[bytes]:
    """Yield an array's bytes; those of a file are read anew, since mapped pages would stay in memory."""
    if not isinstance(array, np.memmap):
        yield np.ascontiguousarray(array).tobytes()
        return
    with Path(str(array.filename)).open("rb") as file:
        file.seek(array.offset)
        while block := file.read(BLOCK):
            yield block


def _stands_in(array: NDArray[Any], path: Path) -> bool:
    """Tell whether an array is the memory-mapped content of a file."""
    return isinstance(array, np.memmap) and path.exists() and path.samefile(str(array.filename))
