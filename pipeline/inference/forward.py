"""Run a network over inputs of any number and length."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.data.inputs import Encoded
from pipeline.data.prepared.vocabulary import pad
from pipeline.execution.workers import count_workers
from pipeline.models.network import SequenceModel
from pipeline.tasks.batching import Batch
from pipeline.tasks.reading import read_outputs

BATCH_STEPS = 1 << 13  # steps in a batch, over all its rows: memory stays small
CHUNK_STEPS = 1 << 11  # a longer sequence is read in chunks, which pass on the state
NO_TARGETS = torch.empty(0)


def last_outputs(model: SequenceModel, items: Sequence[Encoded]) -> NDArray[np.float64]:
    """Return the network's outputs at the end of each sequence, (n, k); they do not depend on the number of threads."""
    groups = _group_by_length([len(item) for item in items])
    found = np.empty((len(items), model.shape.outputs))
    with ThreadPoolExecutor(count_workers(len(groups))) as pool:
        results = pool.map(lambda rows: _last_outputs(model, [items[row] for row in rows]), groups)
        for rows, outputs in zip(groups, results, strict=True):
            found[rows] = outputs.cpu().numpy()
    return found


def step_outputs(model: SequenceModel, item: Encoded) -> Iterator[Tensor]:
    """Yield the outputs (s, k) of a network with outputs at every step, a chunk of the sequence at a time."""
    return (outputs[0] for _, outputs in read_outputs(model, _chunks(model, item)))


def _group_by_length(lengths: Sequence[int]) -> list[NDArray[np.int64]]:
    """Return the rows of each batch; rows are sorted by length, to need little padding."""
    order = np.argsort(lengths, kind="stable")
    groups, start = [], 0
    for end, row in enumerate(order, 1):
        full = lengths[row] * (end - start) >= BATCH_STEPS
        if full or end == len(order):
            groups.append(order[start:end])
            start = end
    return groups


def _last_outputs(model: SequenceModel, items: Sequence[Encoded]) -> Tensor:
    """Return the outputs at the end of a few sequences, (n, k); a long one alone is read in chunks."""
    in_chunks = len(items) == 1 and model.shape.every_step and not model.bidirectional
    batches: Iterable[Batch] = _chunks(model, items[0]) if in_chunks else [_pad(model, items)]
    ((batch, outputs),) = deque(read_outputs(model, batches), maxlen=1)
    if not model.shape.every_step:
        return outputs
    ends = -1 if batch.lengths is None else batch.lengths - 1
    return outputs[torch.arange(len(items), device=outputs.device), ends]


def _chunks(model: SequenceModel, item: Encoded) -> Iterator[Batch]:
    inputs = _to_tensor(model, item[None])
    for start in range(0, len(item), CHUNK_STEPS):
        yield Batch(inputs[:, start : start + CHUNK_STEPS], NO_TARGETS, reset_state=start == 0)


def _pad(model: SequenceModel, items: Sequence[Encoded]) -> Batch:
    rows, lengths = pad(items)
    padded = bool((lengths < rows.shape[1]).any())  # a window read as one step has no lengths
    inputs = _to_tensor(model, rows)
    return Batch(inputs, NO_TARGETS, torch.from_numpy(lengths).to(inputs.device, torch.int64) if padded else None)


def _to_tensor(model: SequenceModel, rows: Encoded) -> Tensor:
    """Return symbol ids or numbers (b, t) on the model's device."""
    dtype = np.float32 if model.shape.symbols is None else np.int64
    return torch.from_numpy(rows.astype(dtype)).to(next(model.parameters()).device)
