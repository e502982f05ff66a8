"""Answer the rows of a CSV, a block at a time."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

from pipeline.data import readers
from pipeline.errors import DataError, InputError
from pipeline.execution.progress import SECONDS_BETWEEN_LINES
from pipeline.inference import oov
from pipeline.inference.csv_files import describe_output, read_rows, write_csv
from pipeline.inference.forward import Encoded

BLOCK = 1 << 13  # rows
CACHE_SIZE = 1 << 20  # answers


class Answerer(Protocol):
    """What a table needs of a `Predictor`."""

    name: str
    answer_columns: tuple[str, ...]
    notify: Callable[[str], None]

    @property
    def oov_description(self) -> str:
        """Describe what makes a symbol out-of-vocabulary, and how it is read."""

    def encode(self, text: str, *, allow_oov: bool = False) -> Encoded:
        """Clean an input and return what the network reads."""

    def table_cells(self, items: Sequence[Encoded]) -> list[tuple[str, ...]]:
        """Return the answers to encoded inputs as table cells."""

    def oov_symbols(self, text: str) -> list[str]:
        """Return the out-of-vocabulary symbols of an input."""


class RowProgress:
    """Counts rows, and reports them: a progress bar on a terminal, a line from time to time elsewhere."""

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

    def describe_oov(self, description: str) -> str:
        """Return a line on the rows with out-of-vocabulary symbols."""
        symbols = oov.format_symbols(self.oov_symbols)
        return f"{self.name}: {self.oov_rows:,} of {self.rows:,} rows have {description}: {symbols}"


def answer_table(predictor: Answerer, source: Path, output: Path | None, column: str) -> list[str]:
    """Write the rows of a CSV with their answers; see `Predictor.answer_table`."""
    rows = read_rows(source)
    _, header = next(rows, (1, []))
    index = _column_index(source, header, column)
    if taken := [name for name in predictor.answer_columns if name in header]:
        raise InputError(f"{source}: line 1: column {taken[0]!r} would be there twice; rename it")
    progress = RowProgress(predictor.name)
    try:
        inputs = _encode_rows(predictor, rows, source, index, progress)
        write_csv(output, (*header, *predictor.answer_columns), _answer_rows(predictor, inputs, progress))
    finally:
        progress.bar.close()
    if progress.oov_rows:
        predictor.notify(progress.describe_oov(predictor.oov_description))
    return describe_output(output, f"{progress.rows:,} rows in {output}")


def _column_index(source: Path, header: list[str], column: str) -> int:
    try:
        return readers.column_index(source, header, column)
    except DataError as error:
        raise InputError(f"{error}; --column names another") from None


def _encode_rows(
    predictor: Answerer, rows: Iterator[tuple[int, list[str]]], source: Path, index: int, progress: RowProgress
) -> Iterator[tuple[list[str], Any]]:
    """Yield each row's fields with its encoded input."""
    line = 1
    for line, fields in rows:
        try:
            item = predictor.encode(fields[index], allow_oov=True)
        except InputError as error:
            raise InputError(f"{source}: line {line}: {error}") from None
        progress.add_oov(predictor.oov_symbols(fields[index]))
        yield fields, item
    if line == 1:
        raise InputError(f"{source}: found no rows under the header; wanted one for each input")


def _answer_rows(
    predictor: Answerer, inputs: Iterator[tuple[list[str], Any]], progress: RowProgress
) -> Iterator[tuple[str, ...]]:
    """Yield each row's fields with its answer; the network reads equal inputs once."""
    answers: dict[bytes, tuple[str, ...]] = {}
    while block := list(islice(inputs, BLOCK)):
        if len(answers) > CACHE_SIZE:
            answers.clear()
        new = {key: item for _, item in block if (key := item.tobytes()) not in answers}
        if new:
            answers |= zip(new, predictor.table_cells(list(new.values())), strict=True)
        yield from ((*fields, *answers[item.tobytes()]) for fields, item in block)
        progress.add_rows(len(block))
