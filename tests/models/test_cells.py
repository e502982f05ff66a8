import numpy as np
import pytest
import torch

from pipeline.models.cells import BUILDERS, build_cell

B, T, N, H = 3, 5, 4, 6  # sequences, steps, values a step, hidden units


@pytest.fixture
def inputs():
    return torch.from_numpy(np.random.default_rng(0).normal(size=(B, T, N)).astype(np.float32))


def seeded_cell(name):
    torch.manual_seed(1)
    return build_cell(name, N, H)


def weight_arrays(cell):
    """Return the weights by the last part of their names."""
    return {name.split(".")[-1]: value.detach().double().numpy() for name, value in cell.named_parameters()}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def linear_step(w, x, state):
    (h,) = state
    both = np.concatenate((x, h), 1)
    return both, (both @ w["weight"].T + w["bias"],)


def scratch_step(w, x, state):
    h = np.tanh(x @ w["w_x"] + state[0] @ w["w_h"] + w["b"])
    return h, (h,)


def gates(w, x, h):
    """Return W_x x + b_x and W_h h + b_h of all gates, in torch's order."""
    return x @ w["weight_ih_l0"].T + w["bias_ih_l0"], h @ w["weight_hh_l0"].T + w["bias_hh_l0"]


def rnn_step(w, x, state):
    h = np.tanh(sum(gates(w, x, state[0])))
    return h, (h,)


def relu_step(w, x, state):
    h = np.maximum(sum(gates(w, x, state[0])), 0)
    return h, (h,)


def gru_step(w, x, state):
    (h,) = state
    (rx, zx, nx), (rh, zh, nh) = (np.split(part, 3, 1) for part in gates(w, x, h))
    reset, update = sigmoid(rx + rh), sigmoid(zx + zh)
    h = (1 - update) * np.tanh(nx + reset * nh) + update * h
    return h, (h,)


def lstm_step(w, x, state):
    h, c = state
    i, f, g, o = np.split(sum(gates(w, x, h)), 4, 1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return h, (h, c)


STEPS = {
    "linear": linear_step,
    "scratch": scratch_step,
    "rnn": rnn_step,
    "rnn-relu": relu_step,
    "gru": gru_step,
    "lstm": lstm_step,
}


def test_every_cell_is_tested():
    assert set(STEPS) == set(BUILDERS)


@pytest.mark.parametrize("name", STEPS)
def test_a_cell_computes_its_formula(name, inputs):
    cell = seeded_cell(name)
    parts = 2 if name == "lstm" else 1
    initial = tuple(torch.full((B, H), 0.1 * (part + 1)) for part in range(parts))
    state = tuple(part.double().numpy() for part in initial)
    wanted = []
    for x in inputs.double().numpy().transpose(1, 0, 2):
        output, state = STEPS[name](weight_arrays(cell), x, state)
        wanted.append(output)
    outputs, after = cell(inputs, initial)
    np.testing.assert_allclose(outputs.detach(), np.stack(wanted, 1), atol=1e-6)
    assert outputs.shape == (B, T, cell.output_size)
    assert len(after) == len(state) == parts
    for found, part in zip(after, state, strict=True):
        np.testing.assert_allclose(found.detach(), part, atol=1e-6)


@pytest.mark.parametrize("name", STEPS)
def test_no_state_is_a_state_of_zeros(name, inputs):
    cell = seeded_cell(name)
    zeros = tuple(torch.zeros(B, H) for _ in range(2 if name == "lstm" else 1))
    torch.testing.assert_close(cell(inputs)[0], cell(inputs, zeros)[0])


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("cut", [1, 2, 4])
def test_a_sequence_in_two_parts_gives_the_same_if_the_state_is_carried_over(name, cut, inputs):
    cell = seeded_cell(name)
    whole, after = cell(inputs)
    first, state = cell(inputs[:, :cut])
    second, last = cell(inputs[:, cut:], state)
    torch.testing.assert_close(torch.cat((first, second), 1), whole)
    torch.testing.assert_close(last, after)


def test_the_scratch_cell_computes_what_torchs_rnn_does(inputs):
    scratch, rnn = seeded_cell("scratch"), torch.nn.RNN(N, H, batch_first=True)
    with torch.no_grad():
        scratch.w_x.copy_(rnn.weight_ih_l0.T)
        scratch.w_h.copy_(rnn.weight_hh_l0.T)
        scratch.b.copy_(rnn.bias_ih_l0 + rnn.bias_hh_l0)
    torch.testing.assert_close(scratch(inputs)[0], rnn(inputs)[0])


def test_the_scratch_cell_is_initialised_as_torchs_rnn():
    weights = torch.cat([weight.flatten() for weight in build_cell("scratch", 50, 100).parameters()])
    assert weights.abs().max() <= 0.1  # 1 / sqrt(hidden_size)
    assert weights.std().item() == pytest.approx(0.1 / 3**0.5, rel=0.02)
