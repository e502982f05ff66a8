"""What the data require of a network, and its inputs as vectors: (b, t) -> (b, t, n)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pipeline.models.projection import Lookup
from pipeline.params.models import ModelParams


@dataclass(frozen=True)
class Scale:
    """What numbers are scaled by: mean and standard deviation, or the smallest and the width of their range."""

    mean: float = 0.0
    std: float = 1.0


@dataclass(frozen=True)
class Shape:
    """What the data require of a network: symbols read, outputs, where outputs are wanted, scales."""

    symbols: int | None  # None: the inputs are numbers
    outputs: int
    every_step: bool  # an output at each step, or one at the end of the sequence
    logits: bool  # the outputs are logits of labels, or a number in the targets' scale
    length: int | None = None  # of every sequence, where the data have one length
    inputs_scale: Scale = Scale()
    targets_scale: Scale = Scale()
    inputs_range: Scale = Scale()  # in the place of `inputs_scale` with scaling `min-max`
    targets_range: Scale = Scale()


class OneHot(nn.Module):
    """A symbol as a vector with a single one."""

    def __init__(self, symbols: int) -> None:
        super().__init__()
        self.size = symbols
        self.register_buffer("identity", torch.eye(symbols), persistent=False)

    def forward(self, inputs: Tensor) -> Tensor:
        """Look symbols up."""
        return self.get_buffer("identity")[inputs]

    def look_up(self, inputs: Tensor) -> Lookup:
        """Return symbols with the table of their vectors."""
        return Lookup(inputs, self.get_buffer("identity"))


class Embedding(nn.Module):
    """A symbol as a vector that is trained."""

    def __init__(self, symbols: int, size: int) -> None:
        super().__init__()
        self.size = size
        self.table = nn.Embedding(symbols, size)

    def forward(self, inputs: Tensor) -> Tensor:
        """Look symbols up."""
        encoded: Tensor = self.table(inputs)
        return encoded

    def look_up(self, inputs: Tensor) -> Lookup:
        """Return symbols with the table of their vectors."""
        return Lookup(inputs, self.table.weight)


class Values(nn.Module):
    """Numbers, standardised: one at each step."""

    def __init__(self, scale: Scale) -> None:
        super().__init__()
        self.size, self.scale = 1, scale

    def forward(self, inputs: Tensor) -> Tensor:
        """Standardise numbers (b, t) to (b, t, 1)."""
        return self.standardise(inputs).unsqueeze(2)

    def standardise(self, inputs: Tensor) -> Tensor:
        """Subtract the mean and divide by the standard deviation."""
        return (inputs - self.scale.mean) / self.scale.std


class Flat(Values):
    """Numbers, standardised: all of a sequence or window at one step."""

    def __init__(self, scale: Scale, length: int) -> None:
        super().__init__(scale)
        self.size = length

    def forward(self, inputs: Tensor) -> Tensor:
        """Standardise numbers (b, t) to (b, 1, t)."""
        return self.standardise(inputs).unsqueeze(1)


Encoder = OneHot | Embedding | Values

BUILDERS: Mapping[str, Callable[[ModelParams, Shape], Encoder]] = {
    "one-hot": lambda params, shape: OneHot(shape.symbols or 0),
    "embedding": lambda params, shape: Embedding(shape.symbols or 0, params.embedding_size or 0),
    "values": lambda params, shape: Values(shape.inputs_scale),
    "flat": lambda params, shape: Flat(shape.inputs_scale, params.window or shape.length or 1),
}


def build_encoder(params: ModelParams, shape: Shape) -> Encoder:
    """Return the encoder that a model's block names."""
    return BUILDERS[params.input](params, shape)
