"""What each MLflow run shows, read from the files that `prepare`, `train` and `evaluate` wrote."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import files, paths
from pipeline.data.prepared import CARD
from pipeline.evaluation import stored
from pipeline.evaluation.stored import Rows, StoredResults
from pipeline.models import storage
from pipeline.params import Params
from pipeline.params.load import flatten
from pipeline.params.schema import BASELINE, is_baseline, is_reference
from pipeline.tracking import metric_names
from pipeline.training import timings

Curves = Mapping[str, Sequence[tuple[int, float]]]  # name -> (epoch, value) pairs
LOSSES = ("train_loss", "validation_loss")
FROM_MODEL_JSON = ("parameters", "reproducibility")  # shown beside the params
COMPARISON = {"better", "worse"}  # columns that only tables of comparisons have
CORRECTED = ("p", "significant")  # columns that depend on how many comparisons the table has (Holm)


@dataclass(frozen=True)
class SeedRecord:
    """One seed of a model: how its training ended, and its own metrics and curves."""

    seed: int
    status: str
    metrics: Mapping[str, float]
    curves: Curves


@dataclass(frozen=True)
class Record:
    """A model of a data set, or a baseline or the bound, which have neither seeds, params nor curves."""

    name: str
    kind: str  # model, baseline or bound
    dataset: str
    data_card: Mapping[str, Any]
    digest: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    curves: Curves
    artifacts: tuple[tuple[Path, str], ...]  # each file with its folder in the run
    seeds: tuple[SeedRecord, ...]
    leaks_target: bool = False
    status: str = storage.FINISHED  # or how many seeds diverged or did not learn

    @property
    def run_name(self) -> str:
        """Return a name that no other record has."""
        label = self.name if self.kind == "model" else f"{self.dataset}-{self.name}"
        return f"{label}-{self.digest[:7]}"


@dataclass(frozen=True)
class _Results(StoredResults):
    """A data set's results, with its data card."""

    data_card: Mapping[str, Any]

    def headline(self, name: str) -> str | None:
        """Return the name of the metric at top level; a model that leaks its target has none, and sorts last."""
        return None if name in self.about.leaks_target else metric_names.headline(self.about.primary_metrics)


def read_records(dataset: str, params: Params) -> Iterator[Record]:
    """Yield the record of each model of a data set, then those of its baselines and bound.

    Raises:
        DataError: if a file of an earlier stage is missing or damaged, or lacks a model of params.yaml.
    """
    models = params.models_of(dataset)
    results = _Results(**vars(stored.read(dataset, models)), data_card=files.read_json(paths.prepared(dataset) / CARD))
    yield from (_read_model(results, model) for model in models)
    yield from (_reference_record(results, name) for name in results.metrics if name not in models)


def _read_model(results: _Results, model: str) -> Record:
    """Read a model's own folder, and take its part of the data set's results."""
    folder = paths.model(results.dataset, model)
    description = storage.read_description(folder).model_dump(mode="json")
    history = storage.read_history(folder)
    model_files, digest = sorted(folder.glob("[!.]*")), timings.digest(folder)
    seconds = timings.read(results.dataset, model, digest)
    return Record(
        name=model,
        kind="model",
        dataset=results.dataset,
        data_card=results.data_card,
        digest=_digest(results, model, digest),
        params={**flatten(description["params"]), **_facts(description)},
        metrics={**_metrics(results, model), **_cost(sum(seconds.values()) if seconds else None, len(history))},
        curves=_curves(history),
        artifacts=(
            *((path, _artifact_folder(path)) for path in model_files),
            *_dataset_artifacts(results, model),
        ),
        seeds=tuple(
            SeedRecord(
                int(seed),
                outcome["status"],
                {
                    **_seed_metrics(results, model, seed),
                    **_cost(seconds.get(int(seed)), sum(row["seed"] == seed for row in history)),
                },
                _curves(history, seed),
            )
            for seed, outcome in description["seeds"].items()
        ),
        leaks_target=model in results.about.leaks_target,
        status=_describe_status(description["seeds"]),
    )


def _describe_status(seeds: Mapping[str, Any]) -> str:
    """Return how the trainings of a model's seeds ended."""
    failures = [f"{count} of {len(seeds)} seeds {ending}" for ending, count in storage.count_endings(seeds).items()]
    return "; ".join(failures) or storage.FINISHED


