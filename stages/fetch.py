"""Fetch a raw file that is not in Git: `python -m stages.fetch NAME`."""

import click

from pipeline import files
from pipeline.data.fetch import fetch
from pipeline.params import check_places, find_block, load_params
from stages.command import block_name, reports_errors


@click.command()
@block_name
@reports_errors
def main(name: str) -> None:
    """Fetch the source NAME of params.yaml and write it to its file."""
    params = load_params()
    source = find_block(params.sources, name, "sources")
    check_places(params)
    path = fetch(source)
    click.echo(f"{name}: {path.stat().st_size:,} bytes in {path}, sha256 {files.sha256(path)}")


if __name__ == "__main__":
    main()
