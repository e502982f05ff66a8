"""What an MLflow run shows, read from the files that `train` and `evaluate` wrote."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import artifacts, paths, timings
from pipeline.errors import UserError
from pipeline.references import BASELINE, is_baseline, is_reference
from pipeline.settings import Settings
from pipeline.settings.fitting import reads_its_target
from pipeline.settings.flat import flat

Rows = Sequence[Mapping[str, str]]
Curves = Mapping[str, Sequence[tuple[int, float]]]  # name -> (epoch, value)
LOSSES = ("train_loss", "validation_loss")
SECONDS = "training_seconds"


@dataclass(frozen=True)
class Seed:
    """One seed of a model: how it ended, its own metrics and curves."""

    seed: int
    status: str
    metrics: Mapping[str, float]
    curves: Curves


@dataclass(frozen=True)
class Content:
    """A model of a data set, or its baseline or limit, which have no seeds, settings and curves."""

    name: str
    kind: str  # model, baseline, limit
    dataset: str
    card: Mapping[str, Any]
    digest: str
    settings: Mapping[str, str]
    metrics: Mapping[str, float]
    curves: Curves
    files: tuple[tuple[Path, str], ...]  # with the artifact folder of each
    seeds: tuple[Seed, ...]
    reads_its_target: bool = False  # so that its figures mean nothing

    @property
    def run_name(self) -> str:
        """Return a name that no other content has."""
        label = self.name if self.kind == "model" else f"{self.dataset}-{self.name}"
        return f"{label}-{self.digest[:7]}"


@dataclass(frozen=True)
class _Files:
    """A data set's files, read once for all its models."""

    dataset: str
    card: Mapping[str, Any]
    metrics: Mapping[str, Any]
    values: Rows
    tables: Mapping[str, Rows]


def collect(dataset: str, known: Settings) -> Iterator[Content]:
    """Yield the content of each model of a data set, and of whatever else was measured on it."""
    results = paths.results(dataset)
    files = _Files(
        dataset,
        artifacts.read_json(paths.prepared(dataset) / "card.json"),
        artifacts.read_json(results / "metrics.json"),
        artifacts.read_csv(results / "seeds.csv"),
        {path.name: artifacts.read_csv(path) for path in sorted((results / "tables").glob("*.csv"))},
    )
    models = known.models_of(dataset)
    if missing := [model for model in models if model not in files.metrics]:
        raise UserError(f"{results / 'metrics.json'}: nothing of model {missing[0]}; run `dvc repro`, which adds it")
    task = known.datasets[dataset].task
    yield from (_model(files, model, reads_its_target(known.models[model], task)) for model in models)
    yield from (_other(files, name) for name in files.metrics if name not in models)


def _model(files: _Files, model: str, meaningless: bool) -> Content:
    """Read a model's own folder, and pick its part of the data set's results."""
    folder = paths.model(files.dataset, model)
    description = artifacts.read_json(folder / "model.json")
    history = artifacts.read_csv(folder / "history.csv")
    own, digest = sorted(folder.glob("[!.]*")), timings.digest(folder)
    seconds = timings.read(files.dataset, model, digest)
    return Content(
        name=model,
        kind="model",
        dataset=files.dataset,
        card=files.card,
        digest=_digest(files, model, digest),
        settings={**flat(description["settings"]), **_noted(description)},
        metrics={**_means(files.metrics[model]), **_cost(sum(seconds.values()) if seconds else None)},
        curves=_curves(history),
        files=(*((path, _home(path)) for path in own), *_shared(files.dataset, model)),
        seeds=tuple(
            Seed(
                int(seed),
                record["status"],
                {**_values(files, model, seed), **_cost(seconds.get(int(seed)))},
                _curves(history, seed),
            )
            for seed, record in description["seeds"].items()
        ),
        reads_its_target=meaningless,
    )


def _noted(description: Mapping[str, Any]) -> dict[str, str]:
    """Return what is told of a model besides its settings: its size, and why its bytes are not promised, if so."""
    return {key: str(description[key]) for key in ("parameters", "numerics") if key in description}


