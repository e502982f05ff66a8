"""Read raw files strictly: every error is one line that names the file and the place in it."""

import codecs
import csv
import gzip
import io
import math
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, Any

import numpy as np

from pipeline.errors import DataError

MAX_FLOAT32 = float(np.finfo(np.float32).max)  # networks read 32-bit numbers
BLOCK = 1 << 20  # bytes
MAX_SHOWN = 40  # characters of a value in an error
MAX_PATH = 150  # characters of the name of a member
MAX_LISTED = 10  # values in an error
MAX_LINE = 10_000_000  # characters of a table
BYTE_ORDER_MARK = "\ufeff"
MEGABYTE = 1_000_000
# What a gzip file may unpack to where no `max_megabytes` says so: data are seldom packed to a fiftieth, bombs always.
MIN_UNPACKED, MAX_UNPACKED, MAX_RATIO = 10, 1000, 50  # megabytes, megabytes, times its size
GZIP = b"\x1f\x8b"

# How files begin that often lie where a text should, in small letters.
IMPOSTORS = {
    b"version https://git-lfs": "a pointer of Git LFS instead of the file; run `git lfs pull`",
    b"<!doctype html": "a web page, often a server's error, instead of the file; get it again",
    b"<html": "a web page, often a server's error, instead of the file; get it again",
    b"pk\x03\x04": "a zip where a text is wanted; unpack it",
    GZIP: "packed more than once; unpack it",
}

Blocks = Generator[bytes, None, None]


def shorten(value: object, limit: int = MAX_SHOWN) -> str:
    """Return a value as one short line of an error."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}..."


def list_some(values: Sequence[Any], form: Callable[[Any], str] = shorten) -> str:
    """Return values as a short list: the first, and how many more there are."""
    more = len(values) - MAX_LISTED
    return ", ".join(map(form, values[:MAX_LISTED])) + (f" and {more} more" if more > 0 else "")


def check_exists(path: Path) -> Path:
    """Return the path of a raw file or folder.

    Raises:
        DataError: if nothing is there.
    """
    if not path.exists():
        raise DataError(
            f"{path}: no such file; put it there, or run `dvc repro`, which fetches files that are not in Git"
        )
    return path


@contextmanager
def open_raw(path: Path) -> Iterator[io.BufferedReader]:
    """Open a raw file; raise what goes wrong while it is read as a DataError."""
    try:
        with check_exists(path).open("rb") as file:
            yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: damaged gzip file ({error!s:.80}); get it again") from None
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; wanted a file that can be read") from None


def read_blocks(path: Path, max_megabytes: int | None = None) -> Blocks:
    """Yield a file's bytes, a block at a time; unpack a gzip file.

    Args:
        path: A file or a pipe.
        max_megabytes: The most that a gzip file may unpack to.

    Raises:
        DataError: if the file cannot be read, or is a gzip file that is damaged or too large.
    """
    with open_raw(path) as file:
        if file.peek(len(GZIP))[: len(GZIP)] != GZIP:
            yield from iter(lambda: file.read(BLOCK), b"")
        else:
            with gzip.GzipFile(fileobj=file) as unpacked:
                limit = UnpackLimit(path, max_megabytes) if max_megabytes else _default_limit(path)
                yield from limit.read(unpacked)


class UnpackLimit:
    """Reads packed files and counts their bytes, because the sizes that they state may be wrong."""

    def __init__(self, path: Path, max_megabytes: int, cure: str = "raise `max_megabytes`") -> None:
        self.path, self.max_megabytes, self.cure = path, max_megabytes, cure
        self.bytes_left = max_megabytes * MEGABYTE

    def read(self, file: IO[bytes] | gzip.GzipFile) -> Blocks:
        """Yield the bytes of a file, a block at a time.

        Raises:
            DataError: if all files that were read have more bytes than the limit.
        """
        while block := file.read(BLOCK):
            self.bytes_left -= len(block)
            if self.bytes_left < 0:
                size = f"{self.max_megabytes} megabytes"
                raise DataError(f"{self.path}: unpacks to more than {size}; {self.cure} if that is right")
            yield block


def _default_limit(path: Path) -> UnpackLimit:
    wanted = path.stat().st_size * MAX_RATIO // MEGABYTE if path.is_file() else MAX_UNPACKED  # a pipe has no size
    return UnpackLimit(path, min(max(wanted, MIN_UNPACKED), MAX_UNPACKED), "unpack it")


def decode(content: Blocks, where: object) -> Iterator[str]:
    """Decode UTF-8 a block at a time; drop a byte order mark, and end each line in a line feed alone.

    Args:
        content: The bytes; closed at the end, also after an error.
        where: The file or member that an error names.

    Raises:
        DataError: if there are no bytes, some that are not UTF-8 or NUL, or if it is a web page or another impostor.
    """
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    at_start = True
    with closing(content):  # at once, also after an error, rather than when its traceback is freed
        for text in _decode_utf8(content, where):
            plain = text.removeprefix(BYTE_ORDER_MARK) if at_start else text
            at_start = at_start and not text
            yield newlines.decode(plain)
    yield newlines.decode("", final=True)


def _decode_utf8(content: Blocks, where: object) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    bytes_read = 0
    for block in chain(content, [b""]):
        if not bytes_read:
            _refuse_impostor(block, where)
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            byte = f"byte {bytes_read - pending + error.start} (0x{error.object[error.start]:02x})"
            raise DataError(f"{where}: {byte} is not UTF-8; save the file as UTF-8") from None
        if (nul := block.find(0)) != -1:
            raise DataError(f"{where}: byte {bytes_read + nul} (0x00) is no text; get the file again, as UTF-8")
        bytes_read += len(block)
        yield text
    if bytes_read == 0:
        raise DataError(f"{where}: the file is empty; wanted data")


def _refuse_impostor(start: bytes, where: object) -> None:
    """Refuse a file that is not what its name promises."""
    opening = start.removeprefix(BYTE_ORDER_MARK.encode()).lstrip()[:MAX_SHOWN].lower()
    for sign, description in IMPOSTORS.items():
        if opening.startswith(sign):
            raise DataError(f"{where}: {description}")


def read_text(path: Path) -> str:
    """Return a file's text, decoded as `decode` does."""
    return "".join(decode(read_blocks(path), path))


