"""Write the model of a candidate to an MLflow store, so that its run lists it under Logged models."""

import json
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.tracking import model_files, store
from pipeline.tracking.candidates import Candidate

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Metric, Run

DIGEST = "digest"  # the tag that a model and its versions have
MODEL_TYPE = "sequence-pipeline"  # by which MLflow's pages can be searched for logged models
VERSIONS = "mlflow.modelVersions"  # the tag by which MLflow's pages link a logged model to its versions
ABANDONED_SECONDS = 3600  # a model takes seconds to write, so one that is older and not ready was cut off


def log_model(client: "MlflowClient", candidate: Candidate) -> "LoggedModel":
    """Write the model's files to the store, so that its run lists it; a model that an earlier try wrote is taken."""
    from mlflow.entities import LoggedModelOutput
    from mlflow.models import Model
    from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

    from pipeline.inference.load import read_source  # late: it imports torch

    run = client.get_run(candidate.run)
    experiment = run.info.experiment_id
    earlier = client.search_logged_models([experiment], f"tags.{DIGEST} = '{candidate.digest}'")
    if ready := _ready_of(client, earlier, candidate.run):
        return ready
    facts = {"dataset": candidate.dataset, "model": candidate.name, DIGEST: candidate.digest}
    note = {MLFLOW_RUN_NOTE: candidate.description}
    params = dict(run.data.params)
    logged = client.create_logged_model(experiment, candidate.name, candidate.run, facts | note, params, MODEL_TYPE)
    model = Model(logged.artifact_location, candidate.run, model_uuid=logged.model_id, model_id=logged.model_id)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model_files.write(read_source(candidate.name), folder, model, facts)
        client.log_model_artifacts(logged.model_id, str(folder / "model"))
    client.finalize_logged_model(logged.model_id, "READY")
    client.log_outputs(candidate.run, [LoggedModelOutput(logged.model_id, 0)])
    client.log_batch(candidate.run, list(_metrics_of(client, candidate, run, logged.model_id)))
    return logged


def _metrics_of(client: "MlflowClient", candidate: Candidate, run: "Run", model_id: str) -> "Iterator[Metric]":
    """Yield the run's metrics of test rows as those of its model too; the same points add none to the run."""
    from mlflow.entities import Metric

    wanted = {f"test.{metric}" for metric in candidate.metrics.get("test", {})}
    for name in run.data.metrics:
        if name.rpartition("/")[2] in wanted:  # without the name of its group
            *_, last = client.get_metric_history(candidate.run, name)
            yield Metric(name, last.value, last.timestamp, last.step, model_id)


def _ready_of(client: "MlflowClient", earlier: "Iterable[LoggedModel]", run: str) -> "LoggedModel | None":
    """Return an earlier logged model of a run that was written to the end; delete those that were cut off."""
    ready = None
    for logged in earlier:
        if logged.source_run_id == run and logged.status.value == "READY":
            ready = logged
        elif logged.status.value != "READY" and logged.creation_timestamp < 1000 * (time.time() - ABANDONED_SECONDS):
            client.delete_logged_model(logged.model_id)
    return ready


def name_version(client: "MlflowClient", model_id: str, name: str, version: int) -> None:
    """Let a logged model say as which version it is registered; a server does so itself."""
    if not store.is_server():
        client.set_logged_model_tags(model_id, {VERSIONS: json.dumps([{"name": name, "version": version}])})


def list_under_run(client: "MlflowClient", run: str, model_id: str) -> None:
    """List a logged model under a run, too."""
    from mlflow.entities import LoggedModelOutput

    outputs = client.get_run(run).outputs
    if all(output.model_id != model_id for output in (outputs.model_outputs if outputs else ())):
        client.log_outputs(run, [LoggedModelOutput(model_id, 0)])
