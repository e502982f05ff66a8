"""A trained model on disk: weights of each seed and fit, model.json, history.csv, perhaps samples.csv, manifest.json.

Weights are plain tensors (safetensors); together with model.json they rebuild the network. Importing this module does
not import torch: the processes that only start trainings, or read results, do without it.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from pipeline import files, manifest, paths
from pipeline.data.prepared import ALL_ROWS, DataCard
from pipeline.determinism import Reproducibility
from pipeline.errors import REPAIR, DataError, NotTrainedError
from pipeline.models import samples
from pipeline.models.samples import TrainingSample
from pipeline.params.models import ModelParams
from pipeline.params.schema import Block

# How a training ended: its status is, or begins with, one of these.
FINISHED, DIVERGED, NOT_LEARNED = "finished", "diverged", "did not learn"

HISTORY_COLUMNS = ("seed", "fit", "epoch", "learning_rate", "train_loss", "validation_loss")
DESCRIPTION, HISTORY = "model.json", "history.csv"

Weights = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Epoch:
    """The history of one epoch: the mean training loss while it ran, the validation loss after it."""

    epoch: int  # from 1
    learning_rate: float  # of its last batch
    train_loss: float  # mean over items: nats, or the squared error in the targets' scale
    validation_loss: float | None  # likewise; a fit to all rows has no validation rows

    @property
    def selection_loss(self) -> float:
        """Return the loss by which the best epoch is chosen."""
        return self.train_loss if self.validation_loss is None else self.validation_loss

    @property
    def is_finite(self) -> bool:
        """Return whether no loss is infinite or nan."""
        return math.isfinite(self.train_loss) and math.isfinite(self.selection_loss)


@dataclass(frozen=True)
class Outcome:
    """How the training of one network, from one seed on one fit, ended."""

    seed: int
    fit: str
    status: str  # "finished", "diverged at epoch N", or "did not learn: ..." if a constant answer is better
    best_epoch: int  # whose weights are kept; 0 if it diverged
    parameters: int
    epochs: tuple[Epoch, ...]
    reproducibility: Reproducibility
    samples: tuple[TrainingSample, ...] = ()
    # Of this training alone; no file that DVC hashes holds them.
    seconds: float = 0.0
    started: float = 0.0  # since 1970
    ended: float = 0.0
    device: str = ""  # in words

    @property
    def finished(self) -> bool:
        """Return whether there are weights to evaluate."""
        return self.best_epoch > 0


class SeedDescription(Block):
    """How the trainings from one seed ended."""

    status: str  # "finished", or those of the fits that failed
    epochs: Annotated[int, Field(ge=0)]  # of the first fit
    best_epoch: Annotated[int, Field(ge=0)]  # likewise


class ModelDescription(Block):
    """The content of model.json."""

    model: str
    dataset: str
    task: str
    params: ModelParams
    parameters: Annotated[int, Field(gt=0)]
    prepared_digest: str  # of the data that it was trained on
    reproducibility: Reproducibility
    weights: tuple[str, ...]  # the files of the trainings that finished
    seeds: Mapping[str, SeedDescription]

    @model_validator(mode="after")
    def _has_every_seed(self) -> Self:
        if list(self.seeds) != [str(seed) for seed in self.params.seeds]:
            raise ValueError("seeds: found others than params.seeds")
        return self


def weights_file(folder: Path, seed: int, fit: str) -> Path:
    """Return the path of a seed's weights; a seed that diverged has no such file."""
    return folder / f"seed-{seed}{f'-{ALL_ROWS}' if fit == ALL_ROWS else ''}.safetensors"


def write_weights(path: Path, weights: Weights) -> None:
    """Write arrays by name."""
    path.write_bytes(save({name: np.ascontiguousarray(array) for name, array in weights.items()}))


def read_weights(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, NDArray[Any]]:
    """Read arrays that `write_weights` wrote.

    Args:
        path: The file.
        shapes: The names and shapes that its arrays must have.

    Raises:
        NotTrainedError: if the file is missing, cannot be read, or has other arrays, or numbers that are not finite.
    """
    try:
        weights = load_file(path)
    except FileNotFoundError:
        raise NotTrainedError(f"{path}: no such file; run `dvc repro`, which restores it") from None
    except (SafetensorError, OSError, TypeError, ValueError) as error:
        raise NotTrainedError(f"{path}: cannot be read ({str(error)[:100]}); {REPAIR}") from None
    for name in sorted({*weights, *shapes}, key=lambda name: (name in shapes, name)):
        if problem := _find_problem(weights.get(name), shapes.get(name)):
            raise NotTrainedError(f"{path}: {name[:60]!r}: {problem}; {REPAIR}")
    return weights


