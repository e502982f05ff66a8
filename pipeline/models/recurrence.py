"""One autograd function for every recurrent layer, in one direction or in both, with a backward pass of its own.

A step in time costs one product and a few elementwise operations, which `kernels` and `lstm` define. Here is what can
be done for all steps at once: the product of the inputs, and in the backward pass the gradients of inputs, weights and
biases. Both directions of a layer are computed side by side, as in a small network a call costs more than its numbers.

Axes: d directions, b sequences, t steps, n values a step, h hidden units, g that times the gates of the cell.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from pipeline.models.products import Array, as_numpy, no_warnings
from pipeline.models.projection import Inputs, Lookup, Symbols, Vectors, mirror, mirrored_steps, weight_gradients

NOTHING = np.empty(0, np.float32)


class Weights(NamedTuple):
    """The weights of one direction: (g, n), (g, h), a bias (g,), and a second one if there is one."""

    w_x: Tensor
    w_h: Tensor
    b_x: Tensor
    b_h: Tensor | None = None


@dataclass
class Run:
    """The arrays of all steps, which a kernel fills in.

    Attributes:
        gates: (d, t, b, g), with W_x x + b before.
        states: (d, t + 1, b, h), the initial ones first.
        cells: The cell states of an LSTM, alike; else empty.
        kept: (d, t, b, h), what the backward pass reads besides.
    """

    gates: Array
    states: Array
    cells: Array
    kept: Array


class Gradients(NamedTuple):
    """What a kernel's backward pass finds.

    Of W_h h + b_h (d, t, b, g), of the initial state and cell state (d, b, h), and of the last gate of W_x x + b_x
    (d, t, b, h) where that is another.
    """

    gates: Array
    h: Array
    c: Array | None = None
    last_gate: Array | None = None


class Kernel(Protocol):
    """The steps of one kind of cell."""

    def scale(self, weights: Array) -> Array:
        """Return weights or biases (g, ...), doubled where tanh(x) is computed as 2 sigmoid(2x) - 1; that is exact."""

    def add_biases(self, projected: Array, b_x: Array, b_h: Array) -> None:
        """Add to W_x x (items, g), both scaled, what can be added before the steps."""

    def forward(self, run: Run, w_h: Array, b_h: Array) -> None:
        """Take all steps, with scaled weights (d, h, g) and second biases (d, 1, g)."""

    def backward(self, run: Run, w_h: Array, grad: Array, grad_c: Array | None) -> Gradients:
        """Go from the last step to the first, with weights (d, g, h); `grad` (d, t, b, h) is that of the new states."""


def run_layer(
    kernel: Kernel,
    inputs: Inputs,
    state: Sequence[Tensor],
    weights: Sequence[Weights],
    lengths: Tensor | None = None,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Run a layer.

    Args:
        kernel: The kind of cell.
        inputs: Vectors (b, t, n), or symbols with a table of vectors.
        state: The initial state (b, h), and for an LSTM the initial cell state. A second direction starts at zeros.
        weights: Those of each direction. The second one reads backwards.
        lengths: The length of each sequence (b,), if some are padded. Padding stays where it is.

    Returns:
        The states of all steps, those of both directions side by side (b, t, d h); and the last state of the first
        direction (b, h), for an LSTM with the last cell state.
    """
    c = state[1] if len(state) > 1 else None
    flat = [part for each in weights for part in each]
    symbols, vectors = (inputs.symbols, inputs.table) if isinstance(inputs, Lookup) else (None, inputs)
    outputs, last = _Recurrence.apply(kernel, lengths, symbols, vectors, state[0], c, *flat)  # type: ignore[no-untyped-call]
    h = outputs[:, -1, : state[0].shape[1]]
    return outputs, (h,) if last is None else (h, last)


def by_step(array: Array) -> Array:
    """Return a view (t, b, ...) of one direction (1, t, b, ...), or (t, d, b, ...) of several."""
    return array[0] if len(array) == 1 else array.swapaxes(0, 1)


