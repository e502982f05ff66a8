"""Answer the rows of a CSV, a block at a time."""

import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

from pipeline.datasets import reading
from pipeline.errors import UserError
from pipeline.predictors import files, strangers
from pipeline.progress import SECONDS_BETWEEN_LINES

BLOCK = 1 << 13  # rows
REMEMBERED = 1 << 20  # answers


class Answerer(Protocol):
    """What a table needs of a predictor."""

    name: str
    columns: tuple[str, ...]

    @property
    def strange_ones(self) -> str:
        """Say what is strange about such symbols, and how they are read."""

    def read(self, text: str, *, lenient: bool = False) -> Any:
        """Clean and encode an input."""

    def cells(self, items: Sequence[Any]) -> list[tuple[str, ...]]:
        """Answer read inputs."""

    def strange(self, text: str) -> list[str]:
        """Return the symbols of an input that are read as if they were another."""


class Progress:
    """Counts rows: a running line on a terminal, a line now and then elsewhere."""

    def __init__(self, name: str) -> None:
        self.name, self.rows, self.doubtful = name, 0, 0
        self.strange: dict[str, None] = {}  # in the order of their coming
        self.bar = tqdm(desc=name, unit=" rows", disable=not sys.stderr.isatty(), leave=False, dynamic_ncols=True)
        self.last_line = time.monotonic()

    def note(self, strange: Sequence[str]) -> None:
        """Take in the strange symbols of a row."""
        self.doubtful += bool(strange)
        self.strange |= dict.fromkeys(strange)

    def add(self, rows: int) -> None:
        """Take in a block."""
        self.rows += rows
        self.bar.update(rows)
        if self.bar.disable and time.monotonic() - self.last_line > SECONDS_BETWEEN_LINES:
            self.last_line = time.monotonic()
            print(f"{self.name}: {self.rows:,} rows", file=sys.stderr, flush=True)

    def tell(self, strange_ones: str) -> None:
        """Tell of rows whose answer is to be doubted."""
        if self.doubtful:
            told = f"{self.doubtful:,} of {self.rows:,} rows have {strange_ones}: {strangers.listed(self.strange)}"
            print(f"{self.name}: {told}", file=sys.stderr)


def answer(predictor: Answerer, source: Path, output: Path | None, column: str) -> list[str]:
    """Write the rows of `source` and the answer to each; return what is to be said of it."""
    rows = reading.table(files.there(source))
    _, header = next(rows, (1, []))
    place = _place(source, header, column)
    if taken := [name for name in predictor.columns if name in header]:
        raise UserError(f"{source}: line 1: column {taken[0]!r} would stand there twice; rename it")
    progress = Progress(predictor.name)
    try:
        inputs = _inputs(predictor, rows, source, place, progress)
        files.write(output, (*header, *predictor.columns), _answered(predictor, inputs, progress))
    finally:
        progress.bar.close()
    progress.tell(predictor.strange_ones)
    return files.told(output, f"{progress.rows:,} rows in {output}")


def _place(source: Path, header: list[str], column: str) -> int:
    try:
        return reading.header_place(source, header, column)
    except UserError as error:
        raise UserError(f"{error}; --column names another") from None


def _inputs(
    predictor: Answerer, rows: Iterator[tuple[int, list[str]]], source: Path, place: int, progress: Progress
) -> Iterator[tuple[list[str], Any]]:
    """Yield each row's fields with its input, read."""
    line = 1
    for line, fields in rows:
        try:
            item = predictor.read(fields[place], lenient=True)
        except UserError as error:
            raise UserError(f"{source}: line {line}: {error}") from None
        progress.note(predictor.strange(fields[place]))
        yield fields, item
    if line == 1:
        raise UserError(f"{source}: found no rows under the header; wanted one an input")


def _answered(
    predictor: Answerer, inputs: Iterator[tuple[list[str], Any]], progress: Progress
) -> Iterator[tuple[str, ...]]:
    """Yield each row's fields with its answer; the network reads inputs that are equal once."""
    known: dict[bytes, tuple[str, ...]] = {}
    while block := list(islice(inputs, BLOCK)):
        if len(known) > REMEMBERED:
            known.clear()
        new = {key: item for _, item in block if (key := item.tobytes()) not in known}
        if new:
            known |= zip(new, predictor.cells(list(new.values())), strict=True)
        yield from ((*fields, *known[item.tobytes()]) for fields, item in block)
        progress.add(len(block))
