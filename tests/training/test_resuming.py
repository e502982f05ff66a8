"""A training that was stopped goes on to the same bytes."""

import random
import time

import numpy as np
import pytest

from pipeline import device, training
from pipeline.checkpoints import FileSaver
from pipeline.datasets import prepared
from pipeline.history import HELD_OUT, REFIT, Epoch
from pipeline.train import Cell, train_cell
from tests import small
from tests.small import model_settings


class Killed(Exception):  # noqa: N818  (an end, not an error)
    pass


class Killing(FileSaver):
    """Keep every state, and end the training after some."""

    def __init__(self, path, steps):
        super().__init__(path, "key", lambda line: None)
        self.steps = steps

    def offer(self, make, final=False):
        self.every = self.patience = 0
        super().offer(make, final)
        self.steps -= 1
        if self.steps == 0:
            raise Killed


def same(one, other):
    return (
        str(one.history) == str(other.history)  # as words, since nan is not nan
        and (one.status, one.best_epoch, one.parameters) == (other.status, other.best_epoch, other.parameters)
        and list(one.weights) == list(other.weights)
        and all(one.weights[name].tobytes() == other.weights[name].tobytes() for name in one.weights)
    )


@pytest.fixture(scope="module")
def data():
    draws = np.random.default_rng(1)
    rows = {"".join(draws.choice(list("abcd"), size)): "pq"[size % 2] for size in draws.integers(1, 9, 80)}
    numbers = "".join(f"{a} {b},{a + 2 * b}\n" for a in range(6) for b in range(6))
    return {
        "names": small.labelled("".join(f"{name},{label}\n" for name, label in rows.items())),
        "text": small.text("aabbab" * 60, alphabet="ab"),
        "pairs": small.pairs(numbers, refit=True),
    }


CASES = {
    "dropout, both directions, lengths": ("names", {"layers": 2, "dropout": 0.4, "direction": "both", "batch": 16}),
    "rows drawn at random": ("names", {"sampling": "draws", "optimiser": "adamw", "weight_decay": 0.1, "batch": 16}),
    "patience": ("names", {"patience": 2, "rate": 0.3, "epochs": 12, "batch": 16}),
    "a text read on": ("text", {"sampling": "consecutive", "window": 7, "layers": 2, "dropout": 0.2}),
    "windows at random": ("text", {"sampling": "random", "window": 7, "cell": "gru"}),
    "momentum": ("pairs", {"input": "values", "optimiser": "sgd", "momentum": 0.9, "batch": 8, "rate": 0.001}),
    "plain steps, a schedule": ("pairs", {"input": "values", "optimiser": "sgd", "schedule": {"kind": "cosine"}}),
    "a refit": ("pairs", {"input": "values", "fit": REFIT, "batch": 8}),
    "a divergence": ("pairs", {"input": "values", "optimiser": "sgd", "rate": 1e25, "epochs": 9}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_training_that_is_killed_again_and_again_ends_in_the_same_bytes(case, data, tmp_path):
    name, changes = CASES[case]
    fit = changes.get("fit", "held-out")
    block = model_settings(**{"epochs": 4, **{key: value for key, value in changes.items() if key != "fit"}})
    undisturbed = training.fit(block, data[name], 1, fit)
    draws, kills = random.Random(case), 0
    while True:
        try:
            left = Killing(tmp_path / "state.safetensors", draws.randrange(1, 12))
            found = training.fit(block, data[name], 1, fit, saver=left)
            break
        except Killed:
            kills += 1
    assert kills > 1
    assert same(found, undisturbed)


def test_a_training_that_had_ended_is_not_run_again(data, tmp_path, monkeypatch):
    monkeypatch.setenv("PIPELINE_CHECKPOINTS", "0")  # it is always time to write
    saver = FileSaver(tmp_path / "state.safetensors", "key", print)
    block, seen = model_settings(batch=16), []
    first = training.fit(block, data["names"], 1, saver=saver)
    assert same(training.fit(block, data["names"], 1, watch=seen.append, saver=saver), first)
    assert seen == []


def test_only_what_is_left_of_an_epoch_is_trained(data, tmp_path, monkeypatch):
    block = model_settings(batch=16, epochs=1)
    with pytest.raises(Killed):
        training.fit(block, data["names"], 1, saver=Killing(tmp_path / "state.safetensors", 2))
    steps, step = [], training.step
    monkeypatch.setattr(training, "step", lambda *args: steps.append(1) or step(*args))
    training.fit(block, data["names"], 1, saver=Killing(tmp_path / "state.safetensors", 0))
    whole = -(-data["names"].card.rows["train"] // 16)
    assert len(steps) == whole - 2


def test_what_it_cost_before_it_was_killed_counts(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PIPELINE_CHECKPOINTS", "0")
    cost, left = [0.0], [2]
    monkeypatch.setattr(device, "clock", lambda: lambda: cost[0])
    prepared.write(data["names"], tmp_path / "prepared")
    (tmp_path / "out").mkdir()
    cell = Cell("toy", model_settings(epochs=4, batch=16), tmp_path / "prepared", 1, HELD_OUT, tmp_path / "out")

    def tell(message):
        if isinstance(message, Epoch):
            cost[0] += 100
            left[0] -= 1
            if left[0] == 0:
                raise Killed

    with pytest.raises(Killed):
        train_cell(cell, tell)
    cost[0] = 0.0
    assert train_cell(cell, tell).seconds == 100 + 300  # the second epoch's end was not kept


def test_its_cost_is_the_processors_time_where_it_trains_on_one(monkeypatch):
    monkeypatch.setenv("PIPELINE_DEVICE", "cpu")
    clock = device.clock()
    before = clock()
    time.sleep(0.2)
    assert clock() - before < 0.1
