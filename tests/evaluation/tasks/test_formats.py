"""Every format has baselines, which are described, and evaluated like the networks."""

import numpy as np
import pytest
import torch

from pipeline.data import prepared as data
from pipeline.data.formats import FORMATS
from pipeline.data.prepared import join_splits
from pipeline.evaluation import verification
from pipeline.evaluation.baselines import REFERENCES
from pipeline.evaluation.baselines.base import FitData, References
from pipeline.evaluation.baselines.fitting import fit_all
from pipeline.evaluation.references import MetricsOnly
from pipeline.evaluation.tasks import EVALUATIONS
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
    return REFERENCES[prepared.card.task](prepared)


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
def test_baselines_and_bounds_are_fitted_on_every_split_and_read_back_as_they_were_written(stubs, format_, here):
    prepared, known = stubs[format_], references(stubs[format_])
    folder = here / "baselines" / prepared.card.dataset
    folder.mkdir(parents=True)
    fitted = fit_all(prepared, folder)
    assert list(fitted.by_name) == [*known.baselines, *([BOUND] if known.bound else [])]
    found = verification.read_verified(folder, prepared.card, EVALUATIONS[prepared.card.task].predictions)
    assert found.reproducibility == fitted.reproducibility
    for name, of in fitted.by_name.items():
        assert list(found.by_name[name].results) == list(of.results)
        assert found.by_name[name].words == of.words
        for split, result in of.results.items():
            read = found.by_name[name].results[split]
            if isinstance(result, MetricsOnly):
                assert read == result
                assert np.isfinite(list(result.metrics.values())).all()
                continue
            assert {key: (array.dtype, array.tobytes()) for key, array in read.items()} == {
                key: (array.dtype, array.tobytes()) for key, array in result.items()
            }
            metrics = EVALUATIONS[prepared.card.task].compute(read, prepared.card)
            assert np.isfinite(list(metrics.values())).all()
        if name != BOUND:
            assert list(of.results) == ["validation", "test"] + ["all_rows"] * prepared.card.refit
