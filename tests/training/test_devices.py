"""Training keeps to one device, whichever that is."""

from dataclasses import replace

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from pipeline import batches, device, settings, training
from pipeline.history import REFIT
from pipeline.tasks import reading
from tests import small
from tests.small import REPOSITORY, model_settings
from tests.training.conftest import judged, same

PARAMS = settings.load(REPOSITORY / "params.yaml")


@pytest.fixture(scope="module")
def stubs():
    """Prepare each data set of params.yaml from a small invented file."""
    return {name: small.stub(name, block) for name, block in PARAMS.datasets.items()}


class OneDevice(TorchDispatchMode):
    """Refuse every operation on tensors of two devices, as a GPU does; torch's `meta` alone lets some pass."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor) and leaf.dim()]
        if len({tensor.device for tensor in tensors}) > 1:
            raise RuntimeError(f"{operation} on two devices")
        return operation(*args, **kwargs or {})


@pytest.fixture
def elsewhere(monkeypatch):
    """Train on a device that is not the CPU, and that every machine has; it holds no numbers."""
    monkeypatch.setattr(device, "choose", lambda: torch.device("meta"))


def stepped(trainer, batch, state):
    with OneDevice():
        return training.step(trainer.task, trainer.model, trainer.optimiser, trainer.settings, batch, state)


@pytest.mark.parametrize("name", PARAMS.models)
def test_every_model_of_params_trains_wholly_on_one_device(name, stubs, elsewhere):
    block = PARAMS.models[name]
    trainer = training.Trainer(block, stubs[block.dataset], 1, REFIT, name)
    state = None
    for batch in batches.training(trainer.train, block, trainer.generator)[:2]:
        summed, scored, state = stepped(trainer, batch, state)
    with OneDevice():
        for batch, outputs in reading.outputs(trainer.model, trainer.train, block):
            trainer.task.loss(trainer.model, outputs, batch)
    tensors = [summed, scored, *trainer.model.parameters(), *(part for layer in state for part in layer)]
    assert all(tensor.is_meta for tensor in tensors)


@pytest.mark.parametrize("left", ["inputs", "targets", "lengths", "state"])
@pytest.mark.parametrize("kind", ["one-hot", "embedding"])
def test_a_tensor_left_on_the_cpu_would_be_noticed(names, elsewhere, left, kind):
    block = model_settings(input=kind, embedding=4 if kind == "embedding" else None, direction="both")
    trainer = training.Trainer(block, names, 1, "held-out", "toy")
    batch = batches.training(trainer.train, block, trainer.generator)[0]
    _, _, state = stepped(trainer, batch, None)
    if left == "state":
        batch = replace(batch, fresh=False)
        state = tuple(tuple(torch.ones(part.shape) for part in layer) for layer in state)
    else:
        tensor = getattr(batch, left)
        batch = replace(batch, **{left: torch.ones(tensor.shape, dtype=tensor.dtype)})
    with pytest.raises(RuntimeError, match="device"):
        stepped(trainer, batch, state)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_a_gpu_learns_and_repeats_itself(names, monkeypatch):
    monkeypatch.delenv("PIPELINE_DEVICE")
    block = model_settings(hidden=16, rate=0.03, epochs=12, batch=16)
    one, two = (training.fit(block, names, 1) for _ in range(2))
    assert same(one.weights, two.weights)
    assert judged(one, block, names)["accuracy"] > 0.95
