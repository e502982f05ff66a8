"""A database that is killed while MLflow makes it, and what is said of one that cannot be used."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mlflow import MlflowClient

from pipeline.errors import UserError
from pipeline.tracking import store
from tests.processes import running, wait
from tests.small import REPOSITORY

OPEN = "from pipeline.tracking import store\nwith store.opened() as client: print(len(client.search_experiments()))"
UI = "from pipeline.tracking import server\nserver.serve(print)"


def environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "DVC_", "PORT"))}
    return kept | {"PYTHONPATH": str(REPOSITORY)}


def kill_while_made(folder: Path, code: str, seconds: float) -> None:
    """Kill a command so long after it has begun to make the database."""
    with running([sys.executable, "-c", code], cwd=folder, env=environment()) as process:
        wait(lambda: any(file.stat().st_size for file in folder.glob("*mlflow.db*")))
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGKILL)


def opened(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", OPEN]
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)


@pytest.mark.parametrize("code", [OPEN, UI], ids=["publish", "ui"])
def test_a_kill_while_the_database_is_made_does_no_harm(tmp_path: Path, code: str) -> None:
    kill_while_made(tmp_path, code, seconds=0.2)
    done = opened(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")
    assert [path.name for path in tmp_path.glob("*mlflow.db*")] == ["mlflow.db"]


@pytest.mark.parametrize("code", [OPEN, UI], ids=["publish", "ui"])
def test_the_database_is_there_whole_or_not_at_all(tmp_path: Path, code: str) -> None:
    path = tmp_path / "mlflow.db"
    with running([sys.executable, "-c", code], cwd=tmp_path, env=environment()) as process:
        wait(path.exists)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    with sqlite3.connect(path) as found:
        assert found.execute("SELECT name FROM experiments").fetchall() == [("Default",)]  # which MLflow writes last
    found.close()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/own.db")
    return tmp_path / "own.db"


def test_what_a_former_database_left_is_not_taken_for_part_of_the_new_one(place: Path) -> None:
    place.touch()
    for name in ("own.db-journal", ".own.db.partial", ".own.db.partial-journal"):
        place.with_name(name).write_bytes(b"left by a killed process")
    store.make()
    assert [path.name for path in place.parent.glob("*own.db*")] == ["own.db"]
    assert len(MlflowClient(tracking_uri=store.uri()).search_experiments()) == 1


def test_a_database_that_was_half_made_may_be_deleted(place: Path) -> None:
    with sqlite3.connect(place) as half:
        half.execute("CREATE TABLE registered_models (name VARCHAR)")
    half.close()
    wanted = "half made; delete its file if it holds no runs"
    with pytest.raises(UserError, match=wanted) as caught, store.opened() as client:
        client.search_experiments()
    assert "\n" not in str(caught.value)


def test_a_full_disk_asks_for_space(place: Path) -> None:
    store.make()
    for said in ("(sqlite3.OperationalError) database or disk is full", "[Errno 28] No space left on device"):
        with pytest.raises(UserError, match="free some space and run"), store.opened():
            raise OSError(said)
