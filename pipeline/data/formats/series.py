"""A long CSV of date, store, item and sales, reduced to one number per day."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline import paths
from pipeline.data.formats.base import Draft, Format
from pipeline.data.inputs import NumberReader, Numbers, Reader, input_errors, require_finite
from pipeline.data.prepared import SPLITS, DataIssue, Prepared, scale
from pipeline.data.readers import MAX_FLOAT32, column_index, list_some, parse_number, shorten, table
from pipeline.data.splits import require_sizes, split_sizes
from pipeline.data.wording import ModelFacts, Usage
from pipeline.errors import DataError, InputError
from pipeline.params.datasets import SeriesParams
from pipeline.params.models import ModelParams

if TYPE_CHECKING:
    import pandas as pd

YEARS = 1, 9998  # 9999 stands for "no date" in many programs
WANTED_DATE = f"a date such as 2013-01-31, of a year from {YEARS[0]} to {YEARS[1]}"


class Series(Format[SeriesParams]):
    """A long CSV of date, store, item and sales, reduced to one number per day."""

    unit = "days"

    def draft(self, params: SeriesParams, folder: Path | None) -> Draft:
        """Reduce the chosen stores and items to one value per day, and split the days by date."""
        dates, values, issues = reduce_series(params)
        sizes = _split_by_date(dates, params)
        if sizes["train"] <= params.season:
            wanted = f"more than one season ({params.season})"
            raise DataError(f"{params.raw}: days: found {sizes['train']} to train on; wanted {wanted}")
        ends = np.cumsum(list(sizes.values()))
        splits = {
            split: {"dates": dates[end - sizes[split] : end], "values": values[end - sizes[split] : end]}
            for split, end in zip(sizes, ends, strict=True)
        }
        scaling = {"values": scale(splits["train"]["values"], params.season)}
        return Draft(splits, season=params.season, scaling=scaling, issues=tuple(issues))

    def reader(self, params: SeriesParams, prepared: Prepared, model: ModelParams) -> Reader:
        """Return a reader of past values."""
        return SeriesReader(params, model.window or 1)

    def describe_use(self, params: SeriesParams, prepared: Prepared) -> str:
        """Return that it forecasts one series."""
        return "To forecast the next day of the one series that it was trained on."

    def limitations(self, params: SeriesParams, prepared: Prepared, model: ModelFacts) -> Iterator[str]:
        """Yield which days it knows, how far it reads, and what it knows nothing of."""
        days = [str(arrays["dates"][end]) for arrays in prepared.splits.values() for end in (0, -1)]
        held_out = "test" in prepared.splits
        known = ", with the last days held out" if held_out else ", and it was trained on all of these days"
        if held_out and model.on_all_rows:
            known = (
                ", and it was trained on all of these days; "
                "the network that the test figures are of was not trained on the last ones"
            )
        yield f"Its data cover {days[0]} to {days[-1]}{known}. It knows nothing of later days."
        yield f"It forecasts the next day only, from the last {model.params.window} values and nothing else."
        yield "It knows of no holidays, prices or promotions, and gives no uncertainty with its forecasts."

    def usage(self, params: SeriesParams, prepared: Prepared, model: ModelFacts) -> Usage:
        """Return how it forecasts the day after the training days, and after those of the raw file."""
        values = paths.prepared(prepared.card.dataset) / "train" / "values.npy"
        return Usage(
            (
                f'days = numpy.load("{values}").tolist()  # oldest first',
                f"model.predict(days)  # the next day, from the last {model.params.window} values",
            ),
            (f"python -m stages.predict {model.name} --input {shlex.quote(params.raw)}",),
            imports=("import numpy",),
        )


def _split_by_date(dates: NDArray[Any], params: SeriesParams) -> dict[str, int]:
    """Return how many days go to each split, in their order: by first days that are given, or by shares."""
    where = f"{params.raw}: days"
    if params.given_by is None:
        return split_sizes(len(dates), params, where)
    starts = np.searchsorted(dates, np.array([params.validation_from, params.test_from], dtype=dates.dtype))
    sizes = np.diff([0, *starts, len(dates)]).tolist()
    return require_sizes(dict(zip(SPLITS, sizes, strict=True)), where)


class SeriesReader(NumberReader):
    """Reads the values of past days, oldest first.

    Attributes:
        window: How many days are read, the last of a sequence.
    """

    def __init__(self, params: SeriesParams, window: int) -> None:
        self.params, self.column, self.window = params, params.sales, window

    def parse(self, text: str) -> list[float | None]:
        """Return the numbers of a text, which have spaces or commas between."""
        fields = text.replace(",", " ").split()
        values = [parse_number(field) for field in fields]
        if None in values:
            raise InputError(f"found {shorten(fields[values.index(None)])}; wanted numbers, or --input FILE")
        return values

    def validate(self, values: Numbers) -> Numbers:
        """Return the last `window` values; refuse a shorter sequence."""
        if len(values) < self.window:
            found = f"found {len(values)} values" if len(values) else "found no values"
            raise InputError(f"{found}; wanted the last {self.window} days or more, oldest first")
        last = values[-self.window :]
        require_finite(last)
        if (last < 0).any():
            raise InputError(f"found {last.min():g}; wanted numbers that are not negative")
        return last

    def read_table(self, source: Path, column: str) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """Reduce a CSV as `prepare` does; return its days (n,) and the value of each (n,), at least `window`."""
        params = self.params.model_copy(update={"raw": str(source), "sales": column})
        with input_errors():
            days, values, _ = reduce_series(params, plain=True)
        if len(values) < self.window:
            raise InputError(f"{source}: found {len(values)} days; wanted {self.window} or more (the model's window)")
        return days, values


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
    rows = _read_rows(path, params, plain)
    *keys, _ = rows.columns
    dates, sales = _parse_dates(rows["date"]), rows["sales"].map(parse_number).astype(float)
    _require(path, params.date, rows["date"], dates.notna(), WANTED_DATE)
    _require(path, params.sales, rows["sales"], sales.between(0, MAX_FLOAT32), "a finite number, not negative")
    for key in keys:
        _require(path, getattr(params, key), rows[key], rows[key] != "", "a text")
    _refuse_repeats(path, rows[keys], params)
    rows = _choose_rows(path, rows.assign(date=dates, sales=sales), params)
    # Floating-point sums depend on their order: sort the rows by date, store and item.
    rows = rows.sort_values(keys)
    days = rows["date"].to_numpy().astype("datetime64[D]")
    days, codes, counts = np.unique(days, return_inverse=True, return_counts=True)
    values = np.bincount(codes, weights=rows["sales"]).astype(np.float64)
    if params.reduce == "mean":
        values /= counts
    if values.max() > MAX_FLOAT32:
        raise DataError(f"{path}: found days whose {params.sales} add up to more than {MAX_FLOAT32:.2g}; wanted less")
    return days, values, _find_issues(days, counts, params)


def _read_rows(path: Path, params: SeriesParams, plain: bool) -> "pd.DataFrame":
    """Return the texts of the columns date, store, item and sales, or of date and sales alone if `plain` allows that.

    Each row is indexed by its line in the file.
    """
    import pandas as pd  # imported late: it takes half a second, and the other formats do not need it

    lines = table(path)
    header = [name.strip() for name in next(lines, (1, []))[1]]
    rows = list(lines)
    if not rows:
        raise DataError(f"{path}: found no rows under the header; wanted one for each day, store and item")
    names = {"date": params.date, "store": params.store, "item": params.item, "sales": params.sales}
    if plain and params.store not in header and params.item not in header:
        names = {"date": params.date, "sales": params.sales}
    places = {key: column_index(path, header, name) for key, name in names.items()}
    columns = {key: [row[place].strip() for _, row in rows] for key, place in places.items()}
    return pd.DataFrame(columns, index=[line for line, _ in rows])


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


def _refuse_repeats(path: Path, keys: "pd.DataFrame", params: SeriesParams) -> None:
    """Refuse a second row with the same date, store and item."""
    repeated = keys[keys.duplicated()]
    if not repeated.empty:
        line, row = next(repeated.iterrows())
        first = keys.index[(keys == row).all(axis=1)][0]
        found = ", ".join(f"{getattr(params, str(key))} {text}" for key, text in row.items())
        raise DataError(f"{path}: line {line}: found {found} again (see line {first}); wanted each once")


def _choose_rows(path: Path, rows: "pd.DataFrame", params: SeriesParams) -> "pd.DataFrame":
    """Return the rows of the wanted stores and items."""
    chosen = rows
    for key, wanted in {"store": params.stores, "item": params.items}.items():
        if wanted == "all" or key not in rows:
            continue
        names, present = [str(name) for name in wanted], sorted(rows[key].unique())
        if absent := [name for name in names if name not in present]:
            found = f"found no row of {shorten(absent[0])}; found {list_some(present)}"
            raise DataError(f"{path}: {getattr(params, key)}: {found}")
        chosen = chosen[chosen[key].isin(names)]
    if chosen.empty:
        raise DataError(f"{path}: found no row with one of these stores and one of these items; wanted some")
    return chosen


def describe_missing_days(days: NDArray[Any]) -> str:
    """Return which days (n,) are missing between the first and the last; an empty text if none is."""
    missing = np.setdiff1d(np.arange(days[0], days[-1]), days)
    if not missing.size:
        return ""
    return f"{missing.size} days without a row between {days[0]} and {days[-1]}: {list_some(missing.tolist(), str)}"


def _find_issues(dates: NDArray[Any], rows: NDArray[np.int64], params: SeriesParams) -> list[DataIssue]:
    """Return the issues of days without rows, and of days with fewer rows than others."""
    issues = []
    if missing := describe_missing_days(dates):
        issues.append(DataIssue(found=missing, done="left out, so that the next day with rows follows directly"))
    if incomplete := int((rows < rows.max()).sum()):
        done = "mean of the rows that are there" if params.reduce == "mean" else "missing rows count as zero"
        issues.append(DataIssue(found=f"{incomplete} days with fewer rows than other days", done=done))
    return issues
