"""Publish the results to MLflow: `python -m stages.publish`."""

import click

from pipeline import artifacts, paths, settings, tracking
from pipeline.errors import reported


@click.command()
@reported
def main() -> None:
    """Show all results in MLflow; what is there already stays as it is."""
    tally = tracking.publish(settings.load())
    with artifacts.replacing_file(paths.RECEIPT) as partial:
        artifacts.write_json(partial, tally.digests)
    click.echo(f"{tally.added} runs published, {tally.found} already there: {tally.where}")


if __name__ == "__main__":
    main()
