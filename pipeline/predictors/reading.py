"""Run a network over inputs of any number and length."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.codec import pad
from pipeline.engine import workers
from pipeline.models import SequenceModel, StackState

# A portion is read at once: as many rows of like length as hold this many steps, so that memory stays small.
PORTION = 1 << 13
STEPS = 1 << 11  # a longer sequence is read in parts, its state carried from one to the next

Item = NDArray[Any]  # (t,) symbols or numbers


def last_outputs(model: SequenceModel, items: Sequence[Item]) -> NDArray[np.float64]:
    """Return what a network says at the end of each sequence, (n, k); results do not depend on the threads."""
    portions = _portions([len(item) for item in items])
    with ThreadPoolExecutor(workers(len(portions))) as pool:
        found = list(pool.map(lambda rows: _read(model, [items[row] for row in rows]), portions))
    order = np.concatenate(portions)
    outputs = np.empty((len(items), model.shape.outputs))
    outputs[order] = np.concatenate(found)
    return outputs


def steps(model: SequenceModel, item: Item) -> Iterator[Tensor]:
    """Yield the outputs (s, k) of a model that answers at every step, a part of the sequence at a time."""
    inputs = _tensor(model, item[None])
    state: StackState | None = None
    for start in range(0, len(item), STEPS):
        with torch.inference_mode():
            outputs, state = model(inputs[:, start : start + STEPS], state=state)
        yield outputs[0]


def _portions(lengths: Sequence[int]) -> list[NDArray[np.int64]]:
    """Share the rows out, sorted by length, so that little of a portion is padding."""
    order = np.argsort(lengths, kind="stable")
    portions, start = [], 0
    for end, row in enumerate(order, 1):
        full = lengths[row] * (end - start) >= PORTION
        if full or end == len(order):
            portions.append(order[start:end])
            start = end
    return portions


def _read(model: SequenceModel, items: Sequence[Item]) -> NDArray[np.float64]:
    """Return the last outputs (n, k) of one portion."""
    if model.shape.every_step and len(items) == 1 and not model.both:
        *_, outputs = steps(model, items[0])
        return outputs[-1:].cpu().numpy()
    rows, lengths = pad(items)
    inputs, ends = _tensor(model, rows), torch.from_numpy(lengths.astype(np.int64)).to(_device(model))
    padded = bool((lengths < rows.shape[1]).any())
    with torch.inference_mode():
        outputs, _ = model(inputs, ends if padded else None)  # a window that is one step has no length
        if model.shape.every_step:
            outputs = outputs[torch.arange(len(items), device=ends.device), ends - 1]
    last: NDArray[np.float64] = outputs.cpu().numpy()
    return last


def _tensor(model: SequenceModel, rows: Item) -> Tensor:
    """Bring symbols or numbers (b, t) to the model's device."""
    kind = np.float32 if model.shape.symbols is None else np.int64
    return torch.from_numpy(rows.astype(kind)).to(_device(model))


def _device(model: SequenceModel) -> torch.device:
    return next(model.parameters()).device
