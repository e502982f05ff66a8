"""Folders that jobs on a cluster read: in place where a worker sees the same files, else as a copy that it was sent."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from distributed import Worker

from pipeline import files


@dataclass(frozen=True)
class Shared:
    """A folder as it was when it was shared."""

    path: Path  # absolute, on the client
    digest: str
    run: str  # that shared it: what a worker saw in an earlier one may have changed since


def digest(folder: Path) -> str:
    """Return the SHA-256 of the names and contents of a folder's files."""
    found = hashlib.sha256()
    for name, path in _list(folder).items():
        found.update(f"{name}\0{files.sha256(path)}\n".encode())
    return found.hexdigest()


def read(folder: Path) -> dict[str, bytes]:
    """Return the contents of a folder's files, by their path below it."""
    return {name: path.read_bytes() for name, path in _list(folder).items()}


def locate(folder: Shared, worker: Worker) -> Path | None:
    """Return where a worker finds a folder: in its place, or as a copy; nothing if it has neither."""
    if sees(folder):
        return folder.path
    copy = _copy_of(folder, worker)
    return copy if copy.exists() else None


def lacks(folder: Shared, dask_worker: Worker) -> bool:
    """Return whether a worker has neither a folder nor a copy; Dask fills in the worker."""
    return locate(folder, dask_worker) is None


def write_copy(folder: Shared, contents: Mapping[str, bytes], dask_worker: Worker) -> None:
    """Write what a worker lacks, by path below the folder; Dask deletes it when the worker ends."""
    with files.replacing_folder(_copy_of(folder, dask_worker)) as partial:
        for name, content in contents.items():
            path = partial / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _copy_of(folder: Shared, worker: Worker) -> Path:
    """Return where a worker keeps its copy; the last part is the folder's own name, which is that of a model."""
    return Path(worker.local_directory) / "shared" / folder.digest[:16] / folder.path.name


@cache  # by digest and run
def sees(folder: Shared) -> bool:
    """Return whether this worker sees the same folder with the same content."""
    try:
        return folder.path.is_dir() and digest(folder.path) == folder.digest
    except OSError:  # a folder of another user
        return False


def _list(folder: Path) -> dict[str, Path]:
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return dict(sorted(found.items()))
