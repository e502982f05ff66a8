"""Recurrent layers that give the same bytes on every x86-64 processor with AVX2, as `products` do.

`recurrence` runs the kernels here for all steps of a layer, forwards and backwards. Layers take inputs (b, t, n), an
initial state (b, h) and weights in torch's layout, and return the states of all steps (b, t, h).

tanh(x) is computed as 2 sigmoid(2x) - 1, since torch's sigmoid takes a quarter of the time of its tanh. Where NumPy's
operations give the bytes of torch's they are taken, as a call costs a third.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from pipeline.models.products import Array, step_product
from pipeline.models.recurrence import Gradients, Run, Weights, by_step, run_layer

Nonlinearity = Literal["tanh", "relu", "none"]

_ONE, ONE = torch.tensor(1.0), np.float32(1)


def rnn(inputs: Tensor, state: Tensor, w_x: Tensor, w_h: Tensor, bias: Tensor, nonlinearity: Nonlinearity) -> Tensor:
    """Run h' = f(W_x x + W_h h + b), f being tanh, relu or nothing; weights (h, n) and (h, h), bias (h,)."""
    return run_layer(Rnn(nonlinearity), inputs, (state,), [Weights(w_x, w_h, bias)])[0]


def gru(inputs: Tensor, state: Tensor, w_x: Tensor, w_h: Tensor, b_x: Tensor, b_h: Tensor) -> Tensor:
    """Run a GRU as `torch.nn.GRU` defines it; weights (3h, n) and (3h, h), biases (3h,), gates in the order r, z, n.

    r = sigmoid(W_xr x + b_xr + W_hr h + b_hr)
    z = sigmoid(W_xz x + b_xz + W_hz h + b_hz)
    n = tanh(W_xn x + b_xn + r (W_hn h + b_hn))
    h' = (1 - z) n + z h
    """
    return run_layer(Gru(), inputs, (state,), [Weights(w_x, w_h, b_x, b_h)])[0]


@dataclass(frozen=True)
class Rnn:
    """The recurrence of `rnn`; the backward pass goes from the last step to the first.

    a = W_x x + W_h h + b,  h' = f(a)
    dL/da = f'(a) dL/dh'    f'(a) being 1 - h'^2 for tanh, 1 or 0 for relu, and 1 for nothing
    dL/dh = W_h^T dL/da     to which the gradient of h as an output is added
    """

    nonlinearity: Nonlinearity

    def scale(self, weights: Array) -> Array:
        """Return all weights doubled for tanh."""
        return np.add(weights, weights) if self.nonlinearity == "tanh" else weights

    def add_biases(self, projected: Array, b_x: Array, b_h: Array) -> None:
        """Add both biases."""
        np.add(projected, b_x + b_h, projected)

    def forward(self, run: Run, w_h: Array, b_h: Array) -> None:
        """Take all steps."""
        (multiply, weights), states = step_product(w_h), by_step(run.states)
        tensors = torch.from_numpy(states).unbind(0)
        for step, gates in enumerate(by_step(run.gates)):
            after = states[step + 1]
            multiply(states[step], weights, out=after)
            np.add(after, gates, after)
            if self.nonlinearity == "tanh":
                tanh_of_half(after, tensors[step + 1])
            elif self.nonlinearity == "relu":
                tensors[step + 1].relu_()

    def backward(self, run: Run, w_h: Array, grad: Array, grad_c: Array | None) -> Gradients:
        """Go from the last step to the first."""
        (multiply, weights), grads, found = step_product(w_h), by_step(grad), np.empty_like(run.gates)
        slopes, grad_h = self._slopes(run.states[:, 1:]), np.zeros_like(by_step(run.states)[0])
        steps = list(zip(grads, by_step(found), grads if slopes is None else by_step(slopes), strict=True))
        for grad_, found_, slopes_ in reversed(steps):
            np.add(grad_h, grad_, found_)
            if slopes is not None:
                np.multiply(found_, slopes_, found_)
            multiply(found_, weights, out=grad_h)
        return Gradients(found, grad_h.reshape(run.states[:, 0].shape))

    def _slopes(self, states: Array) -> Array | None:
        """Return f' where f has these values; none where it is 1."""
        if self.nonlinearity == "none":
            return None
        tensor = torch.from_numpy(states)
        return (tanh_slope(tensor) if self.nonlinearity == "tanh" else (tensor > 0).to(tensor.dtype)).numpy()


