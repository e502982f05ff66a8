"""What MLflow shows of a training while it runs, and when it is killed, resumed, or over."""

import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from mlflow import MlflowClient

from pipeline import paths, tracking
from pipeline.execution import background
from pipeline.models import storage
from pipeline.models.storage import Epoch, Outcome
from pipeline.params import load_params
from pipeline.tracking import store
from pipeline.training import spool
from tests.support.processes import free_port
from tests.support.project import REPOSITORY, params_text
from tests.tracking.conftest import RUNS, find_model_run, find_runs, find_seed_runs, work_in

pytestmark = [pytest.mark.xdist_group("tracking"), pytest.mark.services]
MODEL, LOSS = "names-lstm", "curves/train_loss"
PATIENCE = 300  # seconds until a test gives up


@pytest.fixture
def client(project, tmp_path_factory):
    """Work in a copy of the project without a store; return a client of the store that it will have."""
    folder = tmp_path_factory.mktemp("followed")
    shutil.copytree(project, folder, ignore=shutil.ignore_patterns("ml*"), dirs_exist_ok=True)
    (folder / "params.yaml").write_text(params_text(["names"]))
    with work_in(folder):
        yield MlflowClient(tracking_uri=store.uri())


@contextmanager
def following(**environment):
    """Run the follower while the block runs, and until it has ended."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    environment = inherited | {"PYTHONPATH": str(REPOSITORY), background.LIVE: "0"} | environment
    with subprocess.Popen([sys.executable, "-m", background.FOLLOWER], env=environment) as process:
        try:
            yield
        finally:
            background.STOP.touch()
            assert process.wait(PATIENCE) == 0
            background.STOP.unlink()


def wait_for(condition):
    """Return the first value of a condition that is true."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.2)
    raise AssertionError("waited in vain")


def status(client):
    """Return the status of the model's run, if the store has it."""
    if not (paths.project_folder() / "mlflow.db").exists() or client.get_experiment_by_name("names") is None:
        return None
    found = find_runs(client, "names", f"tags.model = '{MODEL}' and tags.kind = 'model'")
    assert len(found) < 2
    return found[0].info.status if found else None


def outcomes():
    """Return how the training of the project ended."""
    description = storage.read_description(paths.model("names", MODEL))
    rows = storage.read_history(paths.model("names", MODEL))
    return [
        Outcome(seed, "train", "finished", 2, description.parameters, epochs, "portable", (), 1.0, now, now + 1, "cpu")
        for seed in description.params.seeds
        for now in [time.time() - 10]
        for epochs in [tuple(epoch_of(row) for row in rows if row["seed"] == str(seed))]
    ]


def epoch_of(row):
    return Epoch(int(row["epoch"]), *(float(row[name]) for name in ("learning_rate", "train_loss", "validation_loss")))


def points(client, run):
    return sorted((point.step, point.value) for point in client.get_metric_history(run.info.run_id, LOSS))


def train(add, epochs):
    """Add some epochs of each seed to the spool."""
    for outcome in outcomes():
        for epoch in outcome.epochs[epochs]:
            add(spool.EPOCH, **spool.describe_epoch(outcome.seed, outcome.fit, epoch))


def spooling():
    return spool.write(MODEL, load_params().models[MODEL])


