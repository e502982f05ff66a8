"""Evaluate forecasts of a series."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pipeline.data.prepared import DataCard, Prepared
from pipeline.evaluation import metrics
from pipeline.evaluation.about import Difference
from pipeline.evaluation.figures import forecast_figures, series_figures
from pipeline.evaluation.results import Evaluations
from pipeline.evaluation.tables import Table
from pipeline.evaluation.tasks.base import Compared, Scores, TaskEvaluation

if TYPE_CHECKING:
    from pipeline.tasks.base import Predictions


def compute_scores(predictions: "Predictions", card: DataCard) -> Scores:
    """Return the errors of forecasts, in the unit of the data and relative to the seasonal naive error."""
    truth, predicted = predictions["truth"], predictions["predicted"]
    errors = {"mae": metrics.mae(truth, predicted), "rmse": metrics.rmse(truth, predicted)}
    seasonal = card.scaling["values"].seasonal_error
    if not seasonal:  # a series that repeats itself exactly has no scale
        return errors
    return {"mase": metrics.mase(truth, predicted, seasonal), **errors}


def forecast(prepared: Prepared, evaluations: Evaluations) -> Iterator[Sequence[object]]:
    """Yield each test day, or each day if none are held out, with its value and all forecasts."""
    split = evaluations.headline_split
    found = evaluations.predictions(split)
    days = [row for row in series(prepared, evaluations) if row[2] == split or split != "test"]
    empty = [""] * len(days)  # a model that reads the days before has no forecast of the first ones
    columns = [
        (empty + found[name]["predicted"].tolist())[-len(days) :] if name in found else empty
        for name in evaluations.named_columns
    ]
    yield from ((*day[:2], *forecasts) for day, *forecasts in zip(days, *columns, strict=True))


def series(prepared: Prepared, evaluations: Evaluations) -> Iterator[tuple[str, float, str]]:
    """Yield each day of the series, with its value and its split."""
    for split, arrays in prepared.splits.items():
        for day, value in zip(arrays["dates"], arrays["values"], strict=True):
            yield str(day), float(value), split


TASK = TaskEvaluation(
    goal="forecast the next day's value",
    loss_unit="squared error (scaled)",
    predictions=({"truth": ("f", 1), "predicted": ("f", 1)},),
    metrics=(metrics.MASE, metrics.MAE, metrics.RMSE),
    scores=compute_scores,
    primary=(metrics.MASE, metrics.MAE),
    compared=Compared(metrics.MAE, Difference(name="mean absolute error", unit="of mean absolute error")),
    block_size=lambda prepared: prepared.card.season or 1,
    tables=(
        Table("series.csv", ("date", "value", "split"), series, "The series"),
        Table("forecast.csv", ("date", "truth"), forecast, "Forecast", by_model=True),
    ),
    figures=(series_figures, forecast_figures),
)
