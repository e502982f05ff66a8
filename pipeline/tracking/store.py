"""Connect to the MLflow store: a SQLite file in the project's folder, or what MLFLOW_TRACKING_URI names."""

import gc
import logging
import os
import random
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never, TypeVar, cast
from urllib.parse import urlsplit

from pipeline import paths
from pipeline.errors import ParamsError, PipelineError, TrackingError
from pipeline.tracking import database, failures, moved
from pipeline.tracking.failures import DeadlineError

if TYPE_CHECKING:
    from mlflow import MlflowClient

Result = TypeVar("Result")

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
REPEATABLE = ("log_", "set_")  # calls that may be made twice: they set values
CALL_TIMEOUTS = 15  # a call may take this many times MLFLOW_HTTP_REQUEST_TIMEOUT in all
# What a database says to a process that writes what another one is just writing: in the end, it is there.
COLLISION = re.compile(
    "already exists|duplicate (key|entry)|unique constraint failed|deadlock detected|concurrently updated",
    re.IGNORECASE,
)
WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds, at most, before each new try


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
    return paths.project_folder() / moved.ARTIFACTS


def is_server() -> bool:
    """Return whether the store is a server."""
    return urlsplit(uri()).scheme in ("http", "https", "databricks", "uc")


def uri_without_password() -> str:
    """Return the address of the store without its user and password."""
    return failures.hide_password(uri())


@contextmanager
def connect() -> Iterator["MlflowClient"]:
    """Yield a client of the store; create the database if there is none. Any number of processes may do so at once.

    Raises:
        ParamsError: if MLFLOW_TRACKING_URI has no form that MLflow knows.
        TrackingError: if the store cannot be used, also by any call of the client; in one line.
    """
    client_class = _import_mlflow()
    with _one_line_errors():
        _prepare_database()
        client = _open(client_class)
    try:
        yield cast("MlflowClient", _PatientClient(client))
    finally:
        if uri().startswith("sqlite"):
            database.tidy(uri())


def create_database() -> None:
    """Create the database if there is none: a server that is killed while it creates one leaves an incomplete one.

    Raises:
        ParamsError: if MLFLOW_TRACKING_URI has no form that MLflow knows.
        TrackingError: if the database cannot be created, or Python has no driver for it.
    """
    with _one_line_errors():
        if _is_ready():
            return
        _import_mlflow()
        from sqlalchemy import make_url

        if not uri().startswith("sqlite"):
            make_url(uri()).get_dialect().import_dbapi()
        _prepare_database()


def get_experiment(client: "MlflowClient", name: str) -> str:
    """Return the id of the experiment of that name; create it if it is missing, restore it if it was deleted.

    Raises:
        TrackingError: if the store cannot be used.
    """
    experiment = client.get_experiment_by_name(name)
    try:
        if experiment is None:
            location = None if is_server() else (artifact_folder() / name).as_uri()
            return str(client.create_experiment(name, artifact_location=location))
        if experiment.lifecycle_stage == "deleted":
            client.restore_experiment(experiment.experiment_id)
    except TrackingError:
        experiment = client.get_experiment_by_name(name)
        if experiment is None or experiment.lifecycle_stage == "deleted":
            raise  # otherwise another process has just done it
    return str(experiment.experiment_id)


class _PatientClient:
    """A client of MLflow each call of which ends in time: with its result, or with an error in one line."""

    def __init__(self, client: "MlflowClient") -> None:
        self._client = client

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            with _one_line_errors():
                method = getattr(self._client, name)
                if name.startswith(REPEATABLE):
                    return _try_again(method, *arguments, **options)
                return method(*arguments, **options)

        return call


def _import_mlflow() -> "type[MlflowClient]":
    """Import MLflow, which takes two seconds, and configure it."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    logging.getLogger("alembic").setLevel(logging.WARNING)  # it logs each step of creating the database
    for name in ("mlflow", "psycopg"):  # they log what they raise too
        logging.getLogger(name).setLevel(logging.CRITICAL)
    database.configure()
    gc.freeze()  # what is imported stays; looking through it again and again is a tenth of the work of publishing
    return MlflowClient


def _prepare_database() -> None:
    """Have a complete SQLite file of this project, if the store is one."""
    if uri().startswith("sqlite"):
        database.prepare(uri(), artifact_folder(), is_own=not os.environ.get(failures.URI))


def _is_ready() -> bool:
    """Return whether the project's own SQLite file is the store and complete, so that nothing has to be imported."""
    path = Path(uri().removeprefix("sqlite:///"))
    return not os.environ.get(failures.URI) and database.is_ready(path, artifact_folder())


def _open(client_class: "type[MlflowClient]") -> "MlflowClient":
    """Return a client. In a database without tables it creates them, which fails if another process is doing so."""
    if is_server() or uri().startswith("sqlite"):
        return client_class(tracking_uri=uri())
    _try_to_connect()
    return _try_again(client_class, tracking_uri=uri())


def _try_again(call: Callable[..., Result], *arguments: Any, **options: Any) -> Result:
    """Call a function, again if another process has just written the same, of which MLflow makes an error."""
    for seconds in WAITS:
        try:
            return call(*arguments, **options)
        except Exception as error:
            if not COLLISION.search(str(error)):
                raise
            time.sleep(seconds * random.random())  # noqa: S311 - so that processes do not collide again
    return call(*arguments, **options)


def _try_to_connect() -> None:
    """Fail at once where no database answers: MLflow tries for minutes."""
    from sqlalchemy import create_engine, make_url
    from sqlalchemy.exc import ArgumentError

    try:
        engine = create_engine(make_url(uri()))
    except ArgumentError:
        raise failures.uri_error(uri()) from None
    try:
        engine.connect().close()
    finally:
        engine.dispose()


def _call_seconds() -> int:
    """Return how long a call may take in all."""
    timeout = os.environ.get(TIMEOUT, ENVIRONMENT[TIMEOUT])
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
