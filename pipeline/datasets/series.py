"""A long CSV of date, store, item and sales, reduced to one number a day."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.datasets.prepared import Draft, Fault, scale
from pipeline.datasets.reading import finite, header_place, shown, whole
from pipeline.datasets.splitting import sizes
from pipeline.errors import UserError
from pipeline.settings import SeriesSettings

if TYPE_CHECKING:
    import pandas as pd

ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
FOUND = 10  # stores or items that an error lists
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Column:
    """A column of a CSV: each row's place (n,) among the distinct cells, which are sorted."""

    name: str
    lines: Codes  # where in the file each row stands
    codes: Codes
    cells: list[str]


LARGEST = float(np.finfo(np.float32).max)  # networks read 32-bit numbers


def draft(settings: SeriesSettings, folder: Path | None) -> Draft:
    """Reduce the chosen stores and items to one value a day, and split the days by date."""
    dates, values, faults = reduced(settings)
    shared = sizes(len(values), settings, f"{settings.raw}: days")
    if shared["train"] <= settings.season:
        wanted = f"more than one season ({settings.season})"
        raise UserError(f"{settings.raw}: days: found {shared['train']} to train on; wanted {wanted}")
    ends = np.cumsum(list(shared.values()))
    splits = {
        split: {"dates": dates[end - shared[split] : end], "values": values[end - shared[split] : end]}
        for split, end in zip(shared, ends, strict=True)
    }
    scaling = {"values": scale(splits["train"]["values"], settings.season)}
    return Draft("days", splits, season=settings.season, scaling=scaling, faults=tuple(faults))


def reduced(settings: SeriesSettings, *, plain: bool = False) -> tuple[NDArray[Any], NDArray[np.float64], list[Fault]]:
    """Return the days of the chosen rows, their values, and what is to be said of them.

    With `plain` a file may have neither stores nor items: it holds one series, whatever the choice.
    """
    path = Path(settings.raw)
    day, *kinds, sales = _columns(path, settings, plain)
    dates = np.array(_converted(path, day, _date, "a date such as 2013-01-31"), dtype="datetime64[D]")
    numbers = np.array(_converted(path, sales, _count, "a finite number, not negative"), dtype=np.float64)
    for column in kinds:
        _converted(path, column, lambda cell: cell or None, "a name")
    chosen, key = np.ones(len(day.codes), dtype=np.bool_), day.codes
    for column, wanted in zip(kinds, (settings.stores, settings.items), strict=False):
        chosen &= _chosen(path, column, wanted)
        key = key * len(column.cells) + column.codes
    if not chosen.any():
        raise UserError(f"{path}: found no row of these stores and items together; wanted some")
    _refuse_repeats(path, key, (day, *kinds))
    # Floating-point sums depend on their order: take the rows in the order of date, store and item.
    rows = np.flatnonzero(chosen)
    rows = rows[np.argsort(key[rows], kind="stable")]
    codes, counts = np.unique(day.codes[rows], return_counts=True)
    totals = np.bincount(day.codes[rows], weights=numbers[sales.codes[rows]])[codes].astype(np.float64)
    values = totals / counts if settings.reduce == "mean" else totals
    if values.max() > LARGEST:
        raise UserError(f"{path}: found days whose {settings.sales} add up to more than {LARGEST:.2g}; wanted less")
    return dates[codes], values, _faults(dates[codes], counts, settings)


def _columns(path: Path, settings: SeriesSettings, plain: bool) -> list[Column]:
    """Read the columns of date, store, item and sales, or where `plain` allows, of date and sales; skip blank lines."""
    frame = _frame(path)
    header = [str(name) for name in frame.iloc[0]]
    blank = (frame.iloc[:, 0] == "").to_numpy() & (frame == "").all(axis=1).to_numpy()
    lines = np.flatnonzero(~blank)[1:] + 1
    if not len(lines):
        raise UserError(f"{path}: found no rows under the header; wanted one a day, store and item")
    kinds = [settings.store, settings.item]
    if plain and not {name.strip() for name in header} & set(kinds):
        kinds = []
    names = (settings.date, *kinds, settings.sales)
    return [_column(frame.iloc[:, header_place(path, header, name)], name, lines) for name in names]


