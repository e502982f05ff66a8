"""All tensors of a training are on one device, whichever that is."""

from dataclasses import replace

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from pipeline import determinism
from pipeline.data.prepared import ALL_ROWS
from pipeline.params import load_params
from pipeline.tasks import batching
from pipeline.tasks.reading import read_outputs
from pipeline.training import loop
from tests.support import small
from tests.support.project import REPOSITORY
from tests.support.small import model_params

PARAMS = load_params(REPOSITORY / "params.yaml")


@pytest.fixture(scope="module")
def stubs():
    """Prepare each data set of params.yaml from a small invented file."""
    return {name: small.stub(name, block) for name, block in PARAMS.datasets.items()}


class OneDevice(TorchDispatchMode):
    """Refuse every operation on tensors of two devices, as a GPU does; torch's `meta` device allows some."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor) and leaf.dim()]
        if len({tensor.device for tensor in tensors}) > 1:
            raise RuntimeError(f"{operation} on two devices")
        return operation(*args, **kwargs or {})


@pytest.fixture
def meta_device(monkeypatch):
    """Train on a device that is not the CPU and that every machine has; it stores no numbers."""
    monkeypatch.setattr(determinism, "choose_device", lambda: torch.device("meta"))


def step(trainer, batch, state):
    with OneDevice():
        return loop.train_step(trainer.task, trainer.model, trainer.optimiser, trainer.params, batch, state)


@pytest.mark.parametrize("name", PARAMS.models)
def test_every_model_of_params_trains_wholly_on_one_device(name, stubs, meta_device):
    params = PARAMS.models[name]
    trainer = loop.Trainer(params, stubs[params.dataset], 1, ALL_ROWS, name)
    state = None
    for batch in batching.training_batches(trainer.train, params, trainer.generator)[:2]:
        loss, scored, state = step(trainer, batch, state)
    with OneDevice():
        for batch, outputs in read_outputs(trainer.model, batching.reading_batches(trainer.train, params)):
            trainer.task.loss(trainer.model, outputs, batch)
    tensors = [loss, scored, *trainer.model.parameters(), *(part for layer in state for part in layer)]
    assert all(tensor.is_meta for tensor in tensors)


@pytest.mark.parametrize("left", ["inputs", "targets", "lengths", "state"])
@pytest.mark.parametrize("kind", ["one-hot", "embedding"])
def test_a_tensor_left_on_the_cpu_is_noticed(names, meta_device, left, kind):
    params = model_params(input=kind, embedding_size=4 if kind == "embedding" else None, bidirectional=True)
    trainer = loop.Trainer(params, names, 1, "train", "toy")
    batch = batching.training_batches(trainer.train, params, trainer.generator)[0]
    _, _, state = step(trainer, batch, None)
    if left == "state":
        batch = replace(batch, reset_state=False)
        state = tuple(tuple(torch.ones(part.shape) for part in layer) for layer in state)
    else:
        tensor = getattr(batch, left)
        batch = replace(batch, **{left: torch.ones(tensor.shape, dtype=tensor.dtype)})
    with pytest.raises(RuntimeError, match="device"):
        step(trainer, batch, state)