def numbered_lines(content: Blocks, where: object) -> Iterator[tuple[int, str]]:
    """Yield the line number and the text of each line that is not blank; read and decode no more than a block ahead."""
    for number, line in enumerate(_split_lines(decode(content, where), where), 1):
        if line.strip():
            yield number, line.removesuffix("\n")


def read_columns(
    path: Path, *names: str, max_megabytes: int | None = None, strip: bool = True
) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the named fields of each row of a CSV file with a header.

    Args:
        path: The file.
        names: The columns.
        max_megabytes: The most that a gzip file may unpack to.
        strip: Whether to remove white space around a field.

    Raises:
        DataError: if the file is no table, or a name is not in its header exactly once.
    """
    rows = table(path, max_megabytes)
    _, header = next(rows, (1, []))
    indices = [column_index(path, header, name) for name in names]
    for line, row in rows:
        fields = [row[index] for index in indices]
        yield line, [field.strip() for field in fields] if strip else fields


def column_index(path: Path, header: list[str], name: str) -> int:
    """Return the index of a column in the header of a file.

    Raises:
        DataError: if the name is not in the header exactly once.
    """
    names = [field.strip() for field in header]
    if names.count(name) != 1:
        found = list_some(names) or "nothing"
        problem = "there twice" if name in names else "not there"
        raise DataError(f"{path}: line 1: column {shorten(name)} is {problem}; found {found}")
    return names.index(name)


def parse_number(text: str) -> float | None:
    """Return the number in a field of a table, or None if it is not a finite number."""
    try:
        number = float(text)
    except ValueError:
        return None
    # Python reads 1_000 as a number, but no other program writes one so.
    return number if math.isfinite(number) and "_" not in text else None


def table(path: Path, max_megabytes: int | None = None) -> Iterator[tuple[int, list[str]]]:
    """Yield the header and the rows of a CSV file, each with the number of its first line; skip blank rows.

    Raises:
        DataError: if the file is not a CSV, or a row has not as many fields as the header.
    """
    lines = _split_lines(decode(read_blocks(path, max_megabytes), path), path)
    reader = csv.reader(lines, strict=True)
    line, width = 1, 0
    try:
        for row in reader:
            if any(field.strip() for field in row):
                width = width or len(row)
                if len(row) != width:
                    raise DataError(f"{path}: line {line}: found {len(row)} fields; wanted {width}")
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}: line {line}: {error}; wanted comma-separated values") from None


def _split_lines(content: Iterator[str], where: object) -> Iterator[str]:
    """Split a text that comes in blocks into lines, which keep their line feeds; refuse an endless line."""
    rest, number = "", 1
    for block in content:
        *complete, rest = (rest + block).split("\n")
        yield from (f"{line}\n" for line in complete)
        number += len(complete)
        if len(rest) > MAX_LINE:
            raise DataError(f"{where}: line {number}: longer than {MAX_LINE:,} characters; wanted a line for each row")
    if rest:
        yield rest
