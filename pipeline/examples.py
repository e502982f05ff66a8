"""Prepared arrays as tensors that a network can read: rows, or one long stream of symbols."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.artifacts import Arrays
from pipeline.errors import UserError

UNSCORED = -100  # a target that counts in no loss and no metric; torch's own sign for it


@dataclass(frozen=True)
class Rows:
    """Sequences, each with a target or a target a step.

    inputs (n, t) symbols or numbers; targets (n,) or (n, t); lengths (n,) on the CPU, or None
    where all rows are t long; labels (n,) on the CPU, for draws that are fair to each class.
    """

    inputs: Tensor
    targets: Tensor
    lengths: NDArray[np.int64] | None = None
    labels: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass(frozen=True)
class Stream:
    """A text (n,); where it is only read, its first `context` symbols are not predicted."""

    symbols: Tensor
    context: int

    def __len__(self) -> int:
        return len(self.symbols) - self.context


Examples = Rows | Stream


def next_symbol_rows(arrays: Arrays, device: torch.device) -> Rows:
    """Make rows whose targets are the row itself, one symbol ahead."""
    symbols = torch.from_numpy(arrays["symbols"].astype(np.int64))
    lengths = arrays["lengths"].astype(np.int64) - 1
    scored = torch.arange(symbols.shape[1] - 1) < torch.from_numpy(lengths).unsqueeze(1)
    targets = torch.where(scored, symbols[:, 1:], UNSCORED)
    inputs = symbols[:, :-1]
    return Rows(inputs.to(device), targets.to(device), _unless_full(lengths, inputs))


def labelled_rows(arrays: Arrays, device: torch.device, every_step: bool = False) -> Rows:
    """Make rows with a class each, or with the class after each symbol, the last of which is the row's own."""
    labels = arrays["labels"].astype(np.int64)
    inputs = torch.from_numpy(arrays["symbols"].astype(np.int64))
    lengths = _unless_full(arrays["lengths"].astype(np.int64), inputs)
    targets = torch.from_numpy(arrays["following"].astype(np.int64) if every_step else labels)
    return Rows(inputs.to(device), targets.masked_fill(targets < 0, UNSCORED).to(device), lengths, labels)


def number_rows(arrays: Arrays, device: torch.device) -> Rows:
    """Make rows of numbers with a number each."""
    inputs, targets = (torch.from_numpy(arrays[name].astype(np.float32)) for name in ("inputs", "targets"))
    return Rows(inputs.to(device), targets.to(device))


def windows(arrays: Arrays, history: Arrays | None, window: int, device: torch.device) -> Rows:
    """Make a row a day: the `window` values before it, and its own; `history` is the time before."""
    values = _after(history, arrays, "values", window).astype(np.float32)
    if len(values) <= window:
        raise UserError(_too_short(window, len(values), "days"))
    both = torch.from_numpy(values).unfold(0, window + 1, 1)  # (days, window + 1)
    return Rows(both[:, :-1].contiguous().to(device), both[:, -1].contiguous().to(device))


def stream(arrays: Arrays, history: Arrays | None, window: int, device: torch.device) -> Stream:
    """Make a stream; its context is the end of the text before it, or else its own start."""
    context = window + 1
    symbols = _after(history, arrays, "stream", context)
    if len(symbols) <= context:
        raise UserError(_too_short(window, len(symbols), "characters"))
    return Stream(torch.from_numpy(symbols.astype(np.int32)).to(device), context)


def joined(splits: Mapping[str, Arrays]) -> dict[str, NDArray[Any]]:
    """Join the splits of a data set in order, padding rows to the longest."""
    parts = list(splits.values())
    return {name: _stacked([np.asarray(part[name]) for part in parts]) for name in parts[0]}


def _stacked(arrays: list[NDArray[Any]]) -> NDArray[Any]:
    if arrays[0].ndim == 1:
        return np.concatenate(arrays)
    width = max(array.shape[1] for array in arrays)
    return np.concatenate([np.pad(array, ((0, 0), (0, width - array.shape[1]))) for array in arrays])


def _after(history: Arrays | None, arrays: Arrays, name: str, window: int) -> NDArray[Any]:
    now = np.asarray(arrays[name])
    return now if history is None else np.concatenate((np.asarray(history[name])[-window:], now))


def _unless_full(lengths: NDArray[np.int64], inputs: Tensor) -> NDArray[np.int64] | None:
    """Return nothing where no row is padded; rows of one length still are where other splits have longer ones."""
    return None if (lengths == inputs.shape[1]).all() else lengths


def _too_short(window: int, found: int, unit: str) -> str:
    return f"params.yaml: window {window} needs more than the {found} {unit} of a split; choose a smaller window"
