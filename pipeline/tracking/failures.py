"""Describe what can go wrong with an MLflow store, each in one line with its cure."""

import re
import textwrap
from dataclasses import dataclass
from urllib.parse import urlsplit

from pipeline.errors import ParamsError, PipelineError, TrackingError

URI = "MLFLOW_TRACKING_URI"
WANTED_URI = (
    "wanted http://HOST:PORT, https://HOST, postgresql://USER@HOST/NAME or sqlite:////FOLDER/mlflow.db; "
    "or unset it to use a local file"
)
# Parts of messages of MLflow and SQLAlchemy.
BAD_URI = re.compile(
    "unsupported URI|Invalid SQLite URL|Invalid url|Could not parse SQLAlchemy URL|filesystem tracking backend"
)
PACKAGES = {"psycopg": "psycopg[binary]", "psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient"}  # of modules
EXTRAS = {"psycopg": "postgres"}  # of pyproject.toml, by module
REASON_LENGTH = 160
OTHER_STORE = f"set {URI} to a running server, or unset it to use a local file"


@dataclass(frozen=True)
class Failure:
    """A kind of failure, and what a user can do about it."""

    pattern: str  # in the message of MLflow, urllib3, SQLAlchemy or SQLite
    reason: str = ""  # in the user's words; if empty, their message is good enough
    cure: str = OTHER_STORE


FAILURES = (
    Failure("database or disk is full|No space left|Disk quota exceeded", cure="free some space"),
    Failure(
        "database (table )?is locked",
        "another program has locked the database",
        "end that program, or wait until it is done",
    ),
    Failure(
        r"duplicate column name|table \S+ already exists|no such table",
        cure="the database is incomplete; if you need none of its runs, delete its file",
    ),
    Failure(
        "error code 401|UNAUTHENTICATED",
        "the server wants another user or password (401)",
        "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN",
    ),
    Failure(
        "Invalid Host header",
        "the server does not answer to this name (403)",
        "ask its owner to add the name to its --allowed-hosts",
    ),
    Failure(
        "error code 403|PERMISSION_DENIED",
        "the server does not let this user write (403)",
        f"ask its owner for the right to write, or unset {URI} to use a local file",
    ),
    Failure(r"too many 5\d\d error|error code 5\d\d", "the server fails (HTTP 5xx)", "look into its log, or wait,"),
    Failure("error code 404|not in a valid JSON format|Failed to parse", "what answers there is no MLflow server"),
    Failure(
        "password authentication failed|no password supplied|Access denied for user",
        "the database wants another user or password",
        f"correct them in {URI}",
    ),
    Failure(r'database "[^"]*" does not exist|Unknown database', "the server has no such database", "create it"),
    Failure(
        r"Connection refused|Failed to establish a new connection|on socket \S+ failed",
        "no server answers there",
    ),
    Failure("timed out", "the server does not answer in time"),
    Failure("(?i)failed to resolve", "there is no such server"),
)


class DeadlineError(BaseException):
    """A call took too long; no library may catch this to try again, so it is no Exception."""


def describe(error: BaseException, uri: str) -> PipelineError:
    """Return an error of MLflow as one line with its cure."""
    text = _without_password(str(error), uri)
    if BAD_URI.search(text):
        return uri_error(uri)
    kind = _classify(error, text)
    reason = kind.reason or textwrap.shorten(text, REASON_LENGTH, placeholder=" …") or type(error).__name__
    return TrackingError(
        f"MLflow at {hide_password(uri)}: {reason}; no results are lost; {kind.cure} and run `dvc repro` again"
    )


def uri_error(uri: str) -> ParamsError:
    """Return the error about an address that has no form that MLflow takes."""
    return ParamsError(f"{URI}: found {hide_password(uri)!r}; {WANTED_URI}")


def hide_password(uri: str) -> str:
    """Return an address without its user and password."""
    return _without_password(uri, uri)


def _without_password(text: str, uri: str) -> str:
    address = urlsplit(uri).netloc
    return text.replace(address, address.rpartition("@")[2]) if "@" in address else text


def _classify(error: BaseException, text: str) -> Failure:
    if isinstance(error, DeadlineError):
        text = "timed out"
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = PACKAGES.get(error.name, error.name)
        extra = f" (this project's extra `{EXTRAS[error.name]}`)" if error.name in EXTRAS else ""
        cure = f"`pip install '{package}'`{extra}, or unset {URI} to use a local file,"
        return Failure("", f"Python has no module {error.name}, the driver of this database", cure)
    return next((kind for kind in FAILURES if re.search(kind.pattern, text)), Failure(""))
