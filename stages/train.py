"""Train a model from every seed: `python -m stages.train NAME`."""

import time

import click

from pipeline import artifacts, checkpoints, paths, settings, timings
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
    spent = {seed: sum(each.seconds for each in outcomes if each.seed == seed) for seed in params.seeds}
    timings.write(model.dataset, name, paths.model(model.dataset, name), spent)
    for outcome in outcomes:
        if not outcome.finished:
            click.echo(f"{name} seed {outcome.seed}: {outcome.status}")
    seconds = time.monotonic() - started
    size, caveat = outcomes[0].parameters, outcomes[0].caveat
    side_by_side = f"{sum(spent.values()):.1f} s of training in {seconds:.1f} s"
    click.echo(f"{name}: {len(outcomes)} trainings of {size:,} parameters, {side_by_side}")
    if caveat:
        click.echo(f"{name}: {caveat}")


if __name__ == "__main__":
    main()
