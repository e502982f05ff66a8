"""Compare training on a GPU with a plain torch loop there, and with the CPU.

The kernels of a step are those that run on the GPU, counted by torch's profiler.
"""

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.measured import Goal, Measured, NotHereError
from benchmarks.stepping import read_or_prepare
from pipeline.data.prepared import Prepared
from pipeline.determinism import DEVICE
from pipeline.params import find_block, load_params
from pipeline.params.models import ModelParams

TITLE = "On a GPU"
ABOUT = """\
An epoch on a GPU, in turns: our loop, which launches a step as one CUDA graph; the same without graphs; a plain torch
loop with cuDNN and torch's defaults (TF32, kernels that may vary). Then once, our loop on one core of that machine's
processor. Milliseconds by the clock, ratios to ours, and the kernels that a step launches without graphs.
"""
NOTES = """\
- **Graphs** gain most where a step is bound by launches. The weights have the same bytes with and without graphs.
  Recording is part of the first epoch, which is not counted.
- **Cells without a kernel of their own**, such as `scratch`, are computed step by step in time; a GPU gains little.
"""

# Models of params.yaml, and what is changed there: large and small ones, of each kind of input.
MODELS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "text-lstm": ("text-lstm", {}),
    "lyrics-scratch": ("lyrics-scratch", {}),
    "lyrics-gru": ("lyrics-gru", {}),
    "names-lstm": ("names-lstm", {}),
    "binary-rnn": ("binary-rnn", {}),
    "text-lstm-large": ("text-lstm", {"hidden_size": 512, "batch_size": 128, "sequence_length": 64}),
}
REASON = """\
A cell without a kernel of its own is as many small kernels in either loop, and ours computes their products in full \
single precision."""
WARM_UP = 2  # epochs; in the first, libraries choose their kernels, and graphs are recorded
ROUNDS = 3
PROFILED = 20  # steps whose kernels are counted
LOOPS = ("ours", "no graphs", "plain", "cpu")
COLUMNS = (
    "model",
    "steps",
    *(f"{loop}, ms" for loop in LOOPS),
    *(f"{loop} / ours" for loop in LOOPS[1:]),
    "kernels of a step",
    "same bytes without graphs",
)


def measure(quick: bool = False) -> Measured:
    """Time all models, or one epoch of the smallest."""
    import torch

    if not torch.cuda.is_available():
        raise NotHereError("no GPU here")
    found = [measure_model("binary-rnn", 1)] if quick else [measure_model(name, ROUNDS) for name in MODELS]
    least = min(model["plain"] / model["ours"] for model in found)
    goal = Goal("plain over ours above 1.0 for each model", least, least > 1, reason="" if least > 1 else REASON)
    return Measured(COLUMNS, tuple(map(_row, found)), (goal,))


def _row(found: Mapping[str, Any]) -> tuple[str | float, ...]:
    times = [found[loop] for loop in LOOPS]
    same = "yes" if found["same bytes without graphs"] else "no"
    return (found["model"], found["steps"], *times, *(time / times[0] for time in times[1:]), found["kernels"], same)


def measure_model(name: str, rounds: int) -> dict[str, Any]:
    """Return the median milliseconds of an epoch of each loop, the losses, and the kernels of a step."""
    params, prepared = read_model(name)
    return {"model": name, **measure_gpu(name, params, prepared, rounds), **measure_cpu(name, params, prepared)}


def measure_gpu(name: str, params: ModelParams, prepared: Prepared, rounds: int) -> dict[str, Any]:
    """Time the loops of the GPU in turns."""
    import torch

    from benchmarks import loops

    os.environ[DEVICE] = "cuda"
    trainer, without = (loops.our_trainer(params, prepared, name, graphs) for graphs in (True, False))
    plain = loops.plain_loop(trainer)
    runs = {"ours": loops.our_loop(trainer), "no graphs": loops.our_loop(without), "plain": plain}
    losses, first = {}, {}
    for key, run in runs.items():
        torch.manual_seed(1)  # the same dropout in each
        started = time.perf_counter()
        losses[key] = [run()]
        first[f"{key}, first epoch"] = 1000 * (time.perf_counter() - started)
        losses[key] += [run() for _ in range(1, WARM_UP)]
    same = loops.same_weights(trainer, without)
    times: dict[str, list[float]] = {key: [] for key in runs}
    for _ in range(rounds):
        for key, run in runs.items():
            times[key].append(seconds(run))
    steps = loops.count_steps(trainer)
    few = min(PROFILED, steps)
    counted = {
        "kernels": count_kernels(lambda: loops.take_steps(without, few)) / few,
        "graphs": loops.count_graphs(trainer),
    }
    return {
        "steps": steps,
        **milliseconds(times),
        **first,
        **counted,
        "same bytes without graphs": same,
        "losses": losses,
    }


def measure_cpu(name: str, params: ModelParams, prepared: Prepared) -> dict[str, Any]:
    """Time an epoch of our loop on the CPU."""
    from benchmarks import loops

    os.environ[DEVICE] = "cpu"
    trainer = loops.our_trainer(params, prepared, name)
    loops.take_steps(trainer, 2)  # libraries start
    return {"steps": loops.count_steps(trainer), **milliseconds({"cpu": [seconds(loops.our_loop(trainer))]})}


def read_model(name: str) -> tuple[ModelParams, Prepared]:
    """Return the params of a model, and its data set."""
    block, changes = MODELS[name]
    known = load_params()
    base = find_block(known.models, block, "models").model_dump()
    params = ModelParams.model_validate(base | changes)
    return params, read_or_prepare(params.dataset, known.datasets[params.dataset])


def seconds(run: Callable[[], object]) -> float:
    """Time an epoch; each waits for the GPU at its end."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def milliseconds(times: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return the median of each loop's times."""
    return {key: 1000 * statistics.median(of) for key, of in times.items()}


def count_kernels(run: Callable[[], object]) -> int:
    """Return how many kernels run on the GPU, copies and fills with a value aside."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CUDA], acc_events=True) as profiler:
        run()
    on_gpu = [event.name for event in profiler.events() or () if event.device_type.name == "CUDA"]
    return sum(not name.startswith(("Memcpy", "Memset")) for name in on_gpu)
