"""The figures of a data set's results: plots of its tables, as jobs for workers."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from pipeline import files, spreadsheets
from pipeline.evaluation import plots, series_plots

Rows = list[dict[str, str]]
PlotJob = Callable[[], None]
MakeFigures = Callable[[str, Path], list[PlotJob]]  # (data set, folder of its results) -> jobs


def curve_figures(dataset: str, folder: Path, unit: str) -> list[PlotJob]:
    """Return a job that plots folder/curves.csv into folder/figures."""
    path, title = folder / "figures" / "curves.png", f"{dataset}: loss by epoch"
    return [partial(plots.plot_curves, files.read_csv(folder / "curves.csv"), path, title, unit)]


def confusion_figures(dataset: str, folder: Path) -> list[PlotJob]:
    """Return a job for each model that plots its part of folder/tables/confusion.csv into folder/figures."""
    title = "rows by true and predicted class"
    renamed = folder / "tables" / "classes.csv"
    names = {row["class"]: row["figure"] for row in spreadsheets.read_csv(renamed)} if renamed.exists() else {}
    return [
        partial(plots.plot_confusion, rows, folder / "figures" / f"confusion-{model}.png", f"{model}: {title}", names)
        for model, rows in _by_model(folder / "tables" / "confusion.csv").items()
    ]


def forecast_figures(dataset: str, folder: Path) -> list[PlotJob]:
    """Return a job that plots folder/tables/forecast.csv into folder/figures, if there is that table."""
    if not (table := folder / "tables" / "forecast.csv").exists():
        return []
    path, title = folder / "figures" / "forecast.png", f"{dataset}: forecasts of the next day"
    return [partial(series_plots.plot_forecast, spreadsheets.read_csv(table), path, title)]


def series_figures(dataset: str, folder: Path) -> list[PlotJob]:
    """Return a job that plots folder/tables/series.csv into folder/figures."""
    rows = spreadsheets.read_csv(folder / "tables" / "series.csv")
    return [
        partial(series_plots.plot_series, rows, folder / "figures" / "series.png", f"{dataset}: the series, by split")
    ]


def _by_model(table: Path) -> dict[str, Rows]:
    """Return a table's rows by model; none if there is no such table."""
    grouped: dict[str, Rows] = {}
    for row in spreadsheets.read_csv(table) if table.exists() else ():
        grouped.setdefault(row["model"], []).append(row)
    return grouped
