"""Clear away what a failing disk has changed: `python -m stages.mend`."""

import click

from pipeline import mending
from pipeline.errors import reported


@click.command()
@reported
def main() -> None:
    """Delete damaged objects of DVC's cache and damaged outputs, which `dvc repro` then makes anew."""
    deleted = mending.mend()
    for path in deleted:
        click.echo(f"damaged, deleted: {path}")
    click.echo("Run `dvc repro` to make anew what is missing." if deleted else "Cache and outputs are whole.")


if __name__ == "__main__":
    main()
