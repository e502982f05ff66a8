"""Measure what the portable kernels cost: `python -m benchmarks.portable`.

Each model of params.yaml takes training steps with portable and with native kernels, in turns and in fresh processes,
on one thread. Printed are the median times of a step, and the ratio of portable to native.
"""

import os
import statistics
import subprocess
import sys
from collections.abc import Sequence

import click

from pipeline.determinism import KERNELS, PORTABLE_KERNELS
from pipeline.params import find_block, load_params
from stages.command import reports_errors

LINE = "{:24} {:>12} {:>12} {:>8}"


@click.command()
@click.option("--models", multiple=True, metavar="NAME", help="Only this model of params.yaml; may be repeated.")
@click.option("--pairs", default=5, show_default=True, type=click.IntRange(1), help="Runs of each kind for a model.")
@click.option("--steps", default=100, show_default=True, type=click.IntRange(1), help="Steps of a run.")
@reports_errors
def main(models: Sequence[str], pairs: int, steps: int) -> None:
    """Compare the time of a training step with portable and with native kernels."""
    known = load_params().models
    for name in models:
        find_block(known, name, "models")
    click.echo(LINE.format("model", "portable ms", "native ms", "ratio"))
    ratios = []
    for name in models or known:
        runs = [(step_seconds(name, steps, "portable"), step_seconds(name, steps, "native")) for _ in range(pairs)]
        portable, native = (statistics.median(times) for times in zip(*runs, strict=True))
        ratios.append(portable / native)
        click.echo(LINE.format(name, f"{1000 * portable:.3f}", f"{1000 * native:.3f}", f"{ratios[-1]:.2f}"))
    click.echo(LINE.format("geometric mean", "", "", f"{statistics.geometric_mean(ratios):.2f}"))


def step_seconds(name: str, steps: int, kernels: str) -> float:
    """Time a training in a process of its own, which inherits none of this one's kernel variables."""
    environment = {key: value for key, value in os.environ.items() if key not in PORTABLE_KERNELS} | {KERNELS: kernels}
    command = [sys.executable, "-m", "benchmarks.stepping", name, str(steps)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise click.exceptions.Exit(done.returncode)  # it has printed why
    return float(done.stdout)


if __name__ == "__main__":
    main()
