"""Write runs: each once, whoever else writes to the store, and in as few calls as possible."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline.models.storage import FINISHED
from pipeline.tracking import identity
from pipeline.tracking.curves import Curves
from pipeline.tracking.records import Record, SeedRecord
from pipeline.training.timings import SeedTime

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Run

BATCH_SIZE = 800  # metrics per call; MLflow takes at most 1,000 metrics, params and tags together
DIGEST_LENGTH = 12  # letters of a data set's digest; MLflow takes at most 36
STALE_SECONDS = 120  # without a heartbeat, after which nobody writes a run any more
CURRENT, REPLACED, REMOVED = "current", "replaced", "removed"  # values of the tag `state`


def search(client: "MlflowClient", experiment: str, query: str) -> "list[Run]":
    """Return all runs of an experiment that match a query."""
    found: list[Run] = []
    token: str | None = None
    while token is None or token:
        page = client.search_runs([experiment], query, max_results=1000, page_token=token)
        found += page
        token = page.token or ""
    return found


def find(client: "MlflowClient", experiment: str, key: str) -> "Run | None":
    """Return the run of a key; of several, which happens for a moment, the one that stays."""
    return min(search(client, experiment, f"tags.key = '{key}'"), key=age, default=None)


def children(client: "MlflowClient", run: "Run") -> "list[Run]":
    """Return the runs of a model's seeds."""
    return search(client, run.info.experiment_id, f"tags.mlflow.parentRunId = '{run.info.run_id}'")


def last_beat(run: "Run") -> int:
    """Return when a run was last written to, in milliseconds since 1970, as far as is known."""
    return int(1000 * float(run.data.tags.get("heartbeat", 0))) or run.info.start_time


def age(run: "Run") -> tuple[int, str]:
    """Return what orders the runs of a key: the first of them stays."""
    return int(run.data.tags.get("created", 0)), run.info.run_id


def is_own(run: "Run") -> bool:
    """Return whether this machine and folder wrote a run."""
    return run.data.tags.get("workspace") == identity.workspace()


def is_being_written(run: "Run") -> bool:
    """Return whether another workspace is writing a run just now."""
    beat = float(run.data.tags.get("heartbeat", 0))
    return run.info.status == "RUNNING" and not is_own(run) and time.time() - beat < STALE_SECONDS


def claim(client: "MlflowClient", experiment: str, record: Record) -> "Run":
    """Create the run of a record; if another process has done so meanwhile, return its run, which is older."""
    tags = {**_tags(record), "created": str(time.time_ns())}
    run = client.create_run(experiment, _milliseconds(record.started or _started(record.times)), tags, record.run_name)
    first = min([run, *search(client, experiment, f"tags.key = '{record.key}'")], key=age)
    if first.info.run_id != run.info.run_id:
        client.delete_run(run.info.run_id)
    return first


def write(client: "MlflowClient", experiment: str, record: Record, run: "Run", children: "Sequence[Run]") -> None:
    """Write what a run and those of its seeds lack, and mark them as finished, the model's last."""
    own = run.info.run_id
    for path, folder in record.artifacts:
        client.log_artifact(own, str(path), folder or None)
    if not run.inputs or not run.inputs.dataset_inputs:
        _log_dataset(client, own, record)
    by_seed = {child.data.tags.get("seed"): child for child in children}
    for seed in record.seeds:
        _write_seed(client, experiment, record, run, seed, by_seed.get(str(seed.seed)))
    metrics = [*_changed(record.metrics, run), *_missing(client, run, record.curves, record.times)]
    params = {name: value for name, value in record.params.items() if name not in run.data.params}
    log(client, own, metrics, params, _final_tags(record))
    _finish(client, run, record.times, "FINISHED")


def create_seed(
    client: "MlflowClient", experiment: str, record: Record, parent: str, seed: int, started: float
) -> "Run":
    """Create the run of a seed, below that of its model."""
    tags = {
        **identity.source_tags(record.stage),
        "mlflow.parentRunId": parent,
        "dataset": record.dataset,
        "model": record.name,
        "kind": "seed",
        "seed": str(seed),
        "heartbeat": str(time.time()),
        "key": identity.make_key("seed", record.name, record.key, seed),
    }
    return client.create_run(experiment, _milliseconds(started), tags, f"{record.run_name} seed {seed}")


