"""Evaluate forecasts of a series."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.prepared import DataCard, Prepared
from pipeline.evaluation import descriptions, metrics
from pipeline.evaluation.baselines import forecast as baselines
from pipeline.evaluation.figures import forecast_figures
from pipeline.evaluation.results import Evaluations
from pipeline.evaluation.tables import Table
from pipeline.evaluation.tasks.base import ComparedMetric, FormatEvaluation, Metrics, Scores, TaskEvaluation
from pipeline.params.schema import BASELINE

if TYPE_CHECKING:
    from pipeline.tasks.base import Predictions


def compute_metrics(predictions: "Predictions", card: DataCard) -> Metrics:
    """Return the errors of forecasts, in the unit of the data and relative to the seasonal naive error."""
    truth, predicted = predictions["truth"], predictions["predicted"]
    errors = {"mae": metrics.mae(truth, predicted), "rmse": metrics.rmse(truth, predicted)}
    seasonal = card.scaling["values"].seasonal_error
    if not seasonal:  # a series that repeats itself exactly has no scale
        return errors
    return {"mase": metrics.mase(truth, predicted, seasonal), **errors}


def absolute_errors(predictions: "Predictions") -> Scores:
    """Return the absolute error of each day, in the unit of the data."""
    errors: Scores = np.asarray(predictions["predicted"] - predictions["truth"], dtype=np.float64)
    return np.abs(errors)


def forecast(prepared: Prepared, evaluations: Evaluations) -> Iterator[Sequence[object]]:
    """Yield each test day with its value, the baselines' forecasts and each model's mean forecast."""
    names = (*evaluations.baselines, *evaluations.models)
    columns = [_mean_forecast(evaluations.predictions(name, "test")) for name in names]
    test = prepared.splits.get("test", {})
    for row, (day, value) in enumerate(zip(test.get("dates", ()), test.get("values", ()), strict=True)):
        yield str(day), float(value), *("" if column is None else float(column[row]) for column in columns)


def _mean_forecast(seeds: "Mapping[int, Predictions]") -> Scores | None:
    return np.mean([predictions["predicted"] for predictions in seeds.values()], axis=0) if seeds else None


FORECAST = TaskEvaluation(
    about=descriptions.FORECAST,
    loss_unit="squared error (scaled)",
    metrics=compute_metrics,
    compared=ComparedMetric("mae", absolute_errors),
    tables=(Table("forecast.csv", ("date", "truth"), forecast, by_model=True),),
    figures=(forecast_figures,),
    formats=(
        FormatEvaluation(
            about=descriptions.SERIES,
            fits={
                BASELINE: baselines.boosting,
                "baseline-naive": baselines.seasonal_naive,
                "baseline-median": baselines.median,
            },
        ),
    ),
)
