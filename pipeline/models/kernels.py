"""Recurrent layers that give the same bytes on every x86-64 processor with AVX2, as `products` do.

Each is one autograd function over all time steps, with a backward pass of its own. A step costs one product and a few
elementwise operations; all that can be done for all steps at once is: the product of the inputs, and in the backward
pass the gradients of inputs, weights and biases.

Axes: b sequences, t steps, n values a step, h hidden units. Layers take inputs (b, t, n), an initial state (b, h), and
weights in torch's layout; they return the states (b, t + 1, h), the initial one first. tanh(x) is computed as
2 sigmoid(2x) - 1, since torch's sigmoid takes a quarter of the time of its tanh.
"""

from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from pipeline.models.products import as_numpy, matmul, matmul_into, no_warnings

Nonlinearity = Literal["tanh", "relu", "none"]

_ONE, MINUS_ONE = torch.tensor(1.0), torch.tensor(-1.0)


def rnn(inputs: Tensor, state: Tensor, w_x: Tensor, w_h: Tensor, bias: Tensor, nonlinearity: Nonlinearity) -> Tensor:
    """Run h' = f(W_x x + W_h h + b), f being tanh, relu or nothing; weights (h, n) and (h, h), bias (h,)."""
    states: Tensor = _Rnn.apply(inputs, state, w_x, w_h, bias, nonlinearity)  # type: ignore[no-untyped-call]
    return states


def gru(inputs: Tensor, state: Tensor, w_x: Tensor, w_h: Tensor, b_x: Tensor, b_h: Tensor) -> Tensor:
    """Run a GRU as `torch.nn.GRU` defines it; weights (3h, n) and (3h, h), biases (3h,), gates in the order r, z, n.

    r = sigmoid(W_xr x + b_xr + W_hr h + b_hr)
    z = sigmoid(W_xz x + b_xz + W_hz h + b_hz)
    n = tanh(W_xn x + b_xn + r (W_hn h + b_hn))
    h' = (1 - z) n + z h
    """
    states: Tensor = _Gru.apply(inputs, state, w_x, w_h, b_x, b_h)  # type: ignore[no-untyped-call]
    return states


class _Rnn(torch.autograd.Function):
    """The recurrence of `rnn`; the backward pass goes from the last step to the first.

    a = W_x x + W_h h + b,  h' = f(a)
    dL/da = f'(a) dL/dh'    f'(a) being 1 - h'^2 for tanh, 1 or 0 for relu, and 1 for nothing
    dL/dh = W_h^T dL/da     to which the gradient of h as an output is added
    """

    @staticmethod
    @no_warnings
    def forward(
        ctx: Any, inputs: Tensor, state: Tensor, w_x: Tensor, w_h: Tensor, bias: Tensor, nonlinearity: Nonlinearity
    ) -> Tensor:
        x, states = by_step(inputs), allocate_states(inputs, state)
        projected = matmul(x.flatten(0, 1), w_x.T).add_(bias)  # W_x x + b
        weight = as_numpy(w_h.T)
        if nonlinearity == "tanh":
            projected.mul_(2)  # as 2 W_h h in each step, for the sigmoid; exact
        arrays, steps = states.numpy(), projected.view(*x.shape[:2], -1).unbind(0)
        for step, (h, step_projected) in enumerate(zip(states[1:].unbind(0), steps, strict=True)):
            matmul_into(arrays[step + 1], arrays[step], weight)
            if nonlinearity == "tanh":
                tanh_of_half_(torch.add(step_projected, h, alpha=2, out=h))
            else:
                h.add_(step_projected)
            if nonlinearity == "relu":
                h.relu_()
        ctx.save_for_backward(x, states, w_x, w_h)
        ctx.nonlinearity = nonlinearity
        return states.transpose(0, 1)

    @staticmethod
    @once_differentiable
    @no_warnings
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, states, w_x, w_h = ctx.saved_tensors
        grad_states, grad_h = grad.unbind(1), torch.zeros_like(states[0])
        grad_projected = torch.empty_like(states[1:])
        slopes = _slopes(states[1:], ctx.nonlinearity)
        arrays, grad_h_array, weight = grad_projected.numpy(), grad_h.numpy(), as_numpy(w_h)
        for step in range(len(grad_projected) - 1, -1, -1):
            step_projected = torch.add(grad_h, grad_states[step + 1], out=grad_projected[step])
            if slopes:
                step_projected.mul_(slopes[step])
            matmul_into(grad_h_array, arrays[step], weight)
        grad_h.add_(grad_states[0])
        grad_x, grad_wx, grad_bias = input_gradients(ctx, grad_projected, x, w_x)
        grad_wh = matmul(grad_projected.flatten(0, 1).T, states[:-1].flatten(0, 1))
        return grad_x, grad_h, grad_wx, grad_wh, grad_bias, None


