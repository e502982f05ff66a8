import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import files, paths
from tests.support.processes import free_port, running, without_waiting
from tests.support.project import REPOSITORY, params_text

CHAMPION = "words: words-lstm is version 1 (new), the champion"


def publish(root: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "DVC_"))}
    environment |= {"PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "stages.publish"]
    done = subprocess.run(command, cwd=root, env=inherited | environment, capture_output=True, text=True, check=False)
    done.stderr = without_waiting(done.stderr)
    return done


@pytest.fixture
def project(evaluated_project: Path, here: Path) -> Path:
    shutil.copytree(evaluated_project, here, dirs_exist_ok=True)
    (here / "params.yaml").write_text(params_text(["words"]))
    return here


def test_publishing_prints_the_new_champion_and_one_line(project: Path) -> None:
    first = publish(project)
    where = f"sqlite:///{project}/mlflow.db"
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == f"{CHAMPION}\n4 runs in MLflow (4 new): {where}\n"
    receipt = paths.RECEIPT.read_bytes()
    assert set(files.read_json(paths.RECEIPT)["words"]) == {"words-lstm", "baseline", "bound"}
    assert str(project).encode() not in receipt

    paths.RECEIPT.unlink()
    second = publish(project)
    assert second.stdout == f"4 runs in MLflow (4 there already): {where}\n"
    assert paths.RECEIPT.read_bytes() == receipt


@pytest.mark.services
def test_publishing_to_a_server_prints_the_same(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PORT": str(free_port()), "MLFLOW_TRACKING_URI": ""}
    command, folder = [sys.executable, "-m", "stages.ui"], tmp_path_factory.mktemp("server")
    with running(command, cwd=folder, env=environment, text=True) as server:
        assert server.stdout is not None
        address = server.stdout.readline().partition("/#")[0]
        done = publish(project, MLFLOW_TRACKING_URI=address)
        server.send_signal(signal.SIGINT)
        server.wait(20)
    assert (done.stdout, done.stderr) == (f"{CHAMPION}\n4 runs in MLflow (4 new): {address}\n", "")


def test_a_server_that_is_down_ends_in_one_line(project: Path) -> None:
    port = free_port()
    result = publish(project, MLFLOW_TRACKING_URI=f"http://127.0.0.1:{port}")
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith(f"Error: MLflow at http://127.0.0.1:{port}: no server answers there; ")
    assert result.stderr.count("\n") == 1
    assert not paths.RECEIPT.exists()
    assert not (project / "mlflow.db").exists()


def test_a_store_that_cannot_be_used_ends_in_one_line(project: Path) -> None:
    (project / "mlflow.db").write_text("Not a database. " * 100)
    result = publish(project)
    assert result.returncode == 1
    assert result.stderr.startswith("Error: MLflow at sqlite:///")
    assert result.stderr.count("\n") == 1
