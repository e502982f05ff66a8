"""The SQLite file of a store: created by one process at a time, complete or missing, and fast to write."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import paths
from pipeline.tracking import failures, moved

if TYPE_CHECKING:
    from sqlalchemy import URL

# Of the file systems of one machine. On those that several share, SQLite's log of changes (WAL) may damage a database.
LOCAL = {"apfs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "xfs", "zfs"}
MOUNTS = Path("/proc/self/mounts")


def configure() -> None:
    """Let SQLAlchemy wait for the disk less often, in this process, where SQLite's log keeps a database whole."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    if not event.contains(Engine, "connect", _wait_less):
        event.listen(Engine, "connect", _wait_less)


def prepare(address: str, artifacts: Path, is_own: bool) -> None:
    """Have a complete database at the address of a SQLite file, whatever other processes do at the same time.

    Args:
        address: Of a SQLite store.
        artifacts: The project's folder for the files of runs.
        is_own: Whether the file is the project's own; if it shows the runs of another project, it is set aside.

    Raises:
        ParamsError: if the address cannot be read.
    """
    url = _read(address)
    name = url.database or ":memory:"
    if name.startswith((":", "file:")):
        return
    path = Path(name)
    if _is_in_place(path, artifacts, is_own):
        return
    with _one_process(path.parent):
        if _exists(path) and not (is_own and moved.set_aside(path, artifacts)):
            return  # another process has just done it
        if not _exists(path):
            _create(path, url, artifacts)
        if is_own:  # without its receipt, DVC runs stage `publish` again
            (artifacts.parent / paths.RECEIPT).unlink(missing_ok=True)


def _is_in_place(path: Path, artifacts: Path, is_own: bool) -> bool:
    """Return whether there is nothing to do; where that cannot be read, another process may be moving the file."""
    try:
        return _exists(path) and not (is_own and moved.is_of_another_project(path, artifacts))
    except sqlite3.Error:
        return False


def tidy(address: str) -> None:
    """Move what is in SQLite's log into the database, so that the file alone is a copy, unless it is being used."""
    name = _read(address).database or ":memory:"
    if not name.startswith((":", "file:")):
        with suppress(sqlite3.Error), closing(sqlite3.connect(name, timeout=0)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def is_ready(path: Path, artifacts: Path) -> bool:
    """Return whether the project's own database is there and its own."""
    return _exists(path) and not moved.is_of_another_project(path, artifacts)


def _read(address: str) -> "URL":
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(address)
    except ArgumentError:
        raise failures.uri_error(address) from None


def _exists(path: Path) -> bool:
    """Return whether there is a database; an empty file is none."""
    return path.exists() and path.stat().st_size > 0


def _create(path: Path, url: "URL", artifacts: Path) -> None:
    """Create a database under a temporary name, then rename it: MLflow cannot use an incomplete one."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    partial = path.with_name(f".{path.name}.partial")
    _delete(partial)
    address = url.set(database=str(partial)).render_as_string(hide_password=False)
    try:
        with _without_waiting():
            created = SqlAlchemyStore(address, artifacts.as_uri())  # type: ignore[no-untyped-call]
            created.engine.dispose()
        if _is_local(partial.parent):
            with closing(sqlite3.connect(partial)) as connection:
                connection.execute(
                    "PRAGMA journal_mode = WAL"
                )  # for good; readers and a writer do not wait for each other
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        _delete(path)  # otherwise SQLite would apply the journal of an earlier database to this one
        partial.replace(path)
    finally:
        _delete(partial)


def _delete(path: Path) -> None:
    """Delete a SQLite file and what SQLite keeps beside it."""
    for suffix in moved.SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


@contextmanager
def _without_waiting() -> Iterator[None]:
    """Let SQLite not wait for the disk within the block: MLflow creates its tables in hundreds of transactions."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def never_wait(connection: Any, _: object) -> None:
        connection.execute("PRAGMA synchronous = OFF")

    event.listen(Engine, "connect", never_wait)
    try:
        yield
    finally:
        event.remove(Engine, "connect", never_wait)


def _wait_less(connection: Any, _: object) -> None:
    """Wait for the disk when SQLite empties its log, and not at each transaction: those may be lost with the power."""
    if isinstance(connection, sqlite3.Connection):
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        if mode == "wal":
            connection.execute("PRAGMA synchronous = NORMAL")


def _is_local(folder: Path) -> bool:
    """Return whether a folder is known to be on a disk of this machine."""
    if not MOUNTS.exists():
        return False
    mounts = [line.split()[1:3] for line in MOUNTS.read_text().splitlines()]
    above = {str(each) for each in (folder.resolve(), *folder.resolve().parents)}
    _, kind = max((len(place), kind) for place, kind in mounts if place in above)
    return kind in LOCAL


@contextmanager
def _one_process(folder: Path) -> Iterator[None]:
    """Let one process at a time create a database in a folder, or set one aside."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
