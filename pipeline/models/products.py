"""Matrix products and linear layers that give the same bytes on every x86-64 processor with AVX2.

torch's own products (MKL's) are the same everywhere only in a mode that takes two to four times as long. NumPy's
(OpenBLAS's) are held by `determinism` to one set of kernels, for Haswell, which loses nothing on a processor with AVX2;
they take any strides, and a call costs less than one of torch.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from pipeline import determinism

Array = NDArray[Any]

SMALL = 50_000  # multiplications, up to which MKL takes less time than a call of an autograd function in Python

# A training that diverges is found by its loss; NumPy would warn of it as well.
no_warnings = np.errstate(all="ignore")


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


def step_product(weights: Array) -> tuple[Callable[..., Any], Array]:
    """Return what multiplies a step's states, (b, k) or (d, b, k) of d directions, and its weights, from (d, k, n)."""
    return (np.dot, weights[0]) if len(weights) == 1 else (np.matmul, weights)


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
    """torch's linear layer with a portable product.

    In training on a single sequence a small product is MKL's after all: it is slow, but an autograd function in Python
    costs more.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return x W^T + b for x (..., k)."""
        if self.training and len(x) == 1 and x.numel() * self.out_features <= SMALL:
            return functional.linear(x, self.weight, self.bias)
        return linear(x, self.weight, self.bias)
