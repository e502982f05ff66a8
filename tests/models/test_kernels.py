"""Products and layers are torch's within rounding, gradients are exact, and bytes depend on the numbers alone."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from pipeline.models import kernels, products
from pipeline.models.cells import BUILDERS, LARGE, build_cell
from pipeline.models.lstm import Lstm, lstm
from pipeline.models.network import Layer
from pipeline.models.projection import Lookup
from pipeline.models.recurrence import Weights, run_layer
from tests.support.small import model_params

SIZES = st.integers(1, 40)
GATES = {"rnn": 1, "relu": 1, "gru": 3, "lstm": 4, "linear": 1}
NONLINEARITIES = {"rnn": "tanh", "relu": "relu", "linear": "none"}


def normal(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


# Products


def copy_at_offset(tensor, offset):
    """Copy a tensor to memory that starts `offset` bytes past a 64-byte boundary."""
    room = np.zeros(tensor.numel() * 4 + 128, np.uint8)
    start = -room.ctypes.data % 64 + offset
    array = room[start : start + tensor.numel() * 4].view(np.float32).reshape(tensor.shape)
    array[...] = tensor.numpy()
    return torch.from_numpy(array)


@given(SIZES, SIZES, SIZES, st.booleans(), st.booleans())
def test_a_product_is_torchs_at_any_shape_and_stride(m, k, n, transpose_a, transpose_b):
    a = normal(k, m).T if transpose_a else normal(m, k)
    b = normal(n, k, seed=1).T if transpose_b else normal(k, n, seed=1)
    torch.testing.assert_close(products.matmul(a, b), a @ b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("m", "k", "n"), [(1, 1, 1), (5, 1, 7), (1, 300, 9), (9, 300, 1), (33, 70, 27), (70, 500, 130)]
)
def test_the_place_in_memory_changes_no_byte(m, k, n):
    a, b = normal(m, k), normal(k, n, seed=1)
    wanted = products.matmul(a, b)
    for offset in (0, 4, 16, 20, 32, 60):
        assert torch.equal(products.matmul(copy_at_offset(a, offset), copy_at_offset(b, 64 - offset)), wanted)


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4), (1, 1), (1, 5, 1)])
def test_a_linear_layer_is_torchs_with_its_gradients(shape):
    portable, torchs = products.Linear(shape[-1], 6), nn.Linear(shape[-1], 6)
    torchs.load_state_dict(portable.state_dict())
    found = []
    for layer in (portable, torchs):
        x = normal(*shape).requires_grad_()
        outputs = layer(x)
        outputs.square().sum().backward()
        found.append((outputs, x.grad, *(weight.grad for weight in layer.parameters())))
    torch.testing.assert_close(*found)


def test_a_small_linear_layer_that_trains_on_one_sequence_is_torchs():
    layer, x = products.Linear(4, 2), normal(1, 3, 4)
    assert torch.equal(layer(x), functional.linear(x, layer.weight, layer.bias))
    assert type(layer(x).grad_fn) is type(functional.linear(x, layer.weight, layer.bias).grad_fn)


@pytest.mark.parametrize("shape", [(2, 3, 4), (1, products.SMALL, 4)])
def test_others_are_our_own_in_training_as_well(shape):
    layer = products.Linear(4, 2)
    assert torch.equal(layer(normal(*shape)), layer.eval()(normal(*shape)))


def test_a_linear_layer_starts_with_the_weights_of_torchs():
    layers = []
    for kind in (products.Linear, nn.Linear):
        torch.manual_seed(1)
        layers.append(kind(3, 2).state_dict())
    assert list(layers[0]) == list(layers[1])
    assert all(torch.equal(layers[0][name], layers[1][name]) for name in layers[0])


def test_gradients_of_a_linear_layer_are_those_of_the_formula():
    inputs, slopes, layer = normal(3, 4).requires_grad_(), normal(3, 2), products.Linear(4, 2)
    found, wanted = (
        torch.autograd.grad(outputs, (inputs, layer.weight, layer.bias), slopes)
        for outputs in (layer(inputs), functional.linear(inputs, layer.weight, layer.bias))
    )
    torch.testing.assert_close(found, wanted)


def test_a_linear_layer_gives_the_same_without_a_graph():
    layer = products.Linear(4, 2)
    with torch.inference_mode():
        torch.testing.assert_close(layer(normal(3, 4)), functional.linear(normal(3, 4), layer.weight, layer.bias))


def test_other_precisions_other_devices_and_native_kernels_are_left_to_torch(monkeypatch):
    assert products.use_portable(torch.ones(1))
    assert not products.use_portable(torch.ones(1).double())
    assert not products.use_portable(torch.ones(1, device="meta"))
    x, weight, bias = normal(3, 4).double(), normal(2, 4).double(), normal(2).double()
    assert torch.equal(products.linear(x, weight, bias), functional.linear(x, weight, bias))
    monkeypatch.setenv("PIPELINE_KERNELS", "native")
    assert not products.use_portable(torch.ones(1))


MULTIPLY = """
import pipeline
import torch
from pipeline.models import products
torch.manual_seed(0)
print(products.matmul(torch.randn(300, 700), torch.randn(700, 200)).numpy().tobytes().hex()[:4000])
"""


def test_threads_and_kernels_set_in_the_environment_change_no_byte():
    found = set()
    for others in ({}, {"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2", "OPENBLAS_CORETYPE": "Sandybridge"}):
        command = [sys.executable, "-c", MULTIPLY]
        environment = os.environ | others
        found.add(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)
    assert len(found) == 1


# Recurrent layers


def layer_arguments(kind, b, t, n, h):
    """Return random inputs, initial state, weights and biases of a layer in double precision."""
    gates = GATES[kind]
    states, biases = (2 if kind == "lstm" else 1), (2 if kind in ("gru", "lstm") else 1)
    shapes = [(b, t, n), *[(b, h)] * states, (gates * h, n), (gates * h, h), *[(gates * h,)] * biases]
    return [normal(*shape, seed=index).double().requires_grad_() for index, shape in enumerate(shapes)]


def run_one(kind, arguments):
    if kind == "gru":
        return kernels.gru(*arguments)
    if kind == "lstm":
        return lstm(*arguments)
    return kernels.rnn(*arguments, nonlinearity=NONLINEARITIES[kind])


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize(("b", "t", "n", "h"), [(2, 3, 2, 3), (1, 1, 1, 1), (1, 4, 3, 2), (3, 1, 2, 2)])
def test_gradients_of_a_recurrent_layer_are_those_of_the_formula(kind, b, t, n, h):
    assert torch.autograd.gradcheck(lambda *given: run_one(kind, given), layer_arguments(kind, b, t, n, h))


KERNELS = {"rnn": kernels.Rnn("tanh"), "relu": kernels.Rnn("relu"), "gru": kernels.Gru(), "lstm": Lstm()}


@pytest.mark.parametrize("lengths", [None, torch.tensor([3, 1])])
@pytest.mark.parametrize("kind", KERNELS)
def test_gradients_of_both_directions_are_those_of_the_formula(kind, lengths):
    inputs, *given = layer_arguments(kind, 2, 3, 2, 3)
    weights = given[2 if kind == "lstm" else 1 :]
    state = given[: len(given) - len(weights)]

    def run(inputs, *given):
        ways = [Weights(*given[first : first + len(weights)]) for first in (0, len(weights))]
        outputs, after = run_layer(KERNELS[kind], inputs, given[2 * len(weights) :], ways, lengths)
        return outputs, *after

    others = [weight.detach().flip(0).requires_grad_() for weight in weights]
    assert torch.autograd.gradcheck(run, (inputs, *weights, *others, *state))


@pytest.mark.parametrize("kind", ["rnn", "rnn-relu", "gru"])
@given(st.integers(1, 5), st.integers(1, 6), st.integers(1, 4), st.booleans())
@settings(max_examples=15)
def test_a_layer_in_both_directions_is_the_one_that_torch_computes_in_double_precision(kind, b, t, h, padded):
    params = model_params(cell=kind, hidden_size=h, bidirectional=True)
    layer, found = Layer(params, 3, h), []
    lengths = torch.from_numpy(np.random.default_rng(b).integers(1, t + 1, b)) if padded else None
    state = tuple(part.float() for part in initial_state(kind, b, h))
    for dtype in (torch.float32, torch.float64):
        layer.to(dtype).zero_grad()
        inputs = normal(b, t, 3).to(dtype).requires_grad_()
        outputs, after = layer(inputs, lengths, tuple(part.to(dtype) for part in state))
        (outputs * torch.linspace(-1, 1, outputs.numel()).to(dtype).view_as(outputs)).sum().backward()
        parts = (outputs, *after, inputs.grad, *(weight.grad for weight in layer.parameters()))
        found.append([part.detach().float() for part in parts])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("kind", KERNELS)
def test_symbols_are_read_as_their_vectors_are(kind, directions, padded):
    table, *others = (
        part.detach()[0] if not index else part for index, part in enumerate(layer_arguments(kind, 2, 4, 3, 2))
    )
    state, weights = others[: -len(others) + (2 if kind == "lstm" else 1)], others[2 if kind == "lstm" else 1 :]
    symbols, lengths = torch.tensor([[0, 1, 1, 3], [3, 0, 1, 1]]), torch.tensor([4, 2]) if padded else None
    found = []
    for read in (Lookup(symbols, table.requires_grad_()), Lookup(symbols, table).vectors()):
        outputs, after = run_layer(KERNELS[kind], read, state, [Weights(*weights)] * directions, lengths)
        loss = (outputs * torch.linspace(-1, 1, outputs.numel()).view_as(outputs)).sum() + after[-1].square().sum()
        found.append((outputs, *torch.autograd.grad(loss, (table, *weights, *state))))
    torch.testing.assert_close(*found)


def initial_state(kind, b, h):
    return tuple(normal(b, h, seed=part) for part in range(2 if kind == "lstm" else 1))


def outputs_and_gradients(cell, inputs, initial):
    """Return outputs, final state and every gradient of a cell, computed in the precision of its weights."""
    cell.zero_grad()
    inputs = inputs.detach().clone().to(next(cell.parameters()).dtype).requires_grad_()
    state = tuple(part.detach().clone().to(inputs).requires_grad_() for part in initial)
    outputs, after = cell(inputs, state or None)
    weights = torch.linspace(-1, 1, outputs.numel()).to(outputs).view_as(outputs)
    ((outputs * weights).sum() + sum(part.square().sum() for part in after)).backward()
    found = (outputs, *after, inputs.grad, *(part.grad for part in state), *(w.grad for w in cell.parameters()))
    return [part.detach().float() for part in found]


@pytest.mark.parametrize("kind", BUILDERS)
@given(st.integers(1, 5), st.integers(1, 6), st.integers(1, 5), st.integers(1, 9), st.booleans())
@settings(max_examples=25)
def test_a_cell_is_the_one_that_torch_computes_in_double_precision(kind, b, t, n, h, with_state):
    cell = build_cell(kind, n, h)
    initial = initial_state(kind, b, h) if with_state else ()
    portable = outputs_and_gradients(cell, normal(b, t, n), initial)
    torchs = outputs_and_gradients(cell.double(), normal(b, t, n), initial)
    for one, other in zip(portable, torchs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("t", [1, 6])
@pytest.mark.parametrize("with_state", [False, True])
def test_a_large_lstm_on_one_sequence_is_the_one_that_torch_computes_in_double_precision(t, with_state):
    torch.manual_seed(1)
    cell = build_cell("lstm", 5, LARGE)
    initial = initial_state("lstm", 1, LARGE) if with_state else ()
    portable = outputs_and_gradients(cell, normal(1, t, 5), initial)
    torchs = outputs_and_gradients(cell.double(), normal(1, t, 5), initial)
    for one, other in zip(portable, torchs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=2e-5)


def test_a_large_lstm_on_one_sequence_gives_the_same_bytes_again_and_torchs_own_without_training():
    torch.manual_seed(1)
    cell, inputs = build_cell("lstm", 5, LARGE), normal(1, 6, 5)
    first, again = (as_bytes(outputs_and_gradients(cell, inputs, ())) for _ in range(2))
    assert first == again
    cell.eval()
    assert torch.equal(cell(inputs)[0], cell.layer(inputs)[0])


@pytest.mark.parametrize(("kind", "layer"), [("rnn", nn.RNN), ("rnn-relu", nn.RNN), ("gru", nn.GRU), ("lstm", nn.LSTM)])
def test_weights_are_named_and_drawn_as_torchs(kind, layer):
    torch.manual_seed(1)
    portable = build_cell(kind, 3, 4).state_dict()
    torch.manual_seed(1)
    torchs = layer(3, 4, batch_first=True).state_dict()
    assert list(portable) == [f"layer.{name}" for name in torchs]
    assert all(torch.equal(one, other) for one, other in zip(portable.values(), torchs.values(), strict=True))


def as_bytes(tensors):
    return b"".join(tensor.contiguous().numpy().tobytes() for tensor in tensors)


@pytest.mark.parametrize("kind", BUILDERS)
def test_a_repetition_gives_the_same_bytes_wherever_the_inputs_are_in_memory(kind):
    torch.manual_seed(1)
    cell = build_cell(kind, 5, 12)
    initial = tuple(normal(7, 12) for _ in range(2 if kind == "lstm" else 1))
    inputs = normal(7, 9, 5)
    room = torch.empty(inputs.numel() + 16)
    found = set()
    for offset in (0, 0, 1, 3, 4, 8):
        moved = room[offset : offset + inputs.numel()].view_as(inputs).copy_(inputs)
        found.add(as_bytes(outputs_and_gradients(cell, moved, initial)))
    assert len(found) == 1


@pytest.mark.parametrize("kind", BUILDERS)
def test_a_cell_gives_the_same_without_a_graph(kind):
    cell, inputs = build_cell(kind, 3, 4), normal(2, 5, 3)
    with torch.inference_mode():
        outputs, after = cell(inputs)
    torch.testing.assert_close((outputs, after), cell(inputs))


@pytest.mark.parametrize("kind", BUILDERS)
def test_a_detached_state_ends_the_gradient(kind):
    cell = build_cell(kind, 3, 4)
    first, state = cell(normal(2, 5, 3))
    outputs, _ = cell(normal(2, 5, 3, seed=1), tuple(part.detach() for part in state))
    weight = next(cell.parameters())
    (alone,) = torch.autograd.grad(outputs.sum(), weight, retain_graph=True)
    (both,) = torch.autograd.grad(outputs.sum() + 0 * first.sum(), weight)
    torch.testing.assert_close(alone, both)
