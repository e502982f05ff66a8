"""The same seed gives the same bytes, and no row that is held out leaks into them."""

import numpy as np
import pytest
import torch

from pipeline import batches, training
from pipeline.datasets.prepared import Prepared
from pipeline.history import REFIT
from tests.small import model_settings
from tests.training.conftest import same


@pytest.mark.parametrize("changes", [{}, {"sampling": "draws"}, {"layers": 2, "dropout": 0.3, "direction": "both"}])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(names, changes):
    block = model_settings(input="one-hot", batch=64, epochs=2, **changes)
    one, two, other = (training.fit(block, names, seed) for seed in (1, 1, 2))
    assert same(one.weights, two.weights)
    assert one.history == two.history
    assert not same(one.weights, other.weights)


def test_a_seed_decides_where_training_starts_and_in_which_order_it_goes(names):
    weights, orders = [], []
    for seed in (1, 2):
        trainer = training.Trainer(model_settings(), names, seed, "held-out", "toy")
        weights.append(trainer.weights())
        portions = batches.training(trainer.train, trainer.settings, trainer.generator)
        orders.append([batch.inputs.tolist() for batch in portions])
    assert not same(*weights)
    assert orders[0] != orders[1]


def test_a_fit_does_not_depend_on_what_was_drawn_before(names):
    block = model_settings(batch=64, epochs=1)
    one = training.fit(block, names, 1)
    torch.rand(7)
    assert same(one.weights, training.fit(block, names, 1).weights)


# Nothing leaks


def without(prepared, split):
    """Return a data set whose rows of a split are all alike."""
    blank = {name: np.broadcast_to(array[:1], array.shape) for name, array in prepared.splits[split].items()}
    return Prepared(prepared.card, prepared.codec, prepared.classes, {**prepared.splits, split: blank})


@pytest.mark.parametrize("data", ["names", "text", "pairs"])
def test_test_rows_change_nothing(request, data):
    prepared = request.getfixturevalue(data)
    changes = {
        "names": {},
        "text": {"window": 8, "sampling": "random"},
        "pairs": {"input": "values", "scaling": "standard"},
    }
    block = model_settings(batch=32, **changes[data])
    one, other = training.fit(block, prepared, 1), training.fit(block, without(prepared, "test"), 1)
    assert same(one.weights, other.weights)
    assert one.history == other.history


def test_validation_rows_only_choose_the_epoch(names):
    block = model_settings(batch=32)
    one, other = training.fit(block, names, 1), training.fit(block, without(names, "validation"), 1)
    assert [epoch.train_loss for epoch in one.history] == [epoch.train_loss for epoch in other.history]
    assert [epoch.validation_loss for epoch in one.history] != [epoch.validation_loss for epoch in other.history]


def test_a_refit_is_trained_on_all_rows(pairs):
    block = model_settings(input="values")
    trainer = training.Trainer(block, pairs, 1, REFIT, "toy")
    assert sorted(trainer.train.targets.tolist()) == sorted(a + 2 * b for a in range(8) for b in range(8))
    fitted = training.fit(block, pairs, 1, REFIT)
    assert fitted.best_epoch == 2  # its last
    assert [epoch.validation_loss for epoch in fitted.history] == [None, None]
