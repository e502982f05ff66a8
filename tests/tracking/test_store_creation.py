"""A process that is killed while it creates the database, and databases that cannot be used."""

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mlflow import MlflowClient

from pipeline.errors import TrackingError
from pipeline.tracking import store
from tests.support.processes import free_port, kill, running, wait
from tests.support.project import REPOSITORY

CONNECT = "from pipeline.tracking import store\nwith store.connect() as client: print(len(client.search_experiments()))"
UI = "from pipeline.tracking import server\nserver.serve(print)"


def environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "DVC_"))}
    return kept | {"PYTHONPATH": str(REPOSITORY), "PORT": str(free_port())}


def kill_while_creating(folder: Path, seconds: float) -> None:
    """Kill a command some time after it has begun to create the database."""
    with running([sys.executable, "-c", CONNECT], cwd=folder, env=environment()) as process:
        wait(lambda: any(file.stat().st_size for file in folder.glob("*mlflow.db*")))
        time.sleep(seconds)
        kill(process)


def connect(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", CONNECT]
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)


@pytest.mark.services
def test_a_kill_while_the_database_is_created_does_no_harm(tmp_path: Path) -> None:
    kill_while_creating(tmp_path, seconds=0.2)
    done = connect(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")
    assert not list(tmp_path.glob(".mlflow.db*"))  # the unfinished one


@pytest.mark.parametrize("code", [CONNECT, UI], ids=["publish", "ui"])
def test_the_database_is_complete_or_missing(tmp_path: Path, code: str) -> None:
    path = tmp_path / "mlflow.db"
    with running([sys.executable, "-c", code], cwd=tmp_path, env=environment()) as process:
        wait(path.exists)
        kill(process)
        process.wait()
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT name FROM experiments").fetchall() == [("Default",)]  # MLflow writes it last
    database.close()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/own.db")
    return tmp_path / "own.db"


def test_files_left_of_an_earlier_database_are_not_used(place: Path) -> None:
    place.touch()
    for name in ("own.db-journal", ".own.db.partial", ".own.db.partial-journal"):
        place.with_name(name).write_bytes(b"left by a killed process")
    store.create_database()
    assert [path.name for path in place.parent.glob("*own.db*")] == ["own.db"]
    assert len(MlflowClient(tracking_uri=store.uri()).search_experiments()) == 1


def test_the_message_about_an_incomplete_database_says_to_delete_it(place: Path) -> None:
    with sqlite3.connect(place) as incomplete:
        incomplete.execute("CREATE TABLE registered_models (name VARCHAR)")
    incomplete.close()
    wanted = "the database is incomplete; if you need none of its runs, delete its file and run `dvc repro` again"
    with pytest.raises(TrackingError, match=wanted) as caught, store.connect() as client:
        client.search_experiments()
    assert "\n" not in str(caught.value)
