"""The tensors of a training as named arrays, and back."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.models.network import StackState

Tensors = dict[str, Mapping[str, Tensor]]  # by group, then by name


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
        layers: dict[int, list[Tensor]] = {}
        for name in sorted(name for name in tensors if name.startswith("state")):
            layers.setdefault(int(name.split("-")[1]), []).append(tensors[name].to(device))
        state = tuple(tuple(layers[layer]) for layer in sorted(layers)) or None
        return cls(tensors["order"], tensors["loss"].to(device), tensors["scored"].to(device), batches, state)

    def advance(self, loss: Tensor, scored: Tensor, state: StackState) -> None:
        """Add what a step returned."""
        self.loss += loss
        self.scored += scored
        self.batches, self.state = self.batches + 1, state

    def tensors(self) -> dict[str, Tensor]:
        """Return everything but the number of batches, by name."""
        layers = enumerate(self.state or ())
        state = {f"state-{layer}-{part}": value for layer, parts in layers for part, value in enumerate(parts)}
        return {"order": self.generator_state, "loss": self.loss, "scored": self.scored, **state}


def gather(tensors: Tensors) -> dict[str, NDArray[Any]]:
    """Copy groups of tensors to the CPU, named GROUP/NAME."""
    return {
        f"{group}/{name}": value.detach().cpu().numpy().copy()
        for group, values in tensors.items()
        for name, value in values.items()
    }


def scatter(arrays: Mapping[str, NDArray[Any]]) -> dict[str, dict[str, Tensor]]:
    """Return the tensors that `gather` copied, by group and name; a group that had none is empty."""
    groups: dict[str, dict[str, Tensor]] = defaultdict(dict)
    for key, array in arrays.items():
        group, _, name = key.partition("/")
        groups[group][name] = torch.from_numpy(np.array(array))
    return groups
