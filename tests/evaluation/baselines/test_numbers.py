"""Baselines that predict numbers: regression and forecast."""

import dataclasses

import numpy as np
import pytest

from pipeline.evaluation import metrics
from pipeline.evaluation.baselines import forecast, regress
from pipeline.evaluation.baselines.base import FitData
from pipeline.evaluation.baselines.fitting import fit_baseline
from pipeline.evaluation.results import Evaluation, Evaluations
from pipeline.evaluation.tasks.forecast import TASK
from pipeline.params.schema import BASELINE
from tests.support import small

BITS = "".join(f"{' '.join(f'{number:05b}')},{number}\n" for number in range(32))
DAYS = np.tile([3.0, 9.0, 4.0, 1.0, 7.0, 5.0], 40)
TREND = np.arange(200) / 10 + np.tile([3.0, 1, 4, 1, 5, 9, 2], 29)[:200]


def fit_data(prepared, rows=None):
    splits = prepared.splits
    return FitData(prepared.card, rows or splits["train"], splits["train"], splits.get("validation"))


def mae(predictions) -> float:
    return metrics.mae(predictions["truth"], predictions["predicted"]).value


def test_linear_regression_computes_a_binary_number_exactly():
    prepared = small.pairs(BITS)
    found = regress.linear(fit_data(prepared))(None, prepared.splits["test"])
    assert np.array_equal(found["predicted"], found["truth"])


def test_linear_predictions_have_no_rounding_errors():
    prepared = small.pairs(BITS)
    all_rows = {
        name: np.concatenate([split[name] for split in prepared.splits.values()]) for name in ("inputs", "targets")
    }
    found = regress.linear(fit_data(prepared, all_rows))(None, all_rows)
    assert metrics.mse(found["truth"], found["predicted"]).value == 0.0


def test_linear_regression_takes_a_single_row():
    prepared = small.pairs("0.1 0.2 0.3,0.4\n", validation=0.0, test=0.0, refit=True)
    found = regress.linear(fit_data(prepared))(None, prepared.splits["train"])
    assert np.array_equal(found["predicted"], found["truth"])


def test_the_mean_is_that_of_the_training_rows():
    prepared = small.pairs(BITS)
    train, test = prepared.splits["train"], prepared.splits["test"]
    found = regress.mean(fit_data(prepared))(None, test)
    assert found["predicted"] == pytest.approx(np.full(len(test["targets"]), train["targets"].mean()))
    assert np.array_equal(found["truth"], test["targets"])


def test_the_naive_forecast_is_the_value_of_a_season_before():
    prepared = small.series(np.arange(20.0), season=3)
    found = forecast.seasonal_naive(fit_data(prepared))(prepared.splits["train"], prepared.splits["validation"])
    assert np.array_equal(found["truth"], prepared.splits["validation"]["values"])
    assert np.array_equal(found["predicted"], found["truth"] - 3)


def test_the_constant_forecast_is_the_median_of_the_training_days():
    prepared = small.series(np.r_[1.0, 2, 9, np.arange(17.0)], season=3)
    found = forecast.median(fit_data(prepared))(prepared.splits["train"], prepared.splits["test"])
    assert np.array_equal(found["truth"], prepared.splits["test"]["values"])
    assert set(found["predicted"]) == {np.median(prepared.splits["train"]["values"])}


def test_the_first_season_of_a_series_has_no_naive_forecast():
    prepared = small.series(np.arange(20.0), season=3, validation=0.0, test=0.0, refit=True)
    found = forecast.seasonal_naive(fit_data(prepared))(None, prepared.splits["train"])
    assert np.array_equal(found["truth"], np.arange(3.0, 20.0))


def test_boosting_finds_a_season_that_is_not_given():
    prepared = small.series(DAYS, season=2)
    test = prepared.splits["test"]
    before = {"values": np.concatenate([prepared.splits[split]["values"] for split in ("train", "validation")])}
    boosted, naive = (fit(fit_data(prepared))(before, test) for fit in (forecast.boosting, forecast.seasonal_naive))
    assert np.array_equal(boosted["truth"], test["values"])
    assert mae(boosted) < mae(naive) / 5


@pytest.mark.parametrize("fit", [forecast.boosting, forecast.linear])
@pytest.mark.parametrize("days", [10, 70])
def test_fitted_forecasts_take_short_series(days, fit):
    prepared = small.series(DAYS[:days])
    found = fit(fit_data(prepared))(prepared.splits["train"], prepared.splits["validation"])
    assert np.isfinite(found["predicted"]).all()
    assert len(found["truth"]) == len(prepared.splits["validation"]["values"])


def test_a_linear_autoregression_continues_a_trend():
    prepared = small.series(TREND, season=7)
    before, test = {"values": TREND[:160]}, prepared.splits["test"]
    found, boosted = (fit(fit_data(prepared))(before, test) for fit in (forecast.linear, forecast.boosting))
    assert np.array_equal(found["truth"], test["values"])
    assert mae(found) < 0.1 < mae(boosted)


def test_a_linear_autoregression_reads_as_many_days_as_are_best_on_validation_days():
    days = np.tile(np.random.default_rng(1).uniform(size=100), 6)  # each day is the one 100 days before
    prepared = small.series(days, season=2)
    data, test = fit_data(prepared), prepared.splits["test"]
    before = {"values": np.concatenate([prepared.splits[split]["values"] for split in ("train", "validation")])}
    chosen, first = (forecast.linear(of)(before, test) for of in (data, dataclasses.replace(data, validation=None)))
    assert np.array_equal(chosen["truth"], test["values"])
    assert mae(chosen) < 0.01 < mae(first)


@pytest.mark.parametrize(("values", "strong"), [(TREND, "baseline-linear"), (DAYS, "baseline-naive")])
def test_the_strong_baseline_is_the_best_on_validation_rows(values, strong):
    prepared = small.series(values, season=6)
    names = ("baseline-naive", "baseline-median", "baseline-linear")
    fitted = {name: fit_baseline(prepared, forecast.SERIES.baselines[name]) for name in names}
    found = Evaluations(
        tuple(
            Evaluation(name, {split: TASK.compute(of, prepared.card) for split, of in results.items()}, results)
            for name, results in fitted.items()
        )
    )
    assert TASK.choose_baseline(found) == strong
    named = found.with_baseline(strong)
    assert named.baselines[0] == BASELINE
    assert {*named.baselines[1:]} == {*names} - {strong}
    assert named[BASELINE].metrics == found[strong].metrics


def test_without_validation_rows_the_first_baseline_is_the_strong_one():
    assert TASK.choose_baseline(Evaluations((Evaluation("net"), Evaluation("baseline-linear")))) == "baseline-linear"


@pytest.mark.parametrize("fit", [forecast.boosting, forecast.linear])
def test_fitted_forecasts_have_the_same_bytes_again(fit):
    prepared = small.series(np.random.default_rng(1).uniform(size=150))
    first, second = (fit(fit_data(prepared))(prepared.splits["train"], prepared.splits["validation"]) for _ in range(2))
    assert first["predicted"].tobytes() == second["predicted"].tobytes()
