"""Examples in the portions in which a network reads them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import torch
from torch import Tensor

from pipeline.examples import UNSCORED, Examples, Rows, Stream
from pipeline.settings.models import ModelSettings

# Batch sizes for reading without training: large enough to be fast, small enough for any memory.
READ_ROWS = 1024
READ_LANES = 64


@dataclass(frozen=True)
class Batch:
    """Sequences read at once: inputs (b, t), targets (b,) or (b, t), lengths (b,) or None if all are t."""

    inputs: Tensor
    targets: Tensor
    lengths: Tensor | None = None
    fresh: bool = True  # start from a zero state, not from the state after the batch before


@dataclass(frozen=True)
class Batches(Sequence[Batch]):
    """One epoch's batches in the order in which they are trained on, each cut when it is asked for.

    A whole epoch of them would be many times as large as a text of small symbols.
    """

    places: range
    cut: Callable[[int], Batch]

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[Batch]:
        """Cut one batch after the other; an IndexError in that is a fault, and no end."""
        return map(self.cut, self.places)

    @overload
    def __getitem__(self, index: int) -> Batch: ...
    @overload
    def __getitem__(self, index: slice) -> "Batches": ...
    def __getitem__(self, index: int | slice) -> "Batch | Batches":
        """Cut a batch, or return a part of the epoch."""
        if isinstance(index, slice):
            return Batches(self.places[index], self.cut)
        return self.cut(self.places[index])


def training(examples: Examples, settings: ModelSettings, generator: torch.Generator) -> Batches:
    """Settle one epoch's batches; all chance is drawn here."""
    if isinstance(examples, Stream):
        window = settings.window or 1
        if settings.sampling == "random":
            return _random_windows(examples, settings.batch, window, generator)
        lanes = min(settings.batch, len(examples.symbols) - 1)
        offset = _below(min(window, len(examples.symbols) // lanes), generator)
        return _lanes(examples, lanes, window, offset)
    order = _order(examples, settings.sampling, generator)
    portions = [order[start : start + settings.batch] for start in range(0, len(order), settings.batch)]
    if settings.sampling == "shuffled":
        portions = [portions[index] for index in torch.randperm(len(portions), generator=generator)]
    return Batches(range(len(portions)), lambda index: _rows(examples, portions[index]))


def reading(examples: Examples, settings: ModelSettings) -> Iterator[Batch]:
    """Cut batches that hold every example once, in order; texts in lanes side by side."""
    if isinstance(examples, Stream):
        yield from _reading_lanes(examples, settings.window or 1)
        return
    for start in range(0, len(examples), READ_ROWS):
        yield _rows(examples, torch.arange(start, min(start + READ_ROWS, len(examples))))


def _order(rows: Rows, sampling: str, generator: torch.Generator) -> Tensor:
    """Return the epoch's rows: as listed, drawn with replacement, or shuffled and sorted by length."""
    if sampling == "listed":
        return torch.arange(len(rows))
    if sampling == "draws":
        return _draws(rows, generator)
    order = torch.randperm(len(rows), generator=generator)
    if rows.lengths is None:
        return order
    by_length = np.argsort(rows.lengths[order.numpy()], kind="stable")
    return order[torch.from_numpy(by_length)]


def _draws(rows: Rows, generator: torch.Generator) -> Tensor:
    """Draw rows with replacement, each class being as likely as any other."""
    if rows.labels is None:
        return torch.randint(len(rows), (len(rows),), generator=generator)
    counts = np.bincount(rows.labels)
    weights = torch.from_numpy(1.0 / counts[rows.labels])
    return torch.multinomial(weights, len(rows), replacement=True, generator=generator)


def _rows(rows: Rows, index: Tensor) -> Batch:
    """Pick rows, cut to the longest among them."""
    where = index.to(rows.inputs.device)
    inputs, targets = rows.inputs[where], rows.targets[where]
    if rows.lengths is None:
        return Batch(inputs, targets)
    lengths = rows.lengths[index.numpy()]
    longest = int(lengths.max())
    targets = targets[:, :longest] if targets.dim() == 2 else targets
    return Batch(inputs[:, :longest], targets, torch.from_numpy(lengths).to(where.device))


def _lanes(stream: Stream, batch: int, window: int, offset: int) -> Batches:
    """Cut a text into `batch` lanes read side by side, `window` steps at a time."""
    lane = (len(stream.symbols) - 1 - offset) // batch
    inputs, targets = _side_by_side(stream, offset, batch, lane)

    def cut(index: int) -> Batch:
        part = slice(index * window, (index + 1) * window)
        return Batch(inputs[:, part].long(), targets[:, part].long(), fresh=index == 0)

    return Batches(range(-(-lane // window)), cut)


def _random_windows(stream: Stream, batch: int, window: int, generator: torch.Generator) -> Batches:
    """Cut a text into windows from a random offset, read in random order."""
    offset = _below(min(window, len(stream.symbols) - window), generator)
    count = (len(stream.symbols) - 1 - offset) // window
    inputs, targets = _side_by_side(stream, offset, count, window)
    order = torch.randperm(count, generator=generator).to(inputs.device)

    def cut(index: int) -> Batch:
        part = order[index * batch : (index + 1) * batch]
        return Batch(inputs[part].long(), targets[part].long())

    return Batches(range(-(-count // batch)), cut)


def _side_by_side(stream: Stream, offset: int, rows: int, columns: int) -> tuple[Tensor, Tensor]:
    """Fold a text into inputs and targets (rows, columns), the targets one symbol ahead."""
    whole = stream.symbols[offset : offset + rows * columns + 1]
    return whole[:-1].view(rows, columns), whole[1:].view(rows, columns)


def _reading_lanes(stream: Stream, window: int) -> Iterator[Batch]:
    """Cut a text into lanes that each first read the `window` symbols before their part.

    Each symbol after the context is predicted once; flattening the scored targets of the
    joined batches gives them in the order of the text.
    """
    symbols, count = stream.symbols, len(stream)
    lanes = min(READ_LANES, -(-count // window))
    lane = -(-count // lanes)
    starts = torch.arange(lanes, device=symbols.device).unsqueeze(1) * lane + stream.context
    for first in range(-window, lane, window):
        steps = torch.arange(first, min(first + window, lane), device=symbols.device)
        position = starts + steps  # (lanes, window), of the predicted symbol
        inside = position.clamp(max=len(symbols) - 1)
        scored = (steps >= 0) & (position < len(symbols))
        targets = torch.where(scored, symbols[inside], UNSCORED)
        yield Batch(symbols[inside - 1].long(), targets.long(), fresh=first == -window)


def _below(limit: int, generator: torch.Generator) -> int:
    return int(torch.randint(max(limit, 1), (1,), generator=generator))
