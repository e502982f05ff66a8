"""Read raw files strictly: every fault ends in one line that names the file and the place in it."""

import codecs
import csv
import io
import math
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path

from pipeline.errors import UserError

BLOCK = 1 << 20  # bytes
SHOWN = 40
BOM = "\ufeff"

Blocks = Generator[bytes, None, None]


def shown(value: object) -> str:
    """Return a value as one short line of an error."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def existing(path: Path) -> Path:
    """Return the path of a raw file or folder, which must be there."""
    if not path.exists():
        raise UserError(f"{path}: no such file; `dvc repro` fetches what Git does not hold, or put it there")
    return path


def blocks(path: Path) -> Blocks:
    """Yield a file's bytes, a block at a time."""
    try:
        with existing(path).open("rb") as file:
            while block := file.read(BLOCK):
                yield block
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; wanted a file that can be read") from None


def decoded(content: Blocks, where: object) -> Iterator[str]:
    """Decode UTF-8 a block at a time; a byte order mark goes, and each line ends in a line feed alone."""
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    opening = True
    with closing(content):  # also after a fault, at once, not when its traceback is forgotten
        for text in _characters(content, where):
            plain = text.removeprefix(BOM) if opening else text
            opening = opening and not text
            yield newlines.decode(plain)
    yield newlines.decode("", final=True)


def _characters(content: Blocks, where: object) -> Iterator[str]:
    """Decode UTF-8, or name the first byte that is not."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    read = 0
    for block in chain(content, [b""]):
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            byte = f"byte {read - pending + error.start} (0x{error.object[error.start]:02x})"
            raise UserError(f"{where}: {byte} is not UTF-8; save the file as UTF-8") from None
        read += len(block)
        yield text
    if read == 0:
        raise UserError(f"{where}: the file is empty; wanted data")


def whole(path: Path) -> str:
    """Return a file's text."""
    return "".join(decoded(blocks(path), path))


def lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the number and the stripped content of each line that is not blank."""
    for number, line in enumerate(text.split("\n"), 1):
        if content := line.strip():
            yield number, content


def columns(path: Path, *names: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the named fields of each row of a CSV file with a header."""
    rows = table(path)
    _, header = next(rows, (1, []))
    places = [header_place(path, header, name) for name in names]
    for line, row in rows:
        yield line, [row[place].strip() for place in places]


def header_place(path: Path, header: list[str], name: str) -> int:
    """Return where a column stands in a header."""
    names = [field.strip() for field in header]
    if names.count(name) != 1:
        found = ", ".join(map(shown, names)) or "nothing"
        times = "twice" if name in names else "not there"
        raise UserError(f"{path}: line 1: column {shown(name)} is {times}; found {found}")
    return names.index(name)


def finite(cell: str) -> float | None:
    """Return the number that a cell holds, or None where it holds none or one that is not finite."""
    try:
        number = float(cell)
    except ValueError:
        return None
    # Python reads 1_000 as a number, which no other program writes.
    return number if math.isfinite(number) and "_" not in cell else None


def table(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the header and each row that is not blank, all of one length, with the number of its first line."""
    reader = csv.reader(_lines(decoded(blocks(path), path)), strict=True)
    line, fields = 1, 0
    try:
        for row in reader:
            if any(field.strip() for field in row):
                fields = fields or len(row)
                if len(row) != fields:
                    raise UserError(f"{path}: line {line}: found {len(row)} fields; wanted {fields}")
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"{path}: line {line}: {error}; wanted comma-separated values") from None


def _lines(content: Iterator[str]) -> Iterator[str]:
    """Cut a text that comes in blocks into lines, which keep their ends."""
    rest = ""
    for block in content:
        *complete, rest = (rest + block).split("\n")
        yield from (f"{line}\n" for line in complete)
    if rest:
        yield rest
