"""Trainings and evaluations on a Dask cluster: the same bytes, and what happens when something goes wrong."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys

import pytest

pytest.importorskip("distributed", reason="Dask is optional; pip install --requirement requirements-dask.lock")

from distributed.security import Security

from tests.support.cluster import BLIND, CHECKED, cluster
from tests.support.processes import kill, running, wait
from tests.support.project import MODELS, REPOSITORY, params_text, prepare, write

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("cluster")]

LONG = {
    "words-long": {"dataset": "words", "cell": "lstm", "epochs": 100_000},  # two jobs
    "names-long": MODELS["names-lstm"] | {"epochs": 100_000, "seeds": [1]},  # one
}
SHORT = {name: MODELS[name] for name in ("words-lstm", "text-lstm", "names-lstm")}


def command(stage, name, folder, **environment):
    """Return how a user runs a stage, and where."""
    own = {"PYTHONPATH": str(REPOSITORY), "PIPELINE_LIVE": "never", **environment}
    return [sys.executable, "-m", f"stages.{stage}", name], {"cwd": folder, "env": {**os.environ, **own}, "text": True}


def run(stage, name, folder, **environment):
    arguments, options = command(stage, name, folder, **environment)
    return subprocess.run(arguments, **options, capture_output=True, timeout=300)


def digests(folder):
    """Return the digest of each file of a folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """Return a project, prepared, trained and evaluated by processes of this machine."""
    folder = tmp_path_factory.mktemp("local")
    write(folder, params_text(["words", "text", "names"], SHORT | LONG))
    prepare(folder)
    for name in SHORT:
        assert run("train", name, folder).returncode == 0
    for stage in ("baseline", "evaluate"):
        assert run(stage, "text", folder).returncode == 0
    return folder


@pytest.fixture
def project(local, tmp_path):
    """Return the same project, prepared only."""
    folder = tmp_path / "project"
    shutil.copytree(local, folder, ignore=shutil.ignore_patterns("models", "results", ".checkpoints", ".timings"))
    return folder


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    with cluster(tmp_path_factory.mktemp("cluster") / "checked") as started:
        yield started


def same_as_local(project, local, address):
    """Train and evaluate on a cluster, and compare every file with those of this machine."""
    for stage, name in (("train", "text-lstm"), ("evaluate", "text")):
        done = run(stage, name, project, PIPELINE_EXECUTOR=address)
        assert done.returncode == 0, done.stderr
    for folder in ("models/text", "results/text"):
        assert digests(project / folder) == digests(local / folder)


def test_workers_that_see_the_folders_give_the_same_bytes(project, local, checked):
    same_as_local(project, local, checked.address)


def test_workers_that_are_started_from_python_give_the_same_bytes(project, local, tmp_path):
    with cluster(tmp_path / "python", []) as started:
        started.add_from_python()
        same_as_local(project, local, started.address)


def test_workers_that_do_not_see_the_folders_are_sent_them_and_give_the_same_bytes(project, local, tmp_path):
    with cluster(tmp_path / "blind", [BLIND]) as blind:
        same_as_local(project, local, blind.address)
        copies = {path.name for path in (tmp_path / "blind").rglob("shared/*/*")}
    assert copies >= {"text", "text-lstm"}  # the data set and the trained model


def test_a_cluster_of_tls_gives_the_same_bytes_and_answers_only_to_its_certificates(project, local, tmp_path):
    with cluster(tmp_path / "tls", [CHECKED], Security.temporary()) as tls:
        plain = tls.address.replace("tls:", "tcp:")
        untrusted = run("train", "text-lstm", project, PIPELINE_EXECUTOR=tls.address)
        unencrypted = {"PIPELINE_EXECUTOR": plain, "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "true"}
        refused = run("train", "text-lstm", project, **unencrypted)
        done = run("train", "text-lstm", project, PIPELINE_EXECUTOR=tls.address, **tls.environment)
    assert done.returncode == 0, done.stderr
    assert digests(project / "models/text") == digests(local / "models/text")
    assert (untrusted.returncode, untrusted.stderr.count("\n")) == (1, 1), untrusted.stderr
    assert (
        f"no Dask scheduler answers at {tls.address}; start `dask scheduler` there, with the cert" in untrusted.stderr
    )
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1), refused.stderr
    assert "encryption required by Dask configuration" in refused.stderr


