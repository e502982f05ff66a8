"""One store for all tests of a file, as publishing takes seconds."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from pipeline import paths, tracking
from pipeline.params import load_params
from pipeline.tracking import store
from pipeline.training import timings
from tests.support import results_tree

RUNS = 8 + 5 + 1  # models, baselines, a bound


@contextmanager
def work_in(root: Path) -> Iterator[None]:
    """Work in a project's folder, with its own store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.delenv("DVC_ROOT", raising=False)
        yield


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("a project with spaces")
    with work_in(root):
        results_tree.build(root)
        timings.write("words", "words-lstm", paths.model("words", "words-lstm"), {1: 1.5, 2: 2.0, 3: 4.0})
        timings.write("names", "names-rnn", paths.model("names", "names-lstm"), {1: 9.0})
    return root


@pytest.fixture(scope="module")
def published(project: Path) -> tracking.PublishResult:
    with work_in(project):
        return tracking.publish(load_params())


@pytest.fixture(autouse=True)
def in_the_project(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run tests that use the project in its folder, and other tests where they are."""
    if "project" not in request.fixturenames:
        yield
        return
    with work_in(request.getfixturevalue("project")):
        yield


@pytest.fixture
def client(published: tracking.PublishResult) -> MlflowClient:
    return MlflowClient(tracking_uri=store.uri())


def find_runs(client: MlflowClient, dataset: str, query: str = "") -> list[Run]:
    experiment = client.get_experiment_by_name(dataset)
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id], query))


def find_model_run(client: MlflowClient, model: str) -> Run:
    dataset = model.split("-")[0]
    (run,) = find_runs(client, dataset, f"tags.model = '{model}' and tags.kind = 'model'")
    return run


def list_runs(client: MlflowClient) -> dict[str, tuple[str, int]]:
    runs = [run for dataset in load_params().datasets for run in find_runs(client, dataset)]
    return {run.info.run_id: (run.info.status, run.info.end_time) for run in runs}
