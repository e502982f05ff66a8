"""An LSTM for one short sequence, which gives the same bytes on every x86-64 processor with AVX2.

torch runs oneDNN's, which brings the weights into a layout of its own in each call. That pays where many sequences
share them; for a single one it takes as long as all the rest. Here the elementwise operations are NumPy's, a call of
which costs a third of one of torch; the sigmoid is torch's. Axes and layout are those of `kernels`.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from pipeline.models.kernels import MINUS_ONE, allocate_states, by_step, input_gradients, tanh_of_half_, tanh_slope
from pipeline.models.products import as_numpy, matmul, matmul_into, no_warnings


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
    outputs, last = _Lstm.apply(inputs, h, c, w_x, w_h, b_x, b_h)  # type: ignore[no-untyped-call]
    return outputs, last


class _Lstm(torch.autograd.Function):
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

    @staticmethod
    @no_warnings
    def forward(
        ctx: Any, inputs: Tensor, h: Tensor, c: Tensor, w_x: Tensor, w_h: Tensor, b_x: Tensor, b_h: Tensor
    ) -> tuple[Tensor, Tensor]:
        x, states, cells = by_step(inputs), allocate_states(inputs, h), allocate_states(inputs, c)
        gates = matmul(x.flatten(0, 1), w_x.T).add_(b_x + b_h).view(*x.shape[:2], -1)
        tanh_cells = torch.empty_like(cells[1:])
        _run_gates(states, cells, tanh_cells, gates, w_h)
        ctx.save_for_backward(x, states, cells, tanh_cells, gates, w_x, w_h)
        return states[1:].transpose(0, 1), cells[-1].clone()

    @staticmethod
    @once_differentiable
    @no_warnings
    def backward(ctx: Any, grad: Tensor, grad_last: Tensor) -> tuple[Tensor | None, ...]:
        x, states, cells, tanh_cells, gates, w_x, w_h = ctx.saved_tensors
        slopes, slope_o, slope_c = (slope.numpy() for slope in _slopes(cells, tanh_cells, gates))
        grad_gates, f = torch.empty_like(gates), gates.chunk(4, 2)[1].numpy()  # dL/da, and the gate f
        by_gate = grad_gates.numpy().reshape(*slopes.shape[:2], 4, -1)  # a view
        grad_h, grad_c = torch.zeros_like(states[0]), grad_last.clone()
        h, c, weight = grad_h.numpy(), grad_c.numpy(), as_numpy(w_h)
        from_h = np.empty_like(c)
        outputs = grad.transpose(0, 1).numpy()
        arrays = (outputs, grad_gates.numpy(), by_gate[:, :, :3], by_gate[:, :, 3], slopes, slope_o, slope_c, f)
        for grad_, grad_gates_, ifg_, o_, slopes_, slope_o_, slope_c_, f_ in reversed(list(zip(*arrays, strict=True))):
            np.add(h, grad_, h)
            np.add(c, np.multiply(h, slope_c_, from_h), c)
            np.multiply(c[:, None], slopes_, ifg_)
            np.multiply(h, slope_o_, o_)
            matmul_into(h, grad_gates_, weight)
            np.multiply(c, f_, c)
        grad_x, grad_wx, grad_b = input_gradients(ctx, grad_gates, x, w_x)
        grad_wh = matmul(grad_gates.flatten(0, 1).T, states[:-1].flatten(0, 1))
        return grad_x, grad_h, grad_c, grad_wx, grad_wh, grad_b, grad_b.clone()


def _run_gates(states: Tensor, cells: Tensor, tanh_cells: Tensor, gates: Tensor, w_h: Tensor) -> None:
    """Fill in states, cell states and their tanh, and the gates, which hold W_x x + b before."""
    weight, by_gate = as_numpy(w_h.T), gates.chunk(4, 2)
    h, c = states[0].numpy(), cells[0].numpy()
    recurrent, i_g = np.empty_like(gates[0].numpy()), np.empty_like(c)
    tensors = (part.unbind(0) for part in (gates, by_gate[2], tanh_cells))  # views: what torch computes
    arrays = (part.numpy() for part in (gates, *by_gate, cells[1:], tanh_cells, states[1:]))
    steps = zip(*tensors, *arrays, strict=True)
    for gates_tensor, g_tensor, tanh_tensor, all_gates, i, f, g, o, c_after, tanh_c, h_after in steps:
        matmul_into(recurrent, h, weight)
        np.add(all_gates, recurrent, all_gates)
        np.add(g, g, g)  # tanh(a) is 2 sigmoid(2a) - 1
        gates_tensor.sigmoid_()
        torch.add(MINUS_ONE, g_tensor, alpha=2, out=g_tensor)
        np.multiply(f, c, c_after)
        np.add(c_after, np.multiply(i, g, i_g), c_after)
        np.add(c_after, c_after, tanh_c)
        tanh_of_half_(tanh_tensor)
        np.multiply(o, tanh_c, h_after)
        h, c = h_after, c_after


def _slopes(cells: Tensor, tanh_cells: Tensor, gates: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the slopes of c' by a_i, a_f and a_g (t, b, 3, h), of h' by a_o, and of h' by c', as `_Lstm` has them."""
    i, _, g, o = gates.chunk(4, 2)
    slope_i, slope_f, _, slope_o = torch.addcmul(gates, gates, gates, value=-1).chunk(4, 2)
    slopes = torch.stack((slope_i * g, slope_f * cells[:-1], tanh_slope(g).mul_(i)), 2)
    return slopes, slope_o * tanh_cells, tanh_slope(tanh_cells).mul_(o)
