"""The network: an encoder of the inputs, a stack of recurrent layers, a head.

Axes: b sequences, t steps, n values a step, k outputs.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from pipeline.determinism import choose_device, make_deterministic
from pipeline.errors import ParamsError
from pipeline.models import kernels, storage
from pipeline.models.cells import State, build_cell
from pipeline.models.dropout import Dropout
from pipeline.params.schema import ModelParams

StackState = tuple[State, ...]


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation by which numbers are standardised."""

    mean: float = 0.0
    std: float = 1.0


@dataclass(frozen=True)
class Shape:
    """What the data require of a network: symbols read, outputs, where outputs are wanted, scales."""

    symbols: int | None  # None: the inputs are numbers
    outputs: int
    every_step: bool  # an output at each step, or one at the end of the sequence
    inputs_scale: Scale = Scale()
    targets_scale: Scale = Scale()


class Encoder(nn.Module):
    """Inputs as vectors: (b, t) -> (b, t, n)."""

    def __init__(self, params: ModelParams, shape: Shape) -> None:
        super().__init__()
        self.kind = params.input
        self.size = _encoded_size(params, shape)
        if params.input == "embedding" and shape.symbols:
            self.table = nn.Embedding(shape.symbols, self.size)
        elif params.input == "one-hot":
            self.register_buffer("identity", torch.eye(self.size), persistent=False)
        self.scale = shape.inputs_scale

    def forward(self, inputs: Tensor) -> Tensor:
        """Look symbols up; standardise numbers, as one value at each step or all at one step."""
        if self.kind == "embedding":
            encoded: Tensor = self.table(inputs)
            return encoded
        if self.kind == "one-hot":
            return self.get_buffer("identity")[inputs]
        scaled = (inputs - self.scale.mean) / self.scale.std
        return scaled.unsqueeze(1 if self.kind == "flat" else 2)


def _encoded_size(params: ModelParams, shape: Shape) -> int:
    if params.input == "embedding":
        return params.embedding_size or 0
    if params.input == "one-hot":
        return shape.symbols or 0
    return (params.window or 1) if params.input == "flat" else 1