@dataclass(frozen=True)
class Gru:
    """The recurrence of `gru`; the backward pass goes from the last step to the first.

    With s = W_hn h + b_hn, and a_r, a_z, a_n being what the sigmoids and the tanh are taken of:

    dh'/da_n = (1 - z) (1 - n^2)        of W_xn x + b_xn
    dh'/ds   = dh'/da_n r               of W_hn h + b_hn
    dh'/da_r = dh'/da_n s r (1 - r)     of both products of gate r
    dh'/da_z = (h - n) z (1 - z)        of both products of gate z
    dL/dh    = z dL/dh' + W_h^T (dL/da_r, dL/da_z, dL/ds)
    """

    def scale(self, weights: Array) -> Array:
        """Return the weights with those of n doubled."""
        return double(weights, slice(-(len(weights) // 3), None))

    def add_biases(self, projected: Array, b_x: Array, b_h: Array) -> None:
        """Add both biases of r and z, and one of n."""
        size = len(b_h) // 3 * 2
        np.add(projected, b_x, projected)
        projected[:, :size] += b_h[:size]

    def forward(self, run: Run, w_h: Array, b_h: Array) -> None:
        """Take all steps; keep 2 s for the backward pass."""
        size, (multiply, weights), states = run.states.shape[-1], step_product(w_h), by_step(run.states)
        b_n = b_h[..., -size:] if len(b_h) > 1 else b_h[0, :, -size:]
        gates, kept = by_step(run.gates), by_step(run.kept)
        recurrent = np.empty_like(gates[0])
        recurrent_rz, recurrent_n = recurrent[..., :-size], recurrent[..., -size:]
        rz, n = gates[..., :-size], gates[..., -size:]
        arrays = zip(rz, n, kept, states[:-1], strict=True)
        parts = (rz, gates[..., :size], gates[..., size:-size], n, kept, states[:-1], states[1:])
        tensors = zip(*(torch.from_numpy(part).unbind(0) for part in parts), strict=True)
        for (rz_, n_, kept_, h), (rz_tensor, r, z, n_tensor, s, before, after) in zip(arrays, tensors, strict=True):
            multiply(h, weights, out=recurrent)
            np.add(rz_, recurrent_rz, rz_)
            rz_tensor.sigmoid_()
            np.add(recurrent_n, b_n, kept_)
            n_tensor.addcmul_(r, s)
            tanh_of_half(n_, n_tensor)
            torch.lerp(n_tensor, before, z, out=after)

    def backward(self, run: Run, w_h: Array, grad: Array, grad_c: Array | None) -> Gradients:
        """Go from the last step to the first."""
        (multiply, weights), (slope_n, slopes) = step_product(w_h), _gate_slopes(run)
        grads, found = by_step(grad), np.empty_like(run.gates)
        grad_h, by_gate = np.zeros_like(by_step(run.states)[0]), found.reshape(*found.shape[:-1], 3, -1)
        after, size = np.empty_like(run.states[:, 1:]), run.states.shape[-1]  # dL/dh' of each step
        tensor_h, after_tensors = torch.from_numpy(grad_h), torch.from_numpy(by_step(after)).unbind(0)
        z = torch.from_numpy(by_step(run.gates[..., size : 2 * size])).unbind(0)
        arrays = (grads, by_step(found), by_step(by_gate), by_step(slopes), by_step(after))
        for grad_, found_, by_gate_, slopes_, after_, tensor, z_ in reversed(
            list(zip(*arrays, after_tensors, z, strict=True))
        ):
            np.add(grad_h, grad_, after_)
            np.multiply(after_[..., None, :], slopes_, by_gate_)
            multiply(found_, weights, out=grad_h)
            tensor_h.addcmul_(tensor, z_)
        return Gradients(found, grad_h.reshape(run.states[:, 0].shape), last_gate=after * slope_n)


def _gate_slopes(run: Run) -> tuple[Array, Array]:
    """Return dh'/da_n, and dh' by a_r, a_z and s (d, t, b, 3, h), which `Gru` defines; what is kept is 2 s."""
    r, z, n = torch.from_numpy(run.gates).chunk(3, -1)
    slope_n = tanh_slope(n).mul_(1 - z)
    slope_s = slope_n * r
    slope_r = torch.addcmul(slope_s, slope_s, r, value=-1).mul_(torch.from_numpy(run.kept)).mul_(0.5)
    slope_z = torch.addcmul(z, z, z, value=-1).mul_(torch.from_numpy(run.states[:, :-1]) - n)
    return slope_n.numpy(), torch.stack((slope_r, slope_z, slope_s), -2).numpy()


def double(weights: Array, rows: slice) -> Array:
    """Return a copy with some rows doubled; exact."""
    scaled = weights.copy()
    np.add(scaled[rows], scaled[rows], scaled[rows])
    return scaled


def tanh_of_half(x: Array, tensor: Tensor) -> None:
    """Replace x by tanh(x / 2); the tensor shares its memory."""
    tensor.sigmoid_()
    np.add(x, x, x)
    np.subtract(x, ONE, x)


def tanh_slope(tanh: Tensor) -> Tensor:
    """Return the derivative of tanh where it has these values."""
    return torch.addcmul(_ONE, tanh, tanh, value=-1)
