"""A long CSV of date, store, item and sales, reduced to one number per day."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.prepared import DataIssue, Draft, scale
from pipeline.data.readers import MAX_FLOAT32, column_index, parse_number, read_text, shorten
from pipeline.data.splits import split_sizes
from pipeline.errors import DataError
from pipeline.params.schema import SeriesParams

if TYPE_CHECKING:
    import pandas as pd

ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
MAX_LISTED = 10  # stores or items in an error

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Column:
    """A column of a CSV, as the index of each row's value among the distinct values."""

    name: str
    lines: Codes  # (n,), each row's line in the file
    codes: Codes  # (n,)
    values: list[str]  # distinct and sorted


def draft(params: SeriesParams, folder: Path | None) -> Draft:
    """Reduce the chosen stores and items to one value per day, and split the days by date."""
    dates, values, issues = reduce_series(params)
    sizes = split_sizes(len(values), params, f"{params.raw}: days")
    if sizes["train"] <= params.season:
        wanted = f"more than one season ({params.season})"
        raise DataError(f"{params.raw}: days: found {sizes['train']} to train on; wanted {wanted}")
    ends = np.cumsum(list(sizes.values()))
    splits = {
        split: {"dates": dates[end - sizes[split] : end], "values": values[end - sizes[split] : end]}
        for split, end in zip(sizes, ends, strict=True)
    }
    scaling = {"values": scale(splits["train"]["values"], params.season)}
    return Draft("days", splits, season=params.season, scaling=scaling, issues=tuple(issues))


def reduce_series(
    params: SeriesParams, *, plain: bool = False
) -> tuple[NDArray[Any], NDArray[np.float64], list[DataIssue]]:
    """Return the days of the chosen rows (n,), the value of each day (n,), and the issues found.

    Args:
        params: The file, its columns, and the stores and items to choose.
        plain: Whether the file may have no columns of stores and items; then it is one series.

    Raises:
        DataError: if the file, or the choice of stores and items, cannot be used.
    """
    path = Path(params.raw)
    day, *selectors, sales = _read_columns(path, params, plain)
    dates = np.array(_convert(path, day, _parse_date, "a date such as 2013-01-31"), dtype="datetime64[D]")
    numbers = np.array(_convert(path, sales, _parse_sales, "a finite number, not negative"), dtype=np.float64)
    for column in selectors:
        _convert(path, column, lambda value: value or None, "a name")
    chosen, key = np.ones(len(day.codes), dtype=np.bool_), day.codes
    for column, wanted in zip(selectors, (params.stores, params.items), strict=False):
        chosen &= _select_rows(path, column, wanted)
        key = key * len(column.values) + column.codes
    if not chosen.any():
        raise DataError(f"{path}: found no row with one of these stores and one of these items; wanted some")
    _refuse_repeats(path, key, (day, *selectors))
    # Floating-point sums depend on their order: sort the rows by date, store and item.
    rows = np.flatnonzero(chosen)
    rows = rows[np.argsort(key[rows], kind="stable")]
    codes, counts = np.unique(day.codes[rows], return_counts=True)
    totals = np.bincount(day.codes[rows], weights=numbers[sales.codes[rows]])[codes].astype(np.float64)
    values = totals / counts if params.reduce == "mean" else totals
    if values.max() > MAX_FLOAT32:
        raise DataError(f"{path}: found days whose {params.sales} add up to more than {MAX_FLOAT32:.2g}; wanted less")
    return dates[codes], values, _find_issues(dates[codes], counts, params)


def _read_columns(path: Path, params: SeriesParams, plain: bool) -> list[Column]:
    """Return the columns of date, store, item and sales, or of date and sales alone if `plain` allows that."""
    frame = _read_frame(path)
    header = [str(name) for name in frame.iloc[0]]
    blank = (frame.iloc[:, 0] == "").to_numpy() & (frame == "").all(axis=1).to_numpy()
    lines = np.flatnonzero(~blank)[1:] + 1
    if not len(lines):
        raise DataError(f"{path}: found no rows under the header; wanted one for each day, store and item")
    selectors = [params.store, params.item]
    if plain and not {name.strip() for name in header} & set(selectors):
        selectors = []
    names = (params.date, *selectors, params.sales)
    return [_make_column(frame.iloc[:, column_index(path, header, name)], name, lines) for name in names]


