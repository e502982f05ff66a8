"""Write and read files so that the same content gives the same bytes, and never half of them."""

import csv
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError

Arrays = Mapping[str, NDArray[Any]]


@contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`, moved to it when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        with _named(path):
            yield partial
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Yield an empty temporary folder, moved to `path` when the block ends without an error.

    Whoever would write the same folder meanwhile is refused.
    """
    partial = path.with_name(f".{path.name}.partial")
    held = _held(partial, path)
    try:
        with _named(path):
            yield partial
            shutil.rmtree(path, ignore_errors=True)
            partial.rename(path)
    finally:
        if _is(held, partial):  # not moved, nor already that of another run
            shutil.rmtree(partial, ignore_errors=True)
        os.close(held)


def _held(partial: Path, path: Path) -> int:
    """Make an empty folder and lock it, so that nobody takes it for what a killed process has left."""
    partial.mkdir(parents=True, exist_ok=True)
    held = os.open(partial, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        raise UserError(f"{path}: another run is writing it; wait until that has ended, and run again") from None
    if not _is(held, partial):  # it has just been moved into place
        os.close(held)
        return _held(partial, path)
    for left in partial.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    return held


def _is(held: int, folder: Path) -> bool:
    """Tell whether an open folder still has this name."""
    try:
        return os.path.samestat(os.fstat(held), folder.stat())
    except FileNotFoundError:
        return False


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Name a file in an error that names none, as one of a full disk."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def write_json(path: Path, content: Any) -> None:
    """Write JSON for people and for diffs: indented, keys in the given order, no NaN."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read a JSON file that a former stage wrote."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; run `dvc repro`, which makes it") from None
    except ValueError as error:
        raise UserError(f"{path}: not JSON ({error}); delete it and run `dvc repro`") from None


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV with Unix line ends; floats in their shortest form that reads back the same."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def read_csv(path: Path) -> list[dict[str, str]]:
    """Read a CSV that a former stage wrote, a dictionary a row."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; run `dvc repro`, which makes it") from None
    except (UnicodeDecodeError, csv.Error):
        raise UserError(f"{path}: damaged; run `make mend` and `dvc repro`") from None


def write_arrays(folder: Path, arrays: Arrays) -> None:
    """Write each array as folder/NAME.npy, which can be memory-mapped."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        with (folder / f"{name}.npy").open("wb") as file:
            # Through `write` alone: NumPy's own way to a file does not say why it fails.
            np.save(_Writer(file.write), np.ascontiguousarray(array), allow_pickle=False)


@dataclass(frozen=True)
class _Writer:
    """A file that can be written to and nothing else."""

    write: Callable[[bytes], int]


def read_arrays(folder: Path) -> dict[str, NDArray[Any]]:
    """Memory-map the arrays that `write_arrays` wrote into a folder, by name."""
    arrays = {}
    for path in sorted(folder.glob("*.npy")):
        try:
            arrays[path.stem] = np.load(path, mmap_mode="r", allow_pickle=False)
        except (ValueError, EOFError):
            raise UserError(f"{path}: damaged; run `dvc repro -f prepare@{folder.parent.name}`") from None
    return arrays


def sha256(*paths: Path) -> str:
    """Return the SHA-256 of files' contents and names, read a block at a time."""
    digest = hashlib.sha256()
    for path in paths:
        if len(paths) > 1:
            digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
