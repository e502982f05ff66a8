"""Every format has baselines, described and judged like the networks beside which they stand."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline import judging, limits, settings
from pipeline.baselines import descriptions, registry
from pipeline.baselines.learning import Lesson, chosen
from pipeline.datasets import prepared as data
from pipeline.examples import joined
from pipeline.judgement import Measured, Question
from pipeline.references import BASELINE, LIMIT, is_baseline
from pipeline.settings.datasets import FORMATS
from pipeline.tasks import TASKS
from tests import small

MODELS = {
    "text": {"input": "embedding", "embedding": 4, "window": 8},
    "series": {"input": "values", "window": 4},
    "pairs": {"input": "values"},
}


@pytest.fixture(scope="module")
def stubs() -> dict[str, data.Prepared]:
    """Return a small data set of each format."""
    params = settings.load(small.REPOSITORY / "params.yaml")
    return {block.format: small.stub(name, block) for name, block in params.datasets.items() if block.test}


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_has_baselines_the_strong_one_first(format_):
    names = list(descriptions.BASELINES[format_])
    assert names == list(registry.FITS[format_])
    assert names[0] == BASELINE
    assert all(is_baseline(name) for name in names)
    assert all(descriptions.description(format_, name).endswith(".") for name in names)


def test_every_limit_is_described():
    assert set(descriptions.LIMITS) == set(limits.LIMITS)
    assert descriptions.description("words", LIMIT).endswith(".")


@pytest.mark.parametrize("format_", FORMATS)
def test_baselines_answer_the_questions_that_networks_answer(stubs, format_):
    prepared = stubs[format_]
    splits, task = prepared.splits, TASKS[prepared.card.task]
    model = small.model_settings(**MODELS.get(format_, {}))
    network = small.network(model, prepared)
    known = joined({split: splits[split] for split in ("train", "validation")})
    for split, before in (("validation", splits["train"]), ("test", known)):
        wanted = task.predict(network, task.examples(splits[split], before, model, torch.device("cpu")), model)
        for name, fit in registry.FITS[format_].items():
            found = fit(Lesson(prepared.card, splits["train"], splits["train"], splits["validation"]))(
                before, splits[split]
            )
            if isinstance(found, Measured):
                continue
            assert set(found) == set(wanted), name
            assert {key: array.shape for key, array in found.items()} == {
                key: array.shape for key, array in wanted.items()
            }
            assert found["truth"] == pytest.approx(wanted["truth"])


@pytest.mark.parametrize("format_", FORMATS)
def test_references_are_judged_on_every_split(stubs, format_, tmp_path: Path):
    prepared = stubs[format_]
    data.write(prepared, tmp_path)
    wanted = ["train"] * prepared.card.refit + ["validation", "test"]
    for name in descriptions.BASELINES[format_]:
        found = judging.judge(Question(tmp_path, name, 0, None))
        assert list(found.metrics) == wanted
        assert all(np.isfinite(list(metrics.values())).all() for metrics in found.metrics.values())
    limit = judging.judge(Question(tmp_path, LIMIT, 0, None))
    assert bool(limit.metrics) is (format_ in limits.LIMITS)
    assert not limit.predictions


def test_settings_are_chosen_on_validation_rows_and_fit_to_the_rows_asked_for():
    fits = []

    def fit(rows, setting):
        fits.append((rows["name"], setting))
        return lambda before, arrays: Measured({"cost": abs(setting - 3)})

    def cost(answer):
        return answer.metrics["cost"]

    train, validation, every = {"name": "train"}, {"name": "validation"}, {"name": "all"}
    lesson = Lesson(None, train, train, validation)
    chosen(lesson, (1, 3, 5), fit, cost)
    assert fits == [("train", 1), ("train", 3), ("train", 5)]
    fits.clear()
    chosen(dataclasses.replace(lesson, rows=every), (1, 3, 5), fit, cost)
    assert fits[-1] == ("all", 3)
    fits.clear()
    chosen(dataclasses.replace(lesson, validation=None), (1, 3, 5), fit, cost)
    assert fits == [("train", 1)]