class Layer(nn.Module):
    """A cell that reads forwards, and in a bidirectional network a second one that reads backwards."""

    def __init__(self, params: ModelParams, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.forwards = build_cell(params.cell, input_size, hidden_size)
        self.backwards = build_cell(params.cell, input_size, hidden_size) if params.bidirectional else None
        self.output_size = self.forwards.output_size * (2 if self.backwards else 1)

    def forward(self, inputs: Tensor, lengths: Tensor | None, state: State | None) -> tuple[Tensor, State]:
        """Return the outputs of both directions side by side, and the state of the forward one.

        Only that is carried on: the other direction starts at the end.
        """
        outputs, after = self.forwards(inputs, state)
        if self.backwards:
            backward, _ = self.backwards(reverse(inputs, lengths))
            outputs = torch.cat((outputs, reverse(backward, lengths)), 2)
        return outputs, after


class Stack(nn.Module):
    """Stacked layers with dropout between them."""

    def __init__(self, params: ModelParams, input_size: int) -> None:
        super().__init__()
        self.dropout = Dropout(params.dropout)
        self.layers = nn.ModuleList()
        self.output_size = input_size
        for hidden_size in params.hidden_sizes:
            layer = Layer(params, self.output_size, hidden_size)
            self.layers.append(layer)
            self.output_size = layer.output_size

    def forward(
        self, inputs: Tensor, lengths: Tensor | None = None, state: StackState | None = None
    ) -> tuple[Tensor, StackState]:
        """Run all layers; return the outputs of the last (b, t, m) and the state of each."""
        after = []
        for index, layer in enumerate(self.layers):
            outputs, layer_state = layer(inputs, lengths, state[index] if state else None)
            inputs = self.dropout(outputs) if index + 1 < len(self.layers) else outputs
            after.append(layer_state)
        return inputs, tuple(after)


def reverse(inputs: Tensor, lengths: Tensor | None) -> Tensor:
    """Reverse each sequence (b, t, n) within its own length; padding stays where it is."""
    if lengths is None:
        return inputs.flip(1)
    steps = torch.arange(inputs.shape[1], device=inputs.device)  # (t,)
    mirrored = lengths.unsqueeze(1) - 1 - steps  # (b, t)
    source = torch.where(mirrored < 0, steps, mirrored)
    return inputs.gather(1, source.unsqueeze(2).expand_as(inputs))


class SequenceModel(nn.Module):
    """The whole network; its outputs are logits, or numbers in the targets' scale."""

    def __init__(self, params: ModelParams, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.encoder = Encoder(params, shape)
        self.stack = Stack(params, self.encoder.size)
        self.bidirectional = params.bidirectional
        self.trains_every_step = shape.every_step or params.supervision == "every-step"
        self.input_dropout, self.output_dropout = Dropout(params.input_dropout), Dropout(params.output_dropout)
        self.head = _build_head(params.head, self.stack.output_size, shape.outputs)

    def forward(
        self, inputs: Tensor, lengths: Tensor | None = None, state: StackState | None = None
    ) -> tuple[Tensor, StackState]:
        """Run the network.

        Args:
            inputs: Symbols or numbers, (b, t).
            lengths: The length of each sequence, (b,); None if none is padded.
            state: The state to continue from; None for zeros.

        Returns:
            The outputs (b, t, k), or (b, k) for one at the end of each sequence; and the state after the last step.
        """
        outputs, after = self.stack(self.input_dropout(self.encoder(inputs)), lengths, state)
        if not (self.trains_every_step if self.training else self.shape.every_step):
            outputs = self._final(outputs, lengths)
        return self.head(self.output_dropout(outputs)), after

    def _final(self, outputs: Tensor, lengths: Tensor | None) -> Tensor:
        """Return the output of each direction after it has read the whole sequence."""
        ends = outputs[:, -1]
        if lengths is not None:
            last = (lengths - 1).view(-1, 1, 1).expand(-1, 1, outputs.shape[2])
            ends = outputs.gather(1, last).squeeze(1)
        if not self.bidirectional:
            return ends
        size = self.stack.output_size // 2
        return torch.cat((ends[:, :size], outputs[:, 0, size:]), 1)

    def unscale(self, outputs: Tensor) -> Tensor:
        """Bring numbers (b, 1) back to the unit of the data, (b,)."""
        return outputs.squeeze(1) * self.shape.targets_scale.std + self.shape.targets_scale.mean


def _build_head(kind: str, input_size: int, outputs: int) -> nn.Module:
    if kind == "none":
        return nn.Identity()
    linear = kernels.Linear(input_size, outputs)
    return nn.Sequential(linear, nn.ReLU()) if kind == "linear-relu" else linear


def build_network(params: ModelParams, shape: Shape, name: str = "model") -> SequenceModel:
    """Return a network with random weights from torch's current seed.

    Raises:
        ParamsError: if a network without a head has another number of outputs than the data require.
    """
    if params.scaling == "none":
        shape = replace(shape, inputs_scale=Scale(), targets_scale=Scale())
    model = SequenceModel(params, shape)
    if params.head == "none" and model.stack.output_size != shape.outputs:
        raise ParamsError(
            f"params.yaml: models.{name}.hidden_size: {model.stack.output_size} outputs without a head; "
            f"wanted {shape.outputs} for data set {params.dataset}, or head linear"
        )
    return model


def count_parameters(model: nn.Module) -> int:
    """Return the number of trained parameters of a network."""
    return sum(weight.numel() for weight in model.parameters())


def load_network(params: ModelParams, shape: Shape, folder: Path, seed: int, fit: str) -> SequenceModel | None:
    """Return a trained network on the chosen device, or None if its training diverged.

    Raises:
        NotTrainedError: if its weights are missing or damaged.
    """
    file = storage.weights_file(folder, seed, fit)
    if not storage.has_weights(file):
        return None
    make_deterministic()
    model = build_network(params, shape)
    model.load_state_dict({name: torch.from_numpy(array) for name, array in storage.read_weights(file).items()})
    return model.to(choose_device())
