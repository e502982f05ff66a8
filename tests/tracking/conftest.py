"""One store for all tests of tracking, as making one takes seconds."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from pipeline import paths, settings, timings, tracking
from pipeline.tracking import store
from tests import results_tree

RUNS = 8 + 5 + 1  # models, baselines, a limit


@contextmanager
def inside(root: Path) -> Iterator[None]:
    """Work in a project's folder, with its own store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.delenv("DVC_ROOT", raising=False)
        yield


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("a project with spaces")
    with inside(root):
        results_tree.build(root)
        timings.write("words", "words-lstm", paths.model("words", "words-lstm"), {1: 1.5, 2: 2.0, 3: 4.0})
        timings.write("names", "names-rnn", paths.model("names", "names-lstm"), {1: 9.0})
    return root


@pytest.fixture(scope="session")
def published(project: Path) -> tracking.Tally:
    with inside(project):
        return tracking.publish(settings.load())


@pytest.fixture(autouse=True)
def in_the_project(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let a test that is about the project work in it, and the next test of other parts where it was before."""
    if "project" not in request.fixturenames:
        yield
        return
    with inside(request.getfixturevalue("project")):
        yield


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