class _Recurrence(torch.autograd.Function):
    """A layer of any kind of cell."""

    @staticmethod
    @no_warnings
    def forward(
        ctx: Any,
        kernel: Kernel,
        lengths: Tensor | None,
        symbols: Tensor | None,
        vectors: Tensor,
        h: Tensor,
        c: Tensor | None,
        *flat: Tensor | None,
    ) -> tuple[Tensor, Tensor | None]:
        weights = _by_direction(flat)
        steps = (vectors if symbols is None else symbols).shape[1]
        source = mirrored_steps(lengths, steps) if len(weights) > 1 else None
        read = Vectors(vectors, source) if symbols is None else Symbols(symbols, vectors, source)
        gates = _stack(read.project(lambda x, direction: _project(kernel, x, weights[direction])))
        states, cells = _allocate(h, gates), NOTHING if c is None else _allocate(c, gates)
        run = Run(gates, states, cells, np.empty_like(states[:, 1:]))
        w_h = _stack([kernel.scale(as_numpy(each.w_h)).T for each in weights], contiguous=len(h) > 1)
        kernel.forward(run, w_h, _stack([kernel.scale(_second_bias(each))[None] for each in weights]))
        ctx.save_for_backward(*(part for each in weights for part in (each.w_x, each.w_h)))
        ctx.kept = kernel, source, read, run, [each.b_h is not None for each in weights]
        last = None if c is None else torch.from_numpy(cells[0, -1].copy())
        return torch.from_numpy(_side_by_side(states[:, 1:], source)), last

    @staticmethod
    @once_differentiable
    @no_warnings
    def backward(ctx: Any, grad: Tensor, grad_last: Tensor | None) -> tuple[Tensor | None, ...]:
        kernel, source, read, run, second = ctx.kept
        weights = _pairs(ctx.saved_tensors)
        w_x, w_h = ([as_numpy(pair[part]) for pair in weights] for part in (0, 1))
        grads = _apart(grad.numpy(), len(weights), source)
        found = kernel.backward(run, _stack(w_h), grads, _first(grad_last, len(weights)))
        states = [weight_gradients(*each) for each in zip(found.gates, run.states[:, :-1], strict=True)]
        if found.last_gate is not None:
            found.gates[..., -found.last_gate.shape[-1] :] = found.last_gate
        grad_x, inputs = read.gradients(found.gates, w_x, ctx.needs_input_grad[3])
        flat: list[Tensor | None] = []
        for (grad_wx, grad_bx), (grad_wh, grad_bh), has_second in zip(inputs, states, second, strict=True):
            flat += [grad_wx, grad_wh, grad_bx, grad_bh if has_second else None]
        grad_c = None if found.c is None else torch.from_numpy(found.c[0])
        return None, None, None, grad_x, torch.from_numpy(found.h[0]), grad_c, *flat


def _by_direction(flat: Sequence[Any]) -> list[Weights]:
    return [Weights(*flat[first : first + 4]) for first in range(0, len(flat), 4)]


def _pairs(flat: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
    return [(flat[first], flat[first + 1]) for first in range(0, len(flat), 2)]


def _second_bias(weights: Weights) -> Array:
    return np.zeros(len(weights.b_x), as_numpy(weights.b_x).dtype) if weights.b_h is None else as_numpy(weights.b_h)


def _stack(arrays: Sequence[Array], contiguous: bool = True) -> Array:
    """Stack arrays of the directions; one alone is copied only if it is not contiguous and is to be."""
    if len(arrays) > 1:
        return np.stack(arrays)
    return (np.ascontiguousarray(arrays[0]) if contiguous else arrays[0])[None]


def _project(kernel: Kernel, x: Array, weights: Weights) -> Array:
    """Return W_x x + b (items, g), scaled."""
    projected: Array = np.dot(x, kernel.scale(as_numpy(weights.w_x)).T)
    kernel.add_biases(projected, kernel.scale(as_numpy(weights.b_x)), kernel.scale(_second_bias(weights)))
    return projected


def _allocate(initial: Tensor, gates: Array) -> Array:
    """Return an array of states (d, t + 1, b, h) with the initial ones filled in."""
    states = np.empty((gates.shape[0], gates.shape[1] + 1, *initial.shape), gates.dtype)
    states[0, 0] = as_numpy(initial)
    states[1:, 0] = 0
    return states


def _side_by_side(states: Array, source: Array | None) -> Array:
    """Return the states (d, t, b, h) of all directions as (b, t, d h), each in the order of the inputs."""
    first: Array = states[0]
    both = first if source is None else np.concatenate((first, mirror(states[1], source)), 2)
    return both.swapaxes(0, 1)


def _apart(grad: Array, directions: int, source: Array | None) -> Array:
    """Return gradients (b, t, d h) as (d, t, b, h), each in the order in which its direction reads."""
    grad = grad.swapaxes(0, 1)
    if source is None:
        return grad[None]
    size = grad.shape[2] // directions
    return np.stack((grad[:, :, :size], mirror(grad[:, :, size:], source)))


def _first(grad: Tensor | None, directions: int) -> Array | None:
    """Return the gradient of the last cell states (d, b, h), of which those of the first direction are given out."""
    if grad is None:
        return None
    first = grad.numpy()
    return np.stack((first, *[np.zeros_like(first)] * (directions - 1)))
