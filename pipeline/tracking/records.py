"""What each MLflow run shows, read from the files that `prepare`, `train`, `evaluate` and `report` wrote."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline import files, paths
from pipeline.data.prepared import CARD
from pipeline.evaluation import stored
from pipeline.evaluation.stored import StoredResults
from pipeline.models import storage
from pipeline.params import Params
from pipeline.params.load import flatten
from pipeline.params.models import ModelParams
from pipeline.params.schema import BASELINE, is_baseline
from pipeline.tracking import curves, identity, metric_names
from pipeline.tracking.curves import Curves
from pipeline.training import timings
from pipeline.training.timings import SeedTime

FACTS = ("parameters", "reproducibility")  # shown beside the params
NOTE_LENGTH = 8000  # letters; MLflow takes no more in a tag
LINK = re.compile(r"\[([^\]]*)\]\((?!https?:)[^)]*\)")  # to a file of the project


@dataclass(frozen=True)
class SeedRecord:
    """One seed of a model: how its training ended, its own metrics and curves, and its time if it was trained here."""

    seed: int
    status: str
    metrics: Mapping[str, float]
    curves: Curves
    time: SeedTime | None = None


@dataclass(frozen=True)
class Record:
    """What a run shows: of a model, of a baseline or the bound, which have no seeds, or of a comparison."""

    name: str
    kind: str  # model, baseline, bound or comparison
    dataset: str
    data_card: Mapping[str, Any]
    key: str  # of what decides the content
    digest: str  # of the content; empty while there is more to come
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    curves: Curves = field(default_factory=dict)
    artifacts: tuple[tuple[Path, str], ...] = ()  # each file with its folder in the run; "" is the root
    seeds: tuple[SeedRecord, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    note: str = ""  # Markdown
    changes: Mapping[str, str] = field(default_factory=dict)  # params that differ from the committed ones
    started: float | None = None  # of a training that still runs

    @property
    def run_name(self) -> str:
        """Return a name that no other record has."""
        label = self.name if self.kind == "model" else f"{self.dataset}-{self.name}"
        return identity.run_name(label, self.key, self.changes)

    @property
    def times(self) -> list[SeedTime]:
        """Return the time of each seed; none if the model was not trained here, as far as is known."""
        found = [seed.time for seed in self.seeds if seed.time is not None]
        return found if len(found) == len(self.seeds) else []

    @property
    def stage(self) -> str:
        """Return the stage that made the content."""
        if self.kind == "comparison":
            return "report"
        return f"train@{self.name}" if self.kind == "model" else f"evaluate@{self.dataset}"


@dataclass(frozen=True)
class Results(StoredResults):
    """A data set's results, with its data card, and a digest of the code that made them."""

    data_card: Mapping[str, Any]
    code: str

    def headline(self, name: str) -> str | None:
        """Return the name of the metric at top level; a model that leaks its target has none, and sorts last."""
        return None if name in self.about.leaks_target else metric_names.headline(self.about.primary_metrics)

    def metrics_of(self, name: str) -> dict[str, float]:
        """Return the metrics of a model, a baseline or the bound under their names in MLflow."""
        return metric_names.name_metrics(self.metrics[name], self.headline(name))


def read_results(dataset: str, params: Params) -> Results:
    """Read the results of a data set.

    Raises:
        DataError: if a file of an earlier stage is missing or damaged, or lacks a model of params.yaml.
    """
    results = stored.read(dataset, params.models_of(dataset))
    return Results(**vars(results), data_card=read_card(dataset), code=identity.code_digest())


def read_card(dataset: str) -> dict[str, Any]:
    """Read the data card of a data set."""
    card: dict[str, Any] = files.read_json(paths.prepared(dataset) / CARD)
    return card


def read_records(dataset: str, params: Params) -> Iterator[Record]:
    """Yield the record of each model of a data set, then those of its baselines and bound.

    Raises:
        DataError: if a file of an earlier stage is missing or damaged, or lacks a model of params.yaml.
    """
    models, results = params.models_of(dataset), read_results(dataset, params)
    yield from (_read_model(results, model) for model in models)
    yield from (_reference_record(results, name) for name in results.metrics if name not in models)


