"""Train a model from every seed: `python -m stages.train NAME`."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from pipeline import files, paths
from pipeline.data.prepared.verification import read_verified
from pipeline.determinism import DESCRIPTIONS
from pipeline.execution import background
from pipeline.models.storage import FINISHED, Outcome
from pipeline.params import find_block, load_params
from pipeline.params.models import ModelParams
from pipeline.training import checkpoint, estimate, spool, timings
from pipeline.training.run import train
from pipeline.training.spool import Spool
from stages.command import block_name, reports_errors


@click.command()
@block_name
@reports_errors
def main(name: str) -> None:
    """Train the model NAME of params.yaml from every seed; a training that was stopped is resumed."""
    started = time.monotonic()
    params = find_block(load_params().models, name, "models")
    folder = paths.model(params.dataset, name)
    estimates = estimate.estimate_all(params, read_verified(paths.prepared(params.dataset)))
    estimate.check_memory(name, estimates)
    _echo_long(name, estimate.wall_seconds(estimates))
    with checkpoint.claim(name) as own:
        if not own:
            click.echo(f"{name}: another run is training it; this one writes no checkpoints")
        with _followed(name, params, own) as log:
            with files.replacing_folder(folder) as partial:
                outcomes = train(name, params, paths.prepared(params.dataset), partial, own, log)
            log(spool.END, **spool.describe_end(outcomes))
        _record_time(folder, outcomes)
        if own:
            checkpoint.clear(name)  # only when the model is in its place and its time is recorded
    _echo_outcomes(name, outcomes, time.monotonic() - started)
    background.announce(click.echo)


@contextmanager
def _followed(name: str, params: ModelParams, own: bool) -> Iterator[Spool]:
    """Yield where the epochs go: to MLflow, through a process of its own, if this run may write the model's spool."""
    if not own or not background.is_on():
        yield spool.write_nothing
        return
    with background.logs_long_work(), spool.write(name, params) as log:
        yield log


def _echo_long(name: str, seconds: float) -> None:
    """Print how long a training will take if that is more than a minute."""
    minutes = seconds / 60
    if minutes > 1:
        short = "a minute" if minutes < 1.5 else f"{minutes:.0f} minutes"
        duration = short if minutes < 120 else f"{minutes / 60:.0f} hours"
        click.echo(f"{name}: about {duration} of training")


def _record_time(folder: Path, outcomes: Sequence[Outcome]) -> None:
    """Record how long the trainings took; if that cannot be written, the model is still trained."""
    try:
        timings.write(folder.parent.name, folder.name, folder, timings.times_by_seed(outcomes))
    except OSError as error:
        click.echo(f"{folder.name}: its time is not recorded ({error.strerror})")


def _echo_outcomes(name: str, outcomes: Sequence[Outcome], seconds: float) -> None:
    """Print which trainings failed, how long all of them took, and how far they can be reproduced if not everywhere."""
    for outcome in outcomes:
        if outcome.status != FINISHED:
            click.echo(f"{name} seed {outcome.seed}: {outcome.status}")
    size, level = outcomes[0].parameters, outcomes[0].reproducibility
    trained, epochs = (sum(of) for of in zip(*((each.seconds, len(each.epochs)) for each in outcomes), strict=True))
    time_taken = f"{trained:.1f} s of training in {seconds:.1f} s, {trained / epochs:.2g} s an epoch"
    click.echo(f"{name}: {len(outcomes)} trainings of {size:,} parameters, {time_taken}")
    if level != "portable":
        click.echo(f"{name}: {DESCRIPTIONS[level]}")


if __name__ == "__main__":
    main()
