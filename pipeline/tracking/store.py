"""Connect to the MLflow store: a SQLite file in the project's folder, or what MLFLOW_TRACKING_URI names."""

import fcntl
import logging
import os
import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipeline import paths
from pipeline.errors import ParamsError, PipelineError, TrackingError

if TYPE_CHECKING:
    from mlflow import MlflowClient

URI = "MLFLOW_TRACKING_URI"
WANTED_URI = "wanted http://HOST:PORT, https://HOST or sqlite:////FOLDER/mlflow.db; or unset it to use a local file"

# Defaults: variables that the user has set are kept. With MLflow's own, it waits minutes for a server that is down.
ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "4",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
SQLITE_SUFFIXES = ("", "-journal", "-wal", "-shm")  # of the files that SQLite may keep for one database

# Parts of messages of MLflow, SQLAlchemy and SQLite.
BAD_URI = re.compile(
    "unsupported URI|Invalid SQLite URL|Invalid url|Could not parse SQLAlchemy URL|filesystem tracking backend"
)
NO_SPACE = re.compile("database or disk is full|No space left|Disk quota exceeded")
INCOMPLETE = re.compile(r"duplicate column name|table \S+ already exists|no such table")


def uri() -> str:
    """Return the address of the store.

    Raises:
        ParamsError: if MLFLOW_TRACKING_URI cannot be read as a URL.
    """
    value = os.environ.get(URI)
    if not value:
        return f"sqlite:///{paths.project_folder() / 'mlflow.db'}"
    try:
        _ = urlsplit(value).port  # which is read only here
    except ValueError:
        raise ParamsError(f"{URI}: not a URL; {WANTED_URI}") from None  # its text could hold a password
    return value


def artifact_folder() -> Path:
    """Return where the files of runs are kept, unless the store is a server, which keeps them itself."""
    return paths.project_folder() / "mlartifacts"


def is_server() -> bool:
    """Return whether the store is a server."""
    return urlsplit(uri()).scheme in ("http", "https", "databricks", "uc")


def uri_without_password() -> str:
    """Return the address of the store without its user and password."""
    parts = urlsplit(uri())
    return uri().replace(parts.netloc, parts.netloc.rpartition("@")[2], 1) if "@" in parts.netloc else uri()


@contextmanager
def connect() -> Iterator["MlflowClient"]:
    """Yield a client of the store; create the database if there is none.

    Raises:
        ParamsError: if MLFLOW_TRACKING_URI has no form that MLflow knows.
        TrackingError: if the store cannot be used, within the block too; in one line.
    """
    with _one_line_errors(), _one_process():
        from mlflow import MlflowClient  # late: it takes two seconds

        _create_missing_database()
        yield MlflowClient(tracking_uri=uri())


def create_database() -> None:
    """Create the database if there is none: a server that is killed while it creates one leaves an incomplete one.

    Raises:
        ParamsError: if MLFLOW_TRACKING_URI has no form that MLflow knows.
        TrackingError: if the database cannot be created.
    """
    if _missing_database():
        with _one_line_errors(), _one_process():
            _create_missing_database()


@contextmanager
def _one_line_errors() -> Iterator[None]:
    """Configure MLflow, and turn its errors into one line."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    for name in ("mlflow", "alembic"):  # they log each step of creating the database
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        raise _describe(error) from None


def _missing_database() -> Path | None:
    """Return the SQLite file that has to be created, if any; an empty file counts as missing."""
    if not uri().startswith("sqlite"):
        return None
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        name = make_url(uri()).database or ":memory:"
    except ArgumentError:
        raise _uri_error() from None
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


def _describe(error: Exception) -> PipelineError:
    """Return an error of MLflow as one line with its cure."""
    if BAD_URI.search(str(error)):
        return _uri_error()
    return TrackingError(f"MLflow at {uri_without_password()}: {_reason(error)}; {_cure(error)}")


def _uri_error() -> ParamsError:
    return ParamsError(f"{URI}: found {uri_without_password()!r}; {WANTED_URI}")


def _reason(error: Exception) -> str:
    text = str(error)
    if "Connection refused" in text or "Failed to establish a new connection" in text:
        return "no server answers there"
    if "timed out" in text:
        return "the server does not answer in time"
    if "Failed to resolve" in text:
        return "there is no such server"
    return textwrap.shorten(text, 160, placeholder=" …")


def _cure(error: Exception) -> str:
    if NO_SPACE.search(str(error)):
        return "no results are lost; free some space and run `dvc repro` again"
    if uri().startswith("sqlite") and INCOMPLETE.search(str(error)):
        return "the database is incomplete; if you need none of its runs, delete its file and run `dvc repro` again"
    return (
        f"no results are lost; set {URI} to a running server, or unset it to use a local file, "
        "and run `dvc repro` again"
    )
