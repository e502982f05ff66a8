"""Write the run of a model and those of its seeds, in as few calls as possible."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pipeline.tracking.content import Content, Curves, Seed

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

BATCH = 900  # metrics a call; MLflow takes at most 1,000 metrics and parameters together
DIGEST = 12  # letters that are shown of a data set's digest; MLflow takes 36
EXPERIMENT = "DVC_EXP_NAME"


def write(client: "MlflowClient", experiment: str, wanted: Content) -> None:
    """Write everything, and only then mark the run as finished."""
    run = client.create_run(experiment, run_name=wanted.run_name, tags=_tags(wanted)).info.run_id
    _log(client, run, wanted.metrics, wanted.curves, wanted.settings)
    _log_dataset(client, run, wanted)
    for path, folder in wanted.files:
        client.log_artifact(run, str(path), folder)
    for seed in wanted.seeds:
        _write_seed(client, experiment, run, wanted, seed)
    client.set_terminated(run, "FINISHED")


def _tags(wanted: Content) -> dict[str, str]:
    tags = {
        "digest": wanted.digest,
        "prepared_digest": wanted.card["digest"],
        "dataset": wanted.dataset,
        "model": wanted.name,
        "kind": wanted.kind,
    }
    if wanted.reads_its_target:
        tags["reads_its_target"] = "yes"
    return tags | ({"dvc_exp_name": os.environ[EXPERIMENT]} if os.environ.get(EXPERIMENT) else {})


def _write_seed(client: "MlflowClient", experiment: str, parent: str, wanted: Content, seed: Seed) -> None:
    """Write one seed as a run below its model's; one that diverged is marked as failed."""
    tags = {
        "mlflow.parentRunId": parent,
        "dataset": wanted.dataset,
        "model": wanted.name,
        "kind": "seed",
        "seed": str(seed.seed),
        "status": seed.status,
    }
    run = client.create_run(experiment, run_name=f"{wanted.run_name}-seed-{seed.seed}", tags=tags).info.run_id
    _log(client, run, seed.metrics, seed.curves, {"seed": str(seed.seed)})
    client.set_terminated(run, "FINISHED" if seed.status == "finished" else "FAILED")


def _log(
    client: "MlflowClient", run: str, metrics: Mapping[str, float], curves: Curves, params: Mapping[str, str]
) -> None:
    """Send parameters, metrics and curves in batches."""
    from mlflow.entities import Param

    values = list(_values(metrics, curves))
    client.log_batch(run, values[:BATCH], [Param(key, value) for key, value in params.items()])
    for start in range(BATCH, len(values), BATCH):
        client.log_batch(run, values[start : start + BATCH])


def _values(metrics: Mapping[str, float], curves: Curves) -> Iterator["Metric"]:
    from mlflow.entities import Metric

    now = int(1000 * time.time())
    for name, value in metrics.items():
        yield Metric(name, value, now, 0)
    for name, points in curves.items():
        for epoch, value in points:
            yield Metric(name, value, now, epoch)


def _log_dataset(client: "MlflowClient", run: str, wanted: Content) -> None:
    """Say which prepared data a run is of."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    card = wanted.card
    source, profile = json.dumps({"uri": card["raw"]}), json.dumps(card["rows"])
    dataset = Dataset(wanted.dataset, card["digest"][:DIGEST], "local", source, profile=profile)
    client.log_inputs(run, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])