@pytest.mark.parametrize("options", [CHECKED, BLIND], ids=["shared", "sent"])
def test_a_killed_worker_s_training_goes_on_from_its_checkpoint(project, local, tmp_path, options):
    with cluster(tmp_path / "killed", [options]) as killed:
        assert run("train", "names-lstm", project, PIPELINE_EXECUTOR=killed.address).returncode == 0  # has the data now
        arguments, environment = command("train", "names-long", project, PIPELINE_EXECUTOR=killed.address)
        with running(arguments, **environment) as process:
            wait((project / ".checkpoints/names-long/seed-1-train.safetensors").exists)
            killed.kill_worker(0)
            seen = []
            for line in process.stderr:
                seen.append(line)
                if "resumes from its checkpoint" in line:
                    break
    assert "seed 1: resumes from its checkpoint" in seen[-1], seen


@pytest.mark.parametrize("options", [CHECKED, BLIND], ids=["shared", "sent"])
def test_an_interrupted_training_is_resumed_and_leaves_nothing_on_the_scheduler(project, tmp_path, options):
    with cluster(tmp_path / "interrupted", [options]) as interrupted:
        arguments, environment = command("train", "names-long", project, PIPELINE_EXECUTOR=interrupted.address)
        for wanted in ("", "seed 1: resumes from its checkpoint"):
            with running(arguments, **environment) as process:
                wait((project / ".checkpoints/names-long/seed-1-train.safetensors").exists)
                line = next(line for line in process.stderr if wanted in line)
                process.send_signal(signal.SIGINT)
                _, errors = process.communicate(timeout=30)
            assert process.returncode == 130, line + errors
        wait(lambda: not interrupted.variables())
    assert not [
        path for path in (project / ".checkpoints").rglob("*") if path.is_file() and path.suffix != ".safetensors"
    ]


def test_a_job_that_kills_its_workers_is_named_and_not_those_that_wait(project, tmp_path):
    with cluster(tmp_path / "murdered", [CHECKED]) as murdered:
        arguments = [sys.executable, "-m", "tests.support.murderous"]
        _, environment = command("train", "words-x", project, PIPELINE_EXECUTOR=murdered.address)
        done = subprocess.run(arguments, **environment, capture_output=True, timeout=300)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "Error: killer: 4 workers were killed while they did this, most likely for their memory; start workers with "
        "more of it, and run again"
    )


def test_ctrl_c_ends_the_wait_for_workers(project, tmp_path):
    with cluster(tmp_path / "empty", []) as empty:
        arguments, environment = command("train", "words-long", project, PIPELINE_EXECUTOR=empty.address)
        with running(arguments, **environment) as process:
            wait(empty.has_clients)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=25)  # it would wait for half a minute
    assert (process.returncode, errors) == (130, "\nInterrupted; run the same command again.\n")


def test_a_restarted_cluster_ends_in_one_line(project, tmp_path):
    with cluster(tmp_path / "restarted", [CHECKED]) as restarted:
        arguments, environment = command("train", "words-long", project, PIPELINE_EXECUTOR=restarted.address)
        with running(arguments, **environment) as process:
            wait((project / ".checkpoints/words-long/seed-1-train.safetensors").exists)
            restarted.restart()
            _, errors = process.communicate(timeout=60)
    lines = [line for line in errors.splitlines() if ": epoch " not in line]
    assert process.returncode == 1
    assert len(lines) == 1, lines
    assert "the cluster was restarted, or its jobs were cancelled; run again" in lines[0]


