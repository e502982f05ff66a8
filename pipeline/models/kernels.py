"""Matrix products and recurrent layers that give the same bytes on every x86-64 processor with AVX2.

Products: torch's own (MKL's) is the same everywhere only in a mode that takes two to four times as long. NumPy's
(OpenBLAS's) is held by `determinism` to one set of kernels, for Haswell, which loses nothing on a processor with AVX2;
it takes any strides, and a call costs less than one of torch.

Recurrent layers: each is one autograd function over all time steps, with a backward pass of its own. A step costs one
product and a few elementwise operations; all that can be done for all steps at once is: the product of the inputs,
and in the backward pass the gradients of inputs, weights and biases.

Axes: b sequences, t steps, n values a step, h hidden units. Layers take inputs (b, t, n), an initial state (b, h), and
weights in torch's layout; they return the states (b, t + 1, h), the initial one first. tanh(x) is computed as
2 sigmoid(2x) - 1, since torch's sigmoid takes a quarter of the time of its tanh.
"""

from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from pipeline import determinism

Array = NDArray[Any]
Nonlinearity = Literal["tanh", "none"]

# A training that diverges is found by its loss; NumPy would warn of it as well.
no_warnings = np.errstate(all="ignore")

_ONE, _MINUS_ONE = torch.tensor(1.0), torch.tensor(-1.0)


def use_portable(tensor: Tensor) -> bool:
    """Return whether this module computes with a tensor, and not torch: on the CPU, in single precision."""
    return tensor.dtype == torch.float32 and tensor.device.type == "cpu" and not determinism.uses_native_kernels()


def as_numpy(tensor: Tensor) -> Array:
    """Return an array that shares the tensor's memory."""
    return tensor.detach().numpy()


def matmul_into(out: Array, a: Array, b: Array) -> None:
    """Write a @ b, of shapes (m, k) and (k, n) and any strides, into `out` (m, n), which is contiguous.

    `out` shares no memory with the others. The caller runs under `no_warnings`.
    """
    np.dot(a, b, out=out)


@no_warnings
def matmul(a: Tensor, b: Tensor) -> Tensor:
    """Return a @ b for a (m, k) and b (k, n), without a gradient."""
    out = a.new_empty(a.shape[0], b.shape[1])
    matmul_into(out.numpy(), as_numpy(a), as_numpy(b))
    return out


class _Linear(torch.autograd.Function):
    """x W^T + b, for x (m, k), W (n, k) and b (n,)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return matmul(x, weight.T).add_(bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        x, weight = ctx.saved_tensors
        grad_x = matmul(grad, weight) if ctx.needs_input_grad[0] else None
        return grad_x, matmul(grad.T, x), grad.sum(0)


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return x W^T + b for x (..., k), W (n, k) and b (n,), as `torch.nn.functional.linear` does."""
    if not use_portable(x):
        return functional.linear(x, weight, bias)
    flat: Tensor = _Linear.apply(x.reshape(-1, x.shape[-1]), weight, bias)  # type: ignore[no-untyped-call]
    return flat.view(*x.shape[:-1], -1)


class Linear(nn.Linear):
    """torch's linear layer with a portable product."""

    def forward(self, x: Tensor) -> Tensor:
        """Return x W^T + b for x (..., k)."""
        return linear(x, self.weight, self.bias)


def rnn(inputs: Tensor, state: Tensor, w_x: Tensor, w_h: Tensor, bias: Tensor, nonlinearity: Nonlinearity) -> Tensor:
    """Run h' = f(W_x x + W_h h + b), f being tanh or nothing; weights (h, n) and (h, h), bias (h,)."""
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
    @staticmethod
    @no_warnings
    def forward(
        ctx: Any, inputs: Tensor, state: Tensor, w_x: Tensor, w_h: Tensor, bias: Tensor, nonlinearity: Nonlinearity
    ) -> Tensor:
        x, states = _by_step(inputs), _allocate_states(inputs, state)
        projected = matmul(x.flatten(0, 1), w_x.T).add_(bias)  # W_x x + b
        weight = as_numpy(w_h.T)
        if nonlinearity == "tanh":
            projected, weight = projected.mul_(2), weight * 2  # for the sigmoid; exact
        arrays, steps = states.numpy(), projected.view(*x.shape[:2], -1).unbind(0)
        for step, (h, step_projected) in enumerate(zip(states[1:].unbind(0), steps, strict=True)):
            matmul_into(arrays[step + 1], arrays[step], weight)
            h.add_(step_projected)
            if nonlinearity == "tanh":
                _tanh_of_half_(h)
        ctx.save_for_backward(x, states, w_x, w_h)
        ctx.nonlinearity = nonlinearity
        return states.transpose(0, 1)

    @staticmethod
    @once_differentiable
    @no_warnings
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, states, w_x, w_h = ctx.saved_tensors
        is_tanh = ctx.nonlinearity == "tanh"
        grad_states, grad_h = grad.unbind(1), torch.zeros_like(states[0])
        grad_projected = torch.empty_like(states[1:])
        slopes = _tanh_slope(states[1:]).unbind(0) if is_tanh else ()
        arrays, grad_h_array, weight = grad_projected.numpy(), grad_h.numpy(), as_numpy(w_h)
        for step in range(len(grad_projected) - 1, -1, -1):
            step_projected = torch.add(grad_h, grad_states[step + 1], out=grad_projected[step])
            if is_tanh:
                step_projected.mul_(slopes[step])
            matmul_into(grad_h_array, arrays[step], weight)
        grad_h.add_(grad_states[0])
        grad_x, grad_wx, grad_bias = _input_gradients(ctx, grad_projected, x, w_x)
        grad_wh = matmul(grad_projected.flatten(0, 1).T, states[:-1].flatten(0, 1))
        return grad_x, grad_h, grad_wx, grad_wh, grad_bias, None


