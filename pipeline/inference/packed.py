"""A trained model as one folder that needs nothing else of its project, such as MLflow stores.

The folder has the weights of fit `train`, model.json, the data card, the vocabulary, the data set's params, and of the
prepared arrays only those that a predictor reads: numbers that are scaled, lengths of words. A manifest has the digest
of each file, as in the project.
"""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from pydantic import TypeAdapter

from pipeline import files, manifest
from pipeline.data.prepared import CARD, SPLITS, TRAIN, VOCABULARY, DataCard, Prepared, VocabularyFile
from pipeline.data.prepared.vocabulary import Vocabulary
from pipeline.inference import intervals
from pipeline.inference.base import Predictor
from pipeline.inference.intervals import Interval
from pipeline.inference.load import Source, build_predictor, build_reader
from pipeline.inference.numbers import Forecaster
from pipeline.models import storage
from pipeline.models.storage import DESCRIPTION
from pipeline.params.datasets import AnyDataset
from pipeline.tasks import TASKS

DATASET, INTERVAL = "dataset.json", "interval.json"  # the data set's block of params.yaml; of forecasts
_DATASET = TypeAdapter[AnyDataset](AnyDataset)


@dataclass(frozen=True)
class Packed:
    """What a folder holds."""

    predictor: Predictor
    interval: Interval | None  # of forecasts


def write(source: Source, predictor: Predictor, prepared_folder: Path, folder: Path) -> Interval | None:
    """Write a trained model, and what it needs of its prepared data, into an empty folder; then the manifest.

    Args:
        source: The model, as it was read from its project.
        predictor: Its predictor, of fit `train`.
        prepared_folder: Where its prepared data are.
        folder: Where all of that is written.

    Returns:
        The interval of its forecasts, if it gives any.
    """
    names = [DESCRIPTION, *(path.name for path in _weights(source))]
    _copy_files((source.folder / name for name in names), folder)
    _copy_files((path for name in (CARD, VOCABULARY) if (path := prepared_folder / name).exists()), folder)
    files.write_json(folder / DATASET, source.dataset.model_dump(mode="json"))
    for split, arrays in _arrays_needed(source).items():
        files.write_arrays(folder / split, arrays)
    interval = intervals.measure(predictor, source.prepared) if isinstance(predictor, Forecaster) else None
    if interval:
        files.write_json(folder / INTERVAL, interval.model_dump(mode="json"))
    manifest.write(folder)
    return interval


def read(folder: Path) -> Packed:
    """Return what a folder holds that `write` wrote.

    Raises:
        DataError: if a file is missing or damaged.
        NotTrainedError: if the model cannot be read.
    """
    manifest.check(folder)
    card = files.read_as(folder / CARD, DataCard)
    vocabulary = None
    if card.symbols is not None:
        vocabulary = Vocabulary(files.read_as(folder / VOCABULARY, VocabularyFile).symbols)
    splits = {split: files.read_arrays(folder / split) for split in SPLITS}
    prepared = Prepared(card, vocabulary, tuple(card.classes or ()), splits)
    dataset = _DATASET.validate_json((folder / DATASET).read_bytes())
    source = Source(folder, storage.read_description(folder), dataset, prepared)
    interval = files.read_as(folder / INTERVAL, Interval) if (folder / INTERVAL).exists() else None
    predictor = build_predictor(source, fit=TRAIN)
    predictor.trained.network.eval()  # load it now
    return Packed(predictor, interval)


class _Watched(dict[str, NDArray[Any]]):
    """Arrays by name, which remembers those that were taken."""

    def __init__(self, arrays: Iterable[tuple[str, NDArray[Any]]]) -> None:
        super().__init__(arrays)
        self.taken: dict[str, NDArray[Any]] = {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        self.taken[name] = array = super().__getitem__(name)
        return array


def _arrays_needed(source: Source) -> dict[str, dict[str, NDArray[Any]]]:
    """Return by split the arrays that are read to make the network and the reader of inputs."""
    splits = {split: _Watched(arrays.items()) for split, arrays in source.prepared.splits.items()}
    watched = replace(source.prepared, splits=splits)
    TASKS[watched.card.task].shape(watched)
    build_reader(replace(source, prepared=watched))
    return {split: arrays.taken for split, arrays in splits.items()}


def _weights(source: Source) -> Iterable[Path]:
    """Return the files of the seeds' weights of fit `train`, without seeds that diverged."""
    found = (storage.weights_file(source.folder, seed, TRAIN) for seed in source.description.params.seeds)
    return (path for path in found if path.name in source.description.weights)


def _copy_files(paths: Iterable[Path], folder: Path) -> None:
    for path in paths:
        shutil.copyfile(path, folder / path.name)
