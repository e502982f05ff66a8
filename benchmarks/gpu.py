"""Compare training on a GPU with a plain torch loop there, and with the CPU: `python -m benchmarks.gpu`.

An epoch of each loop is timed in turns. Printed are the median milliseconds of an epoch: of this project's loop, whose
steps are CUDA graphs; of the same one without graphs; of a plain loop with cuDNN and torch's defaults (TF32, kernels
that may vary); and of one epoch of this project's loop on one core of the CPU. The kernels of a step are those that run
on the GPU, counted by torch's profiler. Without a GPU only the CPU's times are printed.
"""

import json
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from benchmarks.stepping import read_or_prepare
from pipeline.data.prepared import Prepared
from pipeline.determinism import DEVICE, describe_device
from pipeline.params import find_block, load_params
from pipeline.params.models import ModelParams
from stages.command import reports_errors

# Models of params.yaml, and what is changed there: large and small ones, of each kind of input.
MODELS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "text-lstm": ("text-lstm", {}),
    "lyrics-scratch": ("lyrics-scratch", {}),
    "lyrics-gru": ("lyrics-gru", {}),
    "names-lstm": ("names-lstm", {}),
    "binary-rnn": ("binary-rnn", {}),
    "text-lstm-large": ("text-lstm", {"hidden_size": 512, "batch_size": 128, "sequence_length": 64}),
}
WARM_UP = 2  # epochs; in the first, libraries choose their kernels, and graphs are recorded
PROFILED = 20  # steps whose kernels are counted
COLUMNS = ("ours", "no graphs", "plain", "cpu")
RATIOS = (("no graphs", "ours"), ("plain", "ours"), ("cpu", "ours"))
LINE = "{:16} {:>6}" + " {:>10}" * len(COLUMNS) + " {:>14}" * len(RATIOS) + " {:>8} {:>8} {:>7}"
HEAD = ("model", "steps", *COLUMNS, *map("/".join, RATIOS), "kernels", "of plain", "graphs")


@click.command()
@click.option("--models", multiple=True, type=click.Choice([*MODELS]), help="Only this one; may be repeated.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1), help="Epochs of each loop.")
@click.option("--cpu/--no-cpu", default=True, help="Whether the CPU is timed.")
@click.option("--json", "path", type=click.Path(dir_okay=False, path_type=Path), help="Write all numbers there too.")
@reports_errors
def main(models: Sequence[str], rounds: int, cpu: bool, path: Path | None) -> None:
    """Compare the time of an epoch on a GPU with that of a plain torch loop, and of the CPU."""
    import torch

    about = {"device": describe_device(), "torch": torch.__version__, "cudnn": torch.backends.cudnn.version()}  # type: ignore[no-untyped-call]
    found: list[dict[str, Any]] = []
    click.echo(f"torch {torch.__version__}, {describe_device()}; milliseconds of an epoch, kernels of a step")
    click.echo(LINE.format(*HEAD))
    for name in models or MODELS:
        found.append(measure(name, rounds, cpu))
        click.echo(format_line(found[-1]))
        if path:  # after each model, for a run that is cut short
            path.write_text(json.dumps({**about, "models": found}, indent=1), encoding="utf-8")


def measure(name: str, rounds: int, cpu: bool) -> dict[str, Any]:
    """Return a model's params, the median milliseconds of an epoch of each loop, and the kernels of a step."""
    import torch

    params, prepared = read_model(name)
    shown = ("cell", "layers", "hidden_size", "batch_size", "sequence_length", "optimiser")
    result: dict[str, Any] = {"model": name, "params": {key: getattr(params, key) for key in shown}}
    if torch.cuda.is_available():
        result |= measure_gpu(name, params, prepared, rounds)
    if cpu:
        result |= measure_cpu(name, params, prepared)
    pairs = [(one, other) for one, other in RATIOS if {one, other} <= {*result}]
    return result | {f"{one}/{other}": result[one] / result[other] for one, other in pairs}


def measure_gpu(name: str, params: ModelParams, prepared: Prepared, rounds: int) -> dict[str, Any]:
    """Time the loops of the GPU in turns."""
    import torch

    from benchmarks import gpu_loops as loops

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
        "kernels of plain": count_kernels(lambda: plain(few)) / few,
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
    from benchmarks import gpu_loops as loops

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

    with profile(activities=[ProfilerActivity.CUDA]) as profiler:
        run()
    on_gpu = [event.name for event in profiler.events() or () if event.device_type.name == "CUDA"]
    return sum(not name.startswith(("Memcpy", "Memset")) for name in on_gpu)


def format_line(found: Mapping[str, Any]) -> str:
    """Return a line of the table; a dash where nothing was measured."""
    times = [format_number(found.get(column), 1) for column in COLUMNS]
    ratios = [format_number(found.get("/".join(pair)), 2) for pair in RATIOS]
    counts = [format_number(found.get(key), 0) for key in ("kernels", "kernels of plain", "graphs")]
    return LINE.format(found["model"], found["steps"], *times, *ratios, *counts)


def format_number(value: float | None, digits: int) -> str:
    """Return a number with so many digits after the point, or a dash for none."""
    return "-" if value is None else f"{value:.{digits}f}"


if __name__ == "__main__":
    main()
