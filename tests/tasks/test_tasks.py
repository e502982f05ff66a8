import math

import numpy as np
import pytest
import torch

from pipeline.tasks import TASKS
from pipeline.tasks.base import cross_entropy
from pipeline.tasks.batching import Batch
from pipeline.tasks.examples import UNSCORED
from tests.support import small
from tests.support.small import model_params, network

CPU = torch.device("cpu")


def predict(model, prepared, params, split="test", before="train"):
    task = TASKS[prepared.card.task]
    history = prepared.splits[before] if before else None
    return task.predict(model, task.examples(prepared.splits[split], history, params, CPU), params)


def bigram_network(prepared, **changes):
    """Build a network whose outputs depend on the last symbol alone; return also the log-probabilities after each."""
    params = model_params(cell="linear", **changes)
    model = network(params, prepared)
    symbols = prepared.card.symbols
    with torch.no_grad():
        model.head.weight[:, symbols:] = 0
        model.head.weight[:, :symbols].normal_(0, 3)
        table = torch.log_softmax(model.head.weight[:, :symbols] + model.head.bias.unsqueeze(1), 0)
    return model, params, table.T.numpy()  # (last, next)


# Losses


def test_cross_entropy_is_summed_over_scored_targets():
    logits = torch.zeros(2, 3, 5)
    targets = torch.tensor([[1, 2, UNSCORED], [0, UNSCORED, UNSCORED]])
    total, count = cross_entropy(logits, targets)
    assert count.item() == 3
    assert total.item() == pytest.approx(3 * math.log(5))
    total, count = cross_entropy(torch.zeros(4, 5), torch.tensor([0, 1, 2, 3]))
    assert (total.item(), count.item()) == (pytest.approx(4 * math.log(5)), 4)


def test_the_squared_error_is_in_the_scale_of_the_targets():
    prepared = small.pairs("".join(f"{n},{10 * n}\n" for n in range(20)))
    scale = prepared.card.scaling["targets"]
    model = network(model_params(input="values", scaling="standard"), prepared)
    targets = torch.tensor([scale.mean, scale.mean + 2 * scale.std])
    total, count = TASKS["regress"].loss(model, torch.tensor([[0.5], [0.0]]), Batch(targets, targets))
    assert (total.item(), count.item()) == (pytest.approx(0.25 + 4), 2)


NUMBERS = {"input": "values", "scaling": "standard"}


@pytest.mark.parametrize(
    ("prepare", "content", "changes"),
    [
        (small.words, "ab\nba\ncab\nabc\ncba\nbac\nacb\n", {}),
        (small.text, "aab" * 50, {"sequence_length": 4}),
        (small.labelled, "".join(f"{'xxy'[n % 3]}{'z' * n},{'xxy'[n % 3]}\n" for n in range(60)), {}),
        (small.windows, "babeb" * 30, {"supervision": "every-step"}),
        (small.pairs, "".join(f"{n},{n * n}\n" for n in range(20)), NUMBERS),
        (small.pairs, "".join(f"{n},{n * n}\n" for n in range(20)), {"input": "values"}),
        (small.series, [n * n for n in range(40)], {**NUMBERS, "window": 2}),
    ],
)
def test_the_loss_of_a_constant_is_fitted_to_the_training_rows_alone(prepare, content, changes):
    prepared, params = prepare(content), model_params(**changes)
    task, model = TASKS[prepared.card.task], network(params, prepared)
    train, test = (task.examples(prepared.splits[split], None, params, CPU) for split in ("train", "test"))
    known, truth = (task.predict(model, examples, params)["truth"] for examples in (train, test))
    if model.shape.logits:
        counts = np.bincount(known, minlength=model.shape.outputs) + 1
        losses = -np.log(counts / counts.sum())[truth]
    else:
        losses = ((truth - known.mean()) / model.shape.targets_scale.std) ** 2
    assert task.constant_loss(model, train, test) == pytest.approx(losses.mean())


# Shapes


def test_the_shape_that_the_data_require():
    words = TASKS["next-symbol"].shape(small.words("ab\nba\ncab\nabc\ncba\nbac\nacb\n"))
    assert (words.symbols, words.outputs, words.every_step) == (3, 3, True)
    names = small.labelled("".join(f"{letter * n},{letter}\n" for letter in "xy" for n in range(1, 9)))
    shape = TASKS["classify"].shape(names)
    assert (shape.symbols, shape.outputs, shape.every_step) == (3, 2, False)  # x, y and the unknown token
    pairs = TASKS["regress"].shape(small.pairs("".join(f"{n},{10 * n}\n" for n in range(20))))
    assert (pairs.symbols, pairs.outputs, pairs.every_step) == (None, 1, False)
    assert pairs.length == 1
    assert pairs.targets_scale.mean == pytest.approx(10 * pairs.inputs_scale.mean)
    series = TASKS["forecast"].shape(small.series(range(20)))
    assert series.inputs_scale == series.targets_scale
    assert series.inputs_scale.mean == 5.5  # of the twelve training days


# Predictions


