import numpy as np
import pytest
import torch

from pipeline.models.sampling import generate
from tests.support import small
from tests.support.small import model_params, network

PREFIX = "abca"


@pytest.fixture(scope="module")
def prepared():
    return small.text("abc " * 50)


@pytest.fixture(scope="module")
def model(prepared):
    return network(model_params(hidden_size=16, sequence_length=4), prepared, seed=3)


def sample(model, prepared, temperature, seed=1, length=60, prefix=PREFIX):
    return "".join(generate(model, prepared.vocabulary, prefix, length, temperature, seed))


def sample_greedily(model, prepared, length):
    """Take the most likely symbol each time, reading the whole text again; id 0 is the `unknown` token."""
    text = PREFIX
    for _ in range(length):
        outputs, _ = model(torch.from_numpy(prepared.vocabulary.encode(text).astype(int)).unsqueeze(0))
        text += prepared.vocabulary.decode([1 + int(outputs[0, -1, 1:].argmax())])
    return text.removeprefix(PREFIX)


def test_temperature_0_takes_the_most_likely_symbol_after_the_whole_text(model, prepared):
    assert sample(model, prepared, 0.0) == sample_greedily(model, prepared, 60)


def test_temperature_0_does_not_depend_on_the_seed(model, prepared):
    assert sample(model, prepared, 0.0, seed=1) == sample(model, prepared, 0.0, seed=2)


def test_the_same_seed_gives_the_same_text_and_another_seed_another(model, prepared):
    assert sample(model, prepared, 0.8, seed=1) == sample(model, prepared, 0.8, seed=1)
    assert sample(model, prepared, 0.8, seed=1) != sample(model, prepared, 0.8, seed=2)


def test_a_temperature_near_0_gives_the_same_as_0(model, prepared):
    assert sample(model, prepared, 1e-6) == sample(model, prepared, 0.0)


@pytest.mark.parametrize("temperature", [0.0, 0.8, 5.0])
def test_the_unknown_token_is_never_generated(prepared, temperature):
    biased = network(model_params(sequence_length=4), prepared)
    with torch.no_grad():
        biased.head.bias[prepared.vocabulary.unknown] = 100
    text = sample(biased, prepared, temperature, length=200)
    assert len(text) == 200
    assert set(text) <= set("abc ")


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_symbols_are_drawn_by_their_probabilities(prepared, temperature):
    constant = network(model_params(sequence_length=4), prepared)
    logits = torch.tensor([9.0, 0.0, 1.0, 2.0, -1.0])  # unknown, space, a, b, c
    with torch.no_grad():
        constant.head.weight.zero_()
        constant.head.bias.copy_(logits)
    text = sample(constant, prepared, temperature, length=4000)
    shares = np.array([text.count(symbol) for symbol in " abc"]) / 4000
    np.testing.assert_allclose(
        shares, torch.softmax(logits[1:] / temperature, 0), atol=0.04
    )  # five standard deviations


def test_a_prefix_may_have_out_of_vocabulary_symbols(model, prepared):
    assert len(sample(model, prepared, 0.0, prefix="xyz", length=5)) == 5
