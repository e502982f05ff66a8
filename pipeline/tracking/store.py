"""Where runs are kept, and the way in: a SQLite file at the project's root, or the server that the user names."""

import fcntl
import logging
import os
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


def uri() -> str:
    """Return the address of the store."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{paths.project() / 'mlflow.db'}"


def artifact_folder() -> Path:
    """Return where the files of runs are kept, unless a server sees to that."""
    return paths.project() / "mlartifacts"


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
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient  # late: it takes two seconds
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    for name in ("mlflow", "alembic"):  # they tell of each step of making the database
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        with _alone():
            yield MlflowClient(tracking_uri=uri())
    except (MlflowException, SQLAlchemyError, OSError) as error:
        raise UserError(f"MLflow at {shown()}: {_reason(error)}; {_cure()}") from None


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


def _cure() -> str:
    return (
        "nothing else is lost; set MLFLOW_TRACKING_URI to a server that runs, "
        "or unset it to use a local file, and run `dvc repro` again"
    )
