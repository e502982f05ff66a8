"""Load trained models; users call `pipeline.load`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline import paths
from pipeline.data.formats import FORMATS
from pipeline.data.prepared import Prepared
from pipeline.data.prepared.verification import read_verified
from pipeline.errors import InputError, NotTrainedError
from pipeline.inference.base import Predictor, TrainedModel
from pipeline.inference.labels import Classifier, WindowClassifier
from pipeline.inference.language import LanguageModel
from pipeline.inference.numbers import Forecaster, Regressor
from pipeline.models import storage
from pipeline.models.network import Ensemble, load_networks
from pipeline.models.storage import ALL_ROWS, TRAIN, ModelDescription
from pipeline.params import find_block, load_params
from pipeline.params.models import ModelParams
from pipeline.tasks import TASKS

PREDICTORS: Mapping[str, type[Predictor]] = {
    "words": LanguageModel,
    "pairs": Regressor,
    "series": Forecaster,
    "labelled": Classifier,
    "text": LanguageModel,
    "windows": WindowClassifier,
}


def load_predictor(name: str, seed: int | None = None, fit: str | None = None, root: str | Path = ".") -> Predictor:
    """Load a trained model; see `pipeline.load`."""
    if fit not in (None, TRAIN, ALL_ROWS):
        raise InputError(f"fit: found {str(fit)[:60]!r}; wanted {TRAIN!r} or {ALL_ROWS!r}")
    params = load_params(Path(root, paths.PARAMS))
    dataset = find_block(params.models, name, "models").dataset
    folder = Path(root, paths.model(dataset, name))
    prepared = read_verified(Path(root, paths.prepared(dataset)))
    description = storage.read_verified(folder, prepared.card)
    block, former = params.datasets[dataset], prepared.card.format
    if block.format != former:
        raise NotTrainedError(f"{folder}: trained on format {former[:60]}, not {block.format}; run `dvc repro`")
    seeds = _select_seeds(folder, description, seed)
    network = _load_network(folder, description.params, prepared, seeds, fit)
    reader = FORMATS[block.format].reader(block, prepared, description.params)
    return PREDICTORS[block.format](TrainedModel(name, description.params, prepared, network, reader))


def _select_seeds(folder: Path, description: ModelDescription, seed: int | None) -> Sequence[int]:
    """Return the seeds whose networks answer."""
    trained = description.params.seeds
    if seed is not None and seed not in trained:
        raise InputError(f"{folder}: no network of seed {seed}; trained: {', '.join(map(str, trained))}")
    return trained if seed is None else [seed]


def _load_network(
    folder: Path, params: ModelParams, prepared: Prepared, seeds: Sequence[int], fit: str | None
) -> Ensemble:
    """Load the ensemble of one fit: of that to the training rows, unless no rows are held out."""
    shape = TASKS[prepared.card.task].shape(prepared)
    fit = fit or (TRAIN if "test" in prepared.card.rows else ALL_ROWS)
    networks = load_networks(params, shape, folder, seeds, fit)
    if not networks:
        listed = ", ".join(map(str, seeds))
        raise NotTrainedError(
            f"{folder}: no fit {fit!r} of seed {listed}: not made for this data set, or the training diverged"
        )
    return Ensemble(list(networks.values())).eval()
