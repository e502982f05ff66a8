"""Train a model from every seed: `python -m stages.train NAME`."""

import time
from collections.abc import Sequence

import click

from pipeline import artifacts, checkpoints, paths, settings, timings
from pipeline.errors import reported
from pipeline.history import Outcome
from pipeline.settings.models import ModelSettings
from pipeline.train import train


@click.command()
@click.argument("name")
@reported
def main(name: str) -> None:
    """Train the model NAME of params.yaml from every seed; a training that was stopped goes on where it was."""
    params, started = settings.load(), time.monotonic()
    model = settings.chosen(params.models, name, "models")
    outcomes = _trained(name, model, params.seeds)
    _say(name, outcomes, time.monotonic() - started)


def _trained(name: str, model: ModelSettings, seeds: Sequence[int]) -> list[Outcome]:
    """Train a model into its folder, note the time that it took, and only then give its checkpoints up."""
    folder = paths.model(model.dataset, name)
    with checkpoints.owned(name) as own:
        if not own:
            click.echo(f"{name}: another run trains it at this moment; this one keeps no checkpoints")
        with artifacts.replacing_folder(folder) as partial:
            outcomes = train(name, model, seeds, paths.prepared(model.dataset), partial, own)
        timings.note(folder, outcomes)
        if own:
            checkpoints.clear(name)
    return outcomes


def _say(name: str, outcomes: Sequence[Outcome], seconds: float) -> None:
    """Say which seeds failed, what was trained in which time, and where the bytes hold, if not everywhere."""
    for outcome in outcomes:
        if not outcome.finished:
            click.echo(f"{name} seed {outcome.seed}: {outcome.status}")
    size, caveat = outcomes[0].parameters, outcomes[0].caveat
    side_by_side = f"{sum(outcome.seconds for outcome in outcomes):.1f} s of training in {seconds:.1f} s"
    click.echo(f"{name}: {len(outcomes)} trainings of {size:,} parameters, {side_by_side}")
    if caveat:
        click.echo(f"{name}: {caveat}")


if __name__ == "__main__":
    main()
