"""Stores of runs for tests."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.params import Params
from pipeline.tracking import comparison, records, store, views


@contextmanager
def work_in(folder: Path, **environment: str) -> Iterator[None]:
    """Work in a project's folder, with its own store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in ("MLFLOW_TRACKING_URI", "DVC_ROOT", "DVC_EXP_NAME"):
            patch.delenv(name, raising=False)
        for name, value in environment.items():
            patch.setenv(name, value)
        yield


def complete(params: Params) -> None:
    """Add what `publish` does not write yet: states, comparisons, views."""
    with store.connect() as client, tempfile.TemporaryDirectory() as folder:
        for dataset in params.datasets:
            experiment = client.get_experiment_by_name(dataset).experiment_id
            for run in client.search_runs([experiment]):
                client.set_tag(run.info.run_id, "state", "current")
            views.save(client, experiment, views.of_dataset(dataset, list(records.read_records(dataset, params))))
            compared = comparison.build(dataset, params, Path(folder))
            tags = {"kind": "comparison", "dataset": dataset, "state": "current", "mlflow.note.content": compared.text}
            run = client.create_run(experiment, run_name=f"{dataset}: comparison", tags=tags).info.run_id
            for name, value in compared.params.items():
                client.log_param(run, name, value)
            for name, number in compared.metrics.items():
                client.log_metric(run, name, number)
            for path in compared.artifacts:
                client.log_artifact(run, str(path))
            for name, table in compared.tables.items():
                if table:
                    client.log_table(run, table, name)
            client.set_terminated(run)
            views.save_answer(client, experiment, compared.answer, run)
