"""What a training needs is estimated before it starts: exactly where it can be, else within a factor of three."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from pipeline.data.prepared import ALL_ROWS, TRAIN
from pipeline.execution import workers
from pipeline.models.network import count_parameters
from pipeline.params import load_params
from pipeline.tasks import batching
from pipeline.training import estimate
from pipeline.training.sizes import measure_network
from tests.support import small
from tests.support.project import REPOSITORY

CELLS = ["linear", "scratch", "rnn", "rnn-relu", "gru", "lstm"]
SHIPPED = load_params(REPOSITORY / "params.yaml")


@pytest.fixture(scope="module")
def stubs():
    """Return small data of the same kind as the shipped data sets."""
    return {name: small.stub(name, block) for name, block in SHIPPED.datasets.items()}


@pytest.mark.parametrize("name", SHIPPED.models)
def test_parameters_are_counted_exactly(stubs, name):
    params = SHIPPED.models[name]
    prepared = stubs[params.dataset]
    counted = count_parameters(small.network(params, prepared))
    assert measure_network(params, prepared).parameters == counted


@pytest.mark.parametrize(
    "changes", [{"bidirectional": True, "layers": 2}, {"head": "linear-relu"}, {"input": "flat", "layers": 2}]
)
@pytest.mark.parametrize("cell", CELLS)
def test_parameters_are_counted_exactly_for_every_cell(pairs, cell, changes):
    params = small.model_params(**{"cell": cell, "input": "values"} | changes)
    counted = count_parameters(small.network(params, pairs))
    assert measure_network(params, pairs).parameters == counted


@pytest.mark.parametrize("changes", [{}, {"bidirectional": True, "layers": 2}, {"input": "embedding"}])
@pytest.mark.parametrize("cell", CELLS)
def test_operations_are_those_that_torch_counts(names, cell, changes):
    """torch runs the cells in double precision itself, so that its counter sees each product."""
    embedding = {"embedding_size": 3} if "input" in changes else {}
    params = small.model_params(cell=cell, **changes, **embedding)
    model = small.network(params, names).double()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.ones(7, 5, dtype=torch.int64))
    assert measure_network(params, names).operations(7, 7 * 5) == counter.get_total_flops()


def test_a_backward_pass_has_twice_the_products_of_a_forward_pass(pairs):
    params = small.model_params(cell="rnn", input="values", epochs=3)
    rows, forward = pairs.card.rows, measure_network(params, pairs).operations
    found = estimate.estimate(params, pairs, TRAIN).operations
    read = [forward(rows[split], 2 * rows[split]) for split in ("train", "validation")]
    assert found == 3 * (3 * read[0] + read[1])
    assert estimate.estimate(params, pairs, ALL_ROWS).operations == 9 * forward(64, 128)
    flat = params.model_copy(update={"input": "flat"})
    assert estimate.estimate(flat, pairs, ALL_ROWS).operations == 9 * measure_network(flat, pairs).operations(64, 64)


def test_drawn_rows_are_counted_by_steps(pairs):
    params = small.model_params(cell="rnn", input="values", sampling="drawn", steps_per_epoch=50, batch_size=3)
    forward = measure_network(params, pairs).operations
    assert estimate.estimate(params, pairs, ALL_ROWS).operations == 2 * 3 * forward(150, 300)
    assert estimate.estimate(params, pairs, ALL_ROWS).seconds > 100 * estimate.SECONDS_PER_BATCH
    more = params.model_copy(update={"steps_per_epoch": 10**6})
    assert estimate.estimate(more, pairs, TRAIN).memory > 3 * 8 * 10**6  # an index for each draw


def test_texts_that_are_written_take_time():
    text = small.text("ab" * 100)
    params = small.model_params(sampling="random", sequence_length=5, epochs=10)
    asked = small.model_params(**params.model_dump() | {"samples": {"every": 2, "length": 50, "prefixes": ["a", "b"]}})
    more = estimate.estimate(asked, text, TRAIN).seconds - estimate.estimate(params, text, TRAIN).seconds
    assert more == pytest.approx(5 * 2 * 50 * estimate.SECONDS_PER_SYMBOL)


def test_as_many_rows_are_read_at_once_as_are_estimated():
    assert (estimate.READ_ROWS, estimate.READ_STREAMS) == (batching.READ_ROWS, batching.READ_STREAMS)


@pytest.mark.parametrize("name", ["words-gru", "binary-lstm", "names-linear", "sales-lstm"])
def test_memory_is_estimated_within_a_factor_of_three(name):
    command = [sys.executable, "-m", "benchmarks.estimating", name, "--epochs", "1"]
    done = subprocess.run(command, cwd=REPOSITORY, env=os.environ, capture_output=True, text=True, check=True)
    expected, measured = map(float, done.stdout.splitlines()[1].split()[1:3])
    assert measured / 3 < expected < measured * 3


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Return a function that sets the available gigabytes of a machine with four workers."""

    def machine(gigabytes):
        (tmp_path / "meminfo").write_text(f"MemTotal: 99 kB\nMemAvailable: {int(gigabytes * 10**9 / 1024)} kB\n")
        monkeypatch.setattr(estimate, "MEMINFO", tmp_path / "meminfo")
        monkeypatch.setenv(workers.WORKERS, "4")

    return machine


@pytest.mark.parametrize(
    ("changes", "gigabytes", "key", "cure"),
    [
        ({"hidden_size": 60000}, 64, "hidden_size", "64.0 GB are available; choose a smaller one"),
        ({"batch_size": 10**6, "hidden_size": 4000}, 2, "hidden_size", "choose a smaller one"),
        ({"seeds": [1, 2, 3]}, 0.6, "", "set PIPELINE_WORKERS to 2, or choose a smaller one"),
    ],
)
def test_a_training_that_needs_more_memory_is_refused(names, machine, error_of, changes, gigabytes, key, cure):
    machine(gigabytes)
    estimates = estimate.estimate_all(small.model_params(**changes), names)
    message = error_of(estimate.check_memory, "huge", estimates)
    assert message.startswith(f"params.yaml: models.huge.{key}")
    assert message.endswith(cure)


def test_a_large_batch_is_the_key_where_its_numbers_need_most(machine, error_of):
    machine(1)
    text = small.text("ab" * 50_000)
    params = small.model_params(sampling="random", sequence_length=50, batch_size=1000, hidden_size=500)
    message = error_of(estimate.check_memory, "wide", estimate.estimate_all(params, text))
    assert message.startswith("params.yaml: models.wide.batch_size: ")


def test_a_training_that_fits_is_not_refused(names, machine):
    machine(2)
    estimate.check_memory("names", estimate.estimate_all(small.model_params(), names))


def test_trainings_side_by_side_take_the_time_of_a_worker_each(names, monkeypatch):
    monkeypatch.setattr(workers, "cores", lambda: 2)
    monkeypatch.setenv(workers.WORKERS, "4")
    estimates = estimate.estimate_all(small.model_params(seeds=[1, 2, 3, 4]), names)
    assert len(estimates) == 4
    assert np.isclose(estimate.wall_seconds(estimates), 2 * estimates[0].seconds)
    assert np.isclose(estimate.wall_seconds(estimates[:1]), estimates[0].seconds)