def _find_problem(array: NDArray[Any] | None, shape: tuple[int, ...] | None) -> str | None:
    """Return what is wrong with an array of weights."""
    if shape is None or array is None:
        return "no weights of the network" if shape is None else "missing"
    if array.dtype != np.float32 or array.shape != shape:
        return f"found {array.dtype} of shape {array.shape}; wanted float32 of shape {shape}"
    return None if np.isfinite(array).all() else "found weights that are not finite"


def write_records(folder: Path, name: str, params: ModelParams, card: DataCard, outcomes: Sequence[Outcome]) -> None:
    """Write model.json, history.csv, and samples.csv if params ask for it, then the manifest of the whole folder."""
    description = ModelDescription(
        model=name,
        dataset=card.dataset,
        task=card.task,
        params=params,
        parameters=outcomes[0].parameters,
        prepared_digest=card.digest,
        reproducibility=outcomes[0].reproducibility,
        weights=tuple(sorted(weights_file(folder, o.seed, o.fit).name for o in outcomes if o.finished)),
        seeds=describe_seeds(outcomes),
    )
    files.write_json(folder / DESCRIPTION, description.model_dump(mode="json"))
    rows = (
        (o.seed, o.fit, *("" if value is None else value for value in astuple(epoch)))
        for o in outcomes
        for epoch in o.epochs
    )
    files.write_csv(folder / HISTORY, HISTORY_COLUMNS, rows)
    if params.samples is not None:
        samples.write(folder, ((o.seed, o.fit, sample) for o in outcomes for sample in o.samples))
    manifest.write(folder)


def describe_seeds(outcomes: Sequence[Outcome]) -> dict[str, SeedDescription]:
    """Return how the trainings from each seed ended."""
    return {str(seed): _describe_seed(outcomes, seed) for seed in dict.fromkeys(o.seed for o in outcomes)}


def _describe_seed(outcomes: Iterable[Outcome], seed: int) -> SeedDescription:
    """Return a seed's status, which is that of its fits that failed, and the epochs of its first fit."""
    fits = [outcome for outcome in outcomes if outcome.seed == seed]
    failed = [f"{o.status} (fit {o.fit})" for o in fits if o.status != FINISHED]
    status = "; ".join(failed) or FINISHED
    return SeedDescription(status=status, epochs=len(fits[0].epochs), best_epoch=fits[0].best_epoch)


def count_endings(seeds: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Return how many seeds of model.json diverged, and how many did not learn, in either fit; none if none did."""
    counts = {ending: sum(ending in of["status"] for of in seeds.values()) for ending in (DIVERGED, NOT_LEARNED)}
    return {ending: count for ending, count in counts.items() if count}


def has_weights(file: Path) -> bool:
    """Return whether model.json lists these weights, whether or not the file is there."""
    return file.name in read_description(file.parent).weights


def read_verified(folder: Path, card: DataCard) -> ModelDescription:
    """Read model.json, after comparing the folder with its manifest, and what it was trained on with the data now.

    Raises:
        NotTrainedError: if the model is not trained, is damaged, or was trained on other data.
    """
    if not folder.exists():
        raise NotTrainedError(f"{folder}: {folder.name} is not trained; run `dvc repro train@{folder.name}`")
    try:
        manifest.check(folder)
    except DataError as error:
        raise NotTrainedError(str(error)) from None
    description = read_description(folder)
    if (found := f"{description.dataset}/{description.model}"[:120]) != f"{card.dataset}/{folder.name}":
        raise NotTrainedError(f"{folder / DESCRIPTION}: of model {found}; {REPAIR}")
    if description.prepared_digest != card.digest:
        where = paths.prepared(card.dataset)
        cure = f"run `dvc repro train@{folder.name}`"
        raise NotTrainedError(f"{folder}: trained on other data than {where} has now; {cure}")
    return description


def read_description(folder: Path) -> ModelDescription:
    """Read model.json.

    Raises:
        NotTrainedError: if it is missing, cannot be read, or is of another version.
    """
    try:
        return files.read_as(folder / DESCRIPTION, ModelDescription)
    except DataError as error:
        raise NotTrainedError(str(error)) from None


def read_history(folder: Path) -> list[dict[str, str]]:
    """Read history.csv, a dictionary for each epoch of each network.

    Raises:
        NotTrainedError: if it is missing or damaged.
    """
    try:
        rows = files.read_csv(folder / HISTORY)
    except DataError as error:
        raise NotTrainedError(str(error)) from None
    if not all(tuple(row) == HISTORY_COLUMNS and None not in row.values() for row in rows):
        raise NotTrainedError(f"{folder / HISTORY}: other columns than {', '.join(HISTORY_COLUMNS)}; {REPAIR}")
    return rows
