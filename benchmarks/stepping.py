"""Time the steps of one training, in a process of its own: `python -m benchmarks.stepping MODEL STEPS`."""

import time
from collections.abc import Iterator

import click

from pipeline import batches, paths, settings, training
from pipeline.batches import Batch
from pipeline.datasets import formats
from pipeline.datasets import prepared as data
from pipeline.datasets.prepared import Prepared
from pipeline.errors import reported
from pipeline.history import HELD_OUT, REFIT
from pipeline.settings import DatasetSettings

WARM_UP = 5  # steps; in the first, libraries choose their kernels


@click.command()
@click.argument("name")
@click.argument("steps", type=click.IntRange(1))
@reported
def main(name: str, steps: int) -> None:
    """Print the processor seconds that each step of training the model NAME takes on average."""
    params = settings.load()
    model = settings.chosen(params.models, name, "models")
    prepared = _prepared(model.dataset, params.datasets[model.dataset])
    fit = HELD_OUT if "test" in prepared.splits else REFIT
    click.echo(seconds(training.Trainer(model, prepared, params.seeds[0], fit, name), steps))


def _prepared(name: str, block: DatasetSettings) -> Prepared:
    """Read a prepared data set; make it from its raw file where `dvc repro` has not."""
    folder = paths.prepared(name)
    return data.read(folder) if folder.exists() else formats.prepare(name, block)


def seconds(trainer: training.Trainer, steps: int) -> float:
    """Return the mean time of a step; processor time, which other work on the machine disturbs least."""
    state, started = None, 0.0
    for done, batch in enumerate(_endless(trainer)):
        if done == WARM_UP:
            started = time.process_time()
        if done == WARM_UP + steps:
            break
        _, _, state = training.step(trainer.task, trainer.model, trainer.optimiser, trainer.settings, batch, state)
    return (time.process_time() - started) / steps


def _endless(trainer: training.Trainer) -> Iterator[Batch]:
    """Cut the batches of one epoch after the other."""
    while True:
        yield from batches.training(trainer.train, trainer.settings, trainer.generator)


if __name__ == "__main__":
    main()