def test_a_training_is_shown_while_it_runs_and_completed_later(client):
    with following():
        with spooling() as add:
            train(add, slice(1))
            wait_for(lambda: status(client) == "RUNNING")
            wait_for(lambda: len(find_seed_runs(client, MODEL)) == 2)
            wait_for(lambda: points(client, find_model_run(client, MODEL)))
            assert find_model_run(client, MODEL).data.params["hidden_size"] == "8"
            train(add, slice(1, 2))
            add(spool.END, **spool.describe_end(outcomes()))
        wait_for(lambda: status(client) == "FINISHED")
        wait_for(lambda: not spool.path(MODEL).exists())
    live = find_model_run(client, MODEL)
    assert "digest" not in live.data.tags
    assert [step for step, _ in points(client, live)] == [1, 2]
    done = tracking.publish(load_params())
    assert (done.added, done.completed) == (RUNS["names"] - 1, 1)
    whole = find_model_run(client, MODEL)
    assert (whole.info.run_id, whole.info.start_time) == (live.info.run_id, live.info.start_time)
    assert "test.accuracy" in whole.data.metrics
    for run in (whole, *find_seed_runs(client, MODEL).values()):
        assert run.info.status in ("FINISHED", "FAILED")  # so few epochs may not have learned
        assert [step for step, _ in points(client, run)] == [1, 2]


def test_a_killed_training_is_marked_and_its_resumption_goes_on_in_the_same_run(client):
    with following():
        with spooling() as add:
            train(add, slice(1))
            wait_for(lambda: status(client) == "RUNNING" and len(find_seed_runs(client, MODEL)) == 2)
        wait_for(lambda: status(client) == "KILLED")
        killed = find_model_run(client, MODEL).info.run_id
        with spooling() as add:
            train(add, slice(1, 2))  # the first epoch comes from a checkpoint
            wait_for(lambda: status(client) == "RUNNING")
            add(spool.END, **spool.describe_end(outcomes()))
        wait_for(lambda: status(client) == "FINISHED")
    run = find_model_run(client, MODEL)
    assert run.info.run_id == killed
    assert [step for step, _ in points(client, run)] == [1, 2]
    assert {run.info.status for run in find_seed_runs(client, MODEL).values()} == {"FINISHED"}


def test_a_follower_that_was_killed_leaves_nothing_running_and_nothing_twice(client):
    command, environment = [sys.executable, "-m", background.FOLLOWER], os.environ | {background.LIVE: "0"}
    with spooling() as add:
        with subprocess.Popen(command, env=environment | {"PYTHONPATH": str(REPOSITORY)}) as process:
            train(add, slice(1))
            wait_for(lambda: status(client) == "RUNNING" and len(find_seed_runs(client, MODEL)) == 2)
            process.kill()
        with following():
            train(add, slice(1, 2))
            wait_for(lambda: len(points(client, find_model_run(client, MODEL))) == 2)
    assert status(client) == "RUNNING"  # both are gone: nobody could say that the training is
    tracking.publish(load_params())
    assert status(client) == "FINISHED"
    for run in (find_model_run(client, MODEL), *find_seed_runs(client, MODEL).values()):
        assert [step for step, _ in points(client, run)] == [1, 2]


def test_results_are_shown_once_they_are_evaluated(client):
    paths.SPOOL.mkdir()
    (paths.SPOOL / f"names{background.DONE}").touch()
    with following():
        wait_for(lambda: not (paths.SPOOL / f"names{background.DONE}").exists())
    assert find_model_run(client, MODEL).data.metrics["test.accuracy"] > 0
    assert tracking.publish(load_params()).existing == RUNS["names"]


def test_a_store_that_cannot_be_reached_leaves_one_line_and_publish_completes(client):
    with following(MLFLOW_TRACKING_URI=f"http://127.0.0.1:{free_port()}"), spooling() as add:
        train(add, slice(1))
        line = wait_for(lambda: background.WARNING.exists() and background.WARNING.read_text())
        assert line.startswith("MLflow does not show it while it runs; MLflow at http://127.0.0.1")
        assert "\n" not in line
        add(spool.END, **spool.describe_end(outcomes()))
    assert tracking.publish(load_params()).added == RUNS["names"]
    assert not spool.path(MODEL).exists()


def test_one_follower_serves_a_folder(client):
    with following():
        wait_for(background.is_followed)
        environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
        assert (
            subprocess.run([sys.executable, "-m", background.FOLLOWER], env=environment, timeout=PATIENCE).returncode
            == 0
        )
        assert background.is_followed()
