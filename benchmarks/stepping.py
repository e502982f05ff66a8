"""Time the steps of one training, in a process of its own: `python -m benchmarks.stepping MODEL STEPS`."""

import time
from collections.abc import Iterator
from pathlib import Path

import click

from pipeline import paths
from pipeline.data import formats
from pipeline.data import prepared as data
from pipeline.data.fetch import fetch
from pipeline.data.prepared import ALL_ROWS, TRAIN, Prepared
from pipeline.params import find_block, load_params
from pipeline.params.datasets import DatasetParams
from pipeline.tasks.batching import Batch, training_batches
from pipeline.training import loop
from stages.command import reports_errors

WARM_UP = 5  # steps; in the first, libraries choose their kernels


@click.command()
@click.argument("name")
@click.argument("steps", type=click.IntRange(1))
@reports_errors
def main(name: str, steps: int) -> None:
    """Print the processor seconds that each step of training the model NAME takes on average."""
    params = load_params()
    model = find_block(params.models, name, "models")
    prepared = read_or_prepare(model.dataset, params.datasets[model.dataset])
    fit = TRAIN if "test" in prepared.splits else ALL_ROWS
    click.echo(seconds(loop.Trainer(model, prepared, model.seeds[0], fit, name), steps))


def read_or_prepare(name: str, block: DatasetParams) -> Prepared:
    """Read a prepared data set, or prepare it from its raw file, which is fetched, if `dvc repro` has not."""
    folder = paths.prepared(name)
    if folder.exists():
        return data.read(folder)
    if not Path(block.raw).exists():
        for source in load_params().sources.values():
            if source.file == block.raw:
                fetch(source)
    return formats.prepare(name, block)


def seconds(trainer: loop.Trainer, steps: int) -> float:
    """Return the mean time of a step; processor time, which other work on the machine disturbs least."""
    state, started = None, 0.0
    for done, batch in enumerate(_endless(trainer)):
        if done == WARM_UP:
            started = time.process_time()
        if done == WARM_UP + steps:
            break
        _, _, state = loop.train_step(trainer.task, trainer.model, trainer.optimiser, trainer.params, batch, state)
    return (time.process_time() - started) / steps


def _endless(trainer: loop.Trainer) -> Iterator[Batch]:
    """Yield the batches of one epoch after the other."""
    while True:
        yield from training_batches(trainer.train, trainer.params, trainer.generator)


if __name__ == "__main__":
    main()