def test_ctrl_c_ends_the_jobs(project, checked):
    arguments, environment = command("train", "words-long", project, PIPELINE_EXECUTOR=checked.address)
    with running(arguments, **environment) as process:
        wait((project / ".checkpoints/words-long/seed-1-train.safetensors").exists)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors.splitlines()[-1]) == (130, "Interrupted; run the same command again.")
    assert run("train", "words-lstm", project, PIPELINE_EXECUTOR=checked.address).returncode == 0  # workers are free


def test_a_client_that_is_killed_leaves_no_jobs(project, checked):
    arguments, environment = command("train", "words-long", project, PIPELINE_EXECUTOR=checked.address)
    with running(arguments, **environment) as process:
        wait((project / ".checkpoints/words-long/seed-1-train.safetensors").exists)
        kill(process)
    assert run("train", "words-lstm", project, PIPELINE_EXECUTOR=checked.address).returncode == 0


def test_the_death_of_the_scheduler_ends_in_one_line(project, tmp_path):
    with cluster(tmp_path / "dying", [CHECKED]) as dying:
        arguments, environment = command("train", "words-long", project, PIPELINE_EXECUTOR=dying.address)
        with running(arguments, **environment) as process:
            wait((project / ".checkpoints/words-long/seed-1-train.safetensors").exists)
            dying.scheduler.kill()
            _, errors = process.communicate(timeout=60)
    lines = [line for line in errors.splitlines() if ": epoch " not in line]
    assert process.returncode == 1
    assert lines == [
        f"Error: PIPELINE_EXECUTOR: {dying.address}: lost the connection to the scheduler; start it again, and run "
        "again: trainings go on where they were"
    ]
    assert not (project / "models").exists() or not any((project / "models/words").glob("words-long*"))


def test_a_failing_training_names_model_and_seed(project, checked):
    (project / "params.yaml").write_text(params_text(["words"], {"words-x": LONG["words-long"] | {"epochs": 2}}))
    arguments = [sys.executable, "-m", "tests.support.failing", "words-x"]
    _, environment = command("train", "words-x", project, PIPELINE_EXECUTOR=checked.address)
    done = subprocess.run(arguments, **environment, capture_output=True, timeout=120)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "Error: words-x seed 2: not enough disk"


def test_workers_that_were_not_checked_are_refused(project, tmp_path):
    preloaded = ("--preload", "pipeline.execution.preload", "--nthreads")
    with cluster(tmp_path / "wrong", [("--nthreads", "1"), (*preloaded, "2"), (*CHECKED, "--no-nanny")]) as wrong:
        done = run("train", "words-lstm", project, PIPELINE_EXECUTOR=wrong.address)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: PIPELINE_EXECUTOR: no worker gives the same bytes as this machine: tcp://")
    for reason in ("it was not started with `dask worker", "it has 2 threads", "NumPy was loaded before"):
        assert reason in line


def test_a_worker_with_other_code_is_refused_and_named(project, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(REPOSITORY / "pipeline", other / "pipeline")
    (other / "pipeline/errors.py").write_text((REPOSITORY / "pipeline/errors.py").read_text() + "\n")
    with cluster(tmp_path / "mixed", [CHECKED]) as mixed:
        mixed.add_worker(PYTHONPATH=str(other))
        done = run("train", "words-lstm", project, PIPELINE_EXECUTOR=mixed.address)
    assert done.returncode == 0, done.stderr
    assert "these workers get no jobs: tcp://" in done.stderr
    assert "it has this package 0.1.0" in done.stderr


def test_no_scheduler_is_one_line(project):
    done = run("train", "words-lstm", project, PIPELINE_EXECUTOR="tcp://127.0.0.1:9")
    assert (done.returncode, done.stderr) == (
        1,
        "Error: PIPELINE_EXECUTOR: no Dask scheduler answers at tcp://127.0.0.1:9; start `dask scheduler` there\n",
    )
