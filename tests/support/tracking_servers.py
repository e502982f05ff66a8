"""Real MLflow servers, and what a store has after publications."""

import os
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion

from tests.support.processes import running, wait

LEAN = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}


@contextmanager
def running_server(backend: str, folder: Path, port: int) -> Iterator[str]:
    """Run `mlflow server` over a database and a folder of files; yield its address; it ends by kill -9."""
    options = {
        "--backend-store-uri": backend,
        "--artifacts-destination": folder.as_uri(),
        "--host": "127.0.0.1",
        "--port": str(port),
        "--workers": "2",
    }
    command = [sys.executable, "-m", "mlflow", "server", *(part for pair in options.items() for part in pair)]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "DVC_"))} | LEAN
    with (
        (folder.parent / "server.log").open("a") as log,
        running(command, cwd=folder.parent, env=environment, stdout=log, stderr=log) as process,
    ):
        wait(lambda: process.poll() is not None or answers(f"http://127.0.0.1:{port}/health"), 120)
        assert process.poll() is None, (folder.parent / "server.log").read_text()
        yield f"http://127.0.0.1:{port}"


def answers(address: str) -> bool:
    """Return whether a server answers there."""
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:  # also urllib.error.URLError
        return False


def summary(address: str) -> dict[tuple[str, ...], Any]:
    """Return what a store has of each run, by what the run is of; no two runs may be of the same.

    So two stores with the same results compare equal, whoever has published how often.
    """
    client = MlflowClient(tracking_uri=address)
    ids = [each.experiment_id for each in client.search_experiments() if each.name != "Default"]
    runs = list(client.search_runs(ids, max_results=1000))
    repeated = {place: count for place, count in Counter(map(_place, runs)).items() if count > 1}
    assert not repeated, repeated
    keys = Counter(key for run in runs if (key := run.data.tags.get("key")))
    assert max(keys.values(), default=1) == 1, keys
    names = {run.info.run_id: run.data.tags["model"] for run in runs}
    versions = {
        ("registered", each.name, str(each.version)): _version(client, each) for each in client.search_model_versions()
    }
    return {_place(run): _content(client, run, names) for run in runs} | versions


def _place(run: Run) -> tuple[str, ...]:
    return tuple(run.data.tags.get(tag, "") for tag in ("dataset", "kind", "model", "seed"))


def _version(client: MlflowClient, version: ModelVersion) -> dict[str, Any]:
    """Return what a version of a registered model says, but for times and ids."""
    aliases = client.get_registered_model(version.name).aliases
    return {"status": version.status, "digest": version.tags.get("digest"), "aliases": sorted(aliases)}


def _content(client: MlflowClient, run: Run, names: dict[str, str]) -> dict[str, Any]:
    """Return what a run shows, but for times and ids."""
    data = run.data
    curves = [name for name in data.metrics if name.endswith("loss")]
    return {
        "status": run.info.status,
        "parent": names.get(data.tags.get("mlflow.parentRunId", "")),
        "digest": data.tags.get("digest"),
        "params": data.params,
        "metrics": {name: value for name, value in data.metrics.items() if "seconds" not in name},
        "epochs": {name: len(client.get_metric_history(run.info.run_id, name)) for name in curves},
        "inputs": [each.dataset.digest for each in run.inputs.dataset_inputs],
        "artifacts": sorted(_artifacts(client, run.info.run_id)),
    }


def _artifacts(client: MlflowClient, run: str, folder: str | None = None) -> Iterator[str]:
    for each in client.list_artifacts(run, folder):
        yield from _artifacts(client, run, each.path) if each.is_dir else [each.path]
