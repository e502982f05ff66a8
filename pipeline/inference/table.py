"""Read inputs from a CSV, write answers to a file, a pipe or standard output, and show how far that is."""

import os
import stat
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

from tqdm import tqdm

from pipeline import files, spreadsheets
from pipeline.data import readers
from pipeline.data.inputs import input_errors
from pipeline.errors import DataError, InputError
from pipeline.execution.progress import SECONDS_BETWEEN_LINES

Row = Sequence[object]


class RowProgress:
    """Counts rows, and shows them: a progress bar on a terminal, a line from time to time elsewhere."""

    def __init__(self, name: str) -> None:
        self.name, self.rows, self.oov_rows = name, 0, 0
        self.oov_symbols: dict[str, None] = {}  # in the order in which they appear
        self.bar = tqdm(desc=name, unit=" rows", disable=not sys.stderr.isatty(), leave=False, dynamic_ncols=True)
        self.last_line = time.monotonic()

    def add_oov(self, symbols: Sequence[str]) -> None:
        """Take in the out-of-vocabulary symbols of a row."""
        self.oov_rows += bool(symbols)
        self.oov_symbols |= dict.fromkeys(symbols)

    def add_rows(self, rows: int) -> None:
        """Take in a block of answered rows."""
        self.rows += rows
        self.bar.update(rows)
        if self.bar.disable and time.monotonic() - self.last_line > SECONDS_BETWEEN_LINES:
            self.last_line = time.monotonic()
            print(f"{self.name}: {self.rows:,} rows", file=sys.stderr, flush=True)


def require_csv(source: Path) -> None:
    """Refuse a path that is neither a file nor a pipe."""
    if source.is_dir() or not source.exists():
        found = "a folder" if source.is_dir() else "no such file"
        raise InputError(f"{source}: {found}; wanted a CSV file")


def read_header(source: Path, column: str) -> tuple[list[str], int, Iterator[tuple[int, list[str]]]]:
    """Return the header of a CSV, the index of a column, and each row with the number of its first line.

    Raises:
        InputError: if there is no such file, it is not a CSV, or it has no such column; later also if a row is
            malformed, or there is none.
    """
    require_csv(source)
    rows = _read_rows(source)
    _, header = next(rows, (1, []))
    try:
        return header, readers.column_index(source, header, column), rows
    except DataError as error:
        raise InputError(f"{error}; --column names another") from None


def _read_rows(source: Path) -> Iterator[tuple[int, list[str]]]:
    with input_errors():
        yield from readers.table(source)


def write_csv(output: Path | None, header: Sequence[str], rows: Iterable[Row], *, spreadsheet: bool = False) -> None:
    """Write a CSV.

    Args:
        output: A file, which is written as a whole or not at all; a symlink, whose target is then replaced; or a named
            pipe or a device, which gets the rows as they come. None is standard output.
        header: The names of the columns.
        rows: The rows, which may be computed as they are written.
        spreadsheet: Whether an apostrophe goes before each text that a spreadsheet would run as a formula.

    Raises:
        InputError: if the output cannot be written.
    """
    if spreadsheet:
        header, rows = spreadsheets.escape_formulas(header), map(spreadsheets.escape_formulas, rows)
    if output is None or _is_standard_output(output):
        if sys.stdout is None:
            raise InputError("standard output: closed; wanted --output PATH, or where to write")
        _stream_csv(sys.stdout, header, rows)
        return
    try:
        if _is_file(output):
            with files.replacing_file(Path(os.path.realpath(output))) as partial:
                files.write_csv(partial, header, rows)
        else:
            with output.open("w", newline="", encoding="utf-8") as stream:
                _stream_csv(stream, header, rows)
    except BrokenPipeError:
        raise  # not an error: whoever reads the pipe has all that they wanted
    except OSError as error:
        raise InputError(f"{output}: {error.strerror}; wanted a file that can be written") from None


def describe_output(output: Path | None, line: str) -> list[str]:
    """Return a line on a table that was written; nothing if the table went to standard output."""
    return [] if output is None or _is_standard_output(output) else [line]


def _is_standard_output(output: Path) -> bool:
    """Return whether a path leads to where standard output goes, as /dev/stdout does."""
    try:
        return os.path.samestat(output.stat(), os.fstat(1))
    except OSError:
        return False


def _is_file(output: Path) -> bool:
    """Return whether a path is a file or free for one, not a pipe or a device; refuse a folder."""
    try:
        mode = output.stat().st_mode
    except FileNotFoundError:
        return True
    if stat.S_ISDIR(mode):
        raise InputError(f"{output}: a folder; wanted a file")
    return stat.S_ISREG(mode)


def _stream_csv(stream: TextIO, header: Sequence[str], rows: Iterable[Row]) -> None:
    """Write a CSV to a stream, which cannot be emptied again after an error."""
    remaining = iter(rows)
    first = list(islice(remaining, 1))  # before the header: the first rows may raise
    files.write_csv_rows(stream, chain([header], first, remaining))