def _other(files: _Files, name: str) -> Content:
    """Make the content of a baseline or limit, which is known by its metrics alone."""
    return Content(
        name=name,
        kind=BASELINE if is_baseline(name) else name,
        dataset=files.dataset,
        card=files.card,
        digest=_digest(files, name, ""),
        settings={},
        metrics=_means(files.metrics[name]),
        curves={},
        files=(),
        seeds=(),
    )


def _digest(files: _Files, name: str, own: str) -> str:
    """Return a digest of what is particular to one model.

    Files that show all models of the data set (curves.png) count with this model's part alone: or else a
    change of one model would publish all of them again. For the same reason, of the comparisons only those with
    a baseline count.
    """
    parts = [
        own,
        files.dataset,
        name,
        files.card,
        files.metrics[name],
        [row for row in files.values if row["model"] == name],
        {table: part for table, rows in files.tables.items() if (part := _part(rows, name))},
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _part(rows: Rows, model: str) -> list[Any]:
    """Return a table's rows of a model, or its column where there is one a model; nothing where it is not named."""
    columns = rows[0] if rows else {}
    if "model" in columns:
        return [row for row in rows if row["model"] == model]
    if "better" in columns:
        return [_measured(row) for row in rows if model in _pair(row) and any(map(is_reference, _pair(row) - {model}))]
    return [row[model] for row in rows] if model in columns else []


def _pair(row: Mapping[str, str]) -> set[str]:
    """Return the two that a row compares."""
    return {row["better"], row["worse"]}


def _measured(row: Mapping[str, str]) -> dict[str, str]:
    """Return a comparison without what depends on how many others there are: its corrected p, and whether it holds."""
    return {column: cell for column, cell in row.items() if column not in ("p", "holds")}


def _home(path: Path) -> str:
    return "weights" if path.suffix == ".safetensors" else "model"


def _shared(dataset: str, model: str) -> Iterator[tuple[Path, str]]:
    """Yield the files of the data set that are shown with a model: not the figures of other models alone."""
    yield paths.prepared(dataset) / "card.json", "data"
    results = paths.results(dataset)
    for path in sorted((results / "tables").glob("*.csv")):
        yield path, "tables"
    for path in sorted((results / "figures").glob("*.png")):
        if not path.stem.startswith("confusion-") or path.stem == f"confusion-{model}":
            yield path, "figures"


def _means(metrics: Mapping[str, Mapping[str, Mapping[str, float]]]) -> dict[str, float]:
    """Return `test.accuracy`, and its interval as `test.accuracy.low` and `.high`."""
    return {
        f"{split}.{metric}{'' if end == 'mean' else f'.{end}'}": value
        for split, of in metrics.items()
        for metric, values in of.items()
        for end, value in values.items()
    }


def _cost(seconds: float | None) -> dict[str, float]:
    """Return how long training took, if known; it is shown, but in no digest, as no two runs take as long."""
    return {} if seconds is None else {SECONDS: seconds}


def _values(files: _Files, model: str, seed: str) -> dict[str, float]:
    return {
        f"{row['split']}.{row['metric']}": float(row["value"])
        for row in files.values
        if (row["model"], row["seed"]) == (model, seed)
    }


def _curves(history: Rows, seed: str | None = None) -> Curves:
    """Return `held-out/train_loss` and the like: of one seed, or the mean of those that trained so long.

    The rate, which is the same for every seed, is left to the mean.
    """
    columns = LOSSES if seed else (*LOSSES, "rate")
    values: dict[str, dict[int, list[float]]] = {}
    for row in history:
        for column in columns if seed in (None, row["seed"]) else ():
            if row[column] and math.isfinite(value := float(row[column])):
                epochs = values.setdefault(f"{row['fit']}/{column}", {})
                epochs.setdefault(int(row["epoch"]), []).append(value)
    return {
        name: [(epoch, sum(of) / len(of)) for epoch, of in sorted(epochs.items())] for name, epochs in values.items()
    }
