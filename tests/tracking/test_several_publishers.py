"""Several processes publish at once, and servers that end in the middle: nothing is lost, and nothing there twice."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from mlflow import MlflowClient

from tests.support.postgres import create_database, running_postgres
from tests.support.processes import free_port, wait, without_waiting
from tests.support.project import REPOSITORY
from tests.support.tracking_servers import running_server, summary

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("stores")]

PROCESSES = 4
KINDS = ("sqlite", "postgresql", "server on sqlite", "server on postgresql")
CREATE = """
from pipeline.tracking import store
with store.connect() as client:
    print(store.get_experiment(client, "words"))
"""
Start = Callable[[str], str]


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with running_postgres() as address:
        yield address


def empty_backend(kind: str, folder: Path, request: pytest.FixtureRequest) -> str:
    """Return the address of an empty database."""
    if kind.endswith("postgresql"):
        return create_database(request.getfixturevalue("postgres"), uuid4().hex)
    return f"sqlite:///{folder}/common.db"


@pytest.fixture
def start(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Start]:
    """Return a function that starts an empty store of a kind, and returns its address."""
    (tmp_path / "files").mkdir()
    with ExitStack() as stack:

        def start_store(kind: str) -> str:
            backend = empty_backend(kind, tmp_path, request)
            if not kind.startswith("server"):
                return backend
            return stack.enter_context(running_server(backend, tmp_path / "files", free_port()))

        yield start_store


@pytest.fixture(scope="module")
def expected(project: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], Any]:
    """Return what one publication leaves in a store of its own."""
    folder = tmp_path_factory.mktemp("alone")
    done = publish(clone(project, folder / "project"), f"sqlite:///{folder}/alone.db")
    assert finish(done) == 0
    return summary(f"sqlite:///{folder}/alone.db")


def clone(project: Path, folder: Path) -> Path:
    """Copy a project without its store."""
    return Path(shutil.copytree(project, folder, ignore=shutil.ignore_patterns("mlartifacts", "mlflow.db*")))


def python(folder: Path, address: str, *arguments: str) -> "subprocess.Popen[str]":
    """Start Python in a project, with an address of its store; an empty one leaves the project's own."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "DVC_"))}
    environment = kept | {"PYTHONPATH": str(REPOSITORY), "MLFLOW_TRACKING_URI": address}
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def publish(folder: Path, address: str) -> "subprocess.Popen[str]":
    return python(folder, address, "-m", "stages.publish")


def finish(process: "subprocess.Popen[str]") -> int:
    """Wait for a publication, which ends with a line of what it has done or of an error; return its exit code."""
    output, errors = process.communicate(timeout=300)
    errors = without_waiting(errors)
    print(output + errors)  # for whoever reads why a test has failed
    assert errors.count("\n") == (1 if process.returncode else 0), errors
    return process.returncode


@pytest.mark.parametrize("kind", KINDS)
def test_processes_may_create_a_store_at_once(start: Start, tmp_path: Path, kind: str) -> None:
    address = start(kind)
    folders = [tmp_path / f"project {number}" for number in range(PROCESSES)]
    for folder in folders:
        folder.mkdir()
    processes = [python(folder, address, "-c", CREATE) for folder in folders]
    outputs = [process.communicate(timeout=300) for process in processes]
    assert {errors for _, errors in outputs} == {""}
    assert len({output for output, _ in outputs}) == 1  # one experiment
    assert [process.returncode for process in processes] == [0] * PROCESSES


@pytest.mark.parametrize("kind", KINDS)
def test_pipelines_publish_into_an_empty_store_at_once(
    start: Start, project: Path, expected: dict[tuple[str, ...], Any], tmp_path: Path, kind: str
) -> None:
    address = start(kind)
    folders = [clone(project, tmp_path / f"project {number}") for number in range(PROCESSES)]
    assert [finish(process) for process in [publish(folder, address) for folder in folders]] == [0] * PROCESSES
    assert summary(address) == expected


def test_processes_publish_one_project_at_once(
    project: Path, expected: dict[tuple[str, ...], Any], tmp_path: Path
) -> None:
    folder = clone(project, tmp_path / "project")
    assert [finish(process) for process in [publish(folder, "") for _ in range(PROCESSES)]] == [0] * PROCESSES
    assert summary(f"sqlite:///{folder}/mlflow.db") == expected


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("share", [0.2, 0.8])
def test_a_server_that_is_killed_loses_and_repeats_nothing(
    request: pytest.FixtureRequest,
    project: Path,
    expected: dict[tuple[str, ...], Any],
    tmp_path: Path,
    kind: str,
    share: float,
) -> None:
    (tmp_path / "files").mkdir()
    backend, port = empty_backend(kind, tmp_path, request), free_port()
    folders = [clone(project, tmp_path / f"project {number}") for number in range(2)]
    with running_server(backend, tmp_path / "files", port) as address:
        processes = [publish(folder, address) for folder in folders]
        wait(lambda: count_runs(address) >= share * len(expected), 120)
    assert {finish(process) for process in processes} <= {0, 1}
    with running_server(backend, tmp_path / "files", port) as address:
        assert [finish(process) for process in [publish(folder, address) for folder in folders]] == [0, 0]
        assert summary(address) == expected


def count_runs(address: str) -> int:
    client = MlflowClient(tracking_uri=address)
    return len(client.search_runs([each.experiment_id for each in client.search_experiments()], max_results=1000))
