"""The figures of a data set's results, drawn from its tables."""

from pathlib import Path

from pipeline import artifacts, charts

Rows = list[dict[str, str]]


def draw(dataset: str, folder: Path, unit: str) -> None:
    """Draw the loss curves, and what the tables in `folder` allow, into folder/figures."""
    drawn = folder / "figures"
    drawn.mkdir()
    charts.curves(artifacts.read_csv(folder / "curves.csv"), drawn / "curves.png", f"{dataset}: loss by epoch", unit)
    for model, rows in _by_model(folder / "tables" / "confusion.csv").items():
        charts.confusion(
            rows, drawn / f"confusion-{model}.png", f"{model}: test rows by true and predicted class, all seeds"
        )
    if (table := folder / "tables" / "forecast.csv").exists():
        charts.forecast(artifacts.read_csv(table), drawn / "forecast.png", f"{dataset}: forecasts of the test days")


def _by_model(table: Path) -> dict[str, Rows]:
    """Return a table's rows, if it exists, a list a model."""
    grouped: dict[str, Rows] = {}
    for row in artifacts.read_csv(table) if table.exists() else ():
        grouped.setdefault(row["model"], []).append(row)
    return grouped
