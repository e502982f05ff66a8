"""The layers are torch's within rounding, with all gradients; gradients are exact in double precision."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from pipeline import cells, recurrences

GATES = {"rnn": 1, "gru": 3, "linear": 1}


def drawn(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def arguments(kind, b, t, n, h):
    """Draw inputs, start, weights and biases of a layer in double precision."""
    gates = GATES[kind]
    shapes = [(b, t, n), (b, h), (gates * h, n), (gates * h, h)] + [(gates * h,)] * (2 if kind == "gru" else 1)
    return [drawn(*shape, seed=place).double().requires_grad_() for place, shape in enumerate(shapes)]


def run(kind, arguments):
    if kind == "gru":
        return recurrences.gated(*arguments)
    return recurrences.plain(*arguments, squashed=kind == "rnn")


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize(("b", "t", "n", "h"), [(2, 3, 2, 3), (1, 1, 1, 1), (1, 4, 3, 2), (3, 1, 2, 2)])
def test_gradients_are_those_of_the_formula(kind, b, t, n, h):
    assert torch.autograd.gradcheck(lambda *given: run(kind, given), arguments(kind, b, t, n, h))


def answers(cell, inputs, start, ours):
    """Return outputs, state and every gradient of a cell, computed here or by torch in double precision."""
    cell.zero_grad()
    inputs = inputs.detach().clone().to(next(cell.parameters()).dtype).requires_grad_()
    state = tuple(part.detach().clone().to(inputs).requires_grad_() for part in start)
    outputs, after = cell(inputs, state or None)
    weights = torch.linspace(-1, 1, outputs.numel()).to(outputs).view_as(outputs)
    ((outputs * weights).sum() + sum(part.square().sum() for part in after)).backward()
    found = (outputs, *after, inputs.grad, *(part.grad for part in state), *(w.grad for w in cell.parameters()))
    return [part.detach().float() for part in found]


@pytest.mark.parametrize("kind", cells.BUILDERS)
@given(st.integers(1, 5), st.integers(1, 6), st.integers(1, 5), st.integers(1, 9), st.booleans())
@settings(max_examples=25)
def test_a_cell_is_the_one_that_torch_computes_in_double_precision(kind, b, t, n, h, started):
    cell = cells.build(kind, n, h)
    start = tuple(drawn(b, h, seed=part) for part in range(2 if kind == "lstm" else 1)) if started else ()
    ours = answers(cell, drawn(b, t, n), start, ours=True)
    torchs = answers(cell.double(), drawn(b, t, n), start, ours=False)
    for one, other in zip(ours, torchs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize(("kind", "layer"), [("rnn", nn.RNN), ("gru", nn.GRU), ("lstm", nn.LSTM)])
def test_weights_are_named_and_drawn_as_torchs(kind, layer):
    torch.manual_seed(1)
    ours = cells.build(kind, 3, 4).state_dict()
    torch.manual_seed(1)
    theirs = layer(3, 4, batch_first=True).state_dict()
    assert list(ours) == [f"layer.{name}" for name in theirs]
    assert all(torch.equal(one, other) for one, other in zip(ours.values(), theirs.values(), strict=True))


def bytes_of(tensors):
    return b"".join(tensor.contiguous().numpy().tobytes() for tensor in tensors)


@pytest.mark.parametrize("kind", cells.BUILDERS)
def test_a_repetition_gives_the_same_bytes_wherever_the_inputs_stand(kind):
    torch.manual_seed(1)
    cell = cells.build(kind, 5, 12)
    start = tuple(drawn(7, 12) for _ in range(2 if kind == "lstm" else 1))
    inputs = drawn(7, 9, 5)
    room = torch.empty(inputs.numel() + 16)
    found = set()
    for offset in (0, 0, 1, 3, 4, 8):
        moved = room[offset : offset + inputs.numel()].view_as(inputs).copy_(inputs)
        found.add(bytes_of(answers(cell, moved, start, ours=True)))
    assert len(found) == 1


@pytest.mark.parametrize("kind", cells.BUILDERS)
def test_a_cell_answers_the_same_without_a_graph(kind):
    cell, inputs = cells.build(kind, 3, 4), drawn(2, 5, 3)
    with torch.inference_mode():
        outputs, after = cell(inputs)
    torch.testing.assert_close((outputs, after), cell(inputs))


@pytest.mark.parametrize("kind", cells.BUILDERS)
def test_a_detached_state_ends_the_gradient(kind):
    cell = cells.build(kind, 3, 4)
    first, state = cell(drawn(2, 5, 3))
    outputs, _ = cell(drawn(2, 5, 3, seed=1), tuple(part.detach() for part in state))
    weight = next(cell.parameters())
    (apart,) = torch.autograd.grad(outputs.sum(), weight, retain_graph=True)
    (both,) = torch.autograd.grad(outputs.sum() + 0 * first.sum(), weight)
    torch.testing.assert_close(apart, both)
