"""Estimate the memory and the time of a training before it starts, from params and the shapes of prepared arrays.

Numbers of parameters are exact, those of operations nearly. Bytes and seconds are good within a factor of three for the
models of params.yaml: `python -m benchmarks.estimating` compares them with what is measured. torch is not imported.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.data.prepared import ALL_ROWS, TRAIN, Prepared
from pipeline.errors import ParamsError
from pipeline.execution import workers
from pipeline.params.models import ModelParams
from pipeline.training.run import fits
from pipeline.training.sizes import measure_network, width

MEMINFO = Path("/proc/meminfo")  # Linux
GIGABYTE = 10**9
FLOAT, INTEGER, INDEX = 4, 8, 2 * 8  # bytes; an index of a row, and what it is made from

LIBRARIES = 0.25 * GIGABYTE  # of a worker: Python and torch
BUFFERS = 0.02 * GIGABYTE  # that libraries allocate in a first step
WEIGHTS = 5  # copies of the weights: themselves, gradients, the best ones, and both in a checkpoint
OPTIMISER_STATE = {"sgd": 0, "rmsprop": 1, "adam": 2, "adamw": 2}  # numbers for each parameter, without momentum
OPTIMISER_COPIES = 3  # with those in a checkpoint, and in its bytes
READ_ROWS, READ_STREAMS = 1024, 64  # read at once without training, as in `tasks.batching`
KEPT_TO_READ = 1 / 3  # of what training keeps of a step

# Of one core, between those of a slow, busy processor and of a fast one: docs/performance.md has what was measured.
OPERATIONS_PER_SECOND = 2.5e10  # in matrix products
SECONDS_PER_BATCH = 1.6e-3
SECONDS_PER_STEP = 4e-5  # of a layer, forwards and backwards
SECONDS_PER_SYMBOL = 4e-4  # of a layer, of a text that is written


@dataclass(frozen=True)
class Reading:
    """Sequences that are read in an epoch: their number, their mean length and the longest, in steps."""

    sequences: int
    length: float
    longest: int


@dataclass(frozen=True)
class Estimate:
    """What one training needs, in bytes and in seconds on one core."""

    weights: float  # bytes, with gradients, the optimiser's state, and the copies of both
    batch: float  # bytes
    data: float  # bytes
    operations: float  # multiplications and additions in matrix products
    seconds: float

    @property
    def growth(self) -> float:
        """Return the bytes that a worker allocates while it trains."""
        return BUFFERS + self.weights + self.batch + self.data

    @property
    def memory(self) -> float:
        """Return the bytes of a worker."""
        return LIBRARIES + self.growth


def estimate_all(params: ModelParams, prepared: Prepared) -> list[Estimate]:
    """Return an estimate for each network of a model: of each fit from each seed."""
    return [estimate(params, prepared, fit) for fit in fits(prepared.card) for _ in params.seeds]


def estimate(params: ModelParams, prepared: Prepared, fit: str) -> Estimate:
    """Estimate the training of one network."""
    sizes = measure_network(params, prepared)
    train = _drawn(params, _measure_reading(params, prepared, ["train"] if fit == TRAIN else [*prepared.splits]))
    validation = _measure_reading(params, prepared, ["validation"] if fit == TRAIN else [])
    operations = params.epochs * sum(
        times * sizes.operations(read.sequences, read.sequences * read.length)
        for times, read in ((3, train), (1, validation))  # a backward pass has twice the products of a forward pass
    )
    batches = params.epochs * (math.ceil(train.sequences / params.batch_size) + 1)  # one for the validation rows
    seconds_per_batch = SECONDS_PER_BATCH + SECONDS_PER_STEP * sizes.layers * train.length
    state = OPTIMISER_STATE[params.optimiser] + bool(params.momentum)
    batch_steps = min(params.batch_size, train.sequences) * train.longest
    read_at_once = READ_STREAMS if params.sequence_length else READ_ROWS
    reading_steps = min(read_at_once, validation.sequences) * validation.longest
    return Estimate(
        weights=FLOAT * sizes.parameters * (WEIGHTS + OPTIMISER_COPIES * state),
        batch=FLOAT * sizes.kept * max(batch_steps, KEPT_TO_READ * reading_steps) + INDEX * train.sequences,
        data=_measure_data(params, prepared, fit),
        operations=operations,
        seconds=operations / OPERATIONS_PER_SECOND
        + batches * seconds_per_batch
        + _sampling_seconds(params, sizes.layers),
    )


def _sampling_seconds(params: ModelParams, layers: int) -> float:
    """Return the seconds of the samples that a network writes while it is trained."""
    if params.samples is None:
        return 0.0
    count = params.epochs // params.samples.every * len(params.samples.prefixes)
    return SECONDS_PER_SYMBOL * layers * count * params.samples.length


def check_memory(name: str, estimates: Sequence[Estimate]) -> None:
    """Refuse a training that needs more memory than is available here; on a cluster, its workers' limits are Dask's.

    Raises:
        ParamsError: with the key that decides it, or with the number of workers that the memory is enough for.
    """
    if workers.cluster() is not None:
        return
    largest, at_once = max(estimates, key=lambda each: each.memory), workers.count_workers(len(estimates))
    available = _available_memory()
    if at_once * largest.memory <= available:
        return
    found = f"each of {len(estimates)} trainings needs about {largest.memory / GIGABYTE:.1f} GB of memory"
    found += f", {at_once} run at once, and {available / GIGABYTE:.1f} GB are available"
    fitting = int(available / largest.memory)
    cure = (f"set {workers.WORKERS} to {fitting}, or " if fitting else "") + "choose a smaller one"
    raise ParamsError(f"params.yaml: models.{name}.{_deciding_key(largest)}: {found}; {cure}")


def wall_seconds(estimates: Sequence[Estimate]) -> float:
    """Return how long trainings take side by side: on a cluster, whose size is not known here, all of them at once."""
    seconds = [each.seconds for each in estimates]
    if workers.cluster() is not None:
        return max(seconds)
    at_once = min(workers.cores(), workers.count_workers(len(estimates)))
    return max(max(seconds), sum(seconds) / at_once)


def _deciding_key(needed: Estimate) -> str:
    """Return the key of a model's block that most of the memory comes from."""
    parts = {"hidden_size": needed.weights, "batch_size": needed.batch, "dataset": needed.data}
    return max(parts, key=lambda key: parts[key])


