"""Read raw files strictly: every error is one line that names the file and the place in it."""

import codecs
import csv
import io
import math
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path

import numpy as np

from pipeline.errors import DataError

MAX_FLOAT32 = float(np.finfo(np.float32).max)  # networks read 32-bit numbers
BLOCK = 1 << 20  # bytes
MAX_SHOWN = 40  # characters of a value in an error
MAX_PATH = 150  # characters of the name of a member
BYTE_ORDER_MARK = "\ufeff"

Blocks = Generator[bytes, None, None]


def shorten(value: object, limit: int = MAX_SHOWN) -> str:
    """Return a value as one short line of an error."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}..."


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


def read_blocks(path: Path) -> Blocks:
    """Yield a file's bytes, a block at a time."""
    try:
        with check_exists(path).open("rb") as file:
            while block := file.read(BLOCK):
                yield block
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; wanted a file that can be read") from None


def decode(content: Blocks, where: object) -> Iterator[str]:
    """Decode UTF-8 a block at a time; drop a byte order mark, and end each line in a line feed alone.

    Args:
        content: The bytes; closed at the end, also after an error.
        where: The file or member that an error names.

    Raises:
        DataError: if there are no bytes, or some that are not UTF-8.
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
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            byte = f"byte {bytes_read - pending + error.start} (0x{error.object[error.start]:02x})"
            raise DataError(f"{where}: {byte} is not UTF-8; save the file as UTF-8") from None
        bytes_read += len(block)
        yield text
    if bytes_read == 0:
        raise DataError(f"{where}: the file is empty; wanted data")


def read_text(path: Path) -> str:
    """Return a file's text, decoded as `decode` does."""
    return "".join(decode(read_blocks(path), path))


def numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line number and the stripped content of each line that is not blank."""
    for number, line in enumerate(text.split("\n"), 1):
        if content := line.strip():
            yield number, content


def read_columns(path: Path, *names: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the named fields, stripped, of each row of a CSV file with a header.

    Raises:
        DataError: if the file is no table, or a name is not in its header exactly once.
    """
    rows = table(path)
    _, header = next(rows, (1, []))
    indices = [column_index(path, header, name) for name in names]
    for line, row in rows:
        yield line, [row[index].strip() for index in indices]


def column_index(path: Path, header: list[str], name: str) -> int:
    """Return the index of a column in the header of a file.

    Raises:
        DataError: if the name is not in the header exactly once.
    """
    names = [field.strip() for field in header]
    if names.count(name) != 1:
        found = ", ".join(map(shorten, names)) or "nothing"
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


def table(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the header and the rows of a CSV file, each with the number of its first line; skip blank rows.

    Raises:
        DataError: if the file is not a CSV, or a row has not as many fields as the header.
    """
    reader = csv.reader(_split_lines(decode(read_blocks(path), path)), strict=True)
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


def _split_lines(content: Iterator[str]) -> Iterator[str]:
    """Split a text that comes in blocks into lines, which keep their line feeds."""
    rest = ""
    for block in content:
        *complete, rest = (rest + block).split("\n")
        yield from (f"{line}\n" for line in complete)
    if rest:
        yield rest
