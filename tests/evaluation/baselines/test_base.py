import dataclasses

from pipeline.evaluation.baselines.base import FitData, fit_best
from pipeline.evaluation.references import MetricsOnly


def test_hyperparameters_are_chosen_on_validation_rows():
    fits = []

    def fit(rows, candidate):
        fits.append((rows["name"], candidate))
        return lambda before, arrays: MetricsOnly({"loss": abs(candidate - 3)})

    def loss(result):
        return result.metrics["loss"]

    train, validation, all_rows = {"name": "train"}, {"name": "validation"}, {"name": "all"}
    fit_data = FitData(None, train, train, validation)
    fit_best(fit_data, (1, 3, 5), fit, loss)
    assert fits == [("train", 1), ("train", 3), ("train", 5)]
    fits.clear()
    fit_best(dataclasses.replace(fit_data, rows=all_rows), (1, 3, 5), fit, loss)
    assert fits[-1] == ("all", 3)
    fits.clear()
    fit_best(dataclasses.replace(fit_data, validation=None), (1, 3, 5), fit, loss)
    assert fits == [("train", 1)]
