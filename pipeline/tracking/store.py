"""Connect to the MLflow store: a SQLite file in the project's folder, or what MLFLOW_TRACKING_URI names."""

import fcntl
import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never, cast
from urllib.parse import urlsplit

from pipeline import paths
from pipeline.errors import ParamsError, PipelineError
from pipeline.tracking import failures
from pipeline.tracking.failures import DeadlineError

if TYPE_CHECKING:
    from mlflow import MlflowClient

TIMEOUT = "MLFLOW_HTTP_REQUEST_TIMEOUT"  # seconds for each read
# Defaults: variables that the user has set are kept. With MLflow's own, it waits minutes for a server that is down.
ENVIRONMENT = {
    TIMEOUT: "4",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # two lines for each run
}
SQLITE_SUFFIXES = ("", "-journal", "-wal", "-shm")  # of the files that SQLite may keep for one database
CALL_TIMEOUTS = 15  # a call may take this many times MLFLOW_HTTP_REQUEST_TIMEOUT in all


def uri() -> str:
    """Return the address of the store.

    Raises:
        ParamsError: if MLFLOW_TRACKING_URI cannot be read as a URL.
    """
    value = os.environ.get(failures.URI)
    if not value:
        return f"sqlite:///{paths.project_folder() / 'mlflow.db'}"
    try:
        _ = urlsplit(value).port  # which is read only here
    except ValueError:
        line = f"{failures.URI}: not a URL; {failures.WANTED_URI}"  # without its text, which could hold a password
        raise ParamsError(line) from None
    return value


def artifact_folder() -> Path:
    """Return where the files of runs are kept, unless the store is a server, which keeps them itself."""
    return paths.project_folder() / "mlartifacts"


def is_server() -> bool:
    """Return whether the store is a server."""
    return urlsplit(uri()).scheme in ("http", "https", "databricks", "uc")


def uri_without_password() -> str:
    """Return the address of the store without its user and password."""
    return failures.hide_password(uri())


@contextmanager
def connect() -> Iterator["MlflowClient"]:
    """Yield a client of the store; create the database if there is none.

    Raises:
        ParamsError: if MLFLOW_TRACKING_URI has no form that MLflow knows.
        TrackingError: if the store cannot be used, also by any call of the client; in one line.
    """
    client_class = _import_mlflow()
    with _one_process():
        with _one_line_errors():
            _create_missing_database()
            client = client_class(tracking_uri=uri())
        yield cast("MlflowClient", _PatientClient(client))


def create_database() -> None:
    """Create the database if there is none: a server that is killed while it creates one leaves an incomplete one.

    Raises:
        ParamsError: if MLFLOW_TRACKING_URI has no form that MLflow knows.
        TrackingError: if the database cannot be created, or Python has no driver for it.
    """
    if not uri().startswith("sqlite"):
        _import_mlflow()
        with _one_line_errors():
            from sqlalchemy import make_url

            make_url(uri()).get_dialect().import_dbapi()
    elif _missing_database():
        _import_mlflow()
        with _one_process(), _one_line_errors():
            _create_missing_database()


class _PatientClient:
    """A client of MLflow each call of which ends in time: with its result, or with an error in one line."""

    def __init__(self, client: "MlflowClient") -> None:
        self._client = client

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            with _one_line_errors():
                return getattr(self._client, name)(*arguments, **options)

        return call


def _import_mlflow() -> "type[MlflowClient]":
    """Import MLflow, which takes two seconds, and configure it."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    logging.getLogger("alembic").setLevel(logging.WARNING)  # it logs each step of creating the database
    logging.getLogger("mlflow").setLevel(logging.CRITICAL)  # it logs the traceback of an error that it raises too
    return MlflowClient


def _call_seconds() -> int:
    """Return how long a call may take in all."""
    timeout = os.environ[TIMEOUT]
    if not timeout.isdecimal() or int(timeout) == 0:
        raise ParamsError(f"{TIMEOUT}: found {timeout!r}; wanted a whole number of seconds, such as 4")
    return CALL_TIMEOUTS * int(timeout)


@contextmanager
def _one_line_errors() -> Iterator[None]:
    """Turn an error of MLflow into one line, and end what takes too long.

    MLflow's own timeout is for each read, so it does not end a server that sends a byte a second. Nor does it end the
    minutes for which MLflow tries to reach a database.
    """

    def stop(*_: object) -> Never:
        raise DeadlineError

    before = signal.signal(signal.SIGALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, _call_seconds())
        yield
    except PipelineError:
        raise
    except (Exception, DeadlineError) as error:
        raise failures.describe(error, uri()) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _missing_database() -> Path | None:
    """Return the SQLite file that has to be created, if any; an empty file counts as missing."""
    if not uri().startswith("sqlite"):
        return None
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        name = make_url(uri()).database or ":memory:"
    except ArgumentError:
        raise failures.uri_error(uri()) from None
    if name.startswith((":", "file:")) or (Path(name).exists() and Path(name).stat().st_size):
        return None
    return Path(name)


def _create_missing_database() -> None:
    """Create a missing database under a temporary name, then rename it: MLflow cannot use an incomplete one."""
    if (path := _missing_database()) is None:
        return
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
    from sqlalchemy import make_url

    partial = path.with_name(f".{path.name}.partial")
    _delete_database(partial)
    address = make_url(uri()).set(database=str(partial)).render_as_string(hide_password=False)
    try:
        created = SqlAlchemyStore(address, artifact_folder().as_uri())  # type: ignore[no-untyped-call]
        created.engine.dispose()
        _delete_database(path)  # otherwise SQLite would apply the journal of an earlier database to this one
        partial.replace(path)
    finally:
        _delete_database(partial)


def _delete_database(path: Path) -> None:
    """Delete a SQLite file and what SQLite keeps beside it."""
    for suffix in SQLITE_SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


@contextmanager
def _one_process() -> Iterator[None]:
    """Let one process at a time write to a local store: two cannot create the database at once."""
    if is_server():
        yield
        return
    artifact_folder().mkdir(parents=True, exist_ok=True)
    folder = os.open(artifact_folder(), os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
