"""Make a project folder for your own data: `python -m stages.init DIR`."""

import shlex
from pathlib import Path

import click

from pipeline.project import create
from stages.command import reports_errors


@click.command()
@click.argument("folder", type=Path, metavar="DIR")
@reports_errors
def main(folder: Path) -> None:
    """Make a project folder DIR for your own data, with a sample that `dvc repro` runs at once."""
    create.create(folder)
    click.echo(f"{folder}: a project with a sample of ten rows. Next:\n")
    click.echo(f"  cd {shlex.quote(str(folder))}\n  dvc repro\n")
    click.echo(f"Then open {create.REPORT} in a browser. params.yaml shows how to use your own data.")


if __name__ == "__main__":
    main()