class _Gru(torch.autograd.Function):
    """The recurrence of `gru`; the backward pass goes from the last step to the first.

    With s = W_hn h + b_hn, and a_r, a_z, a_n being what the sigmoids and the tanh are taken of:

    dh'/da_n = (1 - z) (1 - n^2)        of W_xn x + b_xn
    dh'/ds   = dh'/da_n r               of W_hn h + b_hn
    dh'/da_r = dh'/da_n s r (1 - r)     of both products of gate r
    dh'/da_z = (h - n) z (1 - z)        of both products of gate z
    dL/dh    = z dL/dh' + W_h^T (dL/da_r, dL/da_z, dL/ds)
    """

    @staticmethod
    @no_warnings
    def forward(ctx: Any, inputs: Tensor, state: Tensor, w_x: Tensor, w_h: Tensor, b_x: Tensor, b_h: Tensor) -> Tensor:
        x, states, size = by_step(inputs), allocate_states(inputs, state), state.shape[1]
        b_rz, b_n = _double_n(b_h).split_with_sizes((2 * size, size))
        gates = matmul(x.flatten(0, 1), _double_n(w_x).T).add_(_double_n(b_x))
        gates[:, : 2 * size].add_(b_rz)
        gates = gates.view(*x.shape[:2], -1)
        hidden_n = torch.empty_like(states[1:])  # 2 (W_hn h + b_hn)
        _run_gates(states, gates, hidden_n, _double_n(w_h), b_n)
        ctx.save_for_backward(x, states, gates, hidden_n, w_x, w_h)
        return states.transpose(0, 1)

    @staticmethod
    @once_differentiable
    @no_warnings
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, states, gates, hidden_n, w_x, w_h = ctx.saved_tensors
        slope_n, slopes = _gate_slopes(states, gates, hidden_n)
        grad_states, grad_h = grad.unbind(1), torch.zeros_like(states[0])
        # dL/dh' of each step, and dL/d(W_h h + b_h) in the order r, z, n.
        grad_after, grad_gates = torch.empty_like(hidden_n), torch.empty_like(gates)
        by_gate, z = grad_gates.view_as(slopes), gates.unflatten(2, (3, -1))[:, :, 1]
        arrays, grad_h_array, weight = grad_gates.numpy(), grad_h.numpy(), as_numpy(w_h)
        steps = zip(grad_after.unbind(0), slopes.unbind(0), by_gate.unbind(0), z.unbind(0), strict=True)
        for step, (grad_after_, slopes_, by_gate_, z_) in reversed(list(enumerate(steps))):
            torch.add(grad_h, grad_states[step + 1], out=grad_after_)
            torch.mul(grad_after_.unsqueeze(1), slopes_, out=by_gate_)
            matmul_into(grad_h_array, arrays[step], weight)
            grad_h.addcmul_(grad_after_, z_)
        grad_h.add_(grad_states[0])
        grad_wh, grad_bh = matmul(grad_gates.flatten(0, 1).T, states[:-1].flatten(0, 1)), grad_gates.sum((0, 1))
        torch.mul(grad_after, slope_n, out=by_gate[:, :, 2])  # from here on the gradients of W_x x + b_x
        grad_x, grad_wx, grad_bx = input_gradients(ctx, grad_gates, x, w_x)
        return grad_x, grad_h, grad_wx, grad_wh, grad_bx, grad_bh


