"""Run a network over inputs of any number and length."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.data.vocabulary import pad
from pipeline.execution.executor import count_workers
from pipeline.models.network import SequenceModel, StackState

BATCH_STEPS = 1 << 13  # steps in a batch, over all its rows: memory stays small
CHUNK_STEPS = 1 << 11  # a longer sequence is read in chunks, which pass on the state

Encoded = NDArray[Any]  # (t,) symbol ids or numbers


def last_outputs(model: SequenceModel, items: Sequence[Encoded]) -> NDArray[np.float64]:
    """Return the network's outputs at the end of each sequence, (n, k); they do not depend on the number of threads."""
    batches = _split_into_batches([len(item) for item in items])
    with ThreadPoolExecutor(count_workers(len(batches))) as pool:
        results = list(pool.map(lambda rows: _batch_outputs(model, [items[row] for row in rows]), batches))
    order = np.concatenate(batches)
    outputs = np.empty((len(items), model.shape.outputs))
    outputs[order] = np.concatenate(results)
    return outputs


def step_outputs(model: SequenceModel, item: Encoded) -> Iterator[Tensor]:
    """Yield the outputs (s, k) of a network with outputs at every step, a chunk of the sequence at a time."""
    inputs = _to_tensor(model, item[None])
    state: StackState | None = None
    for start in range(0, len(item), CHUNK_STEPS):
        with torch.inference_mode():
            outputs, state = model(inputs[:, start : start + CHUNK_STEPS], state=state)
        yield outputs[0]


def _split_into_batches(lengths: Sequence[int]) -> list[NDArray[np.int64]]:
    """Return the rows of each batch; rows are sorted by length, to need little padding."""
    order = np.argsort(lengths, kind="stable")
    batches, start = [], 0
    for end, row in enumerate(order, 1):
        full = lengths[row] * (end - start) >= BATCH_STEPS
        if full or end == len(order):
            batches.append(order[start:end])
            start = end
    return batches


def _batch_outputs(model: SequenceModel, items: Sequence[Encoded]) -> NDArray[np.float64]:
    """Return the last outputs (n, k) of one batch."""
    if model.shape.every_step and len(items) == 1 and not model.bidirectional:
        *_, outputs = step_outputs(model, items[0])
        return outputs[-1:].cpu().numpy()
    rows, lengths = pad(items)
    inputs, ends = _to_tensor(model, rows), torch.from_numpy(lengths.astype(np.int64)).to(_device(model))
    padded = bool((lengths < rows.shape[1]).any())
    with torch.inference_mode():
        outputs, _ = model(inputs, ends if padded else None)  # a window read as one step has no lengths
        if model.shape.every_step:
            outputs = outputs[torch.arange(len(items), device=ends.device), ends - 1]
    last: NDArray[np.float64] = outputs.cpu().numpy()
    return last


def _to_tensor(model: SequenceModel, rows: Encoded) -> Tensor:
    """Return symbol ids or numbers (b, t) on the model's device."""
    dtype = np.float32 if model.shape.symbols is None else np.int64
    return torch.from_numpy(rows.astype(dtype)).to(_device(model))


def _device(model: SequenceModel) -> torch.device:
    return next(model.parameters()).device
