"""Load trained models; users call `pipeline.load`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline import paths
from pipeline.data.formats import FORMATS
from pipeline.data.inputs import Reader
from pipeline.data.prepared import ALL_ROWS, TRAIN, Prepared
from pipeline.data.prepared.verification import read_verified
from pipeline.errors import InputError, NotTrainedError
from pipeline.inference.base import Predictor, TrainedModel
from pipeline.inference.labels import Classifier, WindowClassifier
from pipeline.inference.language import LanguageModel
from pipeline.inference.numbers import Forecaster, Regressor
from pipeline.models import storage
from pipeline.models.network import Ensemble, load_networks
from pipeline.models.storage import ModelDescription
from pipeline.params import find_block, load_params
from pipeline.params.datasets import AnyDataset
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


@dataclass(frozen=True)
class Source:
    """What a predictor is made of: a trained model's folder, and the data set that it was trained on."""

    folder: Path
    description: ModelDescription
    dataset: AnyDataset
    prepared: Prepared


def load_predictor(name: str, seed: int | None = None, fit: str | None = None, root: str | Path = ".") -> Predictor:
    """Load a trained model; see `pipeline.load`."""
    if fit not in (None, TRAIN, ALL_ROWS):
        raise InputError(f"fit: found {str(fit)[:60]!r}; wanted {TRAIN!r} or {ALL_ROWS!r}")
    predictor = build_predictor(read_source(name, root), seed, fit)
    predictor.trained.network.eval()  # load it now: its files may be damaged
    return predictor


def read_source(name: str, root: str | Path = ".") -> Source:
    """Read and verify a trained model and its data set; raise what `pipeline.load` raises."""
    params = load_params(Path(root, paths.PARAMS))
    dataset = find_block(params.models, name, "models").dataset
    folder = Path(root, paths.model(dataset, name))
    prepared = read_verified(Path(root, paths.prepared(dataset)))
    description = storage.read_verified(folder, prepared.card)
    block, former = params.datasets[dataset], prepared.card.format
    if block.format != former:
        raise NotTrainedError(f"{folder}: trained on format {former[:60]}, not {block.format}; run `dvc repro`")
    return Source(folder, description, block, prepared)


def build_predictor(source: Source, seed: int | None = None, fit: str | None = None) -> Predictor:
    """Make the predictor of a trained model that has been read; it loads its network when it first answers."""
    params, prepared = source.description.params, source.prepared
    seeds = _select_seeds(source.folder, source.description, seed)
    load_network = partial(_load_network, source.folder, params, prepared, seeds, fit)
    trained = TrainedModel(source.description.model, params, prepared, load_network, build_reader(source))
    return PREDICTORS[source.dataset.format](trained)


def build_reader(source: Source) -> Reader:
    """Return what reads inputs for a trained model."""
    return FORMATS[source.dataset.format].reader(source.dataset, source.prepared, source.description.params)


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
