"""Run a network over batches without training it."""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from pipeline.models.network import SequenceModel, StackState
from pipeline.tasks.batching import Batch


def read_outputs(model: SequenceModel, batches: Iterable[Batch]) -> Iterator[tuple[Batch, Tensor]]:
    """Yield each batch with the network's outputs; dropout is off, and no gradient is kept.

    A batch that does not reset the state is read from the state after the batch before.
    """
    was_training = model.training
    model.eval()
    state: StackState | None = None
    for batch in batches:
        with torch.inference_mode():
            outputs, state = model(batch.inputs, batch.lengths, None if batch.reset_state else state)
        yield batch, outputs
    model.train(was_training)
