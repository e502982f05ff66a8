"""Every format has baselines, which are described, and evaluated like the networks."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.data import prepared as data
from pipeline.evaluation import bounds, jobs
from pipeline.evaluation.baselines import descriptions, registry
from pipeline.evaluation.baselines.base import FitData, fit_best
from pipeline.evaluation.results import EvaluationJob, MetricsOnly
from pipeline.params import load_params
from pipeline.params.schema import BASELINE, BOUND, FORMATS, is_baseline
from pipeline.tasks import TASKS
from pipeline.tasks.examples import join_splits
from tests.support import small

MODELS = {
    "text": {"input": "embedding", "embedding_size": 4, "sequence_length": 8},
    "series": {"input": "values", "window": 4},
    "pairs": {"input": "values"},
}


@pytest.fixture(scope="module")
def stubs() -> dict[str, data.Prepared]:
    """Return a small data set of each format."""
    params = load_params(small.REPOSITORY / "params.yaml")
    return {block.format: small.stub(name, block) for name, block in params.datasets.items() if block.test}


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_has_baselines_the_strong_one_first(format_):
    names = list(descriptions.BASELINES[format_])
    assert names == list(registry.FITS[format_])
    assert names[0] == BASELINE
    assert all(is_baseline(name) for name in names)
    assert all(descriptions.describe(format_, name).endswith(".") for name in names)


def test_every_bound_is_described():
    assert set(descriptions.BOUNDS) == set(bounds.BOUNDS)
    assert descriptions.describe("words", BOUND).endswith(".")


@pytest.mark.parametrize("format_", FORMATS)
def test_baselines_predict_what_networks_predict(stubs, format_):
    prepared = stubs[format_]
    splits, task = prepared.splits, TASKS[prepared.card.task]
    model = small.model_params(**MODELS.get(format_, {}))
    network = small.network(model, prepared)
    before_test = join_splits({split: splits[split] for split in ("train", "validation")})
    for split, before in (("validation", splits["train"]), ("test", before_test)):
        wanted = task.predict(network, task.examples(splits[split], before, model, torch.device("cpu")), model)
        for name, fit in registry.FITS[format_].items():
            found = fit(FitData(prepared.card, splits["train"], splits["train"], splits["validation"]))(
                before, splits[split]
            )
            if isinstance(found, MetricsOnly):
                continue
            assert set(found) == set(wanted), name
            assert {key: array.shape for key, array in found.items()} == {
                key: array.shape for key, array in wanted.items()
            }
            assert found["truth"] == pytest.approx(wanted["truth"])


@pytest.mark.parametrize("format_", FORMATS)
def test_baselines_and_bounds_are_evaluated_on_every_split(stubs, format_, tmp_path: Path):
    prepared = stubs[format_]
    data.write(prepared, tmp_path)
    wanted = ["all_rows"] * prepared.card.refit + ["validation", "test"]
    for name in descriptions.BASELINES[format_]:
        found = jobs.evaluate_job(EvaluationJob(tmp_path, name, 0, None))
        assert list(found.metrics) == wanted
        assert all(np.isfinite(list(metrics.values())).all() for metrics in found.metrics.values())
    bound = jobs.evaluate_job(EvaluationJob(tmp_path, BOUND, 0, None))
    assert bool(bound.metrics) is (format_ in bounds.BOUNDS)
    assert not bound.predictions


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
