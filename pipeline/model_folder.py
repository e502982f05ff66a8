"""A trained model on disk: weights of each seed and fit, model.json, history.csv.

Weights are plain tensors (safetensors); together with model.json they rebuild the network.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from pipeline import artifacts
from pipeline.datasets.prepared import Card
from pipeline.errors import UserError
from pipeline.history import REFIT, Outcome
from pipeline.settings.models import ModelSettings

Weights = Mapping[str, NDArray[Any]]
HISTORY_COLUMNS = ("seed", "fit", "epoch", "rate", "train_loss", "validation_loss")


def weights_file(folder: Path, seed: int, fit: str) -> Path:
    """Return where the weights of a seed stand; there is none for a seed that diverged."""
    return folder / f"seed-{seed}{'-refit' if fit == REFIT else ''}.safetensors"


def write_weights(path: Path, weights: Weights) -> None:
    """Write arrays by name."""
    path.write_bytes(save({name: np.ascontiguousarray(array) for name, array in weights.items()}))


def read_weights(path: Path) -> dict[str, NDArray[Any]]:
    """Read what `write_weights` wrote, and see that no byte of it has changed."""
    try:
        if artifacts.sha256(path) != read_description(path.parent)["weights"].get(path.name):
            raise UserError(f"{path}: damaged, by its digest in model.json; run `make mend` and `dvc repro`")
        return load_file(path)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; run `dvc repro`, which brings it back") from None
    except (SafetensorError, OSError) as error:
        raise UserError(f"{path}: cannot be read ({error}); delete its folder and run `dvc repro`") from None


def write_records(folder: Path, name: str, settings: ModelSettings, card: Card, outcomes: Sequence[Outcome]) -> None:
    """Write model.json and history.csv."""
    artifacts.write_json(
        folder / "model.json",
        {
            "model": name,
            "dataset": card.dataset,
            "task": card.task,
            "settings": settings.model_dump(mode="json"),
            "parameters": outcomes[0].parameters,
            "prepared_digest": card.digest,
            **({"numerics": outcomes[0].caveat} if outcomes[0].caveat else {}),  # a portable model says nothing
            "weights": {path.name: artifacts.sha256(path) for path in _weights(folder, outcomes)},
            "seeds": {str(seed): _seed(outcomes, seed) for seed in dict.fromkeys(o.seed for o in outcomes)},
        },
    )
    rows = (
        (o.seed, o.fit, *("" if value is None else value for value in astuple(epoch)))
        for o in outcomes
        for epoch in o.epochs
    )
    artifacts.write_csv(folder / "history.csv", HISTORY_COLUMNS, rows)


def _weights(folder: Path, outcomes: Sequence[Outcome]) -> list[Path]:
    """Return the weights of all that finished, in the order of their names."""
    return sorted(weights_file(folder, outcome.seed, outcome.fit) for outcome in outcomes if outcome.finished)


def _seed(outcomes: Iterable[Outcome], seed: int) -> dict[str, Any]:
    """Describe a seed by its fits: the first is the one that is judged, the first that failed tells the status."""
    fits = [outcome for outcome in outcomes if outcome.seed == seed]
    failed = [f"{o.status} ({o.fit} fit)" for o in fits if not o.finished]
    return {
        "status": failed[0] if failed else "finished",
        "epochs": len(fits[0].epochs),
        "best_epoch": fits[0].best_epoch,
    }


def has_weights(file: Path) -> bool:
    """Tell whether a network has weights by model.json, be the file there or not."""
    return file.name in read_description(file.parent)["weights"]


def read_description(folder: Path) -> dict[str, Any]:
    """Read model.json."""
    description: dict[str, Any] = artifacts.read_json(folder / "model.json")
    if missing := [key for key in ("settings", "seeds", "prepared_digest", "weights") if key not in description]:
        raise UserError(f"{folder / 'model.json'}: no {missing[0]}; delete its folder and run `dvc repro`")
    return description


def read_settings(folder: Path) -> ModelSettings:
    """Read the settings with which a model was trained."""
    try:
        return ModelSettings.model_validate(read_description(folder)["settings"])
    except ValidationError:
        where = folder / "model.json"
        raise UserError(f"{where}: not of this version; delete its folder and run `dvc repro`") from None
