"""Complete the runs of a data set's experiment: add what it lacks, and leave what it has."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pipeline.params import Params
from pipeline.tracking import comparison, comparison_record, identity, registry, runs, store, views
from pipeline.tracking.records import Record
from pipeline.training import spool

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

ADDED, COMPLETED, EXISTING, ELSEWHERE = "added", "completed", "existing", "elsewhere"  # what was done for a record


@dataclass(frozen=True)
class Done:
    """What was done for a record, and its run."""

    outcome: str
    run: str


@dataclass(frozen=True)
class DatasetResult:
    """What was done for each record of a data set, and lines for the user."""

    outcomes: Mapping[str, str]  # by the name of the record
    lines: tuple[str, ...] = ()


def publish_dataset(
    client: "MlflowClient", dataset: str, dataset_records: Sequence[Record], params: Params, final: bool = True
) -> DatasetResult:
    """Publish what the store lacks of a data set, its comparison and view, and at last register its best model."""
    identity.refresh()
    experiment = store.get_experiment(client, dataset)
    known = by_key(runs.search(client, experiment, f"tags.state = '{runs.CURRENT}'"))
    found = {record.name: publish_record(client, experiment, record, known) for record in dataset_records}
    all_records = [*dataset_records, comparison_record.describe(dataset, dataset_records, params)]
    found[comparison_record.NAME] = _publish_comparison(client, experiment, all_records[-1], known, params)
    if ADDED in {done.outcome for done in found.values()}:
        _delete_duplicates(client, experiment, all_records)
    _mark_others(client, known.values(), {record.key for record in all_records}, params.models_of(dataset))
    end_abandoned(client, experiment)
    views.save(client, experiment, views.of_dataset(dataset, dataset_records))
    # Read anew: another process may have deleted a run that was taken here, as its own duplicate.
    current = by_key(runs.search(client, experiment, f"tags.state = '{runs.CURRENT}'"))
    present = {each.name: current[each.key].info.run_id for each in all_records if each.key in current}
    run_ids = {name: done.run for name, done in found.items()} | present
    registered = registry.register_best(client, dataset, params, run_ids) if final else None
    lines = (registered.line,) if registered and registered.is_news else ()
    return DatasetResult({name: done.outcome for name, done in found.items()}, lines)


def by_key(found: "Iterable[Run]") -> "dict[str, Run]":
    """Return runs by their key, of several with one the oldest."""
    return {run.data.tags.get("key", ""): run for run in sorted(found, key=runs.age, reverse=True)}


def publish_record(client: "MlflowClient", experiment: str, record: Record, known: "Mapping[str, Run]") -> Done:
    """Write what the store lacks of a record, unless another process is writing it; return what was done."""
    found = known.get(record.key) or runs.find(client, experiment, record.key)
    run = found or runs.claim(client, experiment, record)
    if runs.is_being_written(run):
        return Done(ELSEWHERE, run.info.run_id)
    children = runs.children(client, run) if found and record.seeds else []
    if found and (_is_complete(found, children, record) or _is_done_elsewhere(found)):
        return Done(EXISTING, run.info.run_id)
    runs.write(client, experiment, record, run, children)
    return Done(COMPLETED if found else ADDED, run.info.run_id)


def _publish_comparison(
    client: "MlflowClient", experiment: str, record: Record, known: "Mapping[str, Run]", params: Params
) -> Done:
    """Write the comparison of a data set's models, which is made only if the store lacks it."""
    found = known.get(record.key) or runs.find(client, experiment, record.key)
    if found and _is_complete(found, [], record):
        return Done(EXISTING, found.info.run_id)
    with TemporaryDirectory() as folder:
        content = comparison.build(record.dataset, params, Path(folder))
        whole = comparison_record.complete(record, content, Path(folder))
        done = publish_record(client, experiment, whole, {record.key: found} if found else {})
    views.save_answer(client, experiment, content.answer, done.run)
    return done


def _is_complete(run: "Run", children: "Sequence[Run]", record: Record) -> bool:
    """Return whether a run and those of its seeds were written to the end, with this content."""
    ended = {int(child.data.tags["seed"]) for child in children if child.info.status != "RUNNING"}
    tags = run.data.tags
    return (
        run.info.status == "FINISHED"
        and tags.get("digest", "") == record.digest
        and tags.get("state") == runs.CURRENT
        and ended == {seed.seed for seed in record.seeds}
    )


def _is_done_elsewhere(run: "Run") -> bool:
    """Return whether another workspace has written a run to the end; two would else overwrite each other's words."""
    return run.info.status == "FINISHED" and not runs.is_own(run) and bool(run.data.tags.get("digest"))


def _delete_duplicates(client: "MlflowClient", experiment: str, dataset_records: Sequence[Record]) -> None:
    """Delete runs of this workspace that another one has too: their clocks may have differed as both began."""
    for record in dataset_records:
        others = sorted(runs.search(client, experiment, f"tags.key = '{record.key}'"), key=runs.age)[1:]
        for run in filter(runs.is_own, others):
            for each in (*runs.children(client, run), run):
                client.delete_run(each.info.run_id)


def _mark_others(client: "MlflowClient", known: "Iterable[Run]", keys: set[str], models: Sequence[str]) -> None:
    """Tag the runs of this workspace and DVC experiment that show other results than the present ones."""
    experiment = identity.experiment_tags().items()
    for run in known:
        tags = run.data.tags
        of_this = runs.is_own(run) and tags.get("dvc_exp_name") == dict(experiment).get("dvc_exp_name")
        if of_this and tags["key"] not in keys:
            removed = tags["kind"] == "model" and tags["model"] not in models
            client.set_tag(run.info.run_id, "state", runs.REMOVED if removed else runs.REPLACED)


def end_abandoned(client: "MlflowClient", experiment: str) -> None:
    """Mark the runs of this workspace that a killed process left running, so that none says that it still runs."""
    query = f"attributes.status = 'RUNNING' and tags.workspace = '{identity.workspace()}'"
    running = spool.running_models()
    for run in runs.search(client, experiment, query):
        if run.data.tags.get("model") not in running:
            client.set_terminated(run.info.run_id, "KILLED", runs.last_beat(run))
