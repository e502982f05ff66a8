"""A project whose results are published once, and copies of it for tests that publish again."""

import shutil
from contextlib import contextmanager

import pytest
from mlflow import MlflowClient

from pipeline import paths, tracking
from pipeline.params import load_params
from pipeline.tracking import store
from pipeline.training import timings
from pipeline.training.timings import SeedTime
from tests.support.project import params_text

# When two seeds were trained: the second began half a second after the first.
TIMES = {1: SeedTime(1.5, 1000.0, 1002.0, "cpu AVX2"), 2: SeedTime(2.0, 1000.5, 1003.0, "cpu AVX2")}
RUNS = {"words": 4, "sums": 6, "names": 6, "text": 6}  # models, baselines, bounds and comparison of each data set


@contextmanager
def work_in(folder):
    """Work in a project's folder, with its own store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.delenv("DVC_ROOT", raising=False)
        yield


@pytest.fixture(scope="session")
def project(evaluated_project, tmp_path_factory):
    folder = shutil.copytree(evaluated_project, tmp_path_factory.mktemp("tracking") / "a project")
    (folder / "params.yaml").write_text(params_text(RUNS))
    with work_in(folder):
        timings.write("words", "words-lstm", paths.model("words", "words-lstm"), TIMES)
        timings.write("names", "names-rnn", paths.model("names", "names-lstm"), TIMES)  # of other weights
    return folder


@pytest.fixture(scope="session")
def published(project):
    with work_in(project):
        return tracking.publish(load_params())


@pytest.fixture
def client(project, published):
    """Work in the project; return a client of its store, for tests that change nothing."""
    with work_in(project):
        yield MlflowClient(tracking_uri=store.uri())


@pytest.fixture
def copy(project, tmp_path_factory):
    """Work in a copy of the project, with a store of data set names alone; return a client."""
    folder = tmp_path_factory.mktemp("copy")  # no two have the same path, by which MLflow keeps its connections
    shutil.copytree(project, folder, ignore=shutil.ignore_patterns("ml*"), dirs_exist_ok=True)
    (folder / "params.yaml").write_text(params_text(["names"]))
    with work_in(folder):
        tracking.publish(load_params())
        yield MlflowClient(tracking_uri=store.uri())


def find_runs(client, dataset, query=""):
    return list(client.search_runs([client.get_experiment_by_name(dataset).experiment_id], query))


def find_model_run(client, model):
    (run,) = find_runs(client, model.partition("-")[0], f"tags.model = '{model}' and tags.kind = 'model'")
    return run


def find_seed_runs(client, model):
    """Return the runs of a model's seeds, by seed."""
    query = f"tags.mlflow.parentRunId = '{find_model_run(client, model).info.run_id}'"
    return {run.data.tags["seed"]: run for run in find_runs(client, model.partition("-")[0], query)}


def artifacts(client, run, folder=None):
    """Return the path of each file of a run."""
    found = client.list_artifacts(run, folder)
    return {path for each in found for path in (artifacts(client, run, each.path) if each.is_dir else [each.path])}
