"""Read and write files: the same content gives the same bytes, and a file is written whole or not at all."""

import csv
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tokenize import TokenError
from typing import Any, TextIO, TypeVar

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from pipeline.errors import REPAIR, DataError, PipelineError

Arrays = Mapping[str, NDArray[Any]]
Content = TypeVar("Content", bound=BaseModel)

MAX_REASON = 200  # characters of what is wrong with a file


@contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, which replaces `path` when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        with _naming(path):
            yield partial
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Yield an empty temporary folder, which replaces `path` when the block ends without an error.

    Raises:
        PipelineError: if another process is writing the same folder.
    """
    partial = path.with_name(f".{path.name}.partial")
    descriptor = _create_locked(partial, path)
    try:
        with _naming(path):
            yield partial
            shutil.rmtree(path, ignore_errors=True)
            partial.rename(path)
    finally:
        if _is_same_folder(descriptor, partial):  # it was not moved, and no other run has created a new one
            shutil.rmtree(partial, ignore_errors=True)
        os.close(descriptor)


def _create_locked(partial: Path, path: Path) -> int:
    """Create an empty folder and return its locked descriptor.

    The lock tells a folder in use from one that a killed process left behind.
    """
    partial.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(partial, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise PipelineError(
            f"{path}: another run is writing it; wait until that run has ended, and run again"
        ) from None
    if not _is_same_folder(descriptor, partial):  # another run moved it to its final name before the lock was taken
        os.close(descriptor)
        return _create_locked(partial, path)
    for leftover in partial.iterdir():
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    return descriptor


def _is_same_folder(descriptor: int, folder: Path) -> bool:
    """Return whether an open folder still has this path."""
    try:
        return os.path.samestat(os.fstat(descriptor), folder.stat())
    except FileNotFoundError:
        return False


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Add a file's name to an error that has none, such as a full disk."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Name the cure for a file of an earlier stage that is missing or cannot be read, such as a folder in its place."""
    try:
        yield
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; run `dvc repro`, which makes it") from None
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or 'cannot be read'}; {REPAIR}") from None


def write_json(path: Path, content: Any) -> None:
    """Write indented JSON, keys in the given order; refuse NaN and infinity, which JSON does not have."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read a JSON file that an earlier stage wrote.

    Raises:
        DataError: if the file is missing, cannot be read or is not JSON.
    """
    with _reading(path):
        content = path.read_bytes()
    try:
        return json.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not JSON ({error}); delete it and run `dvc repro`") from None


def read_as(path: Path, content: type[Content]) -> Content:
    """Read a JSON file that an earlier stage wrote, as an object of this class.

    Raises:
        DataError: if the file is missing, cannot be read, or is not of this form.
    """
    with _reading(path):
        text = path.read_bytes()
    try:
        return content.model_validate_json(text)
    except ValidationError as error:
        raise DataError(f"{path}: {_describe_first(error)}; {REPAIR}") from None


def _describe_first(error: ValidationError) -> str:
    """Return the first error's key and message in one line."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    key = ".".join(map(str, first["loc"]))
    return " ".join(f"{key}: {first['msg']}".removeprefix(": ").split())[:MAX_REASON]


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV with Unix line ends, each float in the shortest form that reads back as the same number."""
    with path.open("w", newline="", encoding="utf-8") as file:
        write_csv_rows(file, chain([header], rows))


def write_csv_rows(stream: TextIO, rows: Iterable[Sequence[object]]) -> None:
    """Write rows of a CSV to a stream, as `write_csv` does."""
    # With line ends of two characters the writer quotes either of them in a text. A reader would end the row there.
    unix = _Writer(lambda row: stream.write(row[:-2] + "\n"))
    csv.writer(unix, lineterminator="\r\n").writerows(rows)


def read_csv(path: Path) -> list[dict[str, str]]:
    """Read a CSV that an earlier stage wrote, as one dictionary per row.

    Raises:
        DataError: if the file is missing, cannot be read or is damaged.
    """
    try:
        with _reading(path), path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error):
        raise DataError(f"{path}: damaged; {REPAIR}") from None


def write_arrays(folder: Path, arrays: Arrays) -> None:
    """Write each array to folder/NAME.npy, which can be memory-mapped."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        with (folder / f"{name}.npy").open("wb") as file:
            # NumPy writes to a real file without reporting why a write failed, so it only gets `write`.
            np.save(_Writer(file.write), np.ascontiguousarray(array), allow_pickle=False)


@dataclass(frozen=True)
class _Writer:
    """A file-like object with nothing but `write`."""

    write: Callable[[Any], int]


# What NumPy raises for a file that it did not write.
UNREADABLE = (ArithmeticError, EOFError, MemoryError, RecursionError, SyntaxError, TokenError, TypeError, ValueError)


def read_arrays(folder: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays that `write_arrays` wrote, memory-mapped, by name.

    Raises:
        DataError: if a file cannot be read or is damaged.
    """
    arrays: dict[str, NDArray[Any]] = {}
    for path in sorted(folder.glob("*.npy")):
        try:
            with _reading(path):
                arrays[path.stem] = open_memmap(path, mode="r")  # unlike np.load, it opens no zip and no pickle
        except UNREADABLE:
            raise DataError(f"{path}: damaged; {REPAIR}") from None
    return arrays


def sha256(*paths: Path) -> str:
    """Return the SHA-256 of a file's content, or of the names and contents of several files."""
    digest = hashlib.sha256()
    for path in paths:
        if len(paths) > 1:
            digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
