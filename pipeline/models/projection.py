"""What a layer reads, vectors or symbols, and the product W_x x of all its steps with its gradients.

A layer that reads symbols needs no product for each of them: it takes rows of the product of its weights and the table
of all symbols' vectors, and in the backward pass adds up the gradients of each symbol before any product.

Axes: d directions, b sequences, t steps, s symbols, n values a step, g hidden units times the gates of the cell.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pipeline.models.products import Array, as_numpy

Project = Callable[[Array, int], Array]  # rows (items, n) and a direction to W_x x + b (items, g)
WeightGradients = tuple[Tensor, Tensor]  # of weights (g, k) and a bias (g,)


@dataclass(frozen=True)
class Lookup:
    """Symbols (b, t) and the table (s, n) of their vectors."""

    symbols: Tensor
    table: Tensor

    def __len__(self) -> int:
        return len(self.symbols)

    @property
    def repeats(self) -> bool:
        """Return whether there are at least as many steps as the table has symbols."""
        return self.symbols.numel() >= len(self.table)

    def vectors(self) -> Tensor:
        """Return the vectors of all steps (b, t, n)."""
        return functional.embedding(self.symbols, self.table)


Inputs = Tensor | Lookup


class Vectors:
    """Inputs (b, t, n) as each direction reads them; `source` is what the second one reads at a step."""

    def __init__(self, inputs: Tensor, source: Array | None) -> None:
        x = np.ascontiguousarray(as_numpy(inputs).swapaxes(0, 1))
        self.source = source
        self.read = [x] if source is None else [x, mirror(x, source)]

    def project(self, project: Project) -> list[Array]:
        """Return W_x x + b (t, b, g) of each direction."""
        return [
            project(x.reshape(-1, x.shape[2]), index).reshape(*x.shape[:2], -1) for index, x in enumerate(self.read)
        ]

    def gradients(self, grad: Array, w_x: Sequence[Array], wanted: bool) -> tuple[Tensor | None, list[WeightGradients]]:
        """Return the gradients of the inputs, if wanted, and of the weights, from those of the gates (d, t, b, g)."""
        weights = [weight_gradients(*each) for each in zip(grad, self.read, strict=True)]
        if not wanted:
            return None, weights
        found = [np.dot(each.reshape(-1, each.shape[2]), weight) for each, weight in zip(grad, w_x, strict=True)]
        first, *second = (each.reshape(*grad.shape[1:3], -1) for each in found)
        if self.source is not None:
            first += mirror(second[0], self.source)
        return torch.from_numpy(first.swapaxes(0, 1)), weights


class Symbols:
    """Symbols (b, t) with the table (s, n) of their vectors, as each direction reads them."""

    def __init__(self, symbols: Tensor, table: Tensor, source: Array | None) -> None:
        index = np.ascontiguousarray(as_numpy(symbols).T)
        self.table = as_numpy(table)
        self.read = [index] if source is None else [index, mirror(index, source)]

    def project(self, project: Project) -> list[Array]:
        """Return W_x x + b (t, b, g) of each direction."""
        return [project(self.table, direction)[index] for direction, index in enumerate(self.read)]

    def gradients(self, grad: Array, w_x: Sequence[Array], wanted: bool) -> tuple[Tensor | None, list[WeightGradients]]:
        """Return the gradients of the table, if wanted, and of the weights, from those of the gates (d, t, b, g)."""
        by_symbol = [self._add_up(*each) for each in zip(grad, self.read, strict=True)]  # (s, g) each
        weights = [weight_gradients(each[None], self.table[None]) for each in by_symbol]
        if not wanted:
            return None, weights
        products = [np.dot(each, weight) for each, weight in zip(by_symbol, w_x, strict=True)]
        return torch.from_numpy(products[0] if len(products) == 1 else products[0] + products[1]), weights

    def _add_up(self, grad: Array, index: Array) -> Array:
        """Return the sum of the gradients (t, b, g) of each symbol, in the order of the steps."""
        flat = torch.from_numpy(grad).flatten(0, 1)
        return (
            flat.new_zeros(len(self.table), flat.shape[1])
            .index_add_(0, torch.from_numpy(index).flatten(), flat)
            .numpy()
        )


def mirrored_steps(lengths: Tensor | None, steps: int) -> Array:
    """Return for each step (t, 1) or (t, b) the one that is read there backwards; padding stays where it is."""
    step = np.arange(steps)[:, None]
    mirrored = (steps if lengths is None else as_numpy(lengths)) - 1 - step
    source: Array = np.where(mirrored < 0, step, mirrored)
    return source


def mirror(array: Array, source: Array) -> Array:
    """Return an array (t, b, ...) in the other direction, which twice is none."""
    mirrored: Array = array[source, np.arange(array.shape[1])]
    return mirrored


def weight_gradients(grad: Array, read: Array) -> WeightGradients:
    """Return the gradients of weights (g, k) and a bias (g,), from those of gates (t, b, g) that read (t, b, k)."""
    flat = grad.reshape(-1, grad.shape[2])
    weights = np.dot(flat.T, read.reshape(-1, read.shape[2]))
    return torch.from_numpy(weights), torch.from_numpy(flat).sum(0)
