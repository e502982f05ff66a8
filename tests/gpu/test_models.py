"""Every model of params.yaml trains on a GPU as on the CPU, and no step waits for the GPU."""

import subprocess
import sys
from itertools import islice

import pytest
import torch

from pipeline.data.prepared import ALL_ROWS
from pipeline.params import load_params
from pipeline.tasks import batching
from pipeline.training import loop
from tests.gpu.conftest import DEVICE
from tests.support import small
from tests.support.project import REPOSITORY

PARAMS = load_params(REPOSITORY / "params.yaml")
ROUNDING = 1e-4  # of the largest number; TF32 would be off by 1e-3 and more
SUMMED = 8 * torch.finfo(torch.float32).eps  # of all that is summed, which may cancel: to next to nothing in a bias
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


def take_steps(trainer, count):
    """Train on the first batches of an epoch; return the mean loss of each."""
    losses, state = [], None
    for batch in islice(batches(trainer), count):
        loss, scored, state = trainer.take_step(batch, state)
        losses.append((loss / scored).item())
    return losses


def weights(trainer):
    return {name: weight.cpu().numpy() for name, weight in trainer.model.state_dict().items()}


def differentiate(trainer):
    """Return the outputs for a batch, the gradient of each weight, and the sum of those of the outputs, without signs.

    Every gradient is a sum of the outputs' gradients, each times some factor.
    """
    batch = batches(trainer)[0]
    outputs, _ = trainer.model(batch.inputs, batch.lengths)
    outputs.retain_grad()
    loss, scored = trainer.task.loss(trainer.model, outputs, batch)
    (loss / scored).backward()
    gradients = {name: weight.grad for name, weight in trainer.model.named_parameters() if weight.grad is not None}
    return {"outputs": outputs.detach(), **gradients}, float(outputs.grad.abs().flatten(0, -2).sum(0).max())


@pytest.mark.parametrize("name", PARAMS.models)
def test_outputs_and_gradients_agree_with_the_cpu_within_rounding(name, stubs, monkeypatch):
    params = without_dropout(PARAMS.models[name])
    wanted, summed = differentiate(start(params, stubs, monkeypatch, "cpu"))
    found, _ = differentiate(start(params, stubs, monkeypatch, DEVICE))
    assert {tensor.device.type for tensor in found.values()} == {DEVICE}
    assert list(found) == list(wanted)
    errors = {key: (found[key].cpu() - value).abs().max() for key, value in wanted.items()}
    bounds = {key: ROUNDING * value.abs().max() + SUMMED * summed * (key != "outputs") for key, value in wanted.items()}
    assert {key: float(error) for key, error in errors.items() if not error <= bounds[key]} == {}


@pytest.mark.parametrize("name", PARAMS.models)
def test_a_few_steps_have_the_losses_of_the_cpu(name, stubs, monkeypatch):
    params = without_dropout(PARAMS.models[name])
    on_cpu = take_steps(start(params, stubs, monkeypatch, "cpu"), STEPS)
    on_gpu = take_steps(start(params, stubs, monkeypatch, DEVICE), STEPS)
    assert on_gpu == pytest.approx(on_cpu, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("name", PARAMS.models)
def test_replayed_steps_train_as_others_do(name, stubs, monkeypatch):
    """With dropout: a replayed step draws the masks that another one would."""
    params = PARAMS.models[name]
    with monkeypatch.context() as patch:
        patch.setattr(loop, "record_steps", lambda step, *others: step)
        plain = start(params, stubs, patch, DEVICE)
        wanted = [plain.run_epoch(epoch).train_loss for epoch in (1, 2)]
    replaying = start(params, stubs, monkeypatch, DEVICE)  # from the same seed
    assert [replaying.run_epoch(epoch).train_loss for epoch in (1, 2)] == pytest.approx(wanted, rel=1e-3, abs=1e-5)
    assert replaying.take_step.recorded


@pytest.mark.parametrize("name", PARAMS.models)
def test_a_restored_training_goes_on_to_the_same_bytes(name, stubs, monkeypatch):
    params = PARAMS.models[name]
    one, other = (start(params, stubs, monkeypatch, DEVICE) for _ in range(2))
    kept = []
    one.run_epoch(1, lambda batches: kept.append(one.snapshot()))
    one.run_epoch(2)
    other.restore(kept[len(kept) // 2])
    other.run_epoch(1)
    other.run_epoch(2)
    found, wanted = weights(other), weights(one)
    assert [key for key, value in wanted.items() if value.tobytes() != found[key].tobytes()] == []


@pytest.mark.filterwarnings("ignore:Synchronization debug mode:UserWarning")  # torch says that it is a prototype
@pytest.mark.parametrize("name", PARAMS.models)
def test_no_step_waits_for_the_gpu(name, stubs, monkeypatch):
    trainer = start(PARAMS.models[name], stubs, monkeypatch, DEVICE)
    trainer.run_epoch(1)  # libraries start, and steps are recorded
    made = batches(trainer)
    try:
        torch.cuda.set_sync_debug_mode("error")
        position = trainer.position
        for batch in islice(made, STEPS):
            position.advance(*trainer.take_step(batch, position.state))
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert torch.isfinite(position.loss)


RECORD_TOO_MUCH = """
import torch
from pipeline.training.graphs import CudaRecorder
number = torch.ones(1, device="cuda")
try:
    CudaRecorder().record(lambda: (number * 2, torch.empty(1 << 50, device="cuda")))
except torch.OutOfMemoryError:
    print("out of memory")
"""


def test_too_little_memory_for_a_recording_is_the_error_that_is_shown():
    done = subprocess.run([sys.executable, "-c", RECORD_TOO_MUCH], capture_output=True, text=True, check=False)
    assert done.stdout == "out of memory\n", done.stderr


def test_waiting_would_be_noticed():
    number = torch.ones(1, device=DEVICE)
    try:
        torch.cuda.set_sync_debug_mode("error")
        with pytest.raises(RuntimeError, match="synchroniz"):
            number.item()
    finally:
        torch.cuda.set_sync_debug_mode("default")
