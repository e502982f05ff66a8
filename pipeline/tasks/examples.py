"""Prepared arrays as the tensors that a network reads: rows, or one long stream of symbols."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.errors import ParamsError
from pipeline.files import Arrays

UNSCORED = -100  # a target that counts in no loss and no metric; torch's default `ignore_index`


@dataclass(frozen=True)
class Rows:
    """Sequences, each with one target or with one at each step.

    inputs (n, t) symbols or numbers; targets (n,) or (n, t); lengths (n,) on the CPU, or None
    where all rows are t long; labels (n,) on the CPU, for balanced sampling.
    """

    inputs: Tensor
    targets: Tensor
    lengths: NDArray[np.int64] | None = None
    labels: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass(frozen=True)
class Stream:
    """A text (n,); in evaluation its first `context` symbols are read but not predicted."""

    symbols: Tensor
    context: int

    def __len__(self) -> int:
        return len(self.symbols) - self.context


Examples = Rows | Stream


def next_symbol_rows(arrays: Arrays, device: torch.device) -> Rows:
    """Return rows whose targets are the row itself, one symbol ahead."""
    symbols = torch.from_numpy(arrays["symbols"].astype(np.int64))
    lengths = arrays["lengths"].astype(np.int64) - 1
    scored = torch.arange(symbols.shape[1] - 1) < torch.from_numpy(lengths).unsqueeze(1)
    targets = torch.where(scored, symbols[:, 1:], UNSCORED)
    inputs = symbols[:, :-1]
    return Rows(inputs.to(device), targets.to(device), _lengths_if_padded(lengths, inputs))


def labelled_rows(arrays: Arrays, device: torch.device, every_step: bool = False) -> Rows:
    """Return rows with one class each, or with the class after each symbol, the last of which is the row's own."""
    labels = arrays["labels"].astype(np.int64)
    inputs = torch.from_numpy(arrays["symbols"].astype(np.int64))
    lengths = _lengths_if_padded(arrays["lengths"].astype(np.int64), inputs)
    targets = torch.from_numpy(arrays["following"].astype(np.int64) if every_step else labels)
    return Rows(inputs.to(device), targets.masked_fill(targets < 0, UNSCORED).to(device), lengths, labels)


def number_rows(arrays: Arrays, device: torch.device) -> Rows:
    """Return rows of numbers with one target each."""
    inputs, targets = (torch.from_numpy(arrays[name].astype(np.float32)) for name in ("inputs", "targets"))
    return Rows(inputs.to(device), targets.to(device))


def lagged_rows(arrays: Arrays, history: Arrays | None, window: int, device: torch.device) -> Rows:
    """Return a row for each day: the `window` values before it, and its own; `history` is the time before."""
    values = _with_history(history, arrays, "values", window).astype(np.float32)
    if len(values) <= window:
        raise ParamsError(_too_short("window", window, len(values), "days"))
    both = torch.from_numpy(values).unfold(0, window + 1, 1)  # (days, window + 1)
    return Rows(both[:, :-1].contiguous().to(device), both[:, -1].contiguous().to(device))


def text_stream(arrays: Arrays, history: Arrays | None, sequence_length: int, device: torch.device) -> Stream:
    """Return a stream; its context is the end of the text before it, or else its own start."""
    context = sequence_length + 1
    symbols = _with_history(history, arrays, "stream", context)
    if len(symbols) <= context:
        raise ParamsError(_too_short("sequence_length", sequence_length, len(symbols), "characters"))
    return Stream(torch.from_numpy(symbols.astype(np.int32)).to(device), context)


def all_targets(examples: Examples) -> Tensor:
    """Return the targets of all examples; those of a text are the symbols after its context."""
    return examples.symbols[examples.context :] if isinstance(examples, Stream) else examples.targets


def _with_history(history: Arrays | None, arrays: Arrays, name: str, window: int) -> NDArray[Any]:
    now = np.asarray(arrays[name])
    return now if history is None else np.concatenate((np.asarray(history[name])[-window:], now))


def _lengths_if_padded(lengths: NDArray[np.int64], inputs: Tensor) -> NDArray[np.int64] | None:
    """Return None if no row is padded; rows of one length still are where other splits have longer ones."""
    return None if (lengths == inputs.shape[1]).all() else lengths


def _too_short(key: str, length: int, found: int, unit: str) -> str:
    return f"params.yaml: {key} {length} needs more than the {found} {unit} of a split; choose a smaller one"
