"""What a network learns from data that have something to learn."""

import pytest

from pipeline import training
from tests import small
from tests.small import model_settings
from tests.training.conftest import judged


@pytest.mark.parametrize("sampling", ["consecutive", "random"])
def test_a_text_is_learned(text, sampling):
    block = model_settings(window=16, sampling=sampling, hidden=16, rate=0.03, epochs=12, batch=8)
    found = judged(training.fit(block, text, 1), block, text)
    assert found["accuracy"] > 0.99
    assert found["perplexity"] < 1.1


def test_the_first_letter_is_remembered_to_the_end(names):
    block = model_settings(hidden=16, rate=0.03, epochs=12, batch=16)
    assert judged(training.fit(block, names, 1), block, names)["accuracy"] > 0.95  # chance: 0.33


def test_a_sum_is_learned(pairs):
    block = model_settings(input="values", scaling="standard", hidden=16, rate=0.02, epochs=60, batch=8)
    assert judged(training.fit(block, pairs, 1), block, pairs)["mae"] < 1  # always the mean: about 4


@pytest.mark.parametrize("kind", ["values", "flat"])
def test_a_series_that_repeats_is_forecast(kind):
    prepared = small.series([day % 5 * 10 + day % 2 for day in range(200)], season=2)
    block = model_settings(input=kind, window=10, scaling="standard", hidden=16, rate=0.02, epochs=25, batch=8)
    assert judged(training.fit(block, prepared, 1), block, prepared)["mase"] < 0.2


def test_a_class_after_every_symbol_teaches_more_than_one_a_window():
    prepared = small.windows("abbeobbbuab" * 300, width=12, stride=23)
    blocks = [
        model_settings(supervision=kind, input="one-hot", batch=8, epochs=10, rate=0.02)
        for kind in ("task", "every-step")
    ]
    once, each_step = (judged(training.fit(block, prepared, 1), block, prepared) for block in blocks)
    assert each_step["loss"] < 0.5 * once["loss"]
    assert each_step["accuracy"] > 0.9
