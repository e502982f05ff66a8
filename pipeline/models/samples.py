"""The texts that a network wrote while it was trained, in the model's folder; importing this does not import torch."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline import spreadsheets
from pipeline.errors import REPAIR, DataError, NotTrainedError

FILE = "samples.csv"
COLUMNS = ("seed", "fit", "epoch", "prefix", "text")


@dataclass(frozen=True)
class TrainingSample:
    """How a network continued a prefix after an epoch, taking the most likely symbol each time."""

    epoch: int
    prefix: str
    text: str  # without the prefix


def write(folder: Path, samples: Iterable[tuple[int, str, TrainingSample]]) -> None:
    """Write samples, each after its seed and fit, into a model's folder."""
    rows = ((seed, fit, sample.epoch, sample.prefix, sample.text) for seed, fit, sample in samples)
    spreadsheets.write_csv(folder / FILE, COLUMNS, rows)


def read(folder: Path) -> list[dict[str, str]]:
    """Read samples.csv, a dictionary for each sample; nothing if the model has none.

    Raises:
        NotTrainedError: if it is damaged.
    """
    if not (folder / FILE).exists():
        return []
    try:
        rows = spreadsheets.read_csv(folder / FILE)
    except DataError as error:
        raise NotTrainedError(str(error)) from None
    if not all(tuple(row) == COLUMNS and None not in row.values() for row in rows):
        raise NotTrainedError(f"{folder / FILE}: other columns than {', '.join(COLUMNS)}; {REPAIR}")
    return rows
