"""A training that was stopped is resumed and ends in the same bytes."""

import random
import time
from dataclasses import replace

import numpy as np
import pytest

from pipeline import determinism
from pipeline.data import prepared
from pipeline.data.prepared import ALL_ROWS, TRAIN
from pipeline.execution.context import KeptFile, LocalContext
from pipeline.execution.progress import Progress
from pipeline.training import loop, run
from pipeline.training.checkpoint import FileSaver
from pipeline.training.run import TrainingJob, run_job
from tests.support import small
from tests.support.small import model_params


class Killed(Exception):  # noqa: N818  (an event, not an error)
    pass


class Killing(FileSaver):
    """Keep every state, and end the training after some steps."""

    def __init__(self, path, steps):
        super().__init__(KeptFile(path), "key", lambda line: None)
        self.steps = steps

    def offer(self, make, final=False):
        self.every = self.cost_multiple = 0
        super().offer(make, final)
        self.steps -= 1
        if self.steps == 0:
            raise Killed


def same(one, other):
    """Return whether two trainings gave the same weights and history, to the bit."""
    return (
        str(one.history) == str(other.history)  # as text, since nan is not equal to nan
        and one.samples == other.samples
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
    "bidirectional, dropout, lengths": (
        "names",
        {"layers": 2, "dropout": 0.4, "bidirectional": True, "batch_size": 16},
    ),
    "balanced sampling": (
        "names",
        {"sampling": "balanced", "optimiser": "adamw", "weight_decay": 0.1, "batch_size": 16},
    ),
    "drawn rows, so many steps an epoch": (
        "names",
        {"sampling": "drawn", "steps_per_epoch": 7, "batch_size": 1},
    ),
    "patience": ("names", {"patience": 2, "learning_rate": 0.3, "epochs": 12, "batch_size": 16}),
    "consecutive sequences": ("text", {"sampling": "consecutive", "sequence_length": 7, "layers": 2, "dropout": 0.2}),
    "sequences from a fixed offset": ("text", {"sampling": "random", "offset": "fixed", "sequence_length": 7}),
    "random sequences": ("text", {"sampling": "random", "sequence_length": 7, "cell": "gru"}),
    "samples": (
        "text",
        {
            "sampling": "consecutive",
            "sequence_length": 7,
            "dropout": 0.2,
            "layers": 2,
            "samples": {"every": 1, "length": 9, "prefixes": ["ab", "b"]},
        },
    ),
    "momentum": (
        "pairs",
        {"input": "values", "optimiser": "sgd", "momentum": 0.9, "batch_size": 8, "learning_rate": 0.001},
    ),
    "RMSprop": ("pairs", {"input": "flat", "optimiser": "rmsprop", "momentum": 0.5, "batch_size": 2}),
    "no momentum, a schedule": ("pairs", {"input": "values", "optimiser": "sgd", "schedule": {"kind": "cosine"}}),
    "a refit": ("pairs", {"input": "values", "fit": ALL_ROWS, "batch_size": 8}),
    "a divergence": ("pairs", {"input": "values", "optimiser": "sgd", "learning_rate": 1e25, "epochs": 9}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_training_that_is_killed_several_times_ends_in_the_same_bytes(case, data, tmp_path):
    name, changes = CASES[case]
    fit = changes.get("fit", "train")
    params = model_params(**{"epochs": 4, **{key: value for key, value in changes.items() if key != "fit"}})
    undisturbed = loop.train_network(params, data[name], 1, fit)
    draws, kills = random.Random(case), 0
    while True:
        try:
            saver = Killing(tmp_path / "state.safetensors", draws.randrange(1, 12))
            found = loop.train_network(params, data[name], 1, fit, saver=saver)
            break
        except Killed:
            kills += 1
            assert kills < 500, "no progress between kills"
    assert kills > 1
    assert same(found, undisturbed)


def test_a_training_that_had_ended_is_not_run_again(data, tmp_path, monkeypatch):
    monkeypatch.setenv("PIPELINE_CHECKPOINTS", "0")  # it is always time to write
    saver = FileSaver(KeptFile(tmp_path / "state.safetensors"), "key", print)
    params, seen = model_params(batch_size=16), []
    first = loop.train_network(params, data["names"], 1, saver=saver)
    assert same(loop.train_network(params, data["names"], 1, on_epoch=seen.append, saver=saver), first)
    assert seen == []


def test_only_the_rest_of_an_epoch_is_trained(data, tmp_path, monkeypatch):
    params = model_params(batch_size=16, epochs=1)
    with pytest.raises(Killed):
        loop.train_network(params, data["names"], 1, saver=Killing(tmp_path / "state.safetensors", 2))
    steps, step = [], loop.train_step
    monkeypatch.setattr(loop, "train_step", lambda *args: steps.append(1) or step(*args))
    loop.train_network(params, data["names"], 1, saver=Killing(tmp_path / "state.safetensors", 0))
    batches = -(-data["names"].card.rows["train"] // 16)
    assert len(steps) == batches - 2


@pytest.fixture
def job(data, tmp_path, monkeypatch):
    """Return a job that writes a checkpoint after each step."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PIPELINE_CHECKPOINTS", "0")
    prepared.write(data["names"], tmp_path / "prepared")
    params = model_params(epochs=4, batch_size=16)
    return TrainingJob("toy", params, tmp_path / "prepared", 1, TRAIN, tmp_path / "state.safetensors")


def kill_at_epoch(epoch):
    def report(message):
        if isinstance(message, Progress) and message.step == epoch:
            raise Killed

    return report


def test_the_time_before_a_kill_counts(job, monkeypatch):
    cost, left = [0.0], [2]
    monkeypatch.setattr(run, "training_clock", lambda: lambda: cost[0])

    def report(message):
        if isinstance(message, Progress):
            cost[0] += 100
            left[0] -= 1
            if left[0] == 0:
                raise Killed

    with pytest.raises(Killed):
        run_job(job, LocalContext(report))
    cost[0] = 0.0
    assert run_job(job, LocalContext(report))[0].seconds == 100 + 300  # the end of the second epoch was not kept


@pytest.mark.parametrize(
    ("changes", "resumed"), [({}, True), ({"seeds": [1, 2]}, True), ({"epochs": 5}, False), ({"dropout": 0.1}, False)]
)
def test_a_training_is_resumed_if_all_that_decides_its_bytes_is_the_same(job, changes, resumed):
    with pytest.raises(Killed):
        run_job(job, LocalContext(kill_at_epoch(2)))
    messages = []
    run_job(replace(job, params=job.params.model_copy(update=changes)), LocalContext(messages.append))
    assert ("resumes from its checkpoint" in messages) == resumed


def test_the_cost_is_processor_time_on_the_cpu(monkeypatch):
    monkeypatch.setenv("PIPELINE_DEVICE", "cpu")
    assert determinism.training_clock() is time.process_time
