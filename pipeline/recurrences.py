"""Recurrent layers over all time steps, as one function each with a backward pass of its own.

A step costs one product and a few elementwise operations; all that can be done for all steps at once is:
the inputs' product, and in the backward pass the gradients of inputs, weights and biases. The products
are those of `products`, so that the bytes are the same on every processor.

Axes: b sequences, t steps, n values a step, h hidden. Each function takes inputs (b, t, n), a state to
start from (b, h), and weights in torch's layout; it returns the states (b, t + 1, h), the first being the
start. tanh(x) is computed as 2 sigmoid(2x) - 1: torch's sigmoid takes a quarter of the time of its tanh.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from pipeline.products import into, matrix, product, quiet

_ONE, _MINUS_ONE = torch.tensor(1.0), torch.tensor(-1.0)


def plain(inputs: Tensor, start: Tensor, w_x: Tensor, w_h: Tensor, bias: Tensor, squashed: bool) -> Tensor:
    """Run h' = f(W_x x + W_h h + b), f being tanh if `squashed`, else nothing; weights (h, n) and (h, h)."""
    states: Tensor = _Plain.apply(inputs, start, w_x, w_h, bias, squashed)  # type: ignore[no-untyped-call]
    return states


def gated(inputs: Tensor, start: Tensor, w_x: Tensor, w_h: Tensor, b_x: Tensor, b_h: Tensor) -> Tensor:
    """Run a GRU as torch defines it: weights (3h, n) and (3h, h) and biases (3h,), in the order r, z, n."""
    states: Tensor = _Gated.apply(inputs, start, w_x, w_h, b_x, b_h)  # type: ignore[no-untyped-call]
    return states


class _Plain(torch.autograd.Function):
    @staticmethod
    @quiet
    def forward(
        ctx: Any, inputs: Tensor, start: Tensor, w_x: Tensor, w_h: Tensor, bias: Tensor, squashed: bool
    ) -> Tensor:
        x, states = _by_step(inputs), _states(inputs, start)
        driven = product(x.flatten(0, 1), w_x.T).add_(bias)
        weight = matrix(w_h.T)
        if squashed:
            driven, weight = driven.mul_(2), weight * 2  # for the sigmoid; exact
        arrays, steps = states.numpy(), driven.view(*x.shape[:2], -1).unbind(0)
        for step, (h, drive) in enumerate(zip(states[1:].unbind(0), steps, strict=True)):
            into(arrays[step + 1], arrays[step], weight)
            h.add_(drive)
            if squashed:
                _tanh_of_half_(h)
        ctx.save_for_backward(x, states, w_x, w_h)
        ctx.squashed = squashed
        return states.transpose(0, 1)

    @staticmethod
    @once_differentiable
    @quiet
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, states, w_x, w_h = ctx.saved_tensors
        outer, back = gradient.unbind(1), torch.zeros_like(states[0])
        driven = torch.empty_like(states[1:])
        slopes = _slope(states[1:]).unbind(0) if ctx.squashed else ()
        arrays, back_array, weight = driven.numpy(), back.numpy(), matrix(w_h)
        for step in range(len(driven) - 1, -1, -1):
            drive = torch.add(back, outer[step + 1], out=driven[step])
            if ctx.squashed:
                drive.mul_(slopes[step])
            into(back_array, arrays[step], weight)
        back.add_(outer[0])
        dx, d_wx, d_bias = _inputs_gradients(ctx, driven, x, w_x)
        return dx, back, d_wx, product(driven.flatten(0, 1).T, states[:-1].flatten(0, 1)), d_bias, None


