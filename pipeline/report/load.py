"""Read all that the report needs of a data set: its data card, results and models."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import paths
from pipeline.data import prepared as data
from pipeline.data.prepared import ALL_ROWS, DataCard, Prepared
from pipeline.data.wording import ModelFacts
from pipeline.determinism import Reproducibility
from pipeline.evaluation.about import Difference
from pipeline.evaluation.stored import Rows, StoredResults
from pipeline.evaluation.stored import read as read_stored
from pipeline.models import samples, storage
from pipeline.params import Params
from pipeline.params.datasets import DatasetParams
from pipeline.params.models import ModelParams
from pipeline.params.schema import is_reference


@dataclass(frozen=True)
class Model:
    """A trained model without its results."""

    params: ModelParams
    parameters: int
    seeds: Mapping[str, Mapping[str, Any]]  # status, epochs and best epoch of each
    history: Rows
    samples: Rows  # the texts that the networks wrote while they were trained
    reproducibility: Reproducibility

    @property
    def finished(self) -> int:
        """Return the number of seeds that finished every fit, and learned."""
        return sum(seed["status"] == storage.FINISHED for seed in self.seeds.values())

    @property
    def failures(self) -> Mapping[str, int]:
        """Return the number of seeds that diverged, and of those that did not learn, under these words."""
        return storage.count_endings(self.seeds)


@dataclass(frozen=True)
class Results(StoredResults):
    """A data set's results, with its params, its prepared data, and its models."""

    params: DatasetParams
    prepared: Prepared
    models: Mapping[str, Model]

    @property
    def card(self) -> DataCard:
        """Return the data card."""
        return self.prepared.card

    @property
    def difference(self) -> Difference:
        """Return how a difference of two models is written."""
        return self.about.difference

    def label(self, metric: str) -> str:
        """Return the label of a metric."""
        return self.about.metrics[metric].label

    @property
    def leaking(self) -> tuple[str, ...]:
        """Return the models that leak their target."""
        return self.about.leaks_target

    @property
    def comparable(self) -> tuple[str, ...]:
        """Return the models that can be ranked and compared: those that do not leak their target."""
        return tuple(name for name in self.models if name not in self.leaking)

    @property
    def one_seed(self) -> bool:
        """Return whether every model was trained from one seed only, so that there is no spread over seeds."""
        return all(len(of.seeds) == 1 for of in self.models.values())

    @property
    def is_portable(self) -> bool:
        """Return whether every model and every figure can be reproduced on other processors."""
        levels = [self.about.reproducibility, *(model.reproducibility for model in self.models.values())]
        return all(level == "portable" for level in levels)

    @property
    def references(self) -> tuple[str, ...]:
        """Return the baselines, and the bound if there is one."""
        return tuple(filter(is_reference, self.metrics))

    def references_on(self, split: str) -> tuple[str, ...]:
        """Return the baselines, and the bound, that have figures on a split."""
        return tuple(name for name in self.references if self.metrics[name].get(split))

    @property
    def splits(self) -> tuple[str, ...]:
        """Return the splits that are reported: the test rows, and all rows for models trained on them."""
        return tuple(split for split in ("test", ALL_ROWS) if any(split in of for of in self.metrics.values()))

    def seeds_on(self, model: str, split: str) -> tuple[str, ...]:
        """Return the seeds behind a model's figures on a split: those whose fit for it finished."""
        found = (row["seed"] for row in self.values if (row["model"], row["split"]) == (model, split))
        return tuple(dict.fromkeys(found))

    @property
    def headline_split(self) -> str:
        """Return the split of the headline: the test rows, or all rows where none are held out."""
        return self.splits[0]

    def loadable_seeds(self, model: str) -> tuple[str, ...]:
        """Return the seeds whose networks `pipeline.load` loads by default."""
        return self.seeds_on(model, self.headline_split)

    def facts(self, model: str) -> ModelFacts:
        """Return what the data's format needs to know of a model, to say what it is for and how it is used."""
        return ModelFacts(model, self.models[model].params)

    def of_seeds(self, model: str, split: str, metric: str) -> dict[str, float]:
        """Return the metric of each seed's network alone."""
        wanted = (model, split, metric)
        found = (row for row in self.values if (row["model"], row["split"], row["metric"]) == wanted)
        return {row["seed"]: float(row["value"]) for row in found}

    def measured(self, split: str) -> tuple[str, ...]:
        """Return the metrics that any model has on a split, in the order in which they were written."""
        names = (metric for of in self.metrics.values() for metric in of.get(split, ()))
        return tuple(dict.fromkeys(names))

    def value(self, name: str, split: str, metric: str) -> float | None:
        """Return a metric of a model's ensemble, of a baseline or of the bound, if it was measured."""
        return self.metrics.get(name, {}).get(split, {}).get(metric, {}).get("value")


def read(dataset: str, params: Params) -> Results:
    """Read what `prepare`, `train` and `evaluate` wrote for a data set.

    Raises:
        DataError: if a file is missing, or the results lack a model.
    """
    models = params.models_of(dataset)
    stored = read_stored(dataset, models)
    prepared = data.read(paths.prepared(dataset))
    return Results(
        **vars(stored),
        params=params.datasets[dataset],
        prepared=prepared,
        models={model: _model(paths.model(dataset, model)) for model in models},
    )


def _model(folder: Path) -> Model:
    description = storage.read_description(folder)
    return Model(
        params=description.params,
        parameters=description.parameters,
        seeds=description.model_dump()["seeds"],
        history=storage.read_history(folder),
        samples=samples.read(folder),
        reproducibility=description.reproducibility,
    )
