"""Add the runs that a store lacks, and leave those that it has."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.params import Params
from pipeline.tracking import records, runs, store
from pipeline.tracking.records import Record

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

ABANDONED_SECONDS = 3600  # no run takes this long to write, so one that is still open was cut off


@dataclass(frozen=True)
class PublishResult:
    """How many runs were added, how many were there already, and what was published where."""

    added: int
    existing: int
    uri: str  # of the store, without a password
    digests: dict[str, dict[str, str]]  # data set -> model, baseline or bound -> digest of its record


def publish(params: Params) -> PublishResult:
    """Publish all results that the store does not have yet.

    Raises:
        DataError: if results are missing or damaged.
        ParamsError: if MLFLOW_TRACKING_URI has no form that MLflow knows.
        TrackingError: if the store cannot be used.
    """
    by_dataset = {dataset: list(records.read_records(dataset, params)) for dataset in params.datasets}
    added = 0
    with store.connect() as client:
        for dataset, dataset_records in by_dataset.items():
            experiment = _get_experiment(client, dataset)
            _remove_abandoned(client, experiment)
            added += sum(_publish_record(client, experiment, record) for record in dataset_records)
    total = sum(map(len, by_dataset.values()))
    digests = {dataset: {record.name: record.digest for record in of} for dataset, of in by_dataset.items()}
    return PublishResult(added, total - added, store.uri_without_password(), digests)


def _get_experiment(client: "MlflowClient", name: str) -> str:
    """Return the id of a data set's experiment; create it if it is missing, restore it if it was deleted."""
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        location = None if store.is_server() else (store.artifact_folder() / name).as_uri()
        return str(client.create_experiment(name, artifact_location=location))
    if experiment.lifecycle_stage == "deleted":
        client.restore_experiment(experiment.experiment_id)
    return str(experiment.experiment_id)


def _publish_record(client: "MlflowClient", experiment: str, record: Record) -> bool:
    """Write a record's run unless the store has it complete; return whether it was written."""
    found = client.search_runs([experiment], f"tags.digest = '{record.digest}'")
    complete = [run for run in found if _is_complete(run, _child_runs(client, run), record)][:1]
    for run in found:
        if run not in complete:
            _delete(client, run)
    if not complete:
        runs.write(client, experiment, record)
    return not complete


def _child_runs(client: "MlflowClient", run: "Run") -> Sequence["Run"]:
    """Return the runs of a model's seeds."""
    query = f"tags.mlflow.parentRunId = '{run.info.run_id}'"
    return list(client.search_runs([run.info.experiment_id], query))


def _is_complete(run: "Run", children: Sequence["Run"], record: Record) -> bool:
    """Return whether a run and those of its seeds were written to the end."""
    ended = {int(child.data.tags["seed"]) for child in children if child.info.status != "RUNNING"}
    return run.info.status == "FINISHED" and ended == {seed.seed for seed in record.seeds}


def _delete(client: "MlflowClient", run: "Run") -> None:
    """Mark a run and those of its seeds as deleted."""
    for each in (*_child_runs(client, run), run):
        client.delete_run(each.info.run_id)


def _remove_abandoned(client: "MlflowClient", experiment: str) -> None:
    """Delete runs that a killed process left half written; their results may have changed since."""
    before = int(1000 * (time.time() - ABANDONED_SECONDS))
    query = f"attributes.status = 'RUNNING' and attributes.start_time < {before} and tags.digest LIKE '%'"
    for run in client.search_runs([experiment], query):
        _delete(client, run)
