"""The figures of a data set's results: plots of its tables, as jobs for workers."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from pipeline import files
from pipeline.evaluation import plots

Rows = list[dict[str, str]]
PlotJob = Callable[[], None]


def curve_figures(dataset: str, folder: Path, unit: str) -> list[PlotJob]:
    """Return a job that plots folder/curves.csv into folder/figures."""
    path, title = folder / "figures" / "curves.png", f"{dataset}: loss by epoch"
    return [partial(plots.plot_curves, files.read_csv(folder / "curves.csv"), path, title, unit)]


def table_figures(dataset: str, folder: Path) -> list[PlotJob]:
    """Return jobs that plot the tables of results in folder/tables into folder/figures."""
    figures, tables = folder / "figures", folder / "tables"
    jobs: list[PlotJob] = [
        partial(
            plots.plot_confusion,
            rows,
            figures / f"confusion-{model}.png",
            f"{model}: test rows by true and predicted class, all seeds",
        )
        for model, rows in _by_model(tables / "confusion.csv").items()
    ]
    if (table := tables / "forecast.csv").exists():
        rows, title = files.read_csv(table), f"{dataset}: forecasts of the test days"
        jobs.append(partial(plots.plot_forecast, rows, figures / "forecast.png", title))
    return jobs


def _by_model(table: Path) -> dict[str, Rows]:
    """Return a table's rows by model; none if there is no such table."""
    grouped: dict[str, Rows] = {}
    for row in files.read_csv(table) if table.exists() else ():
        grouped.setdefault(row["model"], []).append(row)
    return grouped
