"""What a network learns from data that have something to learn."""

import pytest

from pipeline.training import loop
from tests.support import small
from tests.support.small import model_params
from tests.training.conftest import evaluate


@pytest.mark.parametrize("sampling", ["consecutive", "random"])
def test_a_text_is_learned(text, sampling):
    params = model_params(
        sequence_length=16, sampling=sampling, hidden_size=16, learning_rate=0.03, epochs=12, batch_size=8
    )
    found = evaluate(loop.train_network(params, text, 1), params, text)
    assert found["accuracy"] > 0.99
    assert found["perplexity"] < 1.1


def test_the_first_letter_is_remembered_to_the_end(names):
    params = model_params(hidden_size=16, learning_rate=0.03, epochs=12, batch_size=16)
    assert evaluate(loop.train_network(params, names, 1), params, names)["accuracy"] > 0.95  # chance: 0.33


def test_a_sum_is_learned(pairs):
    params = model_params(
        input="values", scaling="standard", hidden_size=16, learning_rate=0.02, epochs=60, batch_size=8
    )
    assert evaluate(loop.train_network(params, pairs, 1), params, pairs)["mae"] < 1  # predicting the mean: about 4


@pytest.mark.parametrize("kind", ["values", "flat"])
def test_a_series_that_repeats_is_forecast(kind):
    prepared = small.series([day % 5 * 10 + day % 2 for day in range(200)], season=2)
    params = model_params(
        input=kind, window=10, scaling="standard", hidden_size=16, learning_rate=0.02, epochs=25, batch_size=8
    )
    assert evaluate(loop.train_network(params, prepared, 1), params, prepared)["mase"] < 0.2


def test_supervision_at_every_step_learns_more_than_at_the_end_of_a_window():
    prepared = small.windows("abbeobbbuab" * 300, width=12, stride=23)
    both = [
        model_params(supervision=kind, input="one-hot", batch_size=8, epochs=10, learning_rate=0.02)
        for kind in ("task", "every-step")
    ]
    task, every_step = (evaluate(loop.train_network(params, prepared, 1), params, prepared) for params in both)
    assert every_step["loss"] < 0.5 * task["loss"]
    assert every_step["accuracy"] > 0.9
