"""Folders that jobs on a cluster read: in place where a worker sees the same files, else as a copy that it was sent."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from distributed import Worker, WorkerPlugin

from pipeline import files


@dataclass(frozen=True)
class Shared:
    """A folder as it was when it was shared."""

    path: Path  # absolute, on the client
    digest: str


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


def has(folder: Shared, dask_worker: Worker) -> bool:
    """Return whether a worker finds a folder; Dask fills in the worker."""
    return locate(folder, dask_worker) is not None


class SendFolder(WorkerPlugin):  # type: ignore[misc]  # mypy does not read Dask, which is optional
    """A plugin that writes a copy of a folder on each worker that lacks it, also on one that joins later."""

    def __init__(self, folder: Shared) -> None:
        self.folder, self.contents = folder, read(folder.path)

    def setup(self, worker: Worker) -> None:
        """Write the copy: Dask deletes a worker's folder when the worker ends."""
        if locate(self.folder, worker) is None:
            with files.replacing_folder(_copy_of(self.folder, worker)) as partial:
                for name, content in self.contents.items():
                    path = partial / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)


def _copy_of(folder: Shared, worker: Worker) -> Path:
    """Return where a worker keeps its copy; the last part is the folder's own name, which is that of a model."""
    return Path(worker.local_directory) / "shared" / folder.digest[:16] / folder.path.name


@cache  # by digest: a folder that has changed has another
def sees(folder: Shared) -> bool:
    """Return whether this worker sees the same folder with the same content."""
    return folder.path.is_dir() and digest(folder.path) == folder.digest


def _list(folder: Path) -> dict[str, Path]:
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return dict(sorted(found.items()))
