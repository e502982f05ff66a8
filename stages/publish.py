"""Publish the results to MLflow: `python -m stages.publish`."""

import click

from pipeline import files, paths, tracking
from pipeline.execution.progress import still_running
from pipeline.params import load_params
from stages.command import reports_errors


@click.command()
@reports_errors
def main() -> None:
    """Log all results to MLflow; runs that are already there stay as they are."""
    with still_running("publish"):
        result = tracking.publish(load_params())
    with files.replacing_file(paths.RECEIPT) as partial:
        files.write_json(partial, result.digests)
    for line in result.lines:
        click.echo(line)
    click.echo(f"{result.description}: {result.uri}")


if __name__ == "__main__":
    main()
