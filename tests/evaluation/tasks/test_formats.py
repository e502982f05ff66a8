"""Every format has baselines, which are described, and evaluated like the networks."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.data import prepared as data
from pipeline.data.formats import FORMATS
from pipeline.data.prepared import join_splits
from pipeline.evaluation import jobs
from pipeline.evaluation.baselines.base import FitData
from pipeline.evaluation.results import EvaluationJob, MetricsOnly
from pipeline.evaluation.tasks import EVALUATIONS
from pipeline.evaluation.tasks.base import References
from pipeline.params import load_params
from pipeline.params.schema import BASELINE, BOUND, is_baseline
from pipeline.tasks import TASKS
from tests.support import small
from tests.support.project import REPOSITORY

MODELS = {
    "text": {"input": "embedding", "embedding_size": 4, "sequence_length": 8},
    "series": {"input": "values", "window": 4},
    "pairs": {"input": "values"},
}


def references(prepared: data.Prepared) -> References:
    return EVALUATIONS[prepared.card.task].references(prepared)


@pytest.fixture(scope="module")
def stubs() -> dict[str, data.Prepared]:
    """Return a small data set of each format."""
    params = load_params(REPOSITORY / "params.yaml")
    return {block.format: small.stub(name, block) for name, block in params.datasets.items() if block.test}


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_has_baselines_whose_names_leave_that_of_the_strong_one_free(stubs, format_):
    names = list(references(stubs[format_]).baselines)
    assert BASELINE not in names
    assert all(is_baseline(name) for name in names)
    assert list(references(stubs[format_]).describe(names[-1])) == [
        *(BASELINE, *names[:-1]),
        *([BOUND] if references(stubs[format_]).bound else []),
    ]


@pytest.mark.parametrize("format_", FORMATS)
def test_baselines_predict_what_networks_predict(stubs, format_):
    prepared = stubs[format_]
    splits, task = prepared.splits, TASKS[prepared.card.task]
    model = small.model_params(**MODELS.get(format_, {}))
    network = small.network(model, prepared)
    before_test = join_splits({split: splits[split] for split in ("train", "validation")})
    for split, before in (("validation", splits["train"]), ("test", before_test)):
        wanted = task.predict(network, task.examples(splits[split], before, model, torch.device("cpu")), model)
        for name, baseline in references(prepared).baselines.items():
            found = baseline.fit(FitData(prepared.card, splits["train"], splits["train"], splits["validation"]))(
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
    wanted = ["validation", "test"] + ["all_rows"] * prepared.card.refit
    for name in references(prepared).baselines:
        found = jobs.evaluate_job(EvaluationJob(tmp_path, name))
        assert list(found.metrics) == wanted
        assert all(np.isfinite(list(metrics.values())).all() for metrics in found.metrics.values())
    bound = jobs.evaluate_job(EvaluationJob(tmp_path, BOUND))
    assert bool(bound.metrics) is (references(prepared).bound is not None)
    assert not bound.predictions
