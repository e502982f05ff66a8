"""The kernel of an LSTM, as `kernels` has those of the other cells.

torch runs oneDNN's, which brings the weights into a layout of its own in each call. That pays where many sequences
share them; for a single one it takes as long as all the rest.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pipeline.models.kernels import ONE, double, tanh_of_half, tanh_slope
from pipeline.models.products import Array, step_product
from pipeline.models.recurrence import Gradients, Run, Weights, by_step, run_layer


def lstm(
    inputs: Tensor, h: Tensor, c: Tensor, w_x: Tensor, w_h: Tensor, b_x: Tensor, b_h: Tensor
) -> tuple[Tensor, Tensor]:
    """Run an LSTM as `torch.nn.LSTM` defines it.

    i = sigmoid(W_xi x + b_xi + W_hi h + b_hi)      and so f and o
    g = tanh(W_xg x + b_xg + W_hg h + b_hg)
    c' = f c + i g
    h' = o tanh(c')

    Args:
        inputs: (b, t, n).
        h: The initial state (b, h).
        c: The initial cell state (b, h).
        w_x: Weights of the inputs, (4h, n), of the gates i, f, g, o in turn.
        w_h: Weights of the states, (4h, h).
        b_x: A bias, (4h,).
        b_h: A second bias, (4h,).

    Returns:
        The states of all steps (b, t, h), and the last cell state (b, h).
    """
    outputs, (_, last) = run_layer(Lstm(), inputs, (h, c), [Weights(w_x, w_h, b_x, b_h)])
    return outputs, last


@dataclass(frozen=True)
class Lstm:
    """The recurrence of `lstm`; the backward pass goes from the last step to the first.

    With a_i, a_f, a_g, a_o being what the sigmoids and the tanh are taken of:

    dh'/dc'  = o (1 - tanh(c')^2)
    dh'/da_o = tanh(c') o (1 - o)
    dc'/da_i = g i (1 - i)
    dc'/da_f = c f (1 - f)
    dc'/da_g = i (1 - g^2)
    dL/dc    = f dL/dc'             to which the gradient by way of h is added
    dL/dh    = W_h^T dL/da          to which the gradient of h as an output is added
    """

    def scale(self, weights: Array) -> Array:
        """Return the weights with those of g doubled."""
        size = len(weights) // 4
        return double(weights, slice(2 * size, 3 * size))

    def add_biases(self, projected: Array, b_x: Array, b_h: Array) -> None:
        """Add both biases."""
        np.add(projected, b_x + b_h, projected)

    def forward(self, run: Run, w_h: Array, b_h: Array) -> None:
        """Take all steps; keep tanh(c') for the backward pass."""
        (multiply, weights), states, all_gates = step_product(w_h), by_step(run.states), by_step(run.gates)
        cells, tanh_cells = by_step(run.cells), by_step(run.kept)
        recurrent, i_g = np.empty_like(all_gates[0]), np.empty_like(cells[0])
        tensors = (torch.from_numpy(part).unbind(0) for part in (all_gates, tanh_cells))
        arrays = (all_gates, *np.split(all_gates, 4, -1), states[:-1], cells[:-1], tanh_cells, states[1:], cells[1:])
        for gates_tensor, tanh_tensor, gates, i, f, g, o, h, c, tanh_c, h_after, c_after in zip(
            *tensors, *arrays, strict=True
        ):
            multiply(h, weights, out=recurrent)
            np.add(gates, recurrent, gates)
            gates_tensor.sigmoid_()
            np.add(g, g, g)  # tanh(a) is 2 sigmoid(2a) - 1
            np.subtract(g, ONE, g)
            np.multiply(f, c, c_after)
            np.add(c_after, np.multiply(i, g, i_g), c_after)
            np.add(c_after, c_after, tanh_c)
            tanh_of_half(tanh_c, tanh_tensor)
            np.multiply(o, tanh_c, h_after)

    def backward(self, run: Run, w_h: Array, grad: Array, grad_c: Array | None) -> Gradients:
        """Go from the last step to the first."""
        (multiply, weights), parts = step_product(w_h), [by_step(part) for part in _slopes(run)]
        found, h = np.empty_like(run.gates), np.zeros_like(by_step(run.states)[0])
        c = np.zeros_like(h) if grad_c is None else by_step(grad_c[:, None])[0].copy()
        from_h, by_gate = np.empty_like(c), by_step(found.reshape(*found.shape[:-1], 4, -1))
        f = np.split(by_step(run.gates), 4, -1)[1]
        arrays = (by_step(grad), by_step(found), by_gate[..., :3, :], by_gate[..., 3, :], *parts, f)
        for grad_, found_, ifg_, o_, slopes_, slope_o_, slope_c_, f_ in reversed(list(zip(*arrays, strict=True))):
            np.add(h, grad_, h)
            np.add(c, np.multiply(h, slope_c_, from_h), c)
            np.multiply(c[..., None, :], slopes_, ifg_)
            np.multiply(h, slope_o_, o_)
            multiply(found_, weights, out=h)
            np.multiply(c, f_, c)
        shape = run.states[:, 0].shape
        return Gradients(found, h.reshape(shape), c.reshape(shape))


def _slopes(run: Run) -> tuple[Array, Array, Array]:
    """Return the slopes of c' by a_i, a_f and a_g (d, t, b, 3, h), of h' by a_o, and of h' by c'; see `Lstm`."""
    gates, cells, tanh_cells = map(torch.from_numpy, (run.gates, run.cells, run.kept))
    i, _, g, o = gates.chunk(4, -1)
    slope_i, slope_f, _, slope_o = torch.addcmul(gates, gates, gates, value=-1).chunk(4, -1)
    slopes = torch.stack((slope_i * g, slope_f * cells[:, :-1], tanh_slope(g).mul_(i)), -2)
    return slopes.numpy(), (slope_o * tanh_cells).numpy(), tanh_slope(tanh_cells).mul_(o).numpy()
