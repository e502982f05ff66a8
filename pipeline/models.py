"""A sequence model: an encoder of the inputs, a stack of cells, a head.

Axes: b sequences, t steps, n values a step, k outputs.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from pipeline import cells, products
from pipeline.cells import State
from pipeline.dropout import Dropout
from pipeline.errors import UserError
from pipeline.settings.models import ModelSettings

StackState = tuple[State, ...]


@dataclass(frozen=True)
class Scale:
    """Mean and spread by which numbers are brought to a common size."""

    mean: float = 0.0
    std: float = 1.0


@dataclass(frozen=True)
class Shape:
    """What the data say of a model: symbols read, outputs wanted, where they are wanted, scales."""

    symbols: int | None  # None: the inputs are numbers
    outputs: int
    every_step: bool  # an output a step, or one at the end of the sequence
    inputs_scale: Scale = Scale()
    targets_scale: Scale = Scale()


class Encoder(nn.Module):
    """Inputs as vectors: (b, t) -> (b, t, n)."""

    def __init__(self, settings: ModelSettings, shape: Shape) -> None:
        super().__init__()
        self.kind = settings.input
        self.size = _encoded_size(settings, shape)
        if settings.input == "embedding" and shape.symbols:
            self.table = nn.Embedding(shape.symbols, self.size)
        elif settings.input == "one-hot":
            self.register_buffer("identity", torch.eye(self.size), persistent=False)
        self.scale = shape.inputs_scale

    def forward(self, inputs: Tensor) -> Tensor:
        """Look symbols up; bring numbers to scale, as one value a step or as one step."""
        if self.kind == "embedding":
            encoded: Tensor = self.table(inputs)
            return encoded
        if self.kind == "one-hot":
            return self.get_buffer("identity")[inputs]
        scaled = (inputs - self.scale.mean) / self.scale.std
        return scaled.unsqueeze(1 if self.kind == "flat" else 2)


def _encoded_size(settings: ModelSettings, shape: Shape) -> int:
    if settings.input == "embedding":
        return settings.embedding or 0
    if settings.input == "one-hot":
        return shape.symbols or 0
    return (settings.window or 1) if settings.input == "flat" else 1


class Layer(nn.Module):
    """A cell that reads forward, and for direction `both` a second one that reads backward."""

    def __init__(self, settings: ModelSettings, inputs: int, hidden: int) -> None:
        super().__init__()
        self.forwards = cells.build(settings.cell, inputs, hidden)
        self.backwards = cells.build(settings.cell, inputs, hidden) if settings.direction == "both" else None
        self.output_size = self.forwards.output_size * (2 if self.backwards else 1)

    def forward(self, inputs: Tensor, lengths: Tensor | None, state: State | None) -> tuple[Tensor, State]:
        """Return both outputs side by side; only the forward state goes on, the other starts at the end."""
        outputs, after = self.forwards(inputs, state)
        if self.backwards:
            backward, _ = self.backwards(flipped(inputs, lengths))
            outputs = torch.cat((outputs, flipped(backward, lengths)), 2)
        return outputs, after


class Stack(nn.Module):
    """Layers one on the other, with dropout between them."""

    def __init__(self, settings: ModelSettings, inputs: int) -> None:
        super().__init__()
        self.dropout = Dropout(settings.dropout)
        self.layers = nn.ModuleList()
        self.output_size = inputs
        for hidden in settings.hidden_sizes:
            layer = Layer(settings, self.output_size, hidden)
            self.layers.append(layer)
            self.output_size = layer.output_size

    def forward(
        self, inputs: Tensor, lengths: Tensor | None = None, state: StackState | None = None
    ) -> tuple[Tensor, StackState]:
        """Run all layers; return the last one's outputs (b, t, m) and the state of each."""
        after = []
        for index, layer in enumerate(self.layers):
            outputs, last = layer(inputs, lengths, state[index] if state else None)
            inputs = self.dropout(outputs) if index + 1 < len(self.layers) else outputs
            after.append(last)
        return inputs, tuple(after)


def flipped(inputs: Tensor, lengths: Tensor | None) -> Tensor:
    """Reverse each sequence (b, t, n) in place of its own length, leaving the padding where it is."""
    if lengths is None:
        return inputs.flip(1)
    steps = torch.arange(inputs.shape[1], device=inputs.device)  # (t,)
    mirrored = lengths.unsqueeze(1) - 1 - steps  # (b, t)
    source = torch.where(mirrored < 0, steps, mirrored)
    return inputs.gather(1, source.unsqueeze(2).expand_as(inputs))


class SequenceModel(nn.Module):
    """The whole network; its outputs are logits, or numbers in the targets' scale."""

    def __init__(self, settings: ModelSettings, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.encoder = Encoder(settings, shape)
        self.stack = Stack(settings, self.encoder.size)
        self.both = settings.direction == "both"
        self.asked_each_step = shape.every_step or settings.supervision == "every-step"  # in training
        self.input_dropout, self.output_dropout = Dropout(settings.input_dropout), Dropout(settings.output_dropout)
        self.head = _head(settings.head, self.stack.output_size, shape.outputs)

    def forward(
        self, inputs: Tensor, lengths: Tensor | None = None, state: StackState | None = None
    ) -> tuple[Tensor, StackState]:
        """Return outputs (b, t, k), or (b, k) for a model that answers once, and the state after."""
        outputs, after = self.stack(self.input_dropout(self.encoder(inputs)), lengths, state)
        if not (self.asked_each_step if self.training else self.shape.every_step):
            outputs = self._final(outputs, lengths)
        return self.head(self.output_dropout(outputs)), after

    def _final(self, outputs: Tensor, lengths: Tensor | None) -> Tensor:
        """Return what each direction said when it had read the whole sequence."""
        ends = outputs[:, -1]
        if lengths is not None:
            last = (lengths - 1).view(-1, 1, 1).expand(-1, 1, outputs.shape[2])
            ends = outputs.gather(1, last).squeeze(1)
        if not self.both:
            return ends
        size = self.stack.output_size // 2
        return torch.cat((ends[:, :size], outputs[:, 0, size:]), 1)

    def unscaled(self, outputs: Tensor) -> Tensor:
        """Bring numbers (b, 1) back to the unit of the data, (b,)."""
        return outputs.squeeze(1) * self.shape.targets_scale.std + self.shape.targets_scale.mean


def _head(kind: str, inputs: int, outputs: int) -> nn.Module:
    if kind == "none":
        return nn.Identity()
    linear = products.Linear(inputs, outputs)
    return nn.Sequential(linear, nn.ReLU()) if kind == "linear-relu" else linear


def build(settings: ModelSettings, shape: Shape, name: str = "model") -> SequenceModel:
    """Build a network with random weights from torch's current seed."""
    if settings.scaling == "none":
        shape = replace(shape, inputs_scale=Scale(), targets_scale=Scale())
    model = SequenceModel(settings, shape)
    if settings.head == "none" and model.stack.output_size != shape.outputs:
        raise UserError(
            f"params.yaml: models.{name}.hidden: {model.stack.output_size} outputs without a head; "
            f"wanted {shape.outputs} for data set {settings.dataset}, or head linear"
        )
    return model


def parameters(model: nn.Module) -> int:
    """Count the trained numbers of a network."""
    return sum(weight.numel() for weight in model.parameters())
