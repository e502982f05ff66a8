"""Compare a step at batch 1 with one of a plain torch loop: `python -m benchmarks.batch_one`.

The networks are those of published recipes. The loop of this project and the one of `benchmarks.plain_torch` train on
the same rows in turns, each in a process of its own, on one thread; the plain one with torch's own kernels. Printed
are the median times of a step, and the ratio of ours to plain.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import click

from benchmarks.stepping import read_or_prepare
from pipeline.data.prepared import ALL_ROWS, Prepared
from pipeline.determinism import KERNELS, PORTABLE_KERNELS
from pipeline.params import find_block, load_params
from pipeline.params.models import ModelParams
from stages.command import reports_errors

ROWS = 100  # of a data set that are read: an epoch; more would only take longer
LINE = "{:16} {:>10} {:>10} {:>8}"

COMMON = {"batch_size": 1, "weight_decay": 0.0, "output_dropout": 0.0, "beta2": 0.999, "schedule": {"kind": "constant"}}
WORDS = {"input": "one-hot", "optimiser": "adam", "learning_rate": 0.001}
NAMES = {"input": "one-hot", "hidden_size": 256, "optimiser": "sgd", "learning_rate": 0.005, "gradient_clip": 0.0}

# Each recipe as a block of params.yaml and what it changes there, besides COMMON.
RECIPES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "words-rnn": ("words-rnn", {**WORDS, "hidden_size": 26, "head": "none", "gradient_clip": 0.0}),
    "words-lstm": ("words-lstm", {**WORDS, "layers": 3, "dropout": 0.2, "weight_decay": 0.00001}),
    "names-rnn": ("names-rnn", NAMES),
    "names-lstm": ("names-lstm", NAMES),
    "names-linear": ("names-linear", NAMES),
}


@click.command()
@click.option("--recipes", multiple=True, type=click.Choice([*RECIPES]), help="Only this one; may be repeated.")
@click.option("--pairs", default=5, show_default=True, type=click.IntRange(1), help="Runs of each loop for a recipe.")
@click.option("--steps", default=500, show_default=True, type=click.IntRange(1), help="Steps of a run, about.")
@click.option("--time", "timed", type=click.Choice(["ours", "plain"]), hidden=True)
@reports_errors
def main(recipes: Sequence[str], pairs: int, steps: int, timed: str | None) -> None:
    """Compare the time of a training step at batch 1 with that of a plain torch loop."""
    if timed:
        time_runs(recipes[0], steps, timed)
        return
    click.echo(LINE.format("recipe", "ours ms", "plain ms", "ratio"))
    for name in recipes or RECIPES:
        ours, plain = map(statistics.median, measure(name, pairs, steps))
        click.echo(LINE.format(name, f"{1000 * ours:.3f}", f"{1000 * plain:.3f}", f"{ours / plain:.2f}"))


def measure(name: str, pairs: int, steps: int) -> tuple[list[float], list[float]]:
    """Return the seconds of a step in each run of both loops, which take turns."""
    with start(name, steps, "ours", "portable") as ours, start(name, steps, "plain", "native") as plain:
        times = [(next_time(ours), next_time(plain)) for _ in range(1 + pairs)]
        for child in (ours, plain):
            child.communicate()
    return [ours for ours, _ in times[1:]], [plain for _, plain in times[1:]]  # the first is to warm up


def start(name: str, steps: int, timed: str, kernels: str) -> "subprocess.Popen[str]":
    """Start a process that times a run for each line that it gets; it inherits no kernel variables from this one."""
    environment = {key: value for key, value in os.environ.items() if key not in PORTABLE_KERNELS} | {KERNELS: kernels}
    command = [sys.executable, "-m", "benchmarks.batch_one", "--recipes", name, "--steps", str(steps), "--time", timed]
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def next_time(child: "subprocess.Popen[str]") -> float:
    """Have a process time a run, while the other one waits."""
    if child.stdin is None or child.stdout is None:
        raise ValueError("no pipes to the process")
    with suppress(BrokenPipeError):
        child.stdin.write("\n")
        child.stdin.flush()
    if not (answer := child.stdout.readline()):
        raise click.exceptions.Exit(1)  # it has printed why
    return float(answer)


def time_runs(name: str, steps: int, timed: str) -> None:
    """Print the processor seconds of a step, of as many whole epochs as have `steps`, for each line of the input."""
    epoch_steps, run_epoch = LOOPS[timed](name)
    epochs = max(round(steps / epoch_steps), 1)
    for _ in sys.stdin:
        started = time.process_time()
        for _ in range(epochs):
            run_epoch()
        print((time.process_time() - started) / (epochs * epoch_steps), flush=True)


def our_loop(name: str) -> tuple[int, Callable[[], object]]:
    """Return the number of steps of an epoch, and what runs one."""
    from pipeline.training.loop import Trainer

    trainer = Trainer(*read_recipe(name), 1, ALL_ROWS, name)
    return len(trainer.train), lambda: trainer.run_epoch(1)


def plain_loop(name: str) -> tuple[int, Callable[[], object]]:
    """Return the number of steps of an epoch, and what runs one."""
    from benchmarks import plain_torch

    params, prepared = read_recipe(name)
    examples = plain_torch.read_examples(prepared.splits["train"])
    model = plain_torch.Network(params, prepared.card)
    optimiser = plain_torch.build_optimiser(params, model)
    return len(examples), lambda: plain_torch.train_epoch(model, optimiser, params.gradient_clip, examples)


def read_recipe(name: str) -> tuple[ModelParams, Prepared]:
    """Return a recipe and some rows of its data set, which is trained on whole, without a validation pass."""
    block, changes = RECIPES[name]
    params = load_params()
    base = find_block(params.models, block, "models").model_dump(exclude={"embedding_size"})
    model = ModelParams.model_validate(base | COMMON | changes)
    prepared = read_or_prepare(model.dataset, params.datasets[model.dataset])
    rows = prepared.splits["train"]
    every = max(len(rows["lengths"]) // ROWS, 1)
    return model, replace(prepared, splits={"train": {key: array[::every] for key, array in rows.items()}})


LOOPS: Mapping[str, Callable[[str], tuple[int, Callable[[], object]]]] = {"ours": our_loop, "plain": plain_loop}

if __name__ == "__main__":
    main()
