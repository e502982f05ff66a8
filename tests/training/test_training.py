"""One epoch of a training, and how a training ends."""

import math

import pytest
import torch
from torch.nn import functional

from pipeline import batches, models, training
from tests import small
from tests.small import model_settings
from tests.training.conftest import judged

FROZEN = {"optimiser": "sgd", "rate": 1e-30}  # a step that changes nothing


# One epoch


def epoch_losses(text, **changes):
    """Return the loss of an epoch that changes nothing, and the network and batches that gave it."""
    block = model_settings(window=7, batch=5, **FROZEN, **changes)
    trainer = training.Trainer(block, text, 1, "held-out", "toy")
    portions = batches.training(trainer.train, block, torch.Generator().manual_seed(1))
    return trainer.run_epoch(1).train_loss, trainer.model, portions


def test_consecutive_windows_go_on_from_the_state_before(text):
    loss, model, portions = epoch_losses(text, sampling="consecutive")
    inputs, targets = (torch.cat([getattr(batch, name) for batch in portions], 1) for name in ("inputs", "targets"))
    outputs, _ = model(inputs)  # each lane in one piece
    assert loss == pytest.approx(functional.cross_entropy(outputs.flatten(0, 1), targets.flatten()).item(), rel=1e-6)
    apart, _ = model(portions[1].inputs)
    assert not torch.allclose(apart, outputs[:, 7:14])


def test_random_windows_each_start_anew(text):
    loss, model, portions = epoch_losses(text, sampling="random")
    inputs, targets = (torch.cat([getattr(batch, name) for batch in portions]) for name in ("inputs", "targets"))
    outputs, _ = model(inputs)
    assert loss == pytest.approx(functional.cross_entropy(outputs.flatten(0, 1), targets.flatten()).item(), rel=1e-6)


def test_the_state_between_steps_holds_no_history(text):
    block = model_settings(window=7, sampling="consecutive", layers=2)
    trainer = training.Trainer(block, text, 1, "held-out", "toy")
    state = None
    for batch in batches.training(trainer.train, block, trainer.generator)[:3]:
        _, _, state = training.step(trainer.task, trainer.model, trainer.optimiser, block, batch, state)
        parts = [part for layer in state for part in layer]
        assert len(parts) == 4
        assert all(part.grad_fn is None and not part.requires_grad for part in parts)


@pytest.mark.parametrize("clip", [0.5, 0.01])
def test_a_gradient_is_clipped_to_its_largest_norm(pairs, clip):
    block = model_settings(input="values", optimiser="sgd", rate=1.0, clip=clip)
    trainer = training.Trainer(block, pairs, 1, "held-out", "toy")
    before = torch.cat([weight.detach().flatten() for weight in trainer.model.parameters()])
    batch = batches.training(trainer.train, block, trainer.generator)[0]
    training.step(trainer.task, trainer.model, trainer.optimiser, block, batch, None)
    after = torch.cat([weight.detach().flatten() for weight in trainer.model.parameters()])
    assert (after - before).norm().item() == pytest.approx(clip, rel=1e-4)


def test_the_history_tells_the_rate_of_each_epoch(pairs):
    block = model_settings(input="values", epochs=3, rate=0.1, schedule={"kind": "step", "every": 1, "factor": 0.5})
    assert [epoch.rate for epoch in training.fit(block, pairs, 1).history] == [0.1, 0.05, 0.025]


def test_every_epoch_is_watched(pairs):
    seen = []
    fitted = training.fit(model_settings(input="values"), pairs, 1, watch=seen.append)
    assert tuple(seen) == fitted.history
    assert [epoch.epoch for epoch in seen] == [1, 2]


# How a training ends


def test_a_rate_that_is_far_too_high_diverges(pairs):
    block = model_settings(input="values", optimiser="sgd", rate=1e25, epochs=50)
    fitted = training.fit(block, pairs, 1)
    assert fitted.status == f"diverged at epoch {len(fitted.history)}"
    assert len(fitted.history) < 10
    last = fitted.history[-1]
    assert not (math.isfinite(last.train_loss) and math.isfinite(last.validation_loss))
    assert (fitted.best_epoch, dict(fitted.weights)) == (0, {})


def test_patience_stops_and_the_best_epoch_is_kept(noise):
    block = model_settings(hidden=32, epochs=60, rate=0.03, batch=8, patience=5)
    fitted = training.fit(block, noise, 1)
    losses = [epoch.validation_loss for epoch in fitted.history]
    assert len(losses) == fitted.best_epoch + 5 < 60
    assert fitted.best_epoch == 1 + losses.index(min(losses))
    assert fitted.status == "finished"
    assert judged(fitted, block, noise, "validation")["loss"] == pytest.approx(min(losses), rel=1e-5)


def test_without_patience_all_epochs_are_run_and_the_best_is_kept(noise):
    block = model_settings(hidden=32, epochs=25, rate=0.03, batch=8)
    fitted = training.fit(block, noise, 1)
    losses = [epoch.validation_loss for epoch in fitted.history]
    assert len(losses) == 25
    assert fitted.best_epoch == 1 + losses.index(min(losses)) < 25


def test_parameters_are_those_of_the_network(names):
    block = model_settings(epochs=1)
    assert training.fit(block, names, 1).parameters == models.parameters(small.network(block, names))
