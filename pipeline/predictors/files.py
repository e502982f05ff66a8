"""Where the rows of a table come from, and where they go with their answers."""

import csv
import os
import stat
import sys
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

from pipeline import artifacts
from pipeline.errors import UserError

Rows = Iterable[Sequence[object]]


def there(source: Path) -> Path:
    """Return the path of a CSV, be it a file or a pipe, which must be there."""
    if source.is_dir() or not source.exists():
        fault = "a folder" if source.is_dir() else "no such file"
        raise UserError(f"{source}: {fault}; wanted a CSV file")
    return source


def write(output: Path | None, header: Sequence[str], rows: Rows) -> None:
    """Write a CSV; without a path to standard output.

    A file is written whole or not at all; of a symlink, the file that it leads to. What is no file, as a
    named pipe or a device, is given the rows as they come.
    """
    if output is None or _is_standard_output(output):
        if sys.stdout is None:
            raise UserError("standard output: closed; wanted --output PATH, or where to write")
        _pass_on(sys.stdout, header, rows)
        return
    try:
        if _is_file(output):
            with artifacts.replacing_file(Path(os.path.realpath(output))) as partial:
                artifacts.write_csv(partial, header, rows)
        else:
            with output.open("w", newline="", encoding="utf-8") as stream:
                _pass_on(stream, header, rows)
    except BrokenPipeError:
        raise  # no fault: its reader has what it wanted
    except OSError as error:
        raise UserError(f"{output}: {error.strerror}; wanted a file that can be written") from None


def told(output: Path | None, line: str) -> list[str]:
    """Return a line on a table that was written, or nothing where the table itself stands on standard output."""
    return [] if output is None or _is_standard_output(output) else [line]


def _is_standard_output(output: Path) -> bool:
    """Tell whether a path leads to where standard output goes, as /dev/stdout does."""
    try:
        return os.path.samestat(output.stat(), os.fstat(1))
    except OSError:
        return False


def _is_file(output: Path) -> bool:
    """Tell a file, be it one that is yet to be made, from a pipe or a device; refuse a folder."""
    try:
        mode = output.stat().st_mode
    except FileNotFoundError:
        return True
    if stat.S_ISDIR(mode):
        raise UserError(f"{output}: a folder; wanted a file")
    return stat.S_ISREG(mode)


def _pass_on(stream: TextIO, header: Sequence[str], rows: Rows) -> None:
    """Write rows to what cannot take them back."""
    remaining = iter(rows)
    first = list(islice(remaining, 1))  # before the header: its block may be refused
    csv.writer(stream, lineterminator="\n").writerows(chain([header], first, remaining))