class _Gru(torch.autograd.Function):
    @staticmethod
    @no_warnings
    def forward(ctx: Any, inputs: Tensor, state: Tensor, w_x: Tensor, w_h: Tensor, b_x: Tensor, b_h: Tensor) -> Tensor:
        x, states, size = _by_step(inputs), _allocate_states(inputs, state), state.shape[1]
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
        to_n, factors = _gate_factors(states, gates, hidden_n)
        grad_states, grad_h = grad.unbind(1), torch.zeros_like(states[0])
        # Gradients of the states, and of W_h h + b_h in the order r, z, n.
        whole, recurrent = torch.empty_like(hidden_n), torch.empty_like(gates)
        parts, update = recurrent.view_as(factors), gates.unflatten(2, (3, -1))[:, :, 1]
        arrays, grad_h_array, weight = recurrent.numpy(), grad_h.numpy(), as_numpy(w_h)
        steps = zip(whole.unbind(0), factors.unbind(0), parts.unbind(0), update.unbind(0), strict=True)
        for step, (state, factor, part, z) in reversed(list(enumerate(steps))):
            torch.add(grad_h, grad_states[step + 1], out=state)
            torch.mul(state.unsqueeze(1), factor, out=part)
            matmul_into(grad_h_array, arrays[step], weight)
            grad_h.addcmul_(state, z)
        grad_h.add_(grad_states[0])
        grad_wh, grad_bh = matmul(recurrent.flatten(0, 1).T, states[:-1].flatten(0, 1)), recurrent.sum((0, 1))
        torch.mul(whole, to_n, out=parts[:, :, 2])  # from here on the gradients of W_x x + b_x
        grad_x, grad_wx, grad_bx = _input_gradients(ctx, recurrent, x, w_x)
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
        _tanh_of_half_(n_.addcmul_(r_, hidden_n_))
        torch.lerp(n_, before, z_, out=after)


def _gate_factors(states: Tensor, gates: Tensor, hidden_n: Tensor) -> tuple[Tensor, Tensor]:
    """Return what a state's gradient is multiplied by for that of gate n, and for those of W_h h + b_h (r, z, n)."""
    r, z, n = gates.chunk(3, 2)
    to_n = _tanh_slope(n).mul_(1 - z)
    to_rn = to_n * r
    to_r = torch.addcmul(to_rn, to_rn, r, value=-1).mul_(hidden_n).mul_(0.5)
    to_z = torch.addcmul(z, z, z, value=-1).mul_(states[:-1] - n)
    return to_n, torch.stack((to_r, to_z, to_rn), 2)


def _by_step(inputs: Tensor) -> Tensor:
    """Return the inputs (t, b, n), those of each step contiguous."""
    return inputs.transpose(0, 1).contiguous()


def _allocate_states(inputs: Tensor, state: Tensor) -> Tensor:
    """Return an array of states (t + 1, b, h) with the initial one filled in."""
    states = state.new_empty(inputs.shape[1] + 1, *state.shape)
    states[0] = state
    return states


def _double_n(weight: Tensor) -> Tensor:
    """Return weights or biases of gates r, z, n with those of n doubled, for the sigmoid; exact."""
    doubled = weight.clone()
    doubled[-(len(weight) // 3) :].mul_(2)
    return doubled


def _tanh_of_half_(x: Tensor) -> None:
    """Replace x by tanh(x / 2)."""
    x.sigmoid_()
    torch.add(_MINUS_ONE, x, alpha=2, out=x)


def _tanh_slope(tanh: Tensor) -> Tensor:
    """Return the derivative of tanh where it has these values."""
    return torch.addcmul(_ONE, tanh, tanh, value=-1)


def _input_gradients(ctx: Any, grad: Tensor, x: Tensor, w_x: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
    """Return the gradients of inputs, their weights and bias from that of W_x x + b (t, b, gates)."""
    flat = grad.flatten(0, 1)
    inputs = matmul(flat, w_x).view_as(x).transpose(0, 1) if ctx.needs_input_grad[0] else None
    return inputs, matmul(flat.T, x.flatten(0, 1)), flat.sum(0)
