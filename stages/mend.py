"""Delete files that a failing disk has changed: `python -m stages.mend`."""

import click

from pipeline.reproduce.mend import mend
from stages.command import reports_errors


@click.command()
@reports_errors
def main() -> None:
    """Delete damaged objects of DVC's cache and damaged outputs, which `dvc repro` then makes again."""
    deleted = mend()
    for path in deleted:
        click.echo(f"damaged, deleted: {path}")
    click.echo(
        "Run `dvc repro` to produce the missing files again."
        if deleted
        else "No file of the cache or the outputs is damaged."
    )


if __name__ == "__main__":
    main()
