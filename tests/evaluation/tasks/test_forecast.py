import math

import numpy as np
import pytest

from pipeline.evaluation.results import Evaluation, Evaluations
from pipeline.evaluation.tables import make_tables
from pipeline.evaluation.tasks.forecast import TASK
from pipeline.params.schema import BASELINE
from tests.support import small
from tests.support.evaluations import evaluations


def test_metrics():
    card = small.series([1, 3, 2, 6, 4, 5, 7, 9, 8, 10]).card  # trained on the first six
    seasonal = (1 + 3 + 2 + 1) / 4
    found = {"truth": np.array([7.0, 9.0]), "predicted": np.array([8.0, 6.0])}
    assert TASK.compute(found, card) == {
        "mase": pytest.approx(2 / seasonal),
        "mae": 2,
        "rmse": pytest.approx(math.sqrt(5)),
    }


def test_a_series_that_repeats_itself_has_no_scaled_error():
    card = small.series([1, 2] * 5).card
    assert set(TASK.compute({"truth": np.ones(1), "predicted": np.ones(1)}, card)) == {"mae", "rmse"}


def test_forecasts_are_listed_by_date():
    prepared = small.series(range(20))
    test = prepared.splits["test"]["values"]
    net = {"test": {"truth": test, "predicted": test + 2}}
    found = Evaluations(
        (
            *evaluations(lost={}, net=net).all[:-1],
            Evaluation(BASELINE, {}, {"test": {"truth": test, "predicted": test - 1}}),
        )
    )
    header, rows = make_tables(TASK.tables, prepared, found)["forecast.csv"]
    assert header == ("date", "truth", "baseline", "lost", "net")
    assert rows[0] == ("2020-01-17", 16.0, 15.0, "", 18.0)
    assert len(rows) == 4


def test_without_test_days_all_days_are_listed_and_the_first_have_no_forecast_of_a_model_that_reads_the_past():
    prepared = small.series(range(20), validation=0.0, test=0.0, refit=True)
    values = prepared.splits["train"]["values"]
    found = evaluations(net={"all_rows": {"truth": values[3:], "predicted": values[3:] + 1}})
    _, rows = make_tables(TASK.tables, prepared, found)["forecast.csv"]
    assert [row[1] for row in rows] == list(range(20))
    assert [row[-1] for row in rows] == [*[""] * 3, *range(4, 21)]


def test_the_series_is_listed_with_its_splits():
    prepared = small.series(range(20))
    header, rows = make_tables(TASK.tables, prepared, evaluations())["series.csv"]
    assert header == ("date", "value", "split")
    assert [row[1] for row in rows] == list(range(20))
    assert [row[2] for row in rows] == [split for split, of in prepared.splits.items() for _ in of["values"]]