def _read_frame(path: Path) -> "pd.DataFrame":
    """Parse a CSV, with its header as the first row; read as categories, a million rows take under a second."""
    import pandas as pd  # imported late: it takes half a second, and the other formats do not need it

    text = read_text(path)
    try:
        return pd.read_csv(io.StringIO(text), header=None, dtype="category", na_filter=False, skip_blank_lines=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        detail = str(error).rpartition("C error: ")[2].strip()
        raise DataError(f"{path}: {detail}; wanted comma-separated values") from None


def _make_column(series: "pd.Series[Any]", name: str, lines: Codes) -> Column:
    """Return the rows of a column on the given lines, with their values stripped."""
    stripped = [str(category).strip() for category in series.cat.categories]
    values = sorted(set(stripped))
    indices = {value: index for index, value in enumerate(values)}
    new_codes = np.array([indices[value] for value in stripped], dtype=np.int64)  # by pandas' code
    return Column(name, lines, new_codes[series.cat.codes.to_numpy()[lines - 1]], values)


def _convert(path: Path, column: Column, parse: Callable[[str], Any], wanted: str) -> list[Any]:
    """Return the parsed distinct values of a column; refuse the first row whose value parses to None."""
    converted = [parse(value) for value in column.values]
    bad = np.array([value is None for value in converted])[column.codes]
    if bad.any():
        row = int(bad.argmax())
        found = shorten(column.values[column.codes[row]])
        raise DataError(f"{path}: line {column.lines[row]}: {column.name}: found {found}; wanted {wanted}")
    return converted


def _parse_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if ISO_DATE.fullmatch(text) else None
    except ValueError:
        return None


def _parse_sales(text: str) -> float | None:
    number = parse_number(text)
    return number if number is not None and 0 <= number <= MAX_FLOAT32 else None


def _select_rows(path: Path, column: Column, wanted: tuple[int | str, ...] | str) -> NDArray[np.bool_]:
    """Return whether each row has one of the wanted values (n,)."""
    if wanted == "all":
        return np.ones(len(column.codes), dtype=np.bool_)
    present = [column.values[code] for code in np.unique(column.codes)]
    names = [str(name) for name in wanted]
    if absent := [name for name in names if name not in present]:
        listed = ", ".join(map(shorten, present[:MAX_LISTED])) + (", ..." if len(present) > MAX_LISTED else "")
        raise DataError(f"{path}: {column.name}: found no row of {shorten(absent[0])}; found {listed}")
    return np.isin(column.codes, [column.values.index(name) for name in names])


def _refuse_repeats(path: Path, key: Codes, columns: tuple[Column, ...]) -> None:
    """Refuse a second row with the same date, store and item, which its key combines."""
    order = np.argsort(key, kind="stable")
    repeats = np.flatnonzero(key[order][1:] == key[order][:-1])
    if len(repeats):
        earlier = repeats[np.argmin(order[repeats + 1])]
        row, lines = order[earlier + 1], columns[0].lines
        found = ", ".join(f"{column.name} {column.values[column.codes[row]]}" for column in columns)
        where = f"{path}: line {lines[row]}"
        raise DataError(f"{where}: found {found} again (see line {lines[order[earlier]]}); wanted each once")


def _find_issues(dates: NDArray[Any], rows: Codes, params: SeriesParams) -> list[DataIssue]:
    """Return the issues of days without rows, and of days with fewer rows than others."""
    issues = []
    if gaps := int((dates[-1] - dates[0]).astype(int)) + 1 - len(dates):
        found = f"{gaps} days without a row between {dates[0]} and {dates[-1]}"
        issues.append(DataIssue(found=found, done="left out, so that the next day with rows follows directly"))
    if incomplete := int((rows < rows.max()).sum()):
        done = "mean of the rows that are there" if params.reduce == "mean" else "missing rows count as zero"
        issues.append(DataIssue(found=f"{incomplete} days with fewer rows than other days", done=done))
    return issues
