"""Stores that fail: real servers and databases; each failure is one line with its cure."""

import logging
import re
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipeline.errors import PipelineError, TrackingError
from pipeline.tracking import store

SECRET = "me:secret@"  # noqa: S105
Start = Callable[..., str]


class Server(ThreadingHTTPServer):
    """Answers each request with the same status and body, after `seconds` for each byte of the body."""

    daemon_threads = True

    def __init__(self, status: int, body: bytes, seconds: float) -> None:
        self.status, self.body, self.seconds = status, body, seconds
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        try:
            for byte in self.server.body:
                self.wfile.write(bytes([byte]))
                time.sleep(self.server.seconds)
        except OSError:
            pass  # the client has ended, as it should

    do_POST = do_GET  # noqa: N815

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def start(here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Return a function that starts a server and makes it the store; it returns the address, without the password."""
    servers = []

    def start_server(status: int, body: bytes = b"{}", seconds: float = 0.0) -> str:
        servers.append(Server(status, body, seconds))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        address = f"127.0.0.1:{servers[-1].server_port}"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://{SECRET}{address}")
        return address

    for name, value in store.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    yield start_server
    for server in servers:
        server.shutdown()
        server.server_close()


def fail() -> str:
    """Return the one line in which the use of the store ends."""
    with pytest.raises(PipelineError) as caught, store.connect() as client:
        client.search_experiments()
    line = str(caught.value)
    assert "\n" not in line
    assert "secret" not in line
    return line


@pytest.mark.parametrize(
    ("status", "body", "reason", "cure"),
    [
        (401, b"You are not authenticated", "another user or password", "MLFLOW_TRACKING_PASSWORD"),
        (403, b"Permission denied", "does not let this user write", "ask its owner"),
        (403, b"Invalid Host header - possible DNS rebinding attack detected", "this name", "--allowed-hosts"),
        (404, b"<html>\nno such page", "no MLflow server", "set MLFLOW_TRACKING_URI"),
        (200, b"<html>\n" * 1000, "no MLflow server", "set MLFLOW_TRACKING_URI"),
        (200, b'{"experiments": 3}', "no MLflow server", "set MLFLOW_TRACKING_URI"),
        (500, b"", "the server fails", "look into its log"),
    ],
    ids=["401", "403", "403 of a name", "404", "a page", "other JSON", "500"],
)
def test_what_a_server_answers_is_explained_with_its_cure(
    start: Start, status: int, body: bytes, reason: str, cure: str
) -> None:
    address = start(status, body)
    assert re.match(rf"MLflow at http://{address}: .*{reason}.*; no results are lost; .*{cure}", fail())


def test_a_server_that_sends_a_byte_at_a_time_is_given_up(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "CALL_TIMEOUTS", 2)
    start(200, b" " * 200 + b"{}", seconds=0.5)
    assert "does not answer in time" in fail()


@pytest.mark.parametrize("timeout", ["soon", "0", "-1"])
def test_a_timeout_that_is_no_number_of_seconds_is_refused(
    here: Path, monkeypatch: pytest.MonkeyPatch, timeout: str
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", timeout)
    assert fail().startswith(f"MLFLOW_HTTP_REQUEST_TIMEOUT: found '{timeout}'; wanted ")


@pytest.mark.parametrize(
    ("uri", "module", "package"),
    [
        ("postgresql", "psycopg", "psycopg[binary]"),
        ("mysql+pymysql", "pymysql", "pymysql"),
        ("mssql", "pyodbc", "pyodbc"),
    ],
)
def test_a_database_without_its_driver_names_the_package(
    here: Path, monkeypatch: pytest.MonkeyPatch, uri: str, module: str, package: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"{uri}://{SECRET}127.0.0.1/runs")
    monkeypatch.setitem(sys.modules, module, None)  # which makes its import fail
    wanted = rf"MLflow at {re.escape(uri)}://127.0.0.1/runs: .*no module {module}.*pip install '{re.escape(package)}'"
    assert re.match(wanted, fail())
    with pytest.raises(TrackingError, match=wanted):
        store.create_database()


@pytest.mark.services  # MLflow waits 20 seconds for a lock
def test_a_locked_database_is_explained_without_a_traceback(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    store.create_database()
    other = sqlite3.connect(here / "mlflow.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with (
        pytest.raises(TrackingError, match=r"another program has locked the database; .*end that program") as caught,
        store.connect() as client,
    ):
        client.create_experiment("one more")
    other.close()
    assert "\n" not in str(caught.value)
    assert logging.getLogger("mlflow.store.db.utils").getEffectiveLevel() > logging.ERROR


def test_an_error_within_the_block_that_is_not_mlflows_stays_what_it_is(here: Path) -> None:
    with pytest.raises(KeyError), store.connect():
        raise KeyError("ours")


def test_a_full_disk_asks_for_space(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1")
    for message in ("(sqlite3.OperationalError) database or disk is full", "[Errno 28] No space left on device"):
        with store.connect() as client:

            def full(self: object, error: str = message) -> None:
                raise OSError(error)

            monkeypatch.setattr("mlflow.MlflowClient.search_experiments", full)
            with pytest.raises(TrackingError, match="free some space and run"):
                client.search_experiments()
