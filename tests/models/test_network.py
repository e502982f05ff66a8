from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.models.encoders import Scale, Shape
from pipeline.models.network import build_network, count_parameters
from tests.support.small import model_params

CELLS = ("linear", "scratch", "rnn", "rnn-relu", "gru", "lstm")
SYMBOLS, CLASSES = 5, 3
NEXT = Shape(SYMBOLS, SYMBOLS, every_step=True, logits=True)
CLASS = Shape(SYMBOLS, CLASSES, every_step=False, logits=True)
SCALES = {"inputs_scale": Scale(10.0, 2.0), "targets_scale": Scale(100.0, 20.0)}
NUMBER = Shape(None, 1, every_step=False, logits=False, **SCALES)


def seeded_network(shape, **changes):
    torch.manual_seed(1)
    return build_network(model_params(**changes), shape).eval()


def symbols(*shape):
    return torch.randint(SYMBOLS, shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("hidden_size", [7, [6, 7]])
def test_shapes(cell, bidirectional, hidden_size):
    layers = 1 if hidden_size == 7 else 2
    changes = {"cell": cell, "bidirectional": bidirectional, "hidden_size": hidden_size, "layers": layers}
    outputs, state = seeded_network(NEXT, **changes)(symbols(2, 4))
    assert outputs.shape == (2, 4, SYMBOLS)
    assert [part.shape for layer in state for part in layer] == [
        (2, size) for size in ([7] if hidden_size == 7 else [6, 7]) for _ in range(2 if cell == "lstm" else 1)
    ]
    assert seeded_network(CLASS, **changes)(symbols(2, 4))[0].shape == (2, CLASSES)
    assert seeded_network(NUMBER, input="values", **changes)(torch.randn(2, 4))[0].shape == (2, 1)
    assert seeded_network(NUMBER, input="flat", window=4, **changes)(torch.randn(2, 4))[0].shape == (2, 1)


@pytest.mark.parametrize("cell", CELLS)
def test_uniform_weights_are_those_that_torchs_layers_draw(cell):
    model = seeded_network(NEXT, cell=cell, hidden_size=50, layers=2)
    for layer in model.stack.layers:
        bound = 1 / (layer.forwards.w.in_features if cell == "linear" else 50) ** 0.5
        weights = torch.cat([weight.flatten() for weight in layer.parameters()])
        assert 0.9 * bound < weights.abs().max() <= bound
    bound = 1 / model.stack.output_size**0.5
    assert 0.9 * bound < model.head.weight.abs().max() <= bound


@pytest.mark.parametrize("cell", CELLS)
def test_normal_weights_have_a_deviation_of_a_hundredth_and_biases_are_zero(cell):
    changes = {"cell": cell, "hidden_size": 50, "layers": 2, "input": "embedding", "embedding_size": 40}
    model = seeded_network(NEXT, initialisation="normal", **changes)
    for part in (*model.stack.layers, model.head):
        weights = torch.cat([weight.flatten() for weight in part.parameters() if weight.dim() == 2])
        biases = torch.cat([weight for weight in part.parameters() if weight.dim() == 1])
        assert weights.std().item() == pytest.approx(0.01, rel=0.15)
        assert abs(weights.mean().item()) < 0.002
        assert not biases.any()
    assert model.encoder.table.weight.std().item() == pytest.approx(1, rel=0.2)


def test_one_hot_is_an_embedding_by_the_identity():
    one_hot = seeded_network(NEXT)
    embedding = seeded_network(NEXT, input="embedding", embedding_size=SYMBOLS)
    weights = one_hot.state_dict() | {"encoder.table.weight": torch.eye(SYMBOLS)}
    embedding.load_state_dict(weights)
    torch.testing.assert_close(embedding(symbols(2, 4))[0], one_hot(symbols(2, 4))[0])


def test_the_weights_of_a_network_include_no_constants():
    assert not any("identity" in name for name in seeded_network(NEXT).state_dict())


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("shape", [NEXT, CLASS], ids=["every-step", "at-the-end"])
@settings(max_examples=15)
@given(lengths=st.lists(st.integers(1, 6), min_size=1, max_size=4), filler=st.integers(0, SYMBOLS - 1))
def test_padding_never_changes_an_output(cell, bidirectional, shape, lengths, filler):
    model = seeded_network(shape, cell=cell, bidirectional=bidirectional, layers=2, hidden_size=3)
    rows = [symbols(length) for length in lengths]
    padded = torch.full((len(rows), 7), filler)
    for row, content in enumerate(rows):
        padded[row, : len(content)] = content
    batch, _ = model(padded, torch.tensor(lengths))
    for row, content in enumerate(rows):
        alone, _ = model(content.unsqueeze(0))
        found = batch[row, : len(content)] if shape.every_step else batch[row]
        torch.testing.assert_close(found, alone[0])


@pytest.mark.parametrize("cell", CELLS)
def test_outputs_of_a_forward_network_do_not_depend_on_later_symbols(cell):
    model = seeded_network(NEXT, cell=cell, layers=2)
    one = symbols(1, 6)
    other = torch.cat((one[:, :3], (one[:, 3:] + 1) % SYMBOLS), 1)
    torch.testing.assert_close(model(one)[0][:, :3], model(other)[0][:, :3])
    assert not torch.allclose(model(one)[0][:, 3:], model(other)[0][:, 3:])


def test_a_bidirectional_network_gives_its_one_output_from_the_final_output_of_each_direction():
    model = seeded_network(CLASS, bidirectional=True, layers=2)
    inputs = model.encoder(symbols(2, 6))
    first, last = model.stack.layers
    between = torch.cat((first.forwards(inputs)[0], first.backwards(inputs.flip(1))[0].flip(1)), 2)
    ends = last.forwards(between)[0][:, -1], last.backwards(between.flip(1))[0][:, -1]
    torch.testing.assert_close(model(symbols(2, 6))[0], model.head(torch.cat(ends, 1)))


def test_a_sequence_in_two_parts_gives_the_same_if_the_state_is_carried_over():
    model = seeded_network(NEXT, layers=2)
    whole, _ = model(symbols(2, 6))
    first, state = model(symbols(2, 6)[:, :2])
    second, _ = model(symbols(2, 6)[:, 2:], state=state)
    torch.testing.assert_close(torch.cat((first, second), 1), whole)


def test_flat_input_is_one_step_of_all_values():
    flat = seeded_network(NUMBER, input="flat", window=4)
    assert flat.encoder.size == 4
    values = torch.arange(8.0).view(2, 4)
    torch.testing.assert_close(flat.encoder(values), values.unsqueeze(1))


def test_numbers_are_scaled_as_the_data_or_not_at_all():
    values = torch.tensor([[10.0, 12.0]])
    scaled = seeded_network(NUMBER, input="values", scaling="standard")
    assert scaled.encoder(values).flatten().tolist() == [0.0, 1.0]
    assert scaled.unscale(torch.tensor([[0.0], [-1.0]])).tolist() == [100.0, 80.0]
    unscaled = seeded_network(NUMBER, input="values")
    assert unscaled.encoder(values).flatten().tolist() == [10.0, 12.0]
    assert unscaled.unscale(torch.tensor([[3.0]])).tolist() == [3.0]


def test_a_relu_cuts_outputs_below_zero():
    linear, cut = (seeded_network(NUMBER, input="values", head=head) for head in ("linear", "linear-relu"))
    values = torch.randn(20, 4)
    middle = linear(values)[0].median().item()
    with torch.no_grad():
        for layer in (linear.head, cut.head[0]):
            layer.bias -= middle
    outputs = linear(values)[0]
    assert outputs.min() < 0 < outputs.max()
    torch.testing.assert_close(cut(values)[0], outputs.clamp(min=0))


def test_without_a_head_the_outputs_are_those_of_the_last_layer():
    model = seeded_network(NUMBER, input="values", head="none", layers=2, hidden_size=[4, 1])
    values = torch.randn(2, 5)
    outputs, state = model(values)
    torch.testing.assert_close(outputs, state[1][0])


@pytest.mark.parametrize(
    ("changes", "found"),
    [({"hidden_size": 4}, 4), ({"hidden_size": 1, "bidirectional": True}, 2), ({"cell": "linear"}, 9)],
)
def test_a_last_layer_of_another_size_than_the_outputs_is_refused_without_a_head(error_of, changes, found):
    params = model_params(input="values", head="none", **changes)
    assert error_of(build_network, params, NUMBER, "toy") == (
        f"params.yaml: models.toy.hidden_size: {found} outputs without a head; "
        "wanted 1 for data set small, or head linear"
    )


def test_dropout_is_between_layers_and_only_in_training():
    model = seeded_network(NEXT, layers=2, dropout=0.5)
    torch.testing.assert_close(model(symbols(2, 4))[0], model(symbols(2, 4))[0])
    model.train()
    assert not torch.allclose(model(symbols(2, 4))[0], model(symbols(2, 4))[0])
    bare = build_network(model_params(head="none", layers=2, dropout=0.9), replace(NEXT, outputs=8)).train()
    assert bare(symbols(1, 9))[0].count_nonzero() == 72  # none after the last layer


@pytest.mark.parametrize("key", ["input_dropout", "output_dropout"])
def test_dropout_of_inputs_and_of_outputs_is_only_in_training(key):
    model = seeded_network(NEXT, **{key: 0.5})
    torch.testing.assert_close(model(symbols(2, 4))[0], model(symbols(2, 4))[0])
    model.train()
    assert not torch.allclose(model(symbols(2, 4))[0], model(symbols(2, 4))[0])


def test_dropout_of_outputs_does_not_enter_the_state():
    model = seeded_network(NEXT, output_dropout=0.5).train()
    (first,), (second,) = (model(symbols(2, 4))[1] for _ in range(2))
    torch.testing.assert_close(first, second)


def test_a_classifier_gives_outputs_at_every_step_only_in_training():
    model = seeded_network(replace(NEXT, every_step=False), supervision="every-step")
    assert model(symbols(2, 4))[0].shape == (2, 5)
    assert model.train()(symbols(2, 4))[0].shape == (2, 4, 5)


def test_parameters_are_counted():
    # LSTM: 4 gates of (5 inputs + 8 hidden + 2 biases) x 8; head: (8 + 1) x 5
    assert count_parameters(seeded_network(NEXT)) == 4 * 8 * (5 + 8 + 2) + 9 * 5
