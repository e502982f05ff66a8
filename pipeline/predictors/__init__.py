"""Trained models, loaded to be used; `pipeline.load` is the way in."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline import model_folder, paths, settings
from pipeline.datasets import prepared as data
from pipeline.datasets.prepared import Prepared
from pipeline.errors import UserError
from pipeline.history import HELD_OUT, REFIT
from pipeline.models import SequenceModel
from pipeline.predictors.base import Predictor, Trained
from pipeline.predictors.ensemble import Ensemble
from pipeline.predictors.language import LanguageModel
from pipeline.predictors.numbers import Forecaster, Regressor
from pipeline.predictors.ranking import Classifier, WindowClassifier
from pipeline.restoring import restored
from pipeline.settings import (
    DatasetSettings,
    LabelledSettings,
    PairsSettings,
    SeriesSettings,
    TextSettings,
    WindowsSettings,
    WordsSettings,
)

PREDICTORS: Mapping[type[DatasetSettings], Callable[[Trained, Any], Predictor]] = {
    WordsSettings: LanguageModel,
    PairsSettings: Regressor,
    SeriesSettings: Forecaster,
    LabelledSettings: Classifier,
    TextSettings: LanguageModel,
    WindowsSettings: WindowClassifier,
}


def load(name: str, seed: int | None = None, fit: str | None = None, root: str | Path = ".") -> Predictor:
    """Load a trained model; see `pipeline.load`."""
    if fit not in (None, HELD_OUT, REFIT):
        raise UserError(f"fit: found {fit!r}; wanted {HELD_OUT!r}, {REFIT!r} or nothing")
    params = settings.load(Path(root, paths.PARAMS))
    dataset = settings.chosen(params.models, name, "models").dataset
    folder = Path(root, paths.model(dataset, name))
    if not (folder / "model.json").exists():
        raise UserError(f"{folder}: {name} is not trained; run `dvc repro train@{name}`")
    prepared = data.read(Path(root, paths.prepared(dataset)))
    description = model_folder.read_description(folder)
    if description["prepared_digest"] != prepared.card.digest:
        where = paths.prepared(dataset)
        raise UserError(f"{folder}: not trained on what {where} holds now; run `dvc repro train@{name}`")
    seeds = [int(trained) for trained in description["seeds"]]
    network = Ensemble(_members(folder, prepared, _chosen(folder, seeds, seed), fit)).eval()
    trained = Trained(name, model_folder.read_settings(folder), params.datasets[dataset], prepared, network)
    return PREDICTORS[type(trained.dataset)](trained, trained.dataset)


def _chosen(folder: Path, trained: Sequence[int], seed: int | None) -> Sequence[int]:
    """Return the seeds whose networks answer."""
    if seed is not None and seed not in trained:
        raise UserError(f"{folder}: no network of seed {seed}; trained: {', '.join(map(str, trained))}")
    return trained if seed is None else [seed]


def _members(folder: Path, prepared: Prepared, seeds: Sequence[int], fit: str | None) -> list[SequenceModel]:
    """Restore the networks of one fit, those that diverged left out: the refit's where there is one."""
    architecture = model_folder.read_settings(folder)
    for wanted in (REFIT, HELD_OUT) if fit is None else (fit,):
        found = [restored(prepared, architecture, folder, seed, wanted) for seed in seeds]
        if members := [member for member in found if member is not None]:
            return members
    listed = ", ".join(map(str, seeds))
    what = f"fit {fit!r}" if fit else "weights"
    raise UserError(f"{folder}: no {what} of seed {listed}: not made for this data set, or the training diverged")
