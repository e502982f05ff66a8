"""Write the run of a model and those of its seeds, in as few calls as possible."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pipeline.tracking.records import Curves, Record, SeedRecord

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

BATCH_SIZE = 900  # metrics per call; MLflow takes at most 1,000 metrics and params together
DIGEST_LENGTH = 12  # letters of a data set's digest; MLflow takes at most 36
EXPERIMENT_NAME = "DVC_EXP_NAME"  # set by `dvc exp run`


def write(client: "MlflowClient", experiment: str, record: Record) -> None:
    """Write everything, and only then mark the run as finished."""
    run = client.create_run(experiment, run_name=record.run_name, tags=_tags(record)).info.run_id
    _log(client, run, record.metrics, record.curves, record.params)
    _log_dataset(client, run, record)
    for path, folder in record.artifacts:
        client.log_artifact(run, str(path), folder)
    for seed in record.seeds:
        _write_seed(client, experiment, run, record, seed)
    client.set_terminated(run, "FINISHED")


def _tags(record: Record) -> dict[str, str]:
    tags = {
        "digest": record.digest,
        "prepared_digest": record.data_card["digest"],
        "dataset": record.dataset,
        "model": record.name,
        "kind": record.kind,
        "status": record.status,
    }
    if record.leaks_target:
        tags["leaks_target"] = "yes"
    if name := os.environ.get(EXPERIMENT_NAME):
        tags["dvc_exp_name"] = name
    return tags


def _write_seed(client: "MlflowClient", experiment: str, parent: str, record: Record, seed: SeedRecord) -> None:
    """Write one seed as a child of its model's run; one that diverged or did not learn is marked as failed."""
    tags = {
        "mlflow.parentRunId": parent,
        "dataset": record.dataset,
        "model": record.name,
        "kind": "seed",
        "seed": str(seed.seed),
        "status": seed.status,
    }
    run = client.create_run(experiment, run_name=f"{record.run_name}-seed-{seed.seed}", tags=tags).info.run_id
    _log(client, run, seed.metrics, seed.curves, {"seed": str(seed.seed)})
    client.set_terminated(run, "FINISHED" if seed.status == "finished" else "FAILED")


def _log(
    client: "MlflowClient", run: str, metrics: Mapping[str, float], curves: Curves, params: Mapping[str, str]
) -> None:
    """Send params, metrics and curves in batches."""
    from mlflow.entities import Param

    values = list(_metrics(metrics, curves))
    client.log_batch(run, values[:BATCH_SIZE], [Param(key, value) for key, value in params.items()])
    for start in range(BATCH_SIZE, len(values), BATCH_SIZE):
        client.log_batch(run, values[start : start + BATCH_SIZE])


def _metrics(metrics: Mapping[str, float], curves: Curves) -> Iterator["Metric"]:
    from mlflow.entities import Metric

    now = int(1000 * time.time())
    for name, value in metrics.items():
        yield Metric(name, value, now, 0)
    for name, points in curves.items():
        for epoch, value in points:
            yield Metric(name, value, now, epoch)


def _log_dataset(client: "MlflowClient", run: str, record: Record) -> None:
    """Log which prepared data the run used."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    card = record.data_card
    source, profile = json.dumps({"uri": card["raw"]}), json.dumps(card["rows"])
    dataset = Dataset(record.dataset, card["digest"][:DIGEST_LENGTH], "local", source, profile=profile)
    client.log_inputs(run, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])
