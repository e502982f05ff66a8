"""The same seed gives the same bytes, and no held-out row leaks into them."""

import numpy as np
import pytest
import torch

from pipeline.data.prepared import ALL_ROWS, Prepared
from pipeline.tasks import batching
from pipeline.training import loop
from tests.support.small import model_params
from tests.training.conftest import same_weights


@pytest.mark.parametrize(
    "changes", [{}, {"sampling": "balanced"}, {"layers": 2, "dropout": 0.3, "bidirectional": True}]
)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(names, changes):
    params = model_params(input="one-hot", batch_size=64, epochs=2, **changes)
    one, two, other = (loop.train_network(params, names, seed) for seed in (1, 1, 2))
    assert same_weights(one.weights, two.weights)
    assert one.history == two.history
    assert not same_weights(one.weights, other.weights)


def test_a_seed_decides_the_initial_weights_and_the_order_of_the_examples(names):
    weights, orders = [], []
    for seed in (1, 2):
        trainer = loop.Trainer(model_params(), names, seed, "train", "toy")
        weights.append({name: value.numpy() for name, value in trainer.model.state_dict().items()})
        batches = batching.training_batches(trainer.train, trainer.params, trainer.generator)
        orders.append([batch.inputs.tolist() for batch in batches])
    assert not same_weights(*weights)
    assert orders[0] != orders[1]


def test_a_training_does_not_depend_on_earlier_random_draws(names):
    params = model_params(batch_size=64, epochs=1)
    one = loop.train_network(params, names, 1)
    torch.rand(7)
    assert same_weights(one.weights, loop.train_network(params, names, 1).weights)


# Nothing leaks


def blank_out(prepared, split):
    """Return a data set whose rows of a split are all the same."""
    blank = {name: np.broadcast_to(array[:1], array.shape) for name, array in prepared.splits[split].items()}
    return Prepared(prepared.card, prepared.vocabulary, prepared.classes, {**prepared.splits, split: blank})


@pytest.mark.parametrize("data", ["names", "text", "pairs"])
def test_test_rows_change_nothing(request, data):
    prepared = request.getfixturevalue(data)
    changes = {
        "names": {},
        "text": {"sequence_length": 8, "sampling": "random"},
        "pairs": {"input": "values", "scaling": "standard"},
    }
    params = model_params(batch_size=32, **changes[data])
    one, other = loop.train_network(params, prepared, 1), loop.train_network(params, blank_out(prepared, "test"), 1)
    assert same_weights(one.weights, other.weights)
    assert one.history == other.history


def test_validation_rows_only_choose_the_epoch(names):
    params = model_params(batch_size=32)
    one, other = loop.train_network(params, names, 1), loop.train_network(params, blank_out(names, "validation"), 1)
    assert [epoch.train_loss for epoch in one.history] == [epoch.train_loss for epoch in other.history]
    assert [epoch.validation_loss for epoch in one.history] != [epoch.validation_loss for epoch in other.history]


def test_a_refit_is_trained_on_all_rows(pairs):
    params = model_params(input="values")
    trainer = loop.Trainer(params, pairs, 1, ALL_ROWS, "toy")
    assert sorted(trainer.train.targets.tolist()) == sorted(a + 2 * b for a in range(8) for b in range(8))
    trained = loop.train_network(params, pairs, 1, ALL_ROWS)
    assert trained.best_epoch == 2  # its last
    assert [epoch.validation_loss for epoch in trained.history] == [None, None]
