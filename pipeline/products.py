"""Matrix products of linear layers: the same bytes on every x86-64 processor with AVX2, at its full speed.

torch's own product, which is MKL's, is the same everywhere only in a mode that takes two to four times as
long (see `numerics`). NumPy's, which is OpenBLAS's, is held there to one set of kernels, for Haswell, that
loses nothing on a processor with AVX2; it takes any strides, and a call costs less than one of torch.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from pipeline import numerics

Matrix = NDArray[Any]

# A training that diverges is found by its loss; NumPy would warn of it as well.
quiet = np.errstate(all="ignore")


def ours(tensor: Tensor) -> bool:
    """Tell whether products with this tensor are made here, not by torch: on the CPU, in single precision."""
    return tensor.dtype == torch.float32 and tensor.device.type == "cpu" and not numerics.native()


def matrix(tensor: Tensor) -> Matrix:
    """Return an array that shares the tensor's memory."""
    return tensor.detach().numpy()


def into(out: Matrix, a: Matrix, b: Matrix) -> None:
    """Write the product of a (m, k) and b (k, n), of any strides, into `out` (m, n), whose rows follow one another.

    It shares no memory with the others. Whoever calls it is `quiet`.
    """
    np.dot(a, b, out=out)


@quiet
def product(a: Tensor, b: Tensor) -> Tensor:
    """Return the product of a (m, k) and b (k, n), outside of any graph."""
    found = a.new_empty(a.shape[0], b.shape[1])
    into(found.numpy(), matrix(a), matrix(b))
    return found


class _Linear(torch.autograd.Function):
    """x W^T + b, for x (m, k), W (n, k) and b (n,)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return product(x, weight.T).add_(bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        x, weight = ctx.saved_tensors
        backward = product(gradient, weight) if ctx.needs_input_grad[0] else None
        return backward, product(gradient.T, x), gradient.sum(0)


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return x W^T + b for x (..., k), W (n, k) and b (n,), as `torch.nn.functional.linear` does."""
    if not ours(x):
        return functional.linear(x, weight, bias)
    flat: Tensor = _Linear.apply(x.reshape(-1, x.shape[-1]), weight, bias)  # type: ignore[no-untyped-call]
    return flat.view(*x.shape[:-1], -1)


class Linear(nn.Linear):
    """torch's linear layer, its product made here."""

    def forward(self, x: Tensor) -> Tensor:
        """Return x W^T + b for x (..., k)."""
        return linear(x, self.weight, self.bias)
