"""Recurrent cells behind one protocol: (inputs, state) -> (outputs, state).

Shapes: inputs (b, t, n); outputs (b, t, m), m being `output_size`; state a tuple of tensors
(b, hidden), or None for zeros. One cell is one layer in one direction.
"""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

import torch
from torch import Tensor, nn

from pipeline import products, recurrences

State = tuple[Tensor, ...]


class Cell(Protocol):
    """What a layer must offer to stand in a stack."""

    output_size: int

    def __call__(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Read a sequence from a state; return the outputs of all steps and the state after the last."""


class LibraryCell(nn.Module):
    """A layer of torch: `nn.RNN` (tanh), `nn.GRU` or `nn.LSTM`.

    The first two only hold the weights where `recurrences` computes them; torch's LSTM runs on the CPU in
    oneDNN, whose bytes are the same everywhere as they are, and faster.
    """

    def __init__(self, layer: type[nn.RNN] | type[nn.GRU] | type[nn.LSTM], inputs: int, hidden: int) -> None:
        super().__init__()
        self.output_size = hidden
        self.layer = layer(inputs, hidden, batch_first=True)

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Run the layer; torch's extra leading axis of the state, one entry a layer, is hidden here."""
        if not isinstance(self.layer, nn.LSTM) and products.ours(inputs):
            return self._ours(inputs, _start(inputs, state, self.output_size))
        if state is None:
            outputs, after = self.layer(inputs)
        else:
            before = tuple(part.unsqueeze(0) for part in state)
            outputs, after = self.layer(inputs, before if len(before) > 1 else before[0])
        parts = after if isinstance(after, tuple) else (after,)
        return outputs, tuple(part.squeeze(0) for part in parts)

    def _ours(self, inputs: Tensor, start: Tensor) -> tuple[Tensor, State]:
        w_x, w_h, b_x, b_h = self.layer.parameters()
        if isinstance(self.layer, nn.GRU):
            states = recurrences.gated(inputs, start, w_x, w_h, b_x, b_h)
        else:
            states = recurrences.plain(inputs, start, w_x, w_h, b_x + b_h, squashed=True)
        return states[:, 1:], (states[:, -1],)


class ScratchCell(nn.Module):
    """A tanh recurrence from its own weights: h' = tanh(x W_x + h W_h + b)."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.output_size = hidden
        self.w_x = nn.Parameter(torch.empty(inputs, hidden))
        self.w_h = nn.Parameter(torch.empty(hidden, hidden))
        self.b = nn.Parameter(torch.empty(hidden))
        for weight in self.parameters():  # as torch initialises its recurrent layers
            nn.init.uniform_(weight, -1 / math.sqrt(hidden), 1 / math.sqrt(hidden))

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Step through the sequence; the inputs' share of all steps is one product."""
        start = _start(inputs, state, self.output_size)
        if products.ours(inputs):
            states = recurrences.plain(inputs, start, self.w_x.T, self.w_h.T, self.b, squashed=True)
            return states[:, 1:], (states[:, -1],)
        h, outputs = start, []
        for driven in (inputs @ self.w_x + self.b).unbind(1):  # (b, hidden)
            h = torch.tanh(driven + h @ self.w_h)
            outputs.append(h)
        return torch.stack(outputs, 1), (h,)


class LinearCell(nn.Module):
    """A recurrence of linear layers alone: h' = W[x; h]; its output is [x; h], for the head to read."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.output_size = inputs + hidden
        self.w = nn.Linear(inputs + hidden, hidden)

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Step through the sequence."""
        start = _start(inputs, state, self.hidden)
        if products.ours(inputs):
            w_x, w_h = self.w.weight.split_with_sizes((inputs.shape[2], self.hidden), 1)
            states = recurrences.plain(inputs, start, w_x, w_h, self.w.bias, squashed=False)
            return torch.cat((inputs, states[:, :-1]), 2), (states[:, -1],)
        h, outputs = start, []
        for x in inputs.unbind(1):
            both = torch.cat((x, h), 1)
            outputs.append(both)
            h = self.w(both)
        return torch.stack(outputs, 1), (h,)


def _start(inputs: Tensor, state: State | None, hidden: int) -> Tensor:
    """Return the state to start from, of a cell that has one part: (b, hidden)."""
    return state[0] if state else inputs.new_zeros(len(inputs), hidden)


BUILDERS: Mapping[str, Callable[[int, int], LibraryCell | ScratchCell | LinearCell]] = {
    "linear": LinearCell,
    "scratch": ScratchCell,
    "rnn": partial(LibraryCell, nn.RNN),
    "gru": partial(LibraryCell, nn.GRU),
    "lstm": partial(LibraryCell, nn.LSTM),
}


def build(name: str, inputs: int, hidden: int) -> LibraryCell | ScratchCell | LinearCell:
    """Build one layer of the named cell, for inputs of a size."""
    return BUILDERS[name](inputs, hidden)
