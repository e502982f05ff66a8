"""Examples in batches: those that a network is trained on, and those that it only reads.

Axes: b sequences, t steps.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import torch
from torch import Tensor

from pipeline.params.models import DRAWN, ModelParams
from pipeline.tasks.examples import UNSCORED, Examples, Rows, Stream

# Batch sizes for reading without training: large enough to be fast, small enough for any memory.
READ_ROWS = 1024
READ_STREAMS = 64


@dataclass(frozen=True)
class Batch:
    """Sequences read at once: inputs (b, t), targets (b,) or (b, t), lengths (b,) or None if all are t.

    Inputs of a trained model have no targets, (0,).
    """

    inputs: Tensor
    targets: Tensor
    lengths: Tensor | None = None
    reset_state: bool = True  # start from a zero state, not from the state after the batch before


@dataclass(frozen=True)
class Batches(Sequence[Batch]):
    """One epoch's batches in the order of training, each made when it is asked for.

    A whole epoch of them would need many times the memory of a text of small symbols.
    """

    indices: range
    make: Callable[[int], Batch]

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[Batch]:
        """Make one batch after the other; an IndexError in that is an error, not the end."""
        return map(self.make, self.indices)

    @overload
    def __getitem__(self, index: int) -> Batch: ...
    @overload
    def __getitem__(self, index: slice) -> "Batches": ...
    def __getitem__(self, index: int | slice) -> "Batch | Batches":
        """Make a batch, or return a part of the epoch."""
        if isinstance(index, slice):
            return Batches(self.indices[index], self.make)
        return self.make(self.indices[index])


def training_batches(examples: Examples, params: ModelParams, generator: torch.Generator) -> Batches:
    """Return one epoch's batches; everything random about them is drawn here."""
    if isinstance(examples, Stream):
        return _stream_batches(examples, params, generator)
    order, size = _row_order(examples, params, generator), params.batch_size
    count = -(-len(order) // size)
    firsts = [size * index for index in range(count)]
    if params.sampling == "shuffled":
        firsts = [size * index for index in torch.randperm(count, generator=generator).tolist()]
    make = _row_batches(examples, order, size)
    return Batches(range(count), lambda index: make(firsts[index]))


def reading_batches(examples: Examples, params: ModelParams) -> Iterator[Batch]:
    """Yield batches that hold every example once, in order; a text as parallel streams."""
    if isinstance(examples, Stream):
        yield from _reading_streams(examples, params.sequence_length or 1)
        return
    make = _row_batches(examples, torch.arange(len(examples)), READ_ROWS)
    yield from map(make, range(0, len(examples), READ_ROWS))


def _row_order(rows: Rows, params: ModelParams, generator: torch.Generator) -> Tensor:
    """Return the epoch's rows: in file order, drawn with replacement, or shuffled and sorted by length."""
    if params.sampling == "sequential":
        return torch.arange(len(rows))
    if params.sampling in DRAWN:
        steps = params.steps_per_epoch
        count = len(rows) if steps is None else steps * params.batch_size
        return _draw_rows(rows, count, params.sampling == "balanced", generator)
    order = torch.randperm(len(rows), generator=generator)
    if rows.lengths is None:
        return order
    by_length = np.argsort(rows.lengths[order.numpy()], kind="stable")
    return order[torch.from_numpy(by_length)]


def _draw_rows(rows: Rows, count: int, balanced: bool, generator: torch.Generator) -> Tensor:
    """Draw rows with replacement: each row, or if balanced each class, is as likely as any other."""
    if rows.labels is None or not balanced:
        return torch.randint(len(rows), (count,), generator=generator)
    sizes = np.bincount(rows.labels)
    weights = torch.from_numpy(1.0 / sizes[rows.labels])
    return torch.multinomial(weights, count, replacement=True, generator=generator)


def _row_batches(rows: Rows, order: Tensor, size: int) -> Callable[[int], Batch]:
    """Return what makes the batch that starts at a place in the order of rows, cut to the longest row in it.

    The whole order goes to the rows' device at once: a GPU would have to finish its work before each part of it.
    """
    lengths = None if rows.lengths is None else rows.lengths[order.numpy()]
    on_device = order.to(rows.inputs.device)
    lengths_on_device = None if lengths is None else torch.from_numpy(lengths).to(rows.inputs.device)

    def make(first: int) -> Batch:
        part = slice(first, first + size)
        if len(order[part]) == 1:
            return _single_row(rows, int(order[first]))
        inputs, targets = rows.inputs[on_device[part]], rows.targets[on_device[part]]
        if lengths is None or lengths_on_device is None:
            return Batch(inputs, targets)
        longest = int(lengths[part].max())
        targets = targets[:, :longest] if targets.dim() == 2 else targets
        return Batch(inputs[:, :longest], targets, lengths_on_device[part])

    return make


def _single_row(rows: Rows, row: int) -> Batch:
    """Return a batch of one row, without padding and without a copy, which would cost as much as a small network."""
    inputs, targets = rows.inputs[row : row + 1], rows.targets[row : row + 1]
    if rows.lengths is None:
        return Batch(inputs, targets)
    length = int(rows.lengths[row])
    return Batch(inputs[:, :length], targets[:, :length] if targets.dim() == 2 else targets)


def _stream_batches(stream: Stream, params: ModelParams, generator: torch.Generator) -> Batches:
    """Return an epoch of a text: random sequences, or consecutive ones of parallel streams."""
    length, size = params.sequence_length or 1, params.batch_size
    if params.sampling == "random":
        offset = _choose_offset(params, min(length, len(stream.symbols) - length), generator)
        return _random_batches(stream, size, length, offset, generator)
    streams = min(size, len(stream.symbols) - 1)
    offset = _choose_offset(params, min(length, len(stream.symbols) // streams), generator)
    return _consecutive_batches(stream, streams, length, offset)


def _consecutive_batches(stream: Stream, streams: int, length: int, offset: int) -> Batches:
    """Split a text into parallel streams, read `length` steps at a time."""
    steps = (len(stream.symbols) - 1 - offset) // streams
    inputs, targets = _fold(stream, offset, streams, steps)

    def make(index: int) -> Batch:
        part = slice(index * length, (index + 1) * length)
        return Batch(inputs[:, part].long(), targets[:, part].long(), reset_state=index == 0)

    return Batches(range(-(-steps // length)), make)


def _random_batches(stream: Stream, size: int, length: int, offset: int, generator: torch.Generator) -> Batches:
    """Cut a text into sequences from an offset on, read in random order."""
    count = (len(stream.symbols) - 1 - offset) // length
    inputs, targets = _fold(stream, offset, count, length)
    order = torch.randperm(count, generator=generator).to(inputs.device)

    def make(index: int) -> Batch:
        part = order[index * size : (index + 1) * size]
        return Batch(inputs[part].long(), targets[part].long())

    return Batches(range(-(-count // size)), make)


def _fold(stream: Stream, offset: int, rows: int, columns: int) -> tuple[Tensor, Tensor]:
    """Return a text's inputs and targets (rows, columns), the targets one symbol ahead."""
    symbols = stream.symbols[offset : offset + rows * columns + 1]
    return symbols[:-1].view(rows, columns), symbols[1:].view(rows, columns)


def _reading_streams(stream: Stream, length: int) -> Iterator[Batch]:
    """Split a text into parallel streams that each first read the `length` symbols before their part.

    Each symbol after the context is predicted once; flattening the scored targets of the joined batches gives them in
    the order of the text.
    """
    symbols, count = stream.symbols, len(stream)
    streams = min(READ_STREAMS, -(-count // length))
    steps = -(-count // streams)
    starts = torch.arange(streams, device=symbols.device).unsqueeze(1) * steps + stream.context
    for first in range(-length, steps, length):
        step = torch.arange(first, min(first + length, steps), device=symbols.device)
        position = starts + step  # (streams, length), of the predicted symbol
        inside = position.clamp(max=len(symbols) - 1)
        scored = (step >= 0) & (position < len(symbols))
        targets = torch.where(scored, symbols[inside], UNSCORED)
        yield Batch(symbols[inside - 1].long(), targets.long(), reset_state=first == -length)


def _choose_offset(params: ModelParams, bound: int, generator: torch.Generator) -> int:
    """Return where in the text an epoch starts: at a random symbol below a bound, or always at the first."""
    return 0 if params.offset == "fixed" else int(torch.randint(max(bound, 1), (1,), generator=generator))
