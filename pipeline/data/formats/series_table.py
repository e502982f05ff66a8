"""Read a long CSV of date, store, item and sales, a piece at a time, into compact columns."""

from collections.abc import Mapping
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.prepared.arrays import PIECE, first_rows, number_rows
from pipeline.data.readers import MAX_FLOAT32, column_index, list_some, parse_number, shorten, table
from pipeline.errors import DataError
from pipeline.params.datasets import SeriesParams

if TYPE_CHECKING:
    import pandas as pd

YEARS = 1, 9998  # 9999 stands for "no date" in many programs
WANTED_DATE = f"a date such as 2013-01-31, of a year from {YEARS[0]} to {YEARS[1]}"


def read_rows(path: Path, params: SeriesParams, plain: bool) -> "pd.DataFrame":
    """Return the columns date, store, item and sales, or date and sales alone if `plain` allows that.

    Each row is indexed by its line in the file. Texts are categories, and no more than a piece of the file is in memory
    as text.
    """
    import pandas as pd  # imported late: it takes half a second, and the other formats do not need it
    from pandas.api.types import union_categoricals

    lines = table(path)
    header = [name.strip() for name in next(lines, (1, []))[1]]
    names = {"date": params.date, "store": params.store, "item": params.item, "sales": params.sales}
    if plain and params.store not in header and params.item not in header:
        names = {"date": params.date, "sales": params.sales}
    first = next(lines, None)
    if first is None:
        raise DataError(f"{path}: found no rows under the header; wanted one for each day, store and item")
    places = {key: column_index(path, header, name) for key, name in names.items()}
    rows = chain([first], lines)
    parts = [_parse_rows(path, names, places, part) for part in iter(lambda: list(islice(rows, PIECE)), [])]
    columns = {
        key: union_categoricals([part[key] for part in parts], sort_categories=True)
        if key in ("store", "item")
        else np.concatenate([part[key] for part in parts])
        for key in names
    }
    return pd.DataFrame(columns, index=np.concatenate([part.index for part in parts]), copy=False)


def _parse_rows(
    path: Path, names: Mapping[str, str], places: Mapping[str, int], rows: list[tuple[int, list[str]]]
) -> "pd.DataFrame":
    """Return a piece of the file with its dates and numbers; refuse a row without one of them or without a key."""
    import pandas as pd

    texts = pd.DataFrame(
        {key: [row[place].strip() for _, row in rows] for key, place in places.items()},
        index=[line for line, _ in rows],
    )
    dates, sales = _parse_dates(texts["date"]), texts["sales"].map(parse_number).astype(float)
    _require(path, names["date"], texts["date"], dates.notna(), WANTED_DATE)
    _require(path, names["sales"], texts["sales"], sales.between(0, MAX_FLOAT32), "a finite number, not negative")
    keys = texts.columns[1:-1]
    for key in keys:
        _require(path, names[key], texts[key], texts[key] != "", "a text")
    return texts.assign(date=dates, sales=sales, **{key: texts[key].astype("category") for key in keys})


def _parse_dates(texts: "pd.Series[str]") -> "pd.Series[pd.Timestamp]":
    """Return each text as a date; NaT where it is none, or not written in full."""
    import pandas as pd

    dates = pd.to_datetime(texts, format="%Y-%m-%d", errors="coerce")
    in_full = texts.str.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")  # pandas reads 2013-1-1 too
    return dates.where(in_full & dates.dt.year.between(*YEARS))


def _require(path: Path, name: str, texts: "pd.Series[str]", valid: "pd.Series[bool]", wanted: str) -> None:
    """Refuse the first row of a column whose text is not valid."""
    if not valid.all():
        line, found = next(iter(texts[~valid].items()))
        raise DataError(f"{path}: line {line}: {name}: found {shorten(found)}; wanted {wanted}")


def refuse_repeats(path: Path, keys: "pd.DataFrame", params: SeriesParams) -> None:
    """Refuse a second row with the same date, store and item."""
    numbers = number_rows(key_columns(keys))
    first = first_rows(numbers)
    if len(first) < len(numbers):
        row = int(np.setdiff1d(np.arange(len(numbers)), first)[0])
        day, *others = (f"{getattr(params, str(key))} {text}" for key, text in keys.iloc[row].items())
        found = ", ".join((day.partition(" 00:")[0], *others))
        same = keys.index[np.flatnonzero(numbers == numbers[row])[0]]
        raise DataError(f"{path}: line {keys.index[row]}: found {found} again (see line {same}); wanted each once")


def key_columns(keys: "pd.DataFrame") -> list[NDArray[Any]]:
    """Return dates, and numbers of stores and items in the order of their names, (n,) each."""
    return [keys[key].cat.codes.to_numpy() if key != "date" else keys[key].to_numpy() for key in keys]


def choose_rows(path: Path, rows: "pd.DataFrame", params: SeriesParams) -> "pd.DataFrame":
    """Return the rows of the wanted stores and items."""
    chosen = rows
    for key, wanted in {"store": params.stores, "item": params.items}.items():
        if wanted == "all" or key not in rows:
            continue
        names, present = [str(name) for name in wanted], list(rows[key].cat.categories)
        if absent := [name for name in names if name not in present]:
            found = f"found no row of {shorten(absent[0])}; found {list_some(present)}"
            raise DataError(f"{path}: {getattr(params, key)}: {found}")
        chosen = chosen[chosen[key].isin(names)]
    if chosen.empty:
        raise DataError(f"{path}: found no row with one of these stores and one of these items; wanted some")
    return chosen
