"""Compare the rate of arithmetic in training with the most that a core can do, and say where the rest goes."""

import os
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

from benchmarks.epoch import MODELS as SOME
from benchmarks.epoch import read_model
from benchmarks.measured import Goal, Measured
from benchmarks.turns import Loop, Run, once, processor_seconds, take_turns

TITLE = "The limit of a core"
ABOUT = """\
The floating-point operations of training steps (those of all matrix products, three times as many as of a forward
pass) over the processor time of the steps, as a share of the rate of one large product of matrices in torch's own
kernels, on one thread and in turns. Then where the time goes, by torch's profiler: in products (with the whole of
oneDNN's LSTM), other operations on tensors, the loss, clipping of the gradient, the optimiser, and Python with the
calls themselves. The profiler makes short calls longer, so the parts show an order more than a measure.
"""
NOTES = """\
A loss in one function with its gradient would gain a part of its column at most, which is small for every network. What
small networks lose are calls: those of Python, and of operations on few numbers.
"""

ROUNDS = 5
STEPS, QUICK_STEPS = 60, 2
SIZE = 2048  # of the large product's matrices
GOAL = 80.0  # per cent
LARGE = "text-lstm, batches of 64 x 64"
MODELS = {**SOME, LARGE: ("text-lstm", {"batch_size": 64, "sequence_length": 64})}
QUICK = "binary-rnn"

PARTS = ("products", "other operations", "loss", "clipping", "optimiser", "Python")
# Parts by what a name of torch's events contains; those of clipping and optimiser are spans.
PRODUCTS = ("products", "mm", "matmul", "mkldnn", "linear", "aten::mv", "aten::dot", "onednn")
LOSS = ("log_softmax", "nll_loss", "mse_loss", "cross_entropy")


def measure(quick: bool = False) -> Measured:
    """Measure the share and the parts of each model."""
    names = [QUICK] if quick else [*MODELS]
    rows = [_measure_model(name, *((1, QUICK_STEPS) if quick else (ROUNDS, STEPS))) for name in names]
    columns = ("model", "ms a step", "GFLOP/s", "of a product", "share, %", *(f"{part}, %" for part in PARTS))
    return Measured(columns, tuple(rows), _goals({str(row[0]): float(row[4]) for row in rows}, rows))


def _measure_model(name: str, rounds: int, steps: int) -> tuple[str | float, ...]:
    loops = {"steps": Loop("limit", "our_steps", (name, str(steps))), "product": Loop("limit", "product", (), "native")}
    times = take_turns(loops, rounds)
    second, found = statistics.median(times["steps"]), once(Loop("limit", "look_inside", (name, str(steps))))
    rate, most = found["operations"] / second / 1e9, 2 * SIZE**3 / statistics.median(times["product"]) / 1e9
    return (name, 1000 * second, rate, most, 100 * rate / most, *(found[part] for part in PARTS))


def _goals(shares: Mapping[str, float], rows: Iterable[tuple[str | float, ...]]) -> tuple[Goal, ...]:
    """Return the goals for the largest network, and for the least of all."""
    goals = []
    for wanted, name in ((f"for {LARGE}", LARGE), ("for each model", min(shares, key=lambda name: shares[name]))):
        if name in shares:
            reason = "" if shares[name] >= GOAL else _describe_rest(next(row for row in rows if row[0] == name))
            goals.append(Goal(f"at least {GOAL:.0f} % {wanted}", shares[name], shares[name] >= GOAL, "%", reason))
    return tuple(goals)


def _describe_rest(row: tuple[str | float, ...]) -> str:
    """Return how fast a model's own products are, and the largest parts of its time besides them."""
    parts = sorted(
        ((float(row[5 + place]), part) for place, part in enumerate(PARTS) if part != "products"), reverse=True
    )
    name, share, products = row[0], float(row[4]), float(row[5])
    return (
        f"In {name}, products take {products:.0f} % of the time, at {100 * share / products:.0f} % of the rate of the "
        f"large one, as they are one for each step in time; most of the rest is {parts[0][1]} ({parts[0][0]:.0f} %) "
        f"and {parts[1][1]} ({parts[1][0]:.0f} %)."
    )


def product() -> Run:
    """Return what multiplies two large matrices, in processor seconds."""
    import torch

    one, other = torch.rand(2, SIZE, SIZE)
    return lambda: processor_seconds(lambda: one @ other)


def our_steps(name: str, steps: str) -> Run:
    """Return what takes some training steps, in processor seconds of one."""
    take, batches = _prepare_steps(name, int(steps))
    return lambda: processor_seconds(take) / len(batches)


def look_inside(name: str, steps: str) -> Callable[[], dict[str, float]]:
    """Return what counts the operations of a step on average, and the parts of its time in per cent."""
    from pipeline.training.sizes import measure_network

    take, batches = _prepare_steps(name, int(steps))
    sizes = measure_network(*read_model(name, MODELS))
    operations = sum(3 * sizes.operations(len(batch.inputs), batch.inputs.numel()) for batch in batches) / len(batches)
    return lambda: {"operations": operations, **profile_parts(take)}


def _prepare_steps(name: str, steps: int) -> tuple[Callable[[], None], list[Any]]:
    """Return what takes our training steps on some batches, spans of its parts included, and the batches."""
    import torch

    from benchmarks.loops import our_trainer
    from pipeline.tasks.batching import training_batches

    trainer = our_trainer(*read_model(name, MODELS), name)
    batches = list(islice(training_batches(trainer.train, trainer.params, torch.Generator().manual_seed(1)), steps))
    trainer.optimiser.clip_gradients = _span("clipping", trainer.optimiser.clip_gradients)  # type: ignore[method-assign]
    trainer.optimiser.step = _span("optimiser", trainer.optimiser.step)  # type: ignore[method-assign]

    def take() -> None:
        state = None
        for batch in batches:
            _, _, state = trainer.take_step(batch, state)

    take()
    return take, batches


def _span(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that the profiler shows under a name."""
    from torch.profiler import record_function

    def spanned(*args: Any, **options: Any) -> Any:
        with record_function(name):
            return function(*args, **options)

    return spanned


def profile_parts(take: Callable[[], None]) -> dict[str, float]:
    """Return the share of each part in per cent."""
    from torch.profiler import ProfilerActivity, profile

    with standard_error_dropped(), numpy_products_shown(), profile(activities=[ProfilerActivity.CPU]) as profiler:
        _span("all", take)()
    microseconds: dict[str, float] = defaultdict(float)
    for event in profiler.events() or ():
        microseconds[part_of(_names(event))] += event.self_cpu_time_total
    total = sum(microseconds.values())
    return {part: 100 * microseconds[part] / total for part in PARTS}


@contextmanager
def standard_error_dropped() -> Iterator[None]:
    """Drop what libraries write there, as torch's profiler does of its start and end."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def numpy_products_shown() -> Iterator[None]:
    """Let the profiler show NumPy's products, which ours are."""
    import numpy as np

    dot = np.dot
    np.dot = _span("products", dot)
    try:
        yield
    finally:
        np.dot = dot


def _names(event: Any) -> list[str]:
    """Return the name of an event and of those that it happened in, itself first."""
    names = []
    while event is not None:
        names.append(event.name)
        event = event.cpu_parent
    return names


def part_of(names: list[str]) -> str:
    """Return the part that the time of an event itself belongs to."""
    for span in ("clipping", "optimiser"):
        if span in names:
            return span
    if any(word in names[0] for word in PRODUCTS):
        return "products"
    if any(word in names[0] for word in LOSS):
        return "loss"
    return "other operations" if names[0].startswith("aten::") else "Python"
