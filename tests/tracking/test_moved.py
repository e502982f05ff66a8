"""A project that was moved or copied: runs whose files are elsewhere stay as they are, and all is published anew."""

import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from pipeline import paths
from pipeline.tracking import moved, store
from tests.support.project import REPOSITORY
from tests.tracking.conftest import work_in

CONNECT = "from pipeline.tracking import store\nwith store.connect() as client: store.get_experiment(client, 'words')"
LOCATIONS = "SELECT name, artifact_location FROM experiments ORDER BY experiment_id"


def read_locations(database: Path) -> dict[str, str]:
    with closing(sqlite3.connect(database)) as connection:
        return dict(connection.execute(LOCATIONS).fetchall())


def connect(folder: Path) -> None:
    """Publish one experiment without runs into the store of the project in a folder."""
    with work_in(folder), store.connect() as client:
        store.get_experiment(client, "words")


def aside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("mlflow-moved-*.db"))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with a store; whoever changes it, copies it first."""
    folder = tmp_path_factory.mktemp("moved") / "a project"
    folder.mkdir()
    connect(folder)
    return folder


@pytest.fixture
def project(first: Path, tmp_path: Path) -> Path:
    """Return the same project at another place, its store the project's own."""
    folder = tmp_path / "a project"
    shutil.copytree(first, folder)
    with closing(sqlite3.connect(folder / "mlflow.db")) as connection, connection:
        location = "UPDATE experiments SET artifact_location = replace(artifact_location, ?, ?)"
        connection.execute(location, (first.as_uri(), folder.as_uri()))
    return folder


def test_a_store_in_its_place_is_used(project: Path) -> None:
    before = read_locations(project / "mlflow.db")
    connect(project)
    assert read_locations(project / "mlflow.db") == before
    assert aside(project) == []


def test_the_store_of_a_moved_project_is_set_aside(project: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = read_locations(project / "mlflow.db")
    new = project.rename(project.with_name("moved"))
    receipt = new / paths.RECEIPT
    receipt.parent.mkdir()
    receipt.touch()
    connect(new)
    assert read_locations(new / "mlflow.db")["words"] == (new / "mlartifacts/words").as_uri()
    assert aside(new) == ["mlflow-moved-1.db"]
    assert read_locations(new / "mlflow-moved-1.db") == before
    assert not project.exists()
    assert not receipt.exists()  # so that DVC publishes again
    (line,) = (record.getMessage() for record in caplog.records if record.name == moved.__name__)
    assert f"the project in {project}, so it is mlflow-moved-1.db now" in line
    assert f"sqlite:///{new}/mlflow-moved-1.db" in shlex.split(line)


def test_a_copy_writes_nothing_into_the_original(project: Path) -> None:
    new = project.with_name("copy")
    shutil.copytree(project, new)
    before = {path: path.stat().st_mtime_ns for path in project.rglob("*")}
    with work_in(new), store.connect() as client:
        run = client.create_run(store.get_experiment(client, "words")).info.run_id
        client.log_text(run, "its file", "file.txt")
    assert {path: path.stat().st_mtime_ns for path in project.rglob("*")} == before
    assert len(list((new / "mlartifacts").rglob("file.txt"))) == 1


def test_a_project_that_is_moved_back_has_its_store_again(project: Path) -> None:
    """As where a container sees the project's folder under another name."""
    before = read_locations(project / "mlflow.db")
    elsewhere = project.rename(project.with_name("elsewhere"))
    connect(elsewhere)
    elsewhere.rename(project)
    connect(project)
    assert read_locations(project / "mlflow.db") == before
    assert aside(project) == ["mlflow-moved-2.db"]
    project.rename(elsewhere)
    connect(elsewhere)
    assert read_locations(elsewhere / "mlflow.db")["words"].startswith(elsewhere.as_uri())
    assert aside(elsewhere) == ["mlflow-moved-1.db"]


def test_a_project_behind_a_symbolic_link_is_in_its_place(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = project.with_name("link")
    link.symlink_to(project)
    monkeypatch.setenv("DVC_ROOT", str(link))
    with store.connect():
        pass
    assert aside(project) == []


def test_experiments_that_were_deleted_or_that_a_user_keeps_elsewhere_move_nothing(project: Path) -> None:
    with work_in(project), store.connect() as client:
        client.create_experiment("of a user", artifact_location="s3://bucket/mlartifacts/x")
        client.create_experiment("of another", artifact_location=(project.parent / "runs/x").as_uri())
        client.delete_experiment(client.create_experiment("old", artifact_location="file:///elsewhere/mlartifacts/old"))
    connect(project)
    assert aside(project) == []


def test_a_database_that_the_user_names_is_used_as_it_is(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = project.rename(project.with_name("moved"))
    monkeypatch.chdir(new)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{new}/mlflow.db")
    with store.connect():
        pass
    assert aside(new) == []


def test_several_processes_set_it_aside_once(project: Path) -> None:
    new = project.rename(project.with_name("moved"))
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "DVC_"))}
    options = {"cwd": new, "env": environment | {"PYTHONPATH": str(REPOSITORY)}, "stderr": subprocess.PIPE}
    processes = [subprocess.Popen([sys.executable, "-c", CONNECT], text=True, **options) for _ in range(4)]
    lines = [line for process in processes for line in process.communicate()[1].splitlines()]
    assert [process.returncode for process in processes] == [0] * 4, lines
    assert len(lines) == 1
    assert re.match(r"mlflow.db has the runs of the project in .*; to see those runs: mlflow ui --backend", lines[0])
    assert aside(new) == ["mlflow-moved-1.db"]
    assert list(read_locations(new / "mlflow.db")) == ["Default", "words"]
