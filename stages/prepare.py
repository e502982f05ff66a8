"""Prepare a data set."""

import click

from pipeline import paths
from pipeline.artifacts import replacing_folder
from pipeline.datasets import formats
from pipeline.datasets.prepared import write
from pipeline.errors import reported
from pipeline.settings import chosen, load


@click.command()
@click.argument("name")
@reported
def main(name: str) -> None:
    """Clean, split and encode the data set NAME of params.yaml into data/prepared/NAME."""
    settings = chosen(load().datasets, name, "datasets")
    with replacing_folder(paths.prepared(name)) as folder:
        prepared = formats.prepare(name, settings, folder)
        write(prepared, folder)
    card = prepared.card
    rows = ", ".join(f"{count:,} {split}" for split, count in card.rows.items())
    click.echo(f"{name}: {rows} {card.unit} in {paths.prepared(name)}")
    for fault in card.faults:
        click.echo(f"  found {fault.found}; {fault.done}")


if __name__ == "__main__":
    main()
