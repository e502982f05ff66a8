"""Recorded and replayed steps train as others do; here on the CPU, with a stand-in for CUDA graphs."""

import contextlib
import random
from functools import partial
from itertools import count

import numpy as np
import pytest
import torch

from pipeline import determinism
from pipeline.data.prepared import ALL_ROWS
from pipeline.params import load_params
from pipeline.tasks.examples import Rows, Stream
from pipeline.training import graphs, loop
from pipeline.training.graphs import RecordedSteps, record_steps
from tests.support import small
from tests.support.project import REPOSITORY
from tests.support.small import model_params
from tests.training.test_resuming import CASES, Killed, Killing, data, same  # noqa: F401  (a fixture)

PARAMS = load_params(REPOSITORY / "params.yaml")
NOT_ON_CPU = {"RMSprop"}  # torch's can be recorded on a GPU alone
OTHER_BYTES = {"momentum", "no momentum, a schedule", "a divergence"}  # SGD of a recorded step has another kernel


class StandIn:
    """Records as a GPU does: a recording takes no step, and a replay overwrites the results of all recordings."""

    def __init__(self, model, optimiser):
        self.model, self.optimiser, self.recorded = model, optimiser, []
        self.aside = contextlib.nullcontext

    def record(self, step):
        tensors = [*self.model.state_dict().values(), *self.optimiser.state().values()]
        before = [tensor.clone() for tensor in tensors], determinism.random_state(torch.device("cpu"))
        result = step()
        for tensor, value in zip(tensors, before[0], strict=True):
            tensor.copy_(value)
        determinism.restore_random_state(torch.device("cpu"), before[1])
        self.recorded.append(result)
        return partial(self.replay, step, result), result

    def replay(self, step, result):
        taken = flat(step())
        for other in self.recorded:
            for tensor in flat(other):
                tensor.fill_(7)
        for tensor, value in zip(flat(result), taken, strict=True):
            tensor.copy_(value)


def flat(result):
    loss, scored, state = result
    return [loss, scored, *(part for layer in state for part in layer)]


def record_on_cpu(step, optimiser, examples, device):
    steps = RecordedSteps(step, optimiser, device, StandIn(step.args[1], optimiser))
    # As exact as the number in its place; a GPU reads single precision.
    steps.learning_rate = optimiser.learning_rate_tensor = torch.zeros((), dtype=torch.float64)
    return steps


@pytest.mark.parametrize("case", [case for case in CASES if case not in NOT_ON_CPU])
def test_recorded_steps_give_the_same_bytes_also_if_the_training_is_stopped(case, data, tmp_path, monkeypatch):  # noqa: F811
    name, changes = CASES[case]
    params = model_params(**{"epochs": 3, **{key: value for key, value in changes.items() if key != "fit"}})
    train = partial(loop.train_network, params, data[name], 1, changes.get("fit", "train"))
    plain = train()
    monkeypatch.setattr(loop, "record_steps", record_on_cpu)
    undisturbed = train()
    assert case in OTHER_BYTES or same(undisturbed, plain)
    assert [epoch.train_loss for epoch in undisturbed.history] == pytest.approx(
        [epoch.train_loss for epoch in plain.history], rel=1e-5, nan_ok=True
    )
    draws = random.Random(case)
    for stops in count():
        try:
            found = train(saver=Killing(tmp_path / "state.safetensors", draws.randrange(1, 12)))
            break
        except Killed:
            assert stops < 500, "no progress between stops"
    assert stops
    assert same(found, undisturbed)


@pytest.mark.parametrize("name", PARAMS.models)
def test_every_model_of_params_gives_the_same_bytes_in_recorded_steps(name, monkeypatch):
    params, fit = PARAMS.models[name].model_copy(update={"epochs": 2}), ALL_ROWS
    prepared = small.stub(params.dataset, PARAMS.datasets[params.dataset])
    plain = loop.train_network(params, prepared, 1, fit)
    monkeypatch.setattr(loop, "record_steps", record_on_cpu)
    assert same(loop.train_network(params, prepared, 1, fit), plain)


def test_a_bounded_number_of_recordings_is_kept(data, monkeypatch):  # noqa: F811
    params, steps = model_params(batch_size=16, epochs=2), []

    def record(*args):
        steps.append(record_on_cpu(*args))
        return steps[-1]

    monkeypatch.setattr(loop, "record_steps", record)
    trained = loop.train_network(params, data["names"], 1)
    monkeypatch.setattr(graphs, "MOST", 2)
    assert same(loop.train_network(params, data["names"], 1), trained)
    assert [len(each.recorded) for each in steps] == [len(steps[0].recorded), 2]
    assert len(steps[0].recorded) > 2


def rows(lengths):
    return Rows(torch.zeros(len(lengths), 9), torch.zeros(len(lengths)), np.array(lengths))


@pytest.mark.parametrize(
    ("device", "examples", "recorded"),
    [
        ("cuda", rows([1, 2, 3] * 100), True),
        ("cuda", Stream(torch.zeros(9, dtype=torch.int32), 1), True),
        ("cuda", rows(range(graphs.MOST)), False),
        ("cpu", rows([1, 2, 3]), False),
    ],
)
def test_steps_are_recorded_on_a_gpu_unless_there_would_be_too_many(device, examples, recorded, monkeypatch):
    monkeypatch.setattr(graphs, "CudaRecorder", lambda: None)
    monkeypatch.setattr(graphs, "RecordedSteps", lambda *args: "recorded")
    step = object()
    assert record_steps(step, None, examples, torch.device(device)) == ("recorded" if recorded else step)
