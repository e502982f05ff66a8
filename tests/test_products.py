"""Products are torch's within rounding, and their bytes depend on the numbers alone."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from pipeline import products

SIZES = st.integers(1, 40)


def drawn(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def shifted(tensor, bytes_off):
    """Copy a tensor to memory that starts so many bytes past a 64-byte boundary."""
    room = np.zeros(tensor.numel() * 4 + 128, np.uint8)
    start = -room.ctypes.data % 64 + bytes_off
    array = room[start : start + tensor.numel() * 4].view(np.float32).reshape(tensor.shape)
    array[...] = tensor.numpy()
    return torch.from_numpy(array)


@given(SIZES, SIZES, SIZES, st.booleans(), st.booleans())
def test_a_product_is_torchs_at_any_shape_and_stride(m, k, n, left, right):
    a = drawn(k, m).T if left else drawn(m, k)
    b = drawn(n, k, seed=1).T if right else drawn(k, n, seed=1)
    torch.testing.assert_close(products.product(a, b), a @ b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("m", "k", "n"), [(1, 1, 1), (5, 1, 7), (1, 300, 9), (9, 300, 1), (33, 70, 27), (70, 500, 130)]
)
def test_where_in_memory_the_numbers_stand_changes_no_byte(m, k, n):
    a, b = drawn(m, k), drawn(k, n, seed=1)
    wanted = products.product(a, b)
    for offset in (0, 4, 16, 20, 32, 60):
        assert torch.equal(products.product(shifted(a, offset), shifted(b, 64 - offset)), wanted)


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4), (1, 1), (1, 5, 1)])
def test_a_linear_layer_is_torchs_with_its_gradients(shape):
    ours, theirs = products.Linear(shape[-1], 6), torch.nn.Linear(shape[-1], 6)
    theirs.load_state_dict(ours.state_dict())
    found = []
    for layer in (ours, theirs):
        x = drawn(*shape).requires_grad_()
        outputs = layer(x)
        outputs.square().sum().backward()
        found.append((outputs, x.grad, *(weight.grad for weight in layer.parameters())))
    torch.testing.assert_close(*found)


def test_a_linear_layer_starts_with_the_weights_of_torchs():
    layers = []
    for kind in (products.Linear, torch.nn.Linear):
        torch.manual_seed(1)
        layers.append(kind(3, 2).state_dict())
    assert list(layers[0]) == list(layers[1])
    assert all(torch.equal(layers[0][name], layers[1][name]) for name in layers[0])


def test_gradients_are_those_of_the_formula():
    inputs = [drawn(*shape).double().requires_grad_() for shape in ((3, 4), (2, 4), (2,))]
    assert torch.autograd.gradcheck(products._Linear.apply, inputs)


def test_other_numbers_and_devices_are_torchs_own(monkeypatch):
    assert products.ours(torch.ones(1))
    assert not products.ours(torch.ones(1).double())
    assert not products.ours(torch.ones(1, device="meta"))
    x, weight, bias = drawn(3, 4).double(), drawn(2, 4).double(), drawn(2).double()
    assert torch.equal(products.linear(x, weight, bias), functional.linear(x, weight, bias))
    monkeypatch.setenv("PIPELINE_NUMERICS", "native")
    assert not products.ours(torch.ones(1))


def test_a_model_answers_without_a_graph():
    layer = products.Linear(4, 2)
    with torch.inference_mode():
        torch.testing.assert_close(layer(drawn(3, 4)), functional.linear(drawn(3, 4), layer.weight, layer.bias))


SETTINGS = """
import pipeline
import torch
from pipeline import products
torch.manual_seed(0)
print(products.product(torch.randn(300, 700), torch.randn(700, 200)).numpy().tobytes().hex()[:4000])
"""


def test_threads_and_kernels_asked_for_in_the_environment_change_no_byte():
    found = set()
    for others in ({}, {"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2", "OPENBLAS_CORETYPE": "Sandybridge"}):
        command = [sys.executable, "-c", SETTINGS]
        environment = os.environ | others
        found.add(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)
    assert len(found) == 1
