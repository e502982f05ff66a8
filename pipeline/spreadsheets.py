"""CSV files whose text no spreadsheet runs: an apostrophe stands before a text that looks like a formula.

A spreadsheet takes a table cell that begins with `=`, `+`, `-`, `@`, a tab or a line end for a formula, whoever wrote
the text of it. A number is none, whatever its sign. Texts that begin with apostrophes before such a character get one
more, so that every text can be read back.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pipeline import files

FORMULA = re.compile(r"'*[=+\-@＝＋－＠\t\r\n]")  # the wide forms too, which some spreadsheets read alike
ESCAPED = re.compile(r"'+[=+\-@＝＋－＠\t\r\n]")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


def escape_formulas(row: Sequence[object]) -> list[Any]:
    """Return the cells of a row, with an apostrophe before each text that is a formula and no number."""
    return [f"'{cell}" if isinstance(cell, str) and _is_formula(cell) else cell for cell in row]


def unescape(cell: str) -> str:
    """Return the text that `escape_formulas` was given."""
    return cell[1:] if ESCAPED.match(cell) else cell


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV that a spreadsheet can open; see `files.write_csv`."""
    files.write_csv(path, header, map(escape_formulas, rows))


def read_csv(path: Path) -> list[dict[str, str]]:
    """Read a CSV that `write_csv` wrote, as one dictionary per row.

    Raises:
        DataError: if the file is missing or damaged.
    """
    return [{column: unescape(cell) for column, cell in row.items()} for row in files.read_csv(path)]


def _is_formula(cell: str) -> bool:
    return bool(FORMULA.match(cell)) and not NUMBER.fullmatch(cell)
