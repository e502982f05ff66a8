"""Train a model from every seed: `python -m stages.train NAME`."""

import time

import click

from pipeline import artifacts, checkpoints, paths, settings
from pipeline.errors import reported
from pipeline.train import train


@click.command()
@click.argument("name")
@reported
def main(name: str) -> None:
    """Train the model NAME of params.yaml from every seed; a training that was stopped goes on where it was."""
    params = settings.load()
    model, started = settings.chosen(params.models, name, "models"), time.monotonic()
    with artifacts.replacing_folder(paths.model(model.dataset, name)) as folder:
        outcomes = train(name, model, params.seeds, paths.prepared(model.dataset), folder)
    checkpoints.clear(name)  # now that the folder is in its place
    for outcome in outcomes:
        if not outcome.finished:
            click.echo(f"{name} seed {outcome.seed}: {outcome.status}")
    seconds = time.monotonic() - started
    size = outcomes[0].parameters
    click.echo(f"{name}: {len(outcomes)} trainings of {size:,} parameters in {seconds:.1f} s")


if __name__ == "__main__":
    main()
