"""One store for all tests of tracking, as making one takes seconds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from pipeline import paths, settings, timings, tracking
from pipeline.tracking import store
from tests import results_tree

RUNS = 8 + 5 + 1  # models, baselines, a limit


@pytest.fixture(scope="package")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("a project with spaces")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.delenv("DVC_ROOT", raising=False)
        results_tree.build(root)
        timings.write("words", "words-lstm", paths.model("words", "words-lstm"), {1: 1.5, 2: 2.0, 3: 4.0})
        timings.write("names", "names-rnn", paths.model("names", "names-lstm"), {1: 9.0})
        yield root


@pytest.fixture(scope="package")
def published(project: Path) -> tracking.Tally:
    return tracking.publish(settings.load())


@pytest.fixture
def client(published: tracking.Tally) -> MlflowClient:
    return MlflowClient(tracking_uri=store.uri())


def found(client: MlflowClient, dataset: str, wanted: str = "") -> list[Run]:
    experiment = client.get_experiment_by_name(dataset)
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id], wanted))


def one(client: MlflowClient, model: str) -> Run:
    dataset = model.split("-")[0]
    (run,) = found(client, dataset, f"tags.model = '{model}' and tags.kind = 'model'")
    return run


def every_run(client: MlflowClient) -> dict[str, tuple[str, int]]:
    every = [run for dataset in settings.load().datasets for run in found(client, dataset)]
    return {run.info.run_id: (run.info.status, run.info.end_time) for run in every}