def _run_gates(states: Tensor, gates: Tensor, hidden_n: Tensor, w_h: Tensor, b_n: Tensor) -> None:
    """Fill in the states, `hidden_n` for the backward pass, and the gates, which hold W_x x + b before."""
    size = states.shape[2]
    recurrent = torch.empty_like(gates[0])  # W_h h
    recurrent_rz, recurrent_n = recurrent.split_with_sizes((2 * size, size), 1)
    arrays, recurrent_array, weight = states.numpy(), recurrent.numpy(), as_numpy(w_h.T)
    rz, n = gates.split_with_sizes((2 * size, size), 2)
    r, z = rz.chunk(2, 2)
    views = (part.unbind(0) for part in (rz, r, z, n, hidden_n, states[:-1], states[1:]))
    for step, (rz_, r_, z_, n_, hidden_n_, before, after) in enumerate(zip(*views, strict=True)):
        matmul_into(recurrent_array, arrays[step], weight)
        rz_.add_(recurrent_rz).sigmoid_()
        torch.add(recurrent_n, b_n, out=hidden_n_)
        tanh_of_half_(n_.addcmul_(r_, hidden_n_))
        torch.lerp(n_, before, z_, out=after)


def _gate_slopes(states: Tensor, gates: Tensor, hidden_n: Tensor) -> tuple[Tensor, Tensor]:
    """Return dh'/da_n, and dh' by a_r, a_z and s (t, b, 3, h), which `_Gru` defines; `hidden_n` is 2 s."""
    r, z, n = gates.chunk(3, 2)
    slope_n = tanh_slope(n).mul_(1 - z)
    slope_s = slope_n * r
    slope_r = torch.addcmul(slope_s, slope_s, r, value=-1).mul_(hidden_n).mul_(0.5)
    slope_z = torch.addcmul(z, z, z, value=-1).mul_(states[:-1] - n)
    return slope_n, torch.stack((slope_r, slope_z, slope_s), 2)


def by_step(inputs: Tensor) -> Tensor:
    """Return the inputs (t, b, n), those of each step contiguous."""
    return inputs.transpose(0, 1).contiguous()


def allocate_states(inputs: Tensor, state: Tensor) -> Tensor:
    """Return an array of states (t + 1, b, h) with the initial one filled in."""
    states = state.new_empty(inputs.shape[1] + 1, *state.shape)
    states[0] = state
    return states


def _double_n(weight: Tensor) -> Tensor:
    """Return weights or biases of gates r, z, n with those of n doubled, for the sigmoid; exact."""
    doubled = weight.clone()
    doubled[-(len(weight) // 3) :].mul_(2)
    return doubled


def tanh_of_half_(x: Tensor) -> None:
    """Replace x by tanh(x / 2)."""
    x.sigmoid_()
    torch.add(MINUS_ONE, x, alpha=2, out=x)


def _slopes(states: Tensor, nonlinearity: Nonlinearity) -> tuple[Tensor, ...]:
    """Return the derivative of a nonlinearity where it has these values, (b, h) for each step; none where it is 1."""
    if nonlinearity == "none":
        return ()
    slopes = tanh_slope(states) if nonlinearity == "tanh" else (states > 0).to(states.dtype)
    return slopes.unbind(0)


def tanh_slope(tanh: Tensor) -> Tensor:
    """Return the derivative of tanh where it has these values."""
    return torch.addcmul(_ONE, tanh, tanh, value=-1)


def input_gradients(ctx: Any, grad: Tensor, x: Tensor, w_x: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
    """Return the gradients of inputs, their weights and bias from that of W_x x + b (t, b, gates)."""
    flat = grad.flatten(0, 1)
    inputs = matmul(flat, w_x).view_as(x).transpose(0, 1) if ctx.needs_input_grad[0] else None
    return inputs, matmul(flat.T, x.flatten(0, 1)), flat.sum(0)