def _read_model(results: Results, model: str) -> Record:
    """Read a model's own folder, and take its part of the data set's results."""
    folder = paths.model(results.dataset, model)
    described = storage.read_description(folder)
    params, description = described.params, described.model_dump(mode="json")  # those that it was trained with
    history, digest = storage.read_history(folder), timings.digest(folder)
    times, note = timings.read(results.dataset, model, digest), _read_note(model)
    seconds = sum(time.seconds for time in times.values())
    return Record(
        name=model,
        kind="model",
        dataset=results.dataset,
        data_card=results.data_card,
        key=identity.model_key(model, params, results.data_card, results.code),
        digest=_digest(results, model, digest, note),
        params=model_params(params, description),
        metrics={**results.metrics_of(model), **metric_names.name_cost(seconds, len(history))},
        curves=curves.mean(history),
        artifacts=tuple(_model_artifacts(results, model, folder)),
        seeds=tuple(
            SeedRecord(
                int(seed),
                outcome["status"],
                {
                    **_seed_metrics(results, model, seed),
                    **metric_names.name_cost(
                        times[int(seed)].seconds if times else 0.0, sum(row["seed"] == seed for row in history)
                    ),
                },
                curves.of_seed(history, seed),
                times.get(int(seed)),
            )
            for seed, outcome in description["seeds"].items()
        ),
        tags={
            "status": describe_status(description["seeds"]),
            **({"leaks_target": "yes"} if model in results.about.leaks_target else {}),
        },
        note=note,
        changes=identity.changed_params(model, params),
    )


def model_params(params: ModelParams, facts: Mapping[str, Any]) -> dict[str, str]:
    """Return what a run shows as params: those of the model and, once it is trained, facts of model.json."""
    return {**flatten(params.model_dump(mode="json")), **{key: str(facts[key]) for key in FACTS if key in facts}}


def describe_status(seeds: Mapping[str, Any]) -> str:
    """Return how the trainings of a model's seeds ended."""
    failures = [f"{count} of {len(seeds)} seeds {ending}" for ending, count in storage.count_endings(seeds).items()]
    return "; ".join(failures) or storage.FINISHED


def _reference_record(results: Results, name: str) -> Record:
    """Return the record of a baseline or the bound, which has only metrics."""
    kind = BASELINE if is_baseline(name) else name
    reference = results.about.references.get(name)
    note = reference.description if reference else ""
    return Record(
        name=name,
        kind=kind,
        dataset=results.dataset,
        data_card=results.data_card,
        key=identity.make_key(kind, name, results.data_card, results.code),
        digest=_digest(results, name, "", note),
        metrics=results.metrics_of(name),
        note=note,
    )


def _digest(results: Results, name: str, model_digest: str, note: str) -> str:
    """Return a digest of everything that belongs to one model, and so does not depend on the others."""
    own = [row for row in results.values if row["model"] == name]
    parts = [model_digest, results.dataset, name, results.data_card, results.metrics[name], own, note]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _read_note(model: str) -> str:
    """Return a model's card without links to files, which lead nowhere in MLflow; nothing before the first report."""
    path = paths.model_card(model)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return LINK.sub(r"\1", text)[:NOTE_LENGTH]


def _model_artifacts(results: Results, model: str, folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files that a model's run keeps; MLflow compares those at the root side by side."""
    for path in sorted(folder.glob("[!.]*")):
        yield path, "weights" if path.suffix == ".safetensors" else ""
    yield paths.prepared(results.dataset) / CARD, "data"
    yield from ((path, "figures") for path in results.figures if path.stem == f"confusion-{model}")


def _seed_metrics(results: Results, model: str, seed: str) -> dict[str, float]:
    return {
        metric_names.name_value(row["split"], row["metric"], results.headline(model)): float(row["value"])
        for row in results.values
        if (row["model"], row["seed"]) == (model, seed)
    }
