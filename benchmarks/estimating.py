"""Compare estimated with measured memory and time of a training; of one model: `python -m benchmarks.estimating MODEL`.

One network is trained in a process, on one thread.
"""

import subprocess
import sys
import time
from pathlib import Path

import click

from benchmarks.measured import Measured, NotHereError, format_table
from benchmarks.stepping import read_or_prepare
from pipeline.params import find_block, load_params
from pipeline.training import estimate, loop
from pipeline.training.run import fits
from stages.command import reports_errors

TITLE = "Estimates"
ABOUT = """\
`train` estimates memory and time before it starts (`pipeline/training/estimate.py`): it refuses a training that needs
more memory than is available, and prints a time above one minute. Here one network of each model is trained, each in a
process of its own: the megabytes and processor seconds that were estimated and measured, and estimated over measured.
Memory on a GPU is not estimated.
"""

MEGABYTE = 10**6
COLUMNS = ("model", "MB estimated", "MB measured", "ratio", "s estimated", "s measured", "ratio")
QUICK = ("binary-rnn", "1")  # a model, and its epochs


@click.command()
@click.argument("name")
@click.option("--epochs", type=click.IntRange(1), help="Train so many, not as many as params.yaml says.")
@reports_errors
def main(name: str, epochs: int | None) -> None:
    """Print the memory in MB and the processor seconds that one network of the model NAME needs."""
    click.echo(format_table(Measured(COLUMNS, (train(name, epochs),))))


def measure(quick: bool = False) -> Measured:
    """Train one network of each model, in a process of its own."""
    names = [QUICK[0]] if quick else [*load_params().models]
    return Measured(COLUMNS, tuple(_row(name, ("--epochs", QUICK[1]) if quick else ()) for name in names))


def _row(name: str, options: tuple[str, ...]) -> tuple[str | float, ...]:
    """Run this module's command for a model; return its row."""
    command = [sys.executable, "-m", "benchmarks.estimating", name, *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise NotHereError(f"the training of {name} failed, as it says above")
    found, *numbers = done.stdout.splitlines()[-1].split()
    return (found, *(float(number.replace(",", "")) for number in numbers))


def train(name: str, epochs: int | None) -> tuple[str | float, ...]:
    """Train one network of a model in this process; return its row of the table."""
    params = load_params()
    model = find_block(params.models, name, "models")
    model = model.model_copy(update={"epochs": epochs or model.epochs, "patience": 0})
    prepared = read_or_prepare(model.dataset, params.datasets[model.dataset])
    expected = estimate.estimate(model, prepared, fits(prepared.card)[0])
    Path("/proc/self/clear_refs").write_text("5")  # the peak of the memory starts from here
    before, started = _kilobytes("VmRSS"), time.process_time()
    loop.train_network(model, prepared, model.seeds[0], fits(prepared.card)[0])
    seconds, growth = time.process_time() - started, (_kilobytes("VmHWM") - before) * 1024
    memory = (expected.growth / MEGABYTE, growth / MEGABYTE, expected.growth / growth)
    return (name, *memory, expected.seconds, seconds, expected.seconds / seconds)


def _kilobytes(field: str) -> int:
    """Return a field of what Linux says of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


if __name__ == "__main__":
    main()
