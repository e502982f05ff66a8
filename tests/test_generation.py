import numpy as np
import pytest
import torch

from pipeline.generation import generate
from tests import small
from tests.small import model_settings, network

PREFIX = "abca"


@pytest.fixture(scope="module")
def prepared():
    return small.text("abc " * 50)


@pytest.fixture(scope="module")
def model(prepared):
    return network(model_settings(hidden=16, window=4), prepared, seed=3)


def written(model, prepared, temperature, seed=1, length=60, prefix=PREFIX):
    return "".join(generate(model, prepared.codec, prefix, length, temperature, seed))


def by_hand(model, prepared, length):
    """Take the most likely symbol each time, reading everything anew; 0 stands for unknown symbols."""
    text = PREFIX
    for _ in range(length):
        outputs, _ = model(torch.from_numpy(prepared.codec.encode(text).astype(int)).unsqueeze(0))
        text += prepared.codec.decode([1 + int(outputs[0, -1, 1:].argmax())])
    return text.removeprefix(PREFIX)


def test_greedy_writing_goes_on_from_all_that_was_read(model, prepared):
    assert written(model, prepared, 0.0) == by_hand(model, prepared, 60)


def test_greedy_writing_knows_no_seed(model, prepared):
    assert written(model, prepared, 0.0, seed=1) == written(model, prepared, 0.0, seed=2)


def test_a_seed_repeats_a_text_and_another_gives_another(model, prepared):
    assert written(model, prepared, 0.8, seed=1) == written(model, prepared, 0.8, seed=1)
    assert written(model, prepared, 0.8, seed=1) != written(model, prepared, 0.8, seed=2)


def test_a_temperature_near_zero_is_greedy(model, prepared):
    assert written(model, prepared, 1e-6) == written(model, prepared, 0.0)


@pytest.mark.parametrize("temperature", [0.0, 0.8, 5.0])
def test_an_unknown_symbol_is_never_written(prepared, temperature):
    eager = network(model_settings(window=4), prepared)
    with torch.no_grad():
        eager.head.bias[prepared.codec.unknown] = 100
    text = written(eager, prepared, temperature, length=200)
    assert len(text) == 200
    assert set(text) <= set("abc ")


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_symbols_are_drawn_with_their_probabilities(prepared, temperature):
    even = network(model_settings(window=4), prepared)
    logits = torch.tensor([9.0, 0.0, 1.0, 2.0, -1.0])  # unknown, space, a, b, c
    with torch.no_grad():
        even.head.weight.zero_()
        even.head.bias.copy_(logits)
    text = written(even, prepared, temperature, length=4000)
    shares = np.array([text.count(symbol) for symbol in " abc"]) / 4000
    np.testing.assert_allclose(shares, torch.softmax(logits[1:] / temperature, 0), atol=0.04)  # five deviations


def test_a_prefix_may_hold_symbols_that_training_lacked(model, prepared):
    assert len(written(model, prepared, 0.0, prefix="xyz", length=5)) == 5
