"""A trained model on disk: weights of each seed and fit, model.json, history.csv.

Weights are plain tensors (safetensors); together with model.json they rebuild the network. Importing this module does
not import torch: the processes that only start trainings, or read results, do without it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from pipeline import files
from pipeline.data.prepared import DataCard
from pipeline.determinism import Reproducibility
from pipeline.errors import REPAIR, DataError, NotTrainedError
from pipeline.params.models import ModelParams

# Fits: on the training rows, evaluated on held-out ones; and on all rows, for data that are to be memorised.
HELD_OUT, REFIT = "held-out", "refit"

# How a training ended: its status is, or begins with, one of these.
FINISHED, DIVERGED, NOT_LEARNED = "finished", "diverged", "did not learn"

HISTORY_COLUMNS = ("seed", "fit", "epoch", "learning_rate", "train_loss", "validation_loss")
DESCRIPTION, HISTORY = "model.json", "history.csv"
DESCRIPTION_KEYS = ("params", "parameters", "seeds", "prepared_digest", "reproducibility", "weights")

Weights = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Epoch:
    """The history of one epoch: the mean training loss while it ran, the validation loss after it."""

    epoch: int  # from 1
    learning_rate: float  # of its last batch
    train_loss: float  # mean over items: nats, or the squared error in the targets' scale
    validation_loss: float | None  # likewise; a refit has no validation rows


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
    seconds: float = 0.0  # of this training alone; no file that DVC hashes holds them

    @property
    def finished(self) -> bool:
        """Return whether there are weights to evaluate."""
        return self.best_epoch > 0


def weights_file(folder: Path, seed: int, fit: str) -> Path:
    """Return the path of a seed's weights; a seed that diverged has no such file."""
    return folder / f"seed-{seed}{'-refit' if fit == REFIT else ''}.safetensors"


def write_weights(path: Path, weights: Weights) -> None:
    """Write arrays by name."""
    path.write_bytes(save({name: np.ascontiguousarray(array) for name, array in weights.items()}))


def read_weights(path: Path) -> dict[str, NDArray[Any]]:
    """Read arrays that `write_weights` wrote, after comparing the file's digest with model.json.

    Raises:
        NotTrainedError: if the file is missing, cannot be read, or has changed.
    """
    try:
        if files.sha256(path) != read_description(path.parent)["weights"].get(path.name):
            raise NotTrainedError(f"{path}: damaged, by its digest in model.json; {REPAIR}")
        return load_file(path)
    except FileNotFoundError:
        raise NotTrainedError(f"{path}: no such file; run `dvc repro`, which restores it") from None
    except (SafetensorError, OSError) as error:
        raise NotTrainedError(f"{path}: cannot be read ({error}); delete its folder and run `dvc repro`") from None


def write_records(folder: Path, name: str, params: ModelParams, card: DataCard, outcomes: Sequence[Outcome]) -> None:
    """Write model.json and history.csv."""
    files.write_json(
        folder / DESCRIPTION,
        {
            "model": name,
            "dataset": card.dataset,
            "task": card.task,
            "params": params.model_dump(mode="json"),
            "parameters": outcomes[0].parameters,
            "prepared_digest": card.digest,
            "reproducibility": outcomes[0].reproducibility,
            "weights": {path.name: files.sha256(path) for path in _weights_files(folder, outcomes)},
            "seeds": {str(seed): _describe_seed(outcomes, seed) for seed in dict.fromkeys(o.seed for o in outcomes)},
        },
    )
    rows = (
        (o.seed, o.fit, *("" if value is None else value for value in astuple(epoch)))
        for o in outcomes
        for epoch in o.epochs
    )
    files.write_csv(folder / HISTORY, HISTORY_COLUMNS, rows)


def _weights_files(folder: Path, outcomes: Sequence[Outcome]) -> list[Path]:
    """Return the weights of all that finished, in the order of their names."""
    return sorted(weights_file(folder, outcome.seed, outcome.fit) for outcome in outcomes if outcome.finished)


def _describe_seed(outcomes: Iterable[Outcome], seed: int) -> dict[str, Any]:
    """Return a seed's status, which is that of its fits that failed, and the epochs of its first fit."""
    fits = [outcome for outcome in outcomes if outcome.seed == seed]
    failed = [f"{o.status} ({o.fit} fit)" for o in fits if o.status != FINISHED]
    return {
        "status": "; ".join(failed) or FINISHED,
        "epochs": len(fits[0].epochs),
        "best_epoch": fits[0].best_epoch,
    }


def count_endings(seeds: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Return how many seeds of model.json diverged, and how many did not learn, in either fit; none if none did."""
    counts = {ending: sum(ending in of["status"] for of in seeds.values()) for ending in (DIVERGED, NOT_LEARNED)}
    return {ending: count for ending, count in counts.items() if count}


def has_weights(file: Path) -> bool:
    """Return whether model.json lists these weights, whether or not the file is there."""
    return file.name in read_description(file.parent)["weights"]


def read_description(folder: Path) -> dict[str, Any]:
    """Read model.json.

    Raises:
        NotTrainedError: if it is missing or not JSON, or lacks a key, as that of an earlier version.
    """
    try:
        description: dict[str, Any] = files.read_json(folder / DESCRIPTION)
    except DataError as error:
        raise NotTrainedError(str(error)) from None
    if missing := [key for key in DESCRIPTION_KEYS if key not in description]:
        raise NotTrainedError(f"{folder / DESCRIPTION}: no {missing[0]}; delete its folder and run `dvc repro`")
    return description


def read_params(folder: Path) -> ModelParams:
    """Read the params that a model was trained with."""
    try:
        return ModelParams.model_validate(read_description(folder)["params"])
    except ValidationError:
        where = folder / DESCRIPTION
        raise NotTrainedError(f"{where}: not of this version; delete its folder and run `dvc repro`") from None


def read_seeds(folder: Path) -> list[int]:
    """Return the seeds that a model was trained from."""
    return [int(seed) for seed in read_description(folder)["seeds"]]


def read_history(folder: Path) -> list[dict[str, str]]:
    """Read history.csv, a dictionary for each epoch of each network.

    Raises:
        NotTrainedError: if it is missing or damaged.
    """
    try:
        return files.read_csv(folder / HISTORY)
    except DataError as error:
        raise NotTrainedError(str(error)) from None
