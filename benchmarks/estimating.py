"""Compare estimated with measured memory and time of a training: `python -m benchmarks.estimating MODEL`.

One network is trained in this process, on one thread.
"""

import time
from pathlib import Path

import click

from benchmarks.stepping import read_or_prepare
from pipeline.params import find_block, load_params
from pipeline.training import estimate, loop
from pipeline.training.run import fits
from stages.command import reports_errors

MEGABYTE = 10**6


@click.command()
@click.argument("name")
@click.option("--epochs", type=click.IntRange(1), help="Train so many, not as many as params.yaml says.")
@reports_errors
def main(name: str, epochs: int | None) -> None:
    """Print the memory in MB and the processor seconds that one network of the model NAME needs."""
    params = load_params()
    model = find_block(params.models, name, "models")
    model = model.model_copy(update={"epochs": epochs or model.epochs, "patience": 0})
    prepared = read_or_prepare(model.dataset, params.datasets[model.dataset])
    expected = estimate.estimate(model, prepared, fits(prepared.card)[0])
    Path("/proc/self/clear_refs").write_text("5")  # the peak of the memory starts from here
    before, started = _kilobytes("VmRSS"), time.process_time()
    loop.train_network(model, prepared, model.seeds[0], fits(prepared.card)[0])
    seconds, growth = time.process_time() - started, (_kilobytes("VmHWM") - before) * 1024
    click.echo(f"{'MB':>8} {'measured':>9} {'ratio':>6} {'seconds':>8} {'measured':>9} {'ratio':>6}  model")
    memory = f"{expected.growth / MEGABYTE:8.1f} {growth / MEGABYTE:9.1f} {expected.growth / growth:6.2f}"
    click.echo(f"{memory} {expected.seconds:8.2f} {seconds:9.2f} {expected.seconds / seconds:6.2f}  {name}")


def _kilobytes(field: str) -> int:
    """Return a field of what Linux says of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


if __name__ == "__main__":
    main()
