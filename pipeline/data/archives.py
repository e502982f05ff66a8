"""Read members of zip files and folders; nothing is ever unpacked to disk."""

import lzma
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from pipeline.data.readers import MAX_PATH, Blocks, UnpackLimit, check_exists, list_some, open_raw, read_blocks, shorten
from pipeline.errors import DataError

MAGIC = (b"PK\x03\x04", b"PK\x05\x06")  # of a zip with members, and of an empty one
JUNK = "__MACOSX/"  # file attributes that the Mac's archiver adds
DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, ValueError)

Member = tuple[str, Blocks]
Members = Generator[Member, None, None]


def format_member(path: Path, name: str) -> str:
    """Return the place of a member as an error names it, on one line whatever its name."""
    return f"{path}: member {shorten(name, MAX_PATH)}"


def is_zip(path: Path) -> bool:
    """Return whether a file begins as a zip does, whatever its name."""
    if not check_exists(path).is_file():
        return False
    with open_raw(path) as file:
        return file.read(4) in MAGIC


def read_single_member(path: Path, max_megabytes: int) -> Blocks:
    """Yield the bytes of the only file in a zip, a block at a time.

    Raises:
        DataError: if the zip is damaged, has not exactly one file, or unpacks to more than `max_megabytes`.
    """
    with _open_zip(path) as archive:
        names = _list_names(archive, path)
        if len(names) != 1:
            found = f"{len(names)} files ({list_some(names)})" if names else "no file"
            raise DataError(f"{path}: found {found} in the zip; wanted exactly one")
        yield from _read_member(archive, names[0], path, UnpackLimit(path, max_megabytes))


def read_members(path: Path, pattern: str, max_megabytes: int) -> Members:
    """Yield the name and the bytes of each file in a folder or zip that matches a pattern, sorted by name.

    The bytes of one member must be read before the next member is requested.

    Args:
        path: A folder or a zip.
        pattern: A path in which `*` and `?` match any characters but a slash and a leading dot, as in a shell.
        max_megabytes: The most that all matching members of a zip, or a gzip file of a folder, may unpack to.

    Raises:
        DataError: if no file matches, or the zip is damaged or too large.
    """
    read = _read_folder if path.is_dir() else _read_zip
    yield from read(path, pattern, max_megabytes)


def list_files(path: Path, pattern: str) -> list[Path]:
    """Return the raw files that `read_members` reads: the matching files of a folder, or the zip itself."""
    if not path.is_dir():
        return [path]
    found = {file.relative_to(path).as_posix(): file for file in path.rglob("*") if file.is_file()}
    return [found[name] for name in _matching_names(found, pattern, path)]


def _read_folder(path: Path, pattern: str, max_megabytes: int) -> Members:
    for file in list_files(path, pattern):
        yield file.relative_to(path).as_posix(), read_blocks(file, max_megabytes)


def _read_zip(path: Path, pattern: str, max_megabytes: int) -> Members:
    limit = UnpackLimit(path, max_megabytes)
    with _open_zip(path) as archive:
        for name in _matching_names(_list_names(archive, path), pattern, path):
            yield name, _read_member(archive, name, path, limit)


def _read_member(archive: zipfile.ZipFile, name: str, path: Path, limit: UnpackLimit) -> Blocks:
    with _zip_errors(format_member(path, name)), archive.open(name) as member:
        yield from limit.read(member)


def _matching_names(names: Iterable[str], pattern: str, path: Path) -> list[str]:
    """Return the names that match a pattern, sorted: file systems and zips list them in any order."""
    matching = sorted(name for name in names if _matches(name, pattern))
    if not matching:
        found = list_some(sorted(names)) or "none"
        raise DataError(f"{path}: no file matches members {pattern!r}; found {found}")
    return matching


def _matches(name: str, pattern: str) -> bool:
    parts, patterns = name.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(
        fnmatchcase(part, wanted) and part.startswith(".") == wanted.startswith(".")
        for part, wanted in zip(parts, patterns, strict=True)
    )


@contextmanager
def _open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip whose names are UTF-8, as every common program writes them, with or without saying so."""
    with _zip_errors(path), zipfile.ZipFile(path, metadata_encoding="utf-8") as archive:
        yield archive


@contextmanager
def _zip_errors(where: object) -> Iterator[None]:
    """Raise what the library finds wrong with a zip or a member as a DataError."""
    try:
        yield
    except UnicodeDecodeError as error:  # of a name; content is decoded elsewhere
        name = shorten(error.object.decode("ascii", "backslashreplace"), MAX_PATH)
        raise DataError(f"{where}: the name of member {name} is not UTF-8; rename that file, and zip again") from None
    except NotImplementedError as error:
        raise DataError(f"{where}: {error!s:.80}; zip it again with the usual compression, Deflate") from None
    except RuntimeError:  # the library's error for a password
        raise DataError(f"{where}: encrypted; save the zip without a password") from None
    except DAMAGE as error:
        raise DataError(f"{where}: damaged zip ({error!s:.80}); get it again") from None


def _list_names(archive: zipfile.ZipFile, path: Path) -> list[str]:
    """Return the names of a zip's files; refuse names outside the zip's folder, and duplicates."""
    names = [entry.filename for entry in archive.infolist() if not entry.filename.endswith("/")]
    names = [name for name in names if not name.startswith(JUNK)]
    for name in names:
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if not parts or ".." in parts or parts[0] == "/" or ":" in parts[0]:
            raise DataError(f"{format_member(path, name)} leads out of the zip; wanted names inside it")
    if duplicates := [name for name, count in sorted(Counter(names).items()) if count > 1]:
        raise DataError(f"{format_member(path, duplicates[0])} is in the zip twice; wanted it once")
    return names
