"""Turn the tensors of a training into named arrays, and back."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.models import StackState

Tensors = dict[str, Mapping[str, Tensor]]  # by group, then by name


@dataclass
class Place:
    """How far a training is in an epoch: it is the same training that goes on from here."""

    order: Tensor  # the state of the examples' generator when the epoch began
    total: Tensor  # of the loss so far
    count: Tensor  # of the items scored so far
    done: int = 0  # batches
    state: StackState | None = None  # after the last batch, for the next that reads on from it

    @classmethod
    def start(cls, generator: torch.Generator, where: torch.device) -> Self:
        """Stand at the beginning of an epoch."""
        total = torch.zeros((), device=where, dtype=torch.float64)
        return cls(generator.get_state(), total, torch.zeros((), device=where, dtype=torch.int64))

    @classmethod
    def of(cls, done: int, tensors: Mapping[str, Tensor], where: torch.device) -> Self:
        """Stand where `tensors` was called."""
        layers: dict[int, list[Tensor]] = {}
        for name in sorted(name for name in tensors if name.startswith("state")):
            layers.setdefault(int(name.split("-")[1]), []).append(tensors[name].to(where))
        state = tuple(tuple(layers[layer]) for layer in sorted(layers)) or None
        return cls(tensors["order"], tensors["total"].to(where), tensors["count"].to(where), done, state)

    def pass_batch(self, summed: Tensor, scored: Tensor, state: StackState) -> None:
        """Take in what a step gave."""
        self.total += summed
        self.count += scored
        self.done, self.state = self.done + 1, state

    def tensors(self) -> dict[str, Tensor]:
        """Return everything but the number of batches, by name."""
        layers = enumerate(self.state or ())
        state = {f"state-{layer}-{part}": value for layer, parts in layers for part, value in enumerate(parts)}
        return {"order": self.order, "total": self.total, "count": self.count, **state}


def gathered(tensors: Tensors) -> dict[str, NDArray[Any]]:
    """Copy groups of tensors to the CPU, named GROUP/NAME."""
    return {
        f"{group}/{name}": value.detach().cpu().numpy().copy()
        for group, values in tensors.items()
        for name, value in values.items()
    }


def scattered(arrays: Mapping[str, NDArray[Any]]) -> dict[str, dict[str, Tensor]]:
    """Return the tensors that `gathered` copied, by group and name; a group that had none is empty."""
    groups: dict[str, dict[str, Tensor]] = defaultdict(dict)
    for place, array in arrays.items():
        group, _, name = place.partition("/")
        groups[group][name] = torch.from_numpy(np.array(array))
    return groups
