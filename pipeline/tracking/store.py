"""Where runs are kept, and the way in: a SQLite file at the project's root, or the server that the user names."""

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
from pipeline.errors import UserError

if TYPE_CHECKING:
    from mlflow import MlflowClient

# What the user has set stands. A server that is down would take MLflow minutes to give up on.
ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "4",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
BESIDE = ("", "-journal", "-wal", "-shm")  # what SQLite may keep of a database, by the end of the name
FULL = re.compile("database or disk is full|No space left|Disk quota exceeded")
HALF_MADE = re.compile(r"duplicate column name|table \S+ already exists|no such table")


def uri() -> str:
    """Return the address of the store."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{paths.home() / 'mlflow.db'}"


def artifact_folder() -> Path:
    """Return where the files of runs are kept, unless a server sees to that."""
    return paths.home() / "mlartifacts"


def is_server() -> bool:
    """Tell whether the store is a server, which keeps the files of runs itself."""
    return urlsplit(uri()).scheme in ("http", "https", "databricks", "uc")


def shown() -> str:
    """Return the address without a password that may stand in it."""
    parts = urlsplit(uri())
    return uri().replace(parts.netloc, parts.netloc.rpartition("@")[2], 1) if "@" in parts.netloc else uri()


@contextmanager
def opened() -> Iterator["MlflowClient"]:
    """Yield a client of the store; whatever goes wrong with the store becomes one line."""
    with _told(), _alone():
        from mlflow import MlflowClient  # late: it takes two seconds

        _make_whole()
        yield MlflowClient(tracking_uri=uri())


def make() -> None:
    """Make the database where there is none yet, for a server that would make it in place."""
    if _missing():
        with _told(), _alone():
            _make_whole()


@contextmanager
def _told() -> Iterator[None]:
    """Prepare MLflow, and tell in one line what goes wrong with it."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    for name in ("mlflow", "alembic"):  # they tell of each step of making the database
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        raise UserError(f"MLflow at {shown()}: {_reason(error)}; {_cure(error)}") from None


def _missing() -> Path | None:
    """Return the SQLite file that is still to be made, if the store is one; an empty file is none."""
    if not uri().startswith("sqlite"):
        return None
    from sqlalchemy import make_url

    name = make_url(uri()).database or ":memory:"
    if name.startswith((":", "file:")) or (Path(name).exists() and Path(name).stat().st_size):
        return None
    return Path(name)


def _make_whole() -> None:
    """Make a missing database under another name and move it: MLflow cannot go on with one that is half made."""
    if (path := _missing()) is None:
        return
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
    from sqlalchemy import make_url

    partial = path.with_name(f".{path.name}.partial")
    _delete(partial)
    address = make_url(uri()).set(database=str(partial)).render_as_string(hide_password=False)
    try:
        made = SqlAlchemyStore(address, artifact_folder().as_uri())  # type: ignore[no-untyped-call]
        made.engine.dispose()
        _delete(path)  # or else the journal of a former database would be played back into this one
        partial.replace(path)
    finally:
        _delete(partial)


def _delete(database: Path) -> None:
    """Delete a SQLite file and what SQLite keeps beside it."""
    for end in BESIDE:
        database.with_name(database.name + end).unlink(missing_ok=True)


@contextmanager
def _alone() -> Iterator[None]:
    """Let one process at a time write to a store of files: two cannot create the database at once."""
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


def _reason(error: Exception) -> str:
    """Say in a few words what went wrong."""
    text = str(error)
    if "Connection refused" in text or "Failed to establish a new connection" in text:
        return "no server answers there"
    if "timed out" in text:
        return "the server does not answer in time"
    if "Failed to resolve" in text:
        return "there is no such server"
    return textwrap.shorten(text, 160, placeholder=" …")


def _cure(error: Exception) -> str:
    """Say what helps."""
    if FULL.search(str(error)):
        return "nothing else is lost; free some space and run `dvc repro` again"
    if uri().startswith("sqlite") and HALF_MADE.search(str(error)):
        return (
            "the database is half made; delete its file if it holds no runs that are wanted, and run `dvc repro` again"
        )
    return (
        "nothing else is lost; set MLFLOW_TRACKING_URI to a server that runs, "
        "or unset it to use a local file, and run `dvc repro` again"
    )
