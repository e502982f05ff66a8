"""Baselines are fitted to a sample of large data, and say so."""

import numpy as np
import pytest

from pipeline.evaluation.baselines import next_symbol, samples
from pipeline.evaluation.baselines.base import FitData
from pipeline.evaluation.baselines.fitting import fit_all
from tests.support import small

CLASSES = "".join(f"{'abcdefgh'[row % 8]}{row},{'xyz'[row % 3]}\n" for row in range(400))


@pytest.fixture
def small_limits(monkeypatch):
    monkeypatch.setattr(samples, "MAX_SYMBOLS", 500)
    monkeypatch.setattr(samples, "MAX_ROWS", 90)
    monkeypatch.setattr(samples, "MAX_PRODUCT", 3 * 60)


def fit_data(prepared):
    return FitData(prepared.card, prepared.splits["train"], prepared.splits["train"], prepared.splits["validation"])


def describe(prepared, folder):
    return {name: of.words.description for name, of in fit_all(prepared, folder).by_name.items()}


def test_data_that_are_not_large_are_taken_whole():
    for prepared in (small.text("ab" * 500), small.labelled(CLASSES)):
        whole, taken = fit_data(prepared), samples.sampled(fit_data(prepared))
        assert taken.rows is taken.train
        for ours, theirs in ((taken.train, whole.train), (taken.validation, whole.validation)):
            assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)
        assert samples.describe_sample(prepared) == ""


def test_the_end_of_a_long_text_is_taken(small_limits, tmp_path):
    prepared = small.text("abc" * 1000)
    whole, taken = fit_data(prepared), samples.sampled(fit_data(prepared))
    assert np.array_equal(taken.train["stream"], whole.train["stream"][-500:])
    assert np.array_equal(taken.validation["stream"], whole.validation["stream"][:100])
    found = next_symbol.ngrams(whole)(prepared.splits["train"], prepared.splits["test"])
    assert len(found["nll"]) == len(prepared.splits["test"]["stream"])  # all of it is predicted
    words = describe(prepared, tmp_path)
    assert "the last 500 of 1,800 training symbols" in words["baseline-ngrams"]
    assert "the first 100 of 600 validation symbols" in words["baseline-compressor"]
    assert "of 1,800" not in words["baseline-frequent"]


def test_random_rows_are_taken_fewer_of_more_classes(small_limits, tmp_path):
    prepared = small.labelled(CLASSES)
    taken, again = (samples.sampled(fit_data(prepared)) for _ in range(2))
    assert len(taken.train["labels"]) == 60
    assert len(taken.validation["symbols"]) == 12
    assert set(taken.train["labels"].tolist()) == {0, 1, 2}
    assert all(np.array_equal(taken.train[name], again.train[name]) for name in taken.train)
    assert "60 of 238 training rows, drawn at random" in describe(prepared, tmp_path)["baseline-regression"]