class _Gated(torch.autograd.Function):
    @staticmethod
    @quiet
    def forward(ctx: Any, inputs: Tensor, start: Tensor, w_x: Tensor, w_h: Tensor, b_x: Tensor, b_h: Tensor) -> Tensor:
        x, states, size = _by_step(inputs), _states(inputs, start), start.shape[1]
        b_rz, b_n = _doubled_n(b_h).split_with_sizes((2 * size, size))
        gates = product(x.flatten(0, 1), _doubled_n(w_x).T).add_(_doubled_n(b_x))
        gates[:, : 2 * size].add_(b_rz)
        gates = gates.view(*x.shape[:2], -1)
        kept = torch.empty_like(states[1:])  # 2 (W_h h + b_h) of gate n
        _run_gates(states, gates, kept, _doubled_n(w_h), b_n)
        ctx.save_for_backward(x, states, gates, kept, w_x, w_h)
        return states.transpose(0, 1)

    @staticmethod
    @once_differentiable
    @quiet
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, states, gates, kept, w_x, w_h = ctx.saved_tensors
        through_n, factors = _gate_factors(states, gates, kept)
        outer, back = gradient.unbind(1), torch.zeros_like(states[0])
        whole, recurrent = torch.empty_like(kept), torch.empty_like(gates)  # gradients of states, of W_h h + b_h
        parts, update = recurrent.view_as(factors), gates.unflatten(2, (3, -1))[:, :, 1]
        arrays, back_array, weight = recurrent.numpy(), back.numpy(), matrix(w_h)
        steps = zip(whole.unbind(0), factors.unbind(0), parts.unbind(0), update.unbind(0), strict=True)
        for step, (state, factor, part, z) in reversed(list(enumerate(steps))):
            torch.add(back, outer[step + 1], out=state)
            torch.mul(state.unsqueeze(1), factor, out=part)
            into(back_array, arrays[step], weight)
            back.addcmul_(state, z)
        back.add_(outer[0])
        d_wh, d_bh = product(recurrent.flatten(0, 1).T, states[:-1].flatten(0, 1)), recurrent.sum((0, 1))
        torch.mul(whole, through_n, out=parts[:, :, 2])  # from here on the gradients of W_x x + b_x
        dx, d_wx, d_bx = _inputs_gradients(ctx, recurrent, x, w_x)
        return dx, back, d_wx, d_wh, d_bx, d_bh


def _run_gates(states: Tensor, gates: Tensor, kept: Tensor, w_h: Tensor, b_n: Tensor) -> None:
    """Fill in the states, what is kept for the backward pass, and the gates, which hold W_x x + b."""
    size = states.shape[2]
    share = torch.empty_like(gates[0])  # W_h h
    share_rz, share_n = share.split_with_sizes((2 * size, size), 1)
    arrays, share_array, weight = states.numpy(), share.numpy(), matrix(w_h.T)
    rz, n = gates.split_with_sizes((2 * size, size), 2)
    r, z = rz.chunk(2, 2)
    views = (part.unbind(0) for part in (rz, r, z, n, kept, states[:-1], states[1:]))
    for step, (rz_, r_, z_, n_, kept_, before, after) in enumerate(zip(*views, strict=True)):
        into(share_array, arrays[step], weight)
        rz_.add_(share_rz).sigmoid_()
        torch.add(share_n, b_n, out=kept_)
        _tanh_of_half_(n_.addcmul_(r_, kept_))
        torch.lerp(n_, before, z_, out=after)


def _gate_factors(states: Tensor, gates: Tensor, kept: Tensor) -> tuple[Tensor, Tensor]:
    """Return by what a state's gradient is multiplied to give gate n's, and those of r, z, n through W_h."""
    r, z, n = gates.chunk(3, 2)
    through_n = _slope(n).mul_(1 - z)
    through_rn = through_n * r
    to_r = torch.addcmul(through_rn, through_rn, r, value=-1).mul_(kept).mul_(0.5)
    to_z = torch.addcmul(z, z, z, value=-1).mul_(states[:-1] - n)
    return through_n, torch.stack((to_r, to_z, through_rn), 2)


def _by_step(inputs: Tensor) -> Tensor:
    """Return the inputs (t, b, n), each step's together in memory."""
    return inputs.transpose(0, 1).contiguous()


def _states(inputs: Tensor, start: Tensor) -> Tensor:
    """Make room for the states (t + 1, b, h), the first filled in."""
    states = start.new_empty(inputs.shape[1] + 1, *start.shape)
    states[0] = start
    return states


def _doubled_n(weight: Tensor) -> Tensor:
    """Return weights or biases of gates r, z, n with those of n doubled, for the sigmoid; exact."""
    doubled = weight.clone()
    doubled[-(len(weight) // 3) :].mul_(2)
    return doubled


def _tanh_of_half_(x: Tensor) -> None:
    """Replace x by tanh(x / 2)."""
    x.sigmoid_()
    torch.add(_MINUS_ONE, x, alpha=2, out=x)


def _slope(tanh: Tensor) -> Tensor:
    """Return the derivative of tanh where it has these values."""
    return torch.addcmul(_ONE, tanh, tanh, value=-1)


def _inputs_gradients(ctx: Any, driven: Tensor, x: Tensor, w_x: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
    """Return the gradients of inputs, their weights and bias from that of W_x x + b (t, b, gates)."""
    flat = driven.flatten(0, 1)
    inputs = product(flat, w_x).view_as(x).transpose(0, 1) if ctx.needs_input_grad[0] else None
    return inputs, product(flat.T, x.flatten(0, 1)), flat.sum(0)
