"""Run a network over examples without training it."""

from collections.abc import Iterator

import torch
from torch import Tensor

from pipeline.models.network import SequenceModel, StackState
from pipeline.params.schema import ModelParams
from pipeline.tasks.batching import Batch, reading_batches
from pipeline.tasks.examples import Examples


def read_outputs(model: SequenceModel, examples: Examples, params: ModelParams) -> Iterator[tuple[Batch, Tensor]]:
    """Yield each batch with the network's outputs; dropout is off, and no gradient is kept."""
    was_training = model.training
    model.eval()
    state: StackState | None = None
    with torch.inference_mode():
        for batch in reading_batches(examples, params):
            outputs, state = model(batch.inputs, batch.lengths, None if batch.reset_state else state)
            yield batch, outputs
    model.train(was_training)
