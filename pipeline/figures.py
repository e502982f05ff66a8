"""The figures of a data set's results, drawn from its tables: each a piece of work for a worker."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from pipeline import artifacts, charts

Rows = list[dict[str, str]]
Drawing = Callable[[], None]


def of_training(dataset: str, folder: Path, unit: str) -> list[Drawing]:
    """Return the drawing of folder/curves.csv into folder/figures."""
    where, title = folder / "figures" / "curves.png", f"{dataset}: loss by epoch"
    return [partial(charts.curves, artifacts.read_csv(folder / "curves.csv"), where, title, unit)]


def of_answers(dataset: str, folder: Path) -> list[Drawing]:
    """Return the drawings that the tables in `folder` allow, into folder/figures."""
    drawn, tables = folder / "figures", folder / "tables"
    found: list[Drawing] = [
        partial(
            charts.confusion,
            rows,
            drawn / f"confusion-{model}.png",
            f"{model}: test rows by true and predicted class, all seeds",
        )
        for model, rows in _by_model(tables / "confusion.csv").items()
    ]
    if (table := tables / "forecast.csv").exists():
        rows, title = artifacts.read_csv(table), f"{dataset}: forecasts of the test days"
        found.append(partial(charts.forecast, rows, drawn / "forecast.png", title))
    return found


def _by_model(table: Path) -> dict[str, Rows]:
    """Return a table's rows, if it exists, a list a model."""
    grouped: dict[str, Rows] = {}
    for row in artifacts.read_csv(table) if table.exists() else ():
        grouped.setdefault(row["model"], []).append(row)
    return grouped
