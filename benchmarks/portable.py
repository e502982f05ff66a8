"""Measure what the portable kernels cost; of some models: `python -m benchmarks.portable --models NAME`."""

import os
import statistics
import subprocess
import sys
from collections.abc import Sequence

import click

from benchmarks.measured import Measured, format_table
from pipeline.determinism import KERNELS, PORTABLE_KERNELS
from pipeline.params import find_block, load_params
from stages.command import reports_errors

TITLE = "Portable kernels"
ABOUT = """\
Each model of `params.yaml` takes training steps with portable and with native kernels, in turns, each in a fresh
process on one thread: processor milliseconds of a step without validation passes, and the ratio of portable to native.
A ratio above 1 means that portable is slower.
"""
NOTES = """\
Where the processor has AVX-512, native LSTM kernels use it, and portable ones do not: the width of the vectors has to
be that of AVX2 for the bytes to be the same on processors that have nothing wider. So an LSTM pays most there.
"""

PAIRS, STEPS = 3, 40
COLUMNS = ("model", "portable, ms", "native, ms", "portable / native")


@click.command()
@click.option("--models", multiple=True, metavar="NAME", help="Only this model of params.yaml; may be repeated.")
@click.option(
    "--pairs", default=PAIRS, show_default=True, type=click.IntRange(1), help="Runs of each kind for a model."
)
@click.option("--steps", default=STEPS, show_default=True, type=click.IntRange(1), help="Steps of a run.")
@reports_errors
def main(models: Sequence[str], pairs: int, steps: int) -> None:
    """Compare the time of a training step with portable and with native kernels."""
    known = load_params().models
    for name in models:
        find_block(known, name, "models")
    click.echo(format_table(compare(models or [*known], pairs, steps)))


def measure(quick: bool = False) -> Measured:
    """Compare the kernels, for all models of params.yaml."""
    names = [*load_params().models]
    return compare(names[:1], 1, 1) if quick else compare(names, PAIRS, STEPS)


def compare(names: Sequence[str], pairs: int, steps: int) -> Measured:
    """Compare a step of some models with both kinds of kernels, the geometric mean of the ratios last."""
    rows: list[tuple[str | float, ...]] = []
    for name in names:
        runs = [(step_seconds(name, steps, "portable"), step_seconds(name, steps, "native")) for _ in range(pairs)]
        portable, native = (1000 * statistics.median(times) for times in zip(*runs, strict=True))
        rows.append((name, portable, native, portable / native))
    mean = statistics.geometric_mean([float(row[-1]) for row in rows])
    return Measured(COLUMNS, (*rows, ("geometric mean", "", "", mean)))


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
