"""A project whose results are published once, and copies of it for tests that publish again."""

import shutil
import sqlite3
from contextlib import closing, contextmanager

import pytest
from mlflow import MlflowClient

from pipeline import paths, tracking
from pipeline.params import load_params
from pipeline.tracking import store
from pipeline.training import timings
from tests.support.project import params_text

RUNS = {"words": 3, "sums": 5, "names": 5, "text": 5}  # models, baselines and bounds of each data set


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
        timings.write("words", "words-lstm", paths.model("words", "words-lstm"), {1: 1.5, 2: 2.0})
        timings.write("names", "names-rnn", paths.model("names", "names-lstm"), {1: 9.0})
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
def copy(project, published, tmp_path_factory):
    """Work in a copy of project and store, with data set names alone; return a client."""
    folder = tmp_path_factory.mktemp("copy")  # no two have the same path, by which MLflow keeps its connections
    shutil.copytree(project, folder, ignore=shutil.ignore_patterns("mlartifacts"), dirs_exist_ok=True)
    (folder / "params.yaml").write_text(params_text(["names"]))
    take_over(folder / "mlflow.db", project, folder)
    with work_in(folder):
        yield MlflowClient(tracking_uri=store.uri())


def take_over(database, old, new):
    """Make a copy of a project's database that of another project, which keeps the files of its runs itself."""
    with closing(sqlite3.connect(database)) as connection, connection:
        for table, column in (("experiments", "artifact_location"), ("runs", "artifact_uri")):
            change = f"UPDATE {table} SET {column} = replace({column}, ?, ?)"  # noqa: S608 - names from above
            connection.execute(change, (old.as_uri(), new.as_uri()))


def find_runs(client, dataset, query=""):
    return list(client.search_runs([client.get_experiment_by_name(dataset).experiment_id], query))


def find_model_run(client, model):
    (run,) = find_runs(client, model.partition("-")[0], f"tags.model = '{model}' and tags.kind = 'model'")
    return run


def find_seed_runs(client, model):
    """Return the runs of a model's seeds, by seed."""
    query = f"tags.mlflow.parentRunId = '{find_model_run(client, model).info.run_id}'"
    return {run.data.tags["seed"]: run for run in find_runs(client, model.partition("-")[0], query)}
