"""How far a training is within an epoch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from pipeline.models.network import StackState


@dataclass
class Position:
    """How far a training is within an epoch."""

    generator_state: Tensor  # the state of the examples' generator when the epoch began
    loss: Tensor  # summed so far
    scored: Tensor  # items so far
    batches: int = 0  # done
    state: StackState | None = None  # after the last batch, for the next to continue from

    @classmethod
    def start(cls, generator: torch.Generator, device: torch.device) -> Self:
        """Return the position at the start of an epoch."""
        loss = torch.zeros((), device=device, dtype=torch.float64)
        return cls(generator.get_state(), loss, torch.zeros((), device=device, dtype=torch.int64))

    @classmethod
    def from_tensors(cls, batches: int, tensors: Mapping[str, Tensor], device: torch.device) -> Self:
        """Return the position at which `tensors` was called."""
        count = sum(name.startswith("state") and name.endswith("-0") for name in tensors)
        layers = [sorted(name for name in tensors if name.startswith(f"state-{layer}-")) for layer in range(count)]
        state = tuple(tuple(tensors[name].to(device) for name in names) for names in layers) or None
        return cls(tensors["order"], tensors["loss"].to(device), tensors["scored"].to(device), batches, state)

    def tensors(self) -> dict[str, Tensor]:
        """Return everything but the number of batches, by name."""
        layers = enumerate(self.state or ())
        state = {f"state-{layer}-{part}": value for layer, parts in layers for part, value in enumerate(parts)}
        return {"order": self.generator_state, "loss": self.loss, "scored": self.scored, **state}

    def advance(self, loss: Tensor, scored: Tensor, state: StackState) -> None:
        """Add what a step returned."""
        self.loss += loss
        self.scored += scored
        self.batches, self.state = self.batches + 1, state
