"""Fetch a raw file that Git does not hold."""

import click

from pipeline import artifacts
from pipeline.errors import reported
from pipeline.settings import chosen, load
from pipeline.sources import fetch


@click.command()
@click.argument("name")
@reported
def main(name: str) -> None:
    """Fetch the source NAME of params.yaml into its file."""
    path = fetch(chosen(load().sources, name, "sources"))
    click.echo(f"{name}: {path.stat().st_size:,} bytes in {path}, sha256 {artifacts.sha256(path)}")


if __name__ == "__main__":
    main()