def _write_seed(
    client: "MlflowClient", experiment: str, record: Record, parent: "Run", seed: SeedRecord, run: "Run | None"
) -> None:
    """Write one seed; one that diverged or did not learn is marked as failed."""
    times = [seed.time] if seed.time else []
    if run is None:
        run = create_seed(client, experiment, record, parent.info.run_id, seed.seed, _started(times))
    metrics = [*_changed(seed.metrics, run), *_missing(client, run, seed.curves, times)]
    tags = {"status": seed.status, **_restored(times)}
    if metrics or not run.data.params or tags.items() - run.data.tags.items():
        log(client, run.info.run_id, metrics, {} if run.data.params else {"seed": str(seed.seed)}, tags)
    _finish(client, run, times, "FINISHED" if seed.status == FINISHED else "FAILED")


def log(
    client: "MlflowClient",
    run: str,
    metrics: "Sequence[Metric]",
    params: Mapping[str, str],
    tags: Mapping[str, str],
) -> None:
    """Send metrics in batches, with the last one params and tags."""
    from mlflow.entities import Param, RunTag

    *more, last = [metrics[start : start + BATCH_SIZE] for start in range(0, len(metrics), BATCH_SIZE)] or [[]]
    for batch in more:
        client.log_batch(run, batch)
    pairs = [Param(key, value) for key, value in params.items()]
    client.log_batch(run, last, pairs, [RunTag(key, value) for key, value in tags.items()])


def _changed(metrics: Mapping[str, float], run: "Run") -> "Iterator[Metric]":
    """Yield the metrics whose value a run does not have yet."""
    from mlflow.entities import Metric

    now = int(1000 * time.time())
    for name, value in metrics.items():
        if run.data.metrics.get(name) != value:
            yield Metric(name, value, now, 0)


def _missing(client: "MlflowClient", run: "Run", curves: Curves, times: Sequence[SeedTime]) -> "Iterator[Metric]":
    """Yield the points of curves that a run does not have yet, evenly spread over the time of the training."""
    from mlflow.entities import Metric

    started, ended = _started(times), max((time.ended for time in times), default=time.time())
    for name, points in curves.items():
        known: set[int] = set()
        if name in run.data.metrics:
            known = {point.step for point in client.get_metric_history(run.info.run_id, name)}
        for number, (epoch, value) in enumerate(points, 1):
            if epoch not in known:
                yield Metric(name, value, int(1000 * (started + (ended - started) * number / len(points))), epoch)


def _finish(client: "MlflowClient", run: "Run", times: Sequence[SeedTime], status: str) -> None:
    """Mark a run as ended when its training ended; where that is not known, claim no duration."""
    if run.info.status == status:
        return
    if times:
        client.set_terminated(run.info.run_id, status, int(1000 * max(time.ended for time in times)))
    else:
        client.update_run(run.info.run_id, status)


def _tags(record: Record) -> dict[str, str]:
    """Return the tags that a run has from its start."""
    return {
        **identity.source_tags(record.stage),
        "key": record.key,
        "heartbeat": str(time.time()),
        "prepared_digest": record.data_card["digest"],
        "dataset": record.dataset,
        "model": record.name,
        "kind": record.kind,
        "state": CURRENT,
    }


def _final_tags(record: Record) -> dict[str, str]:
    """Return the tags that a run has once all is known; a record without a digest has more to come."""
    tags = {**record.tags, "state": CURRENT} | ({"digest": record.digest} if record.digest else {})
    if record.kind == "model":
        tags |= _restored(record.times) or {"device": record.times[0].device}
    return tags | ({"mlflow.note.content": record.note} if record.note else {})


def _restored(times: Sequence[SeedTime]) -> dict[str, str]:
    """Return the tag of a model that was not trained here: DVC restored it from its cache, or pulled it."""
    return {} if times else {"restored": "yes"}


def _started(times: Iterable[SeedTime]) -> float:
    """Return when a training began; now if that is not known."""
    return min((time.started for time in times), default=time.time())


def _milliseconds(seconds: float) -> int:
    return int(1000 * seconds)


def _log_dataset(client: "MlflowClient", run: str, record: Record) -> None:
    """Log which prepared data the run used."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    card = record.data_card
    source, profile = json.dumps({"uri": card["raw"]}), json.dumps(card["rows"])
    dataset = Dataset(record.dataset, card["digest"][:DIGEST_LENGTH], "local", source, profile=profile)
    client.log_inputs(run, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])