def _facts(description: Mapping[str, Any]) -> dict[str, str]:
    """Return what a run shows beside the params: the number of weights, and how far they can be reproduced."""
    return {key: str(description[key]) for key in FROM_MODEL_JSON}


def _reference_record(results: _Results, name: str) -> Record:
    """Return the record of a baseline or the bound, which has only metrics."""
    return Record(
        name=name,
        kind=BASELINE if is_baseline(name) else name,
        dataset=results.dataset,
        data_card=results.data_card,
        digest=_digest(results, name, ""),
        params={},
        metrics=_metrics(results, name),
        curves={},
        artifacts=(),
        seeds=(),
    )


def _digest(results: _Results, name: str, model_digest: str) -> str:
    """Return a digest of everything that belongs to one model.

    Of files that show all models of the data set, only this model's part counts, and of the comparisons only those
    with a baseline or the bound. Otherwise a change of one model would publish all of them again.
    """
    parts = [
        model_digest,
        results.dataset,
        name,
        results.data_card,
        results.metrics[name],
        [row for row in results.values if row["model"] == name],
        {table: part for table, rows in results.tables.items() if (part := _table_part(rows, name))},
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _table_part(rows: Rows, model: str) -> list[Any]:
    """Return a model's rows of a table, or its column where each model has one; else an empty list."""
    columns = rows[0] if rows else {}
    if "model" in columns:
        return [row for row in rows if row["model"] == model]
    if columns.keys() >= COMPARISON:
        return [_without_corrected(row) for row in rows if _compares_with_reference(row, model)]
    return [row[model] for row in rows] if model in columns else []


def _compares_with_reference(row: Mapping[str, str], model: str) -> bool:
    """Return whether a row compares a model with a baseline or the bound."""
    pair = {row[column] for column in COMPARISON}
    return model in pair and any(map(is_reference, pair - {model}))


def _without_corrected(row: Mapping[str, str]) -> dict[str, str]:
    return {column: value for column, value in row.items() if column not in CORRECTED}


def _artifact_folder(path: Path) -> str:
    return "weights" if path.suffix == ".safetensors" else "model"


def _dataset_artifacts(results: _Results, model: str) -> Iterator[tuple[Path, str]]:
    """Yield the data set's files that a model's run shows, with their folders; not the figures of other models."""
    yield paths.prepared(results.dataset) / CARD, "data"
    yield from ((path, "tables") for path in results.table_files)
    for path in results.figures:
        if not path.stem.startswith("confusion-") or path.stem == f"confusion-{model}":
            yield path, "figures"


def _metrics(results: _Results, name: str) -> dict[str, float]:
    return metric_names.name_metrics(results.metrics[name], results.headline(name))


def _cost(seconds: float | None, epochs: int) -> dict[str, float]:
    """Return the metrics of training time, if known; no digest covers them, as no two runs take equally long."""
    return {} if seconds is None else {metric_names.SECONDS: seconds, metric_names.PER_EPOCH: seconds / epochs}


def _seed_metrics(results: _Results, model: str, seed: str) -> dict[str, float]:
    return {
        metric_names.name_value(row["split"], row["metric"], results.headline(model)): float(row["value"])
        for row in results.values
        if (row["model"], row["seed"]) == (model, seed)
    }


def _curves(history: Rows, seed: str | None = None) -> Curves:
    """Return curves such as `curves/train_loss`: of one seed, or at each epoch the mean of the seeds that reached it.

    The learning rate is the same for every seed, so only the mean has it.
    """
    columns = LOSSES if seed else (*LOSSES, "learning_rate")
    values: dict[str, dict[int, list[float]]] = {}
    for row in history:
        for column in columns if seed in (None, row["seed"]) else ():
            if row[column] and math.isfinite(value := float(row[column])):
                epochs = values.setdefault(metric_names.name_curve(row["fit"], column), {})
                epochs.setdefault(int(row["epoch"]), []).append(value)
    return {
        name: [(epoch, sum(seeds) / len(seeds)) for epoch, seeds in sorted(epochs.items())]
        for name, epochs in values.items()
    }
