"""Every model of params.yaml trains on a GPU as on the CPU, and no step waits for the GPU."""

from itertools import islice

import pytest
import torch

from pipeline.models.storage import ALL_ROWS
from pipeline.params import load_params
from pipeline.tasks import batching
from pipeline.training import loop
from tests.gpu.conftest import DEVICE
from tests.support import small
from tests.support.project import REPOSITORY

PARAMS = load_params(REPOSITORY / "params.yaml")
ROUNDING = 1e-4  # of the largest number; TF32 would be off by 1e-3 and more
STEPS = 4


@pytest.fixture(scope="module")
def stubs():
    """Prepare each data set of params.yaml from a small invented file."""
    return {name: small.stub(name, block) for name, block in PARAMS.datasets.items()}


def without_dropout(params):
    """Return the same params without dropout, whose masks are others on each device."""
    return params.model_copy(update={"dropout": 0.0, "input_dropout": 0.0, "output_dropout": 0.0})


def start(params, stubs, monkeypatch, device):
    monkeypatch.setenv("PIPELINE_DEVICE", device)
    return loop.Trainer(params, stubs[params.dataset], 1, ALL_ROWS, "toy")


def batches(trainer):
    return batching.training_batches(trainer.train, trainer.params, trainer.generator)


def step(trainer, batch, state):
    return loop.train_step(trainer.task, trainer.model, trainer.optimiser, trainer.params, batch, state)


def take_steps(trainer, count):
    """Train on the first batches of an epoch; return the mean loss of each."""
    losses, state = [], None
    for batch in islice(batches(trainer), count):
        loss, scored, state = step(trainer, batch, state)
        losses.append((loss / scored).item())
    return losses


def differentiate(trainer):
    """Return the outputs for a batch, and the gradient of each weight."""
    batch = batches(trainer)[0]
    outputs, _ = trainer.model(batch.inputs, batch.lengths)
    loss, scored = trainer.task.loss(trainer.model, outputs, batch)
    (loss / scored).backward()
    gradients = {name: weight.grad for name, weight in trainer.model.named_parameters() if weight.grad is not None}
    return {"outputs": outputs.detach(), **gradients}


@pytest.mark.parametrize("name", PARAMS.models)
def test_outputs_and_gradients_agree_with_the_cpu_within_rounding(name, stubs, monkeypatch):
    params = without_dropout(PARAMS.models[name])
    wanted = differentiate(start(params, stubs, monkeypatch, "cpu"))
    found = differentiate(start(params, stubs, monkeypatch, DEVICE))
    assert {tensor.device.type for tensor in found.values()} == {DEVICE}
    assert list(found) == list(wanted)
    errors = {key: (found[key].cpu() - value).abs().max() for key, value in wanted.items()}
    largest = {key: value.abs().max() for key, value in wanted.items()}
    assert {key: float(error) for key, error in errors.items() if not error <= ROUNDING * largest[key]} == {}


@pytest.mark.parametrize("name", PARAMS.models)
def test_a_few_steps_have_the_losses_of_the_cpu(name, stubs, monkeypatch):
    params = without_dropout(PARAMS.models[name])
    on_cpu = take_steps(start(params, stubs, monkeypatch, "cpu"), STEPS)
    on_gpu = take_steps(start(params, stubs, monkeypatch, DEVICE), STEPS)
    assert on_gpu == pytest.approx(on_cpu, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("name", PARAMS.models)
def test_no_step_waits_for_the_gpu(name, stubs, monkeypatch):
    trainer = start(PARAMS.models[name], stubs, monkeypatch, DEVICE)
    take_steps(trainer, 2)  # libraries start
    made = batches(trainer)
    try:
        torch.cuda.set_sync_debug_mode("error")
        position = trainer.position
        for batch in islice(made, STEPS):
            loss, scored, state = step(trainer, batch, position.state)
            position.advance(loss, scored, state)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert torch.isfinite(position.loss)


def test_waiting_would_be_noticed():
    number = torch.ones(1, device=DEVICE)
    try:
        torch.cuda.set_sync_debug_mode("error")
        with pytest.raises(RuntimeError, match="synchroniz"):
            number.item()
    finally:
        torch.cuda.set_sync_debug_mode("default")