def test_every_letter_of_a_word_but_the_first_is_predicted_once():
    prepared = small.words("\n".join(f"{a}{b}{c * n}" for a in "abc" for b in "abc" for c in "abc" for n in (1, 2, 5)))
    model, params, table = bigram_network(prepared)
    found = predict(model, prepared, params)
    arrays = prepared.splits["test"]
    words = [row[:n].tolist() for row, n in zip(arrays["symbols"], arrays["lengths"], strict=True)]
    positions = [(row, step) for row, word in enumerate(words) for step in range(1, len(word))]
    assert list(zip(found["row"].tolist(), found["step"].tolist(), strict=True)) == positions
    assert found["truth"].tolist() == [words[row][step] for row, step in positions]
    last = [words[row][step - 1] for row, step in positions]
    np.testing.assert_allclose(found["nll"], -table[last, found["truth"]], rtol=1e-4)
    assert found["best"].tolist() == table[last].argmax(1).tolist()


@pytest.mark.parametrize("sequence_length", [1, 5, 30])
def test_every_symbol_of_a_split_of_a_text_is_predicted_once_in_order(sequence_length):
    draws = np.random.default_rng(0)
    prepared = small.text("".join(draws.choice(list("abcd"), 2000)), alphabet="abcd")
    model, params, table = bigram_network(prepared, sequence_length=sequence_length)
    before, now = (prepared.splits[split]["stream"] for split in ("train", "test"))
    found = predict(model, prepared, params)
    assert found["truth"].tolist() == now.tolist()
    last = [before[-1], *now[:-1]]
    np.testing.assert_allclose(found["nll"], -table[last, now], rtol=1e-4)
    assert "row" not in found


def test_a_text_is_read_with_its_history():
    prepared = small.text("".join(np.random.default_rng(0).choice(list("abcd"), 100)), alphabet="abcd")
    params = model_params(sequence_length=20)
    model = network(params, prepared)
    before, now = (prepared.splits[split]["stream"].astype(int) for split in ("train", "test"))
    whole = np.concatenate((before[-21:], now))  # one stream: the context before, then the split
    outputs, _ = model(torch.from_numpy(whole[:-1]).unsqueeze(0))
    nll = -torch.log_softmax(outputs[0, 20:], 1)[torch.arange(20), torch.from_numpy(now)]
    np.testing.assert_allclose(predict(model, prepared, params)["nll"], nll.detach(), rtol=1e-4)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_classes_get_probabilities_that_do_not_depend_on_the_other_rows(bidirectional):
    content = "".join(f"{'xyz'[n % 3]}{'ab' * (n % 5)}{n % 7 * 'c'},{'xyz'[n % 3]}\n" for n in range(150))
    prepared = small.labelled(content)
    params = model_params(bidirectional=bidirectional)
    model = network(params, prepared)
    found = predict(model, prepared, params)
    arrays = prepared.splits["test"]
    assert found["truth"].tolist() == arrays["labels"].tolist()
    assert found["probabilities"].dtype == np.float64
    np.testing.assert_allclose(found["probabilities"].sum(1), 1)
    for row, (symbols, length) in enumerate(zip(arrays["symbols"], arrays["lengths"], strict=True)):
        outputs, _ = model(torch.from_numpy(symbols[None, :length].astype(int)))
        np.testing.assert_allclose(found["probabilities"][row], torch.softmax(outputs[0].detach(), 0), rtol=1e-4)


def test_predicted_numbers_are_in_the_unit_of_the_data():
    prepared = small.pairs("".join(f"{n},{1000 + n}\n" for n in range(50)))
    params = model_params(input="values", scaling="standard")
    model = network(params, prepared)
    with torch.no_grad():
        model.head.weight.zero_()
        model.head.bias.fill_(1)
    scale = prepared.card.scaling["targets"]
    found = predict(model, prepared, params)
    np.testing.assert_allclose(found["predicted"], scale.mean + scale.std, rtol=1e-6)
    assert found["truth"].tolist() == prepared.splits["test"]["targets"].tolist()


def test_a_forecast_of_each_day_of_a_split():
    prepared = small.series([day * day for day in range(50)])
    params = model_params(input="flat", window=4, cell="linear")
    model = network(params, prepared)
    with torch.no_grad():  # predict the last value read
        model.head.weight.zero_()
        model.head.bias.zero_()
        model.head.weight[0, 3] = 1
    found = predict(model, prepared, params, before="validation")
    assert found["truth"].tolist() == [day * day for day in range(40, 50)]
    assert found["predicted"].tolist() == [day * day for day in range(39, 49)]


def test_a_number_of_a_sequence_that_is_read_as_one_step():
    prepared = small.pairs("".join(f"{n} {n * n % 7},{n}\n" for n in range(50)))
    params = model_params(input="flat", cell="linear")
    model = network(params, prepared)
    with torch.no_grad():  # the sum of the two numbers
        model.head.weight.zero_()
        model.head.bias.zero_()
        model.head.weight[0, :2] = 1
    found = predict(model, prepared, params)
    assert found["predicted"].tolist() == prepared.splits["test"]["inputs"].sum(1).tolist()


def test_predicting_leaves_the_network_in_its_mode():
    prepared = small.series(range(50))
    params = model_params(input="values", window=4, layers=2, dropout=0.5)
    model = network(params, prepared).train()
    one, two = (predict(model, prepared, params)["predicted"] for _ in range(2))
    assert model.training
    assert (one == two).all()  # dropout is off all the same
