"""Everything that a data set's part of the report is made of, read from files."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline import artifacts, model_folder, paths
from pipeline.datasets import prepared as data
from pipeline.datasets.prepared import Prepared
from pipeline.errors import UserError
from pipeline.references import is_reference
from pipeline.settings import DatasetSettings, ModelSettings, Settings
from pipeline.settings.fitting import reads_its_target

Rows = list[dict[str, str]]
Metrics = Mapping[str, Mapping[str, Mapping[str, Mapping[str, float]]]]


@dataclass(frozen=True)
class Model:
    """What is known of a trained model besides its results."""

    settings: ModelSettings
    parameters: int
    seeds: Mapping[str, Mapping[str, Any]]  # how each ended
    history: Rows
    numerics: str  # why another machine may train it to other bytes; empty where none with AVX2 does

    @property
    def finished(self) -> int:
        """Return how many seeds finished every fit."""
        return sum(seed["status"] == "finished" for seed in self.seeds.values())


@dataclass(frozen=True)
class Results:
    """A data set's card, metrics, tables and figures, and what is known of its models."""

    settings: DatasetSettings
    prepared: Prepared
    card: Mapping[str, Any]
    metrics: Metrics
    values: Rows  # of each seed
    tables: Mapping[str, Rows]
    figures: tuple[Path, ...]
    models: Mapping[str, Model]

    @cached_property
    def meaningless(self) -> tuple[str, ...]:
        """Return the models that read what they are asked to predict."""
        return tuple(name for name, of in self.models.items() if reads_its_target(of.settings, self.settings.task))

    @property
    def contestants(self) -> tuple[str, ...]:
        """Return the models whose figures can be compared."""
        return tuple(name for name in self.models if name not in self.meaningless)

    @property
    def one_seed(self) -> bool:
        """Tell whether no model was trained from more than one seed, so that no figure has an interval."""
        return all(len(of.seeds) == 1 for of in self.models.values())

    @property
    def caveat(self) -> str:
        """Return why another machine may judge the models otherwise; nothing where the bytes are promised."""
        return next((row.get("numerics", "") for row in self.tables.get("numerics", [])), "")

    @property
    def references(self) -> tuple[str, ...]:
        """Return whatever else was measured: baselines, the limit."""
        return tuple(filter(is_reference, self.metrics))

    @property
    def splits(self) -> tuple[str, ...]:
        """Return the splits that are reported: the test rows, and a fit to all rows."""
        return tuple(split for split in ("test", "train") if any(split in of for of in self.metrics.values()))

    def seeds_on(self, model: str, split: str) -> tuple[str, ...]:
        """Return the seeds behind a model's figures on a split: those whose fit for it finished."""
        found = (row["seed"] for row in self.values if (row["model"], row["split"]) == (model, split))
        return tuple(dict.fromkeys(found))

    def answering(self, model: str) -> tuple[str, ...]:
        """Return the seeds whose networks `pipeline.load` gives: fits to all rows, or else to the training rows."""
        return self.seeds_on(model, "train") or self.seeds_on(model, "test")

    def measured(self, split: str) -> tuple[str, ...]:
        """Return the metrics that somebody has on a split, in the order in which they were written."""
        names = (metric for of in self.metrics.values() for metric in of.get(split, ()))
        return tuple(dict.fromkeys(names))

    def mean(self, name: str, split: str, metric: str) -> float | None:
        """Return the mean over seeds of what was measured."""
        return self.metrics.get(name, {}).get(split, {}).get(metric, {}).get("mean")


def read(dataset: str, settings: Settings) -> Results:
    """Read what `prepare`, `train` and `evaluate` wrote for a data set."""
    folder = paths.results(dataset)
    metrics = artifacts.read_json(folder / "metrics.json")
    models = settings.models_of(dataset)
    if missing := [model for model in models if model not in metrics]:
        raise UserError(f"{folder / 'metrics.json'}: nothing of model {missing[0]}; run `dvc repro`, which adds it")
    prepared = data.read(paths.prepared(dataset))
    return Results(
        settings=settings.datasets[dataset],
        prepared=prepared,
        card=prepared.card.model_dump(mode="json"),
        metrics=metrics,
        values=artifacts.read_csv(folder / "seeds.csv"),
        tables={path.stem: artifacts.read_csv(path) for path in sorted((folder / "tables").glob("*.csv"))},
        figures=tuple(sorted((folder / "figures").glob("*.png"))),
        models={model: _model(paths.model(dataset, model)) for model in models},
    )


def _model(folder: Path) -> Model:
    description = model_folder.read_description(folder)
    return Model(
        settings=model_folder.read_settings(folder),
        parameters=description["parameters"],
        seeds=description["seeds"],
        history=artifacts.read_csv(folder / "history.csv"),
        numerics=description.get("numerics", ""),
    )