def _available_memory() -> float:
    """Return the bytes that can be allocated without swapping; infinite where the system does not say."""
    if not MEMINFO.exists():
        return math.inf
    fields = dict(line.split(":") for line in MEMINFO.read_text().splitlines())
    return int(fields["MemAvailable"].split()[0]) * 1024  # it is in kibibytes


def _measure_reading(params: ModelParams, prepared: Prepared, splits: Sequence[str]) -> Reading:
    rows = sum(prepared.card.rows[split] for split in splits)
    if length := params.sequence_length:
        return Reading(math.ceil(rows / length), length, length)
    if params.input == "flat":
        return Reading(rows, 1, 1)
    if params.window:
        return Reading(rows, params.window, params.window)
    unread = prepared.card.task == "next-symbol"  # the last symbol of a row
    longest = max((width(prepared, split) for split in splits), default=0)
    steps = sum(_count_steps(prepared, split) for split in splits)
    return Reading(rows, steps / max(rows, 1) - unread, longest - unread)


def _drawn(params: ModelParams, read: Reading) -> Reading:
    """Return what an epoch of drawn rows reads, if the params say how many steps it has."""
    steps = params.steps_per_epoch
    return read if steps is None else replace(read, sequences=steps * params.batch_size)


def _count_steps(prepared: Prepared, split: str) -> int:
    lengths = prepared.splits[split].get("lengths")
    return prepared.card.rows[split] * width(prepared, split) if lengths is None else int(lengths.sum())


def _measure_data(params: ModelParams, prepared: Prepared, fit: str) -> float:
    """Return the bytes of the examples, and of the temporary arrays that they are made of."""
    splits = [*prepared.splits] if fit == ALL_ROWS else ["train", "validation"]
    numbers = sum(array.size for split in splits for array in prepared.splits[split].values())
    return 2 * INTEGER * numbers * (params.window or 1)
