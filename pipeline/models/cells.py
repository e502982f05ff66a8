"""Recurrent cells with one interface: (inputs, state) -> (outputs, state).

Shapes: inputs (b, t, n); outputs (b, t, m), m being `output_size`; state a tuple of tensors (b, hidden_size), or None
for zeros. One cell is one layer in one direction.
"""

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from pipeline.models import kernels, products
from pipeline.models.lstm import Lstm
from pipeline.models.projection import Inputs, Lookup
from pipeline.models.recurrence import Kernel, Weights, run_layer

State = tuple[Tensor, ...]

LARGE = 192  # hidden units from which on oneDNN's LSTM takes longer on a single sequence than our own


class Cell(nn.Module):
    """A layer in one direction."""

    output_size: int

    @abstractmethod
    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Read a sequence from a state; return the outputs of all steps and the state after the last."""

    def kernel(self, inputs: Tensor) -> tuple[Kernel, Weights] | None:
        """Return what computes a whole layer with inputs like these, and its weights, if anything does."""
        return None


class TorchCell(Cell):
    """A layer of torch: `nn.RNN` (tanh or ReLU), `nn.GRU` or `nn.LSTM`.

    rnn:       h' = tanh(W_x x + b_x + W_h h + b_h)
    rnn-relu:  h' = max(0, W_x x + b_x + W_h h + b_h)

    On the CPU the first two only hold the weights, and `kernels` computes. torch's LSTM runs in oneDNN, which is faster
    and gives the same bytes everywhere as it is; only a large one that trains on single sequences is faster in `lstm`.
    """

    def __init__(
        self,
        layer: type[nn.RNN] | type[nn.GRU] | type[nn.LSTM],
        input_size: int,
        hidden_size: int,
        **options: str,
    ) -> None:
        super().__init__()
        self.output_size = hidden_size
        self.layer = layer(input_size, hidden_size, batch_first=True, **options)

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Run the layer; torch's extra leading axis of the state, one entry a layer, is hidden here."""
        if self._uses_kernels(inputs):
            return self._forward_portable(inputs, state)
        if state is None:
            outputs, after = self.layer(inputs)
        else:
            before = tuple(part.unsqueeze(0) for part in state)
            outputs, after = self.layer(inputs, before if len(before) > 1 else before[0])
        parts = after if isinstance(after, tuple) else (after,)
        return outputs, tuple(part.squeeze(0) for part in parts)

    def kernel(self, inputs: Tensor) -> tuple[Kernel, Weights] | None:
        """Return the kernel of an RNN or a GRU."""
        if isinstance(self.layer, nn.LSTM) or not products.use_portable(inputs):
            return None
        gru = isinstance(self.layer, nn.GRU)
        return kernels.Gru() if gru else kernels.Rnn(_nonlinearity(self.layer)), self._weights()

    def _weights(self) -> Weights:
        w_x, w_h, b_x, b_h = self.layer.parameters()
        return Weights(w_x, w_h, b_x, b_h)

    def _uses_kernels(self, inputs: Tensor) -> bool:
        if not products.use_portable(inputs):
            return False
        trains_on_one = self.training and len(inputs) == 1
        return not isinstance(self.layer, nn.LSTM) or (trains_on_one and self.output_size >= LARGE)

    def _forward_portable(self, inputs: Tensor, state: State | None) -> tuple[Tensor, State]:
        h = _initial_state(inputs, state, self.output_size)
        if found := self.kernel(inputs):
            return run_layer(found[0], inputs, (h,), [found[1]])
        return run_layer(Lstm(), inputs, (h, state[1] if state else torch.zeros_like(h)), [self._weights()])


class ScratchCell(Cell):
    """A recurrence written by hand: h' = tanh(x W_x + h W_h + b)."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.output_size = hidden_size
        self.w_x = nn.Parameter(torch.empty(input_size, hidden_size))
        self.w_h = nn.Parameter(torch.empty(hidden_size, hidden_size))
        self.b = nn.Parameter(torch.empty(hidden_size))
        for weight in self.parameters():  # as torch initialises its recurrent layers
            nn.init.uniform_(weight, -1 / math.sqrt(hidden_size), 1 / math.sqrt(hidden_size))

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Step through the sequence; x W_x + b of all steps is one product."""
        h = _initial_state(inputs, state, self.output_size)
        if found := self.kernel(inputs):
            return run_layer(found[0], inputs, (h,), [found[1]])
        outputs = []
        for projected in (inputs @ self.w_x + self.b).unbind(1):  # (b, hidden_size)
            h = torch.tanh(projected + h @ self.w_h)
            outputs.append(h)
        return torch.stack(outputs, 1), (h,)

    def kernel(self, inputs: Tensor) -> tuple[Kernel, Weights] | None:
        """Return that of an RNN."""
        weights = Weights(self.w_x.T, self.w_h.T, self.b)
        return (kernels.Rnn("tanh"), weights) if products.use_portable(inputs) else None


class LinearCell(Cell):
    """A recurrence of linear layers alone: h' = W[x; h] + b; its output is [x; h], for the head to read."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.output_size = input_size + hidden_size
        self.w = nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Step through the sequence."""
        h = _initial_state(inputs, state, self.hidden_size)
        if products.use_portable(inputs):
            w_x, w_h = self.w.weight.split_with_sizes((inputs.shape[2], self.hidden_size), 1)
            states = kernels.rnn(inputs, h, w_x, w_h, self.w.bias, nonlinearity="none")
            before = torch.cat((h.unsqueeze(1), states[:, :-1]), 1)
            return torch.cat((inputs, before), 2), (states[:, -1],)
        outputs = []
        for x in inputs.unbind(1):
            both = torch.cat((x, h), 1)
            outputs.append(both)
            h = self.w(both)
        return torch.stack(outputs, 1), (h,)


def _nonlinearity(layer: nn.Module) -> kernels.Nonlinearity:
    return "relu" if layer.nonlinearity == "relu" else "tanh"


def _initial_state(inputs: Tensor, state: State | None, hidden_size: int) -> Tensor:
    """Return the initial state (b, hidden_size) of a cell whose state is one tensor."""
    return state[0] if state else inputs.new_zeros(len(inputs), hidden_size)


BUILDERS: Mapping[str, Callable[[int, int], Cell]] = {
    "linear": LinearCell,
    "scratch": ScratchCell,
    "rnn": partial(TorchCell, nn.RNN),
    "rnn-relu": partial(TorchCell, nn.RNN, nonlinearity="relu"),
    "gru": partial(TorchCell, nn.GRU),
    "lstm": partial(TorchCell, nn.LSTM),
}


def run_with_kernel(
    cells: Sequence[Cell], inputs: Inputs, lengths: Tensor | None, state: State | None
) -> tuple[Tensor, State] | None:
    """Run the cells of a layer side by side, where they have a kernel; return what `network.Layer` does."""
    if isinstance(inputs, Lookup) and not inputs.repeats:
        inputs = inputs.vectors()
    like = inputs.table if isinstance(inputs, Lookup) else inputs
    found = [each for cell in cells if (each := cell.kernel(like))]
    if not found:
        return None
    h = state[0] if state else like.new_zeros(len(inputs), cells[0].output_size)
    return run_layer(found[0][0], inputs, (h,), [weights for _, weights in found], lengths)


def build_cell(name: str, input_size: int, hidden_size: int) -> Cell:
    """Return one layer of the named cell."""
    return BUILDERS[name](input_size, hidden_size)