def _frame(path: Path) -> "pd.DataFrame":
    """Parse a CSV, its header taken as a row; as categories a million rows take under a second."""
    import pandas as pd  # imported late: it takes half a second, and other formats do without

    text = whole(path)
    try:
        return pd.read_csv(io.StringIO(text), header=None, dtype="category", na_filter=False, skip_blank_lines=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        detail = str(error).rpartition("C error: ")[2].strip()
        raise UserError(f"{path}: {detail}; wanted comma-separated values") from None


def _column(series: "pd.Series[Any]", name: str, lines: Codes) -> Column:
    """Return a column's rows on the given lines, cells stripped."""
    stripped = [str(cell).strip() for cell in series.cat.categories]
    cells = sorted(set(stripped))
    places = {cell: place for place, cell in enumerate(cells)}
    moved = np.array([places[cell] for cell in stripped], dtype=np.int64)
    return Column(name, lines, moved[series.cat.codes.to_numpy()[lines - 1]], cells)


def _converted(path: Path, column: Column, convert: Callable[[str], Any], wanted: str) -> list[Any]:
    """Convert the distinct cells of a column, or name the first row whose cell does not convert."""
    converted = [convert(cell) for cell in column.cells]
    bad = np.array([value is None for value in converted])[column.codes]
    if bad.any():
        row = int(bad.argmax())
        found = shown(column.cells[column.codes[row]])
        raise UserError(f"{path}: line {column.lines[row]}: {column.name}: found {found}; wanted {wanted}")
    return converted


def _date(cell: str) -> date | None:
    try:
        return date.fromisoformat(cell) if ISO.fullmatch(cell) else None
    except ValueError:
        return None


def _count(cell: str) -> float | None:
    number = finite(cell)
    return number if number is not None and 0 <= number <= LARGEST else None


def _chosen(path: Path, column: Column, wanted: tuple[int | str, ...] | str) -> NDArray[np.bool_]:
    """Tell which rows hold one of the wanted cells (n,)."""
    if wanted == "all":
        return np.ones(len(column.codes), dtype=np.bool_)
    present = [column.cells[code] for code in np.unique(column.codes)]
    names = [str(name) for name in wanted]
    if absent := [name for name in names if name not in present]:
        listed = ", ".join(map(shown, present[:FOUND])) + (", ..." if len(present) > FOUND else "")
        raise UserError(f"{path}: {column.name}: found no row of {shown(absent[0])}; found {listed}")
    return np.isin(column.codes, [column.cells.index(name) for name in names])


def _refuse_repeats(path: Path, key: Codes, columns: tuple[Column, ...]) -> None:
    """Refuse a second row of one date, store and item, as far as there are such columns."""
    order = np.argsort(key, kind="stable")
    again = np.flatnonzero(key[order][1:] == key[order][:-1])
    if len(again):
        first = again[np.argmin(order[again + 1])]
        row, lines = order[first + 1], columns[0].lines
        cells = ", ".join(f"{column.name} {column.cells[column.codes[row]]}" for column in columns)
        where = f"{path}: line {lines[row]}"
        raise UserError(f"{where}: found {cells} again (see line {lines[order[first]]}); wanted each once")


def _faults(dates: NDArray[Any], rows: Codes, settings: SeriesSettings) -> list[Fault]:
    """Tell of days without any row, and of days that lack some of the rows that others have."""
    faults = []
    if closed := int((dates[-1] - dates[0]).astype(int)) + 1 - len(dates):
        found = f"{closed} days without a row between {dates[0]} and {dates[-1]}"
        faults.append(Fault(found=found, done="left out: a day is followed by the next that has rows"))
    if lacking := int((rows < rows.max()).sum()):
        done = "mean of the rows there" if settings.reduce == "mean" else "the others counted as none"
        faults.append(Fault(found=f"{lacking} days with fewer rows than other days", done=done))
    return faults
