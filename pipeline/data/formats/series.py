"""A long CSV of date, store, item and sales, reduced to one number per day."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline import paths
from pipeline.data.formats.base import Draft, Format
from pipeline.data.formats.series_table import choose_rows, key_columns, read_rows, refuse_repeats
from pipeline.data.inputs import NumberReader, Numbers, Reader, input_errors, require_finite
from pipeline.data.prepared import SPLITS, DataIssue, Prepared, scale
from pipeline.data.readers import MAX_FLOAT32, list_some, parse_number, shorten
from pipeline.data.splits import require_sizes, split_sizes
from pipeline.data.wording import ModelFacts, Usage
from pipeline.errors import DataError, InputError
from pipeline.params.datasets import SeriesParams
from pipeline.params.models import ModelParams


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
        known = (
            ", with the last days held out"
            if "test" in prepared.splits
            else ", and it was trained on all of these days"
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
    rows = read_rows(path, params, plain)
    *keys, _ = rows.columns
    refuse_repeats(path, rows[keys], params)
    rows = choose_rows(path, rows, params)
    # Floating-point sums depend on their order: sort the rows by date, store and item.
    order = np.lexsort(key_columns(rows[keys])[::-1])
    days = rows["date"].to_numpy()[order].astype("datetime64[D]")
    days, codes, counts = np.unique(days, return_inverse=True, return_counts=True)
    values = np.bincount(codes, weights=rows["sales"].to_numpy()[order]).astype(np.float64)
    if params.reduce == "mean":
        values /= counts
    if values.max() > MAX_FLOAT32:
        raise DataError(f"{path}: found days whose {params.sales} add up to more than {MAX_FLOAT32:.2g}; wanted less")
    return days, values, _find_issues(days, counts, params)


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
