"""Run a network over examples without training it."""

from collections.abc import Iterator

import torch
from torch import Tensor

from pipeline.batches import Batch, reading
from pipeline.examples import Examples
from pipeline.models import SequenceModel, StackState
from pipeline.settings.models import ModelSettings


def outputs(model: SequenceModel, examples: Examples, settings: ModelSettings) -> Iterator[tuple[Batch, Tensor]]:
    """Yield each batch with the network's outputs; dropout is off, and no gradient is kept."""
    was_training = model.training
    model.eval()
    state: StackState | None = None
    with torch.inference_mode():
        for batch in reading(examples, settings):
            result, state = model(batch.inputs, batch.lengths, None if batch.fresh else state)
            yield batch, result
    model.train(was_training)
