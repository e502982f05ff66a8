"""Where runs are kept, and a server that does not answer."""

import os
import socket
from pathlib import Path

import pytest

from pipeline.errors import ParamsError, TrackingError
from pipeline.tracking import store


def test_experiments_of_dvc_publish_to_the_real_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    assert store.uri() == f"sqlite:///{tmp_path}/mlflow.db"
    assert store.artifact_folder() == tmp_path / "mlartifacts"


def test_the_address_is_shown_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:secret@tracking.example:8080/path")
    assert store.uri_without_password() == "https://tracking.example:8080/path"


@pytest.mark.parametrize("uri", ["runs", "file:///runs", "sqlit:///x.db", "sqlite://x.db", "sqlite:x.db"])
def test_a_form_of_address_that_mlflow_does_not_take_is_refused(
    here: Path, monkeypatch: pytest.MonkeyPatch, uri: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(ParamsError) as caught, store.connect() as client:
        client.search_experiments()
    assert str(caught.value).startswith(f"MLFLOW_TRACKING_URI: found '{uri}'; wanted http://HOST:PORT, ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "uri", ["http://me:secret@localhost:port", "http://[me:secret@localhost", "mysql://a:secret/c"]
)
def test_an_address_that_is_no_url_is_refused_without_its_password(monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(ParamsError, match=r"^MLFLOW_TRACKING_URI: not a URL; wanted ") as caught:
        store.uri()
    assert "secret" not in str(caught.value)


def test_a_server_that_never_answers_ends_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.getsockname()[1]}")
        for name, value in store.ENVIRONMENT.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
        with pytest.raises(TrackingError, match="does not answer in time"), store.connect() as client:
            client.search_experiments()
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "1"
