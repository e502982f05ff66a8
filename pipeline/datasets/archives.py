"""Read members of zip files and folders; nothing is ever unpacked to disk."""

import lzma
import zipfile
import zlib
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from pipeline.datasets.reading import BLOCK, Blocks, blocks, existing, shown
from pipeline.errors import UserError

MAGIC = (b"PK\x03\x04", b"PK\x05\x06")  # of a zip with members, and of one without
MEGABYTE = 1_000_000
JUNK = "__MACOSX/"  # holds the file attributes that the Mac's archiver adds

Member = tuple[str, Blocks]
Members = Generator[Member, None, None]


def is_zip(path: Path) -> bool:
    """Tell whether a file begins as a zip does, whatever its name."""
    return existing(path).is_file() and next(blocks(path), b"")[:4] in MAGIC


def only_member(path: Path, megabytes: int) -> Blocks:
    """Yield the bytes of a zip's one file, a block at a time."""
    with _opened(path) as archive:
        names = _names(archive, path)
        if len(names) != 1:
            found = f"{len(names)} files ({', '.join(map(shown, names[:3]))})" if names else "no file"
            raise UserError(f"{path}: found {found} in the zip; wanted exactly one")
        yield from _Meter(path, megabytes).read(archive, names[0])


def members(path: Path, pattern: str, megabytes: int) -> Members:
    """Yield name and bytes of each file in a folder or zip that fits a pattern, in the order of the names.

    In a pattern `*` and `?` stand for any characters but a slash and a leading dot, as in a shell.
    The bytes of one member must be read before the next is asked for.
    """
    yield from (_from_folder(path, pattern) if path.is_dir() else _from_zip(path, pattern, megabytes))


def files(path: Path, pattern: str) -> list[Path]:
    """Return the raw files behind `members`: those of a folder that fit, or the zip itself."""
    if not path.is_dir():
        return [path]
    found = {file.relative_to(path).as_posix(): file for file in path.rglob("*") if file.is_file()}
    return [found[name] for name in _fitting(found, pattern, path)]


def _from_folder(path: Path, pattern: str) -> Members:
    for file in files(path, pattern):
        yield file.relative_to(path).as_posix(), blocks(file)


def _from_zip(path: Path, pattern: str, megabytes: int) -> Members:
    meter = _Meter(path, megabytes)
    with _opened(path) as archive:
        for name in _fitting(_names(archive, path), pattern, path):
            yield name, meter.read(archive, name)


def _fitting(names: list[str] | dict[str, Path], pattern: str, path: Path) -> list[str]:
    """Return the names that fit a pattern, sorted, so that no order of a file system or zip remains."""
    found = sorted(name for name in names if _fits(name, pattern))
    if not found:
        seen = ", ".join(map(shown, sorted(names)[:3])) or "none"
        raise UserError(f"{path}: no file fits members {pattern!r}; found {seen}")
    return found


def _fits(name: str, pattern: str) -> bool:
    parts, wanted = name.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(
        fnmatchcase(part, want) and part.startswith(".") == want.startswith(".")
        for part, want in zip(parts, wanted, strict=True)
    )


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip; what the library says of a damaged one, also while reading, becomes one line."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError) as error:
        raise UserError(f"{path}: damaged zip ({error}); get it again") from None
    except (NotImplementedError, RuntimeError) as error:  # an unknown method; a password
        raise UserError(f"{path}: {error}; wanted a plain zip") from None


def _names(archive: zipfile.ZipFile, path: Path) -> list[str]:
    """Return the names of a zip's files, none of which may lead out of it or stand twice."""
    names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
    names = [name for name in names if not name.startswith(JUNK)]
    for name in names:
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if not parts or ".." in parts or parts[0] == "/" or ":" in parts[0]:
            raise UserError(f"{path}: member {shown(name)} leaves the folder; wanted names inside the zip")
    if twice := [name for name, count in sorted(Counter(names).items()) if count > 1]:
        raise UserError(f"{path}: member {shown(twice[0])} stands in the zip twice; wanted it once")
    return names


class _Meter:
    """Reads members while counting their bytes: a zip's own word on its size proves nothing."""

    def __init__(self, path: Path, megabytes: int) -> None:
        self.path, self.megabytes, self.left = path, megabytes, megabytes * MEGABYTE

    def read(self, archive: zipfile.ZipFile, name: str) -> Blocks:
        with archive.open(name) as member:
            while block := member.read(BLOCK):
                self.left -= len(block)
                if self.left < 0:
                    limit = f"{self.megabytes} megabytes"
                    raise UserError(f"{self.path}: unpacks to more than {limit}; raise `megabytes` if it may")
                yield block
