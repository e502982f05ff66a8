"""Where runs are kept, and a server that does not answer."""

import os
import socket
import time
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.tracking import store


def test_experiments_of_dvc_publish_to_the_real_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    assert store.uri() == f"sqlite:///{tmp_path}/mlflow.db"
    assert store.artifact_folder() == tmp_path / "mlartifacts"


def test_passwords_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:secret@tracking.example:8080/path")
    assert store.shown() == "https://tracking.example:8080/path"


def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.getsockname()[1]}")
        for name, value in store.ENVIRONMENT.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
        started = time.monotonic()
        with pytest.raises(UserError, match="does not answer in time"), store.opened() as client:
            client.search_experiments()
        assert time.monotonic() - started < 8
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "1"
