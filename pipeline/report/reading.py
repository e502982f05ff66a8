"""Everything that a data set's part of the report is made of, read from files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import artifacts, paths
from pipeline.errors import UserError
from pipeline.settings import Settings

Rows = list[dict[str, str]]
Metrics = Mapping[str, Mapping[str, Mapping[str, Mapping[str, float]]]]


@dataclass(frozen=True)
class Results:
    """A data set's card, metrics, tables and figures, and what is known of its models."""

    card: Mapping[str, Any]
    metrics: Metrics
    values: Rows  # of each seed
    tables: Mapping[str, Rows]
    figures: tuple[Path, ...]
    models: Mapping[str, Mapping[str, Any]]

    @property
    def candidates(self) -> tuple[str, ...]:
        """Return the models and, after them, whatever else was measured: baseline, limit."""
        return (*self.models, *(name for name in self.metrics if name not in self.models))

    @property
    def meaningless(self) -> tuple[str, ...]:
        """Return the models that read what they are asked to predict."""
        if self.card["task"] != "next-symbol":
            return ()
        return tuple(name for name, of in self.models.items() if of["settings"]["direction"] == "both")

    @property
    def splits(self) -> tuple[str, ...]:
        """Return the splits that are reported: the test rows, and a fit to all rows."""
        return tuple(split for split in ("test", "train") if any(split in of for of in self.metrics.values()))

    def measured(self, split: str) -> tuple[str, ...]:
        """Return the metrics that somebody has on a split, in the order in which they were written."""
        names = (metric for of in self.metrics.values() for metric in of.get(split, ()))
        return tuple(dict.fromkeys(names))


def read(dataset: str, settings: Settings) -> Results:
    """Read what `prepare`, `train` and `evaluate` wrote for a data set."""
    folder = paths.results(dataset)
    metrics = artifacts.read_json(folder / "metrics.json")
    models = settings.models_of(dataset)
    if missing := [model for model in models if model not in metrics]:
        raise UserError(f"{folder / 'metrics.json'}: nothing of model {missing[0]}; run `dvc repro`, which adds it")
    return Results(
        card=artifacts.read_json(paths.prepared(dataset) / "card.json"),
        metrics=metrics,
        values=artifacts.read_csv(folder / "seeds.csv"),
        tables={path.stem: artifacts.read_csv(path) for path in sorted((folder / "tables").glob("*.csv"))},
        figures=tuple(sorted((folder / "figures").glob("*.png"))),
        models={model: artifacts.read_json(paths.model(dataset, model) / "model.json") for model in models},
    )
