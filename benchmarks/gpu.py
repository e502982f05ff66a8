"""Compare training on a GPU with a plain torch loop there, and with the CPU: `python -m benchmarks.gpu`.

An epoch of each loop is timed in turns. Printed are the median milliseconds of an epoch: of this project's loop; of a
plain loop with cuDNN and torch's defaults (TF32, kernels that may vary), and of the same one in full, repeatable
precision; of this project's steps as CUDA graphs; and of this project's loop on one core of the CPU. The kernels of
a step are those that run on the GPU, counted by torch's profiler. Without a GPU only the CPU's times are printed.
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
    "text-lstm-large": ("text-lstm", {"hidden_size": 512, "batch_size": 128, "sequence_length": 64}),
    "lyrics-gru": ("lyrics-gru", {}),
    "names-lstm": ("names-lstm", {}),
    "vowels-rnn": ("vowels-rnn", {}),
    "binary-rnn": ("binary-rnn", {}),
}
WARM_UP = 4  # epochs; in the first, libraries choose their kernels, and graphs are captured
COLUMNS = ("ours", "plain", "plain exact", "graphs", "cpu")
LINE = "{:16} {:>6}" + " {:>11}" * len(COLUMNS) + " {:>10} {:>9} {:>9} {:>8} {:>8}"
HEAD = ("model", "steps", *COLUMNS, "ours/plain", "cpu/ours", "ours/gr.", "kernels", "of plain")


@click.command()
@click.option("--models", multiple=True, type=click.Choice([*MODELS]), help="Only this one; may be repeated.")
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1), help="Epochs of each loop.")
@click.option("--cpu/--no-cpu", default=True, help="Whether the CPU is timed.")
@click.option("--json", "path", type=click.Path(dir_okay=False, path_type=Path), help="Write all numbers there too.")
@reports_errors
def main(models: Sequence[str], rounds: int, cpu: bool, path: Path | None) -> None:
    """Compare the time of an epoch on a GPU with that of a plain torch loop, and of the CPU."""
    import torch

    found = []
    click.echo(f"torch {torch.__version__}, {describe_device()}; milliseconds of an epoch, kernels of a step")
    click.echo(LINE.format(*HEAD))
    for name in models or MODELS:
        found.append(measure(name, rounds, cpu))
        click.echo(format_line(found[-1]))
    if path:
        path.write_text(
            json.dumps({"device": describe_device(), "torch": torch.__version__, "models": found}, indent=1)
        )


def measure(name: str, rounds: int, cpu: bool) -> dict[str, Any]:
    """Return the median milliseconds of an epoch of each loop, and the kernels of a step."""
    import torch

    params, prepared = read_model(name)
    result: dict[str, Any] = {"model": name}
    if torch.cuda.is_available():
        result |= measure_gpu(name, params, prepared, rounds)
    if cpu:
        result |= measure_cpu(name, params, prepared)
    return result


def measure_gpu(name: str, params: ModelParams, prepared: Prepared, rounds: int) -> dict[str, Any]:
    """Time the loops of the GPU in turns; the graphs must give nearly the losses of our loop."""
    from benchmarks import gpu_loops as loops

    os.environ[DEVICE] = "cuda"
    trainer = loops.our_trainer(params, prepared, name)
    graphs = loops.Graphs(loops.our_trainer(params, prepared, name))
    ours, exact, plain = loops.our_loop(trainer), loops.plain_loop(trainer), loops.plain_loop(trainer)

    def defaults() -> float:
        with loops.torch_defaults():
            return plain()

    runs = {"ours": ours, "plain": defaults, "plain exact": exact, "graphs": graphs.run_epoch}
    losses, failed = {}, ""
    for key in [*runs]:
        try:
            losses[key] = [runs[key]() for _ in range(WARM_UP)]
        except RuntimeError as error:  # one loop that cannot run leaves the others to be measured
            failed += f"{key}: {error}".splitlines()[0]
            del runs[key]
    times: dict[str, list[float]] = {key: [] for key in runs}
    for _ in range(rounds):
        for key, run in runs.items():
            times[key].append(seconds(run))
    steps = loops.count_steps(trainer)
    counted = {f"kernels {key}": count_kernels(runs[key]) / steps for key in ("ours", "plain") if key in runs}
    return {"steps": steps, **milliseconds(times), **counted, "losses": losses, "failed": failed}


def measure_cpu(name: str, params: ModelParams, prepared: Prepared) -> dict[str, Any]:
    """Time our loop on the CPU."""
    from benchmarks import gpu_loops as loops

    os.environ[DEVICE] = "cpu"
    trainer = loops.our_trainer(params, prepared, name)
    run = loops.our_loop(trainer)
    times = [seconds(run) for _ in range(2)]
    return {"steps": loops.count_steps(trainer), **milliseconds({"cpu": times[1:]})}


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
    """Return how many kernels an epoch runs on the GPU, copies and fills with a value aside."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CUDA]) as profiler:
        run()
    on_gpu = [event.name for event in profiler.events() or () if event.device_type.name == "CUDA"]
    return sum(not name.startswith(("Memcpy", "Memset")) for name in on_gpu)


def format_line(found: Mapping[str, Any]) -> str:
    """Return a line of the table; a dash where nothing was measured."""
    times = [format_number(found.get(column), 1) for column in COLUMNS]
    pairs = (("ours", "plain"), ("cpu", "ours"), ("ours", "graphs"))
    ratios = [format_number(found[one] / found[other], 2) if {one, other} <= {*found} else "-" for one, other in pairs]
    kernels = [format_number(found.get(f"kernels {key}"), 0) for key in ("ours", "plain")]
    line = LINE.format(found["model"], found["steps"], *times, *ratios, *kernels)
    return f"{line}  {found['failed']}" if found.get("failed") else line


def format_number(value: float | None, digits: int) -> str:
    """Return a number with so many digits after the point, or a dash for none."""
    return "-" if value is None else f"{value:.{digits}f}"


if __name__ == "__main__":
    main()
