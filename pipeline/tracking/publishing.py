"""Bring the runs of a store in line with the results: add what is missing, leave what is there."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.settings import Settings
from pipeline.tracking import content, runs, store
from pipeline.tracking.content import Content

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

ABANDONED_SECONDS = 3600  # a run that is still being written after so long will never be finished


@dataclass(frozen=True)
class Tally:
    """What publishing came to: runs added and found, their contents' digests, and the store."""

    added: int
    found: int
    where: str
    digests: dict[str, dict[str, str]]


def publish(known: Settings) -> Tally:
    """Publish all results that the store does not show yet."""
    contents = {dataset: list(content.collect(dataset, known)) for dataset in known.datasets}
    added = 0
    with store.opened() as client:
        for dataset, of in contents.items():
            experiment = _experiment(client, dataset)
            _remove_abandoned(client, experiment)
            added += sum(_publish(client, experiment, each) for each in of)
    digests = {dataset: {each.name: each.digest for each in of} for dataset, of in contents.items()}
    return Tally(added, sum(map(len, contents.values())) - added, store.shown(), digests)


def _experiment(client: "MlflowClient", name: str) -> str:
    """Return the id of a data set's experiment, made or taken out of the bin where needed."""
    found = client.get_experiment_by_name(name)
    if found is None:
        location = None if store.is_server() else (store.artifact_folder() / name).as_uri()
        return str(client.create_experiment(name, artifact_location=location))
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


def _publish(client: "MlflowClient", experiment: str, wanted: Content) -> bool:
    """Write a run unless it is there, whole; tell whether it was written."""
    found = client.search_runs([experiment], f"tags.digest = '{wanted.digest}'")
    whole = [run for run in found if _is_whole(run, _children(client, run), wanted)][:1]
    for run in found:
        if run not in whole:
            _remove(client, run)
    if not whole:
        runs.write(client, experiment, wanted)
    return not whole


def _children(client: "MlflowClient", run: "Run") -> Sequence["Run"]:
    """Return the runs of a model's seeds."""
    wanted = f"tags.mlflow.parentRunId = '{run.info.run_id}'"
    return list(client.search_runs([run.info.experiment_id], wanted))


def _is_whole(run: "Run", children: Sequence["Run"], wanted: Content) -> bool:
    """Tell whether a run and those of its seeds were written to the end."""
    ended = {int(child.data.tags["seed"]) for child in children if child.info.status != "RUNNING"}
    return run.info.status == "FINISHED" and ended == {seed.seed for seed in wanted.seeds}


def _remove(client: "MlflowClient", run: "Run") -> None:
    """Put a run and those of its seeds into the bin."""
    for each in (*_children(client, run), run):
        client.delete_run(each.info.run_id)


def _remove_abandoned(client: "MlflowClient", experiment: str) -> None:
    """Remove what a killed process left of results that have since changed."""
    before = int(1000 * (time.time() - ABANDONED_SECONDS))
    wanted = f"attributes.status = 'RUNNING' and attributes.start_time < {before} and tags.digest LIKE '%'"
    for run in client.search_runs([experiment], wanted):
        _remove(client, run)
