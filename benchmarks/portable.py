"""Measure what the same bytes everywhere cost: `python -m benchmarks.portable`.

Each model of params.yaml takes steps with portable and with native numerics, in turns and in fresh
processes, on one thread. Printed are the medians and what portable numerics take for one second of native.
"""

import os
import statistics
import subprocess
import sys
from collections.abc import Sequence

import click

from pipeline import settings
from pipeline.errors import reported
from pipeline.numerics import NUMERICS, PORTABLE

LINE = "{:24} {:>12} {:>12} {:>8}"


@click.command()
@click.option("--models", multiple=True, metavar="NAME", help="Only this model of params.yaml; may be repeated.")
@click.option("--pairs", default=5, show_default=True, type=click.IntRange(1), help="Runs of each kind a model.")
@click.option("--steps", default=100, show_default=True, type=click.IntRange(1), help="Steps a run.")
@reported
def main(models: Sequence[str], pairs: int, steps: int) -> None:
    """Compare the time of a training step with portable and with native numerics."""
    known = settings.load().models
    for name in models:
        settings.chosen(known, name, "models")
    click.echo(LINE.format("model", "portable ms", "native ms", "ratio"))
    ratios = []
    for name in models or known:
        runs = [(step_seconds(name, steps, "portable"), step_seconds(name, steps, "native")) for _ in range(pairs)]
        portable, native = (statistics.median(times) for times in zip(*runs, strict=True))
        ratios.append(portable / native)
        click.echo(LINE.format(name, f"{1000 * portable:.3f}", f"{1000 * native:.3f}", f"{ratios[-1]:.2f}"))
    click.echo(LINE.format("geometric mean", "", "", f"{statistics.geometric_mean(ratios):.2f}"))


def step_seconds(name: str, steps: int, numerics: str) -> float:
    """Time a training in a process of its own, which has none of this one's processor settings."""
    environment = {key: value for key, value in os.environ.items() if key not in PORTABLE} | {NUMERICS: numerics}
    command = [sys.executable, "-m", "benchmarks.stepping", name, str(steps)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise click.exceptions.Exit(done.returncode)  # it has said why
    return float(done.stdout)


if __name__ == "__main__":
    main()
