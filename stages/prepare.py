"""Prepare a data set: `python -m stages.prepare NAME`."""

import click

from pipeline import paths
from pipeline.data.formats import prepare
from pipeline.data.prepared import write
from pipeline.execution.progress import still_running
from pipeline.files import replacing_file, replacing_folder
from pipeline.params import check_places, find_block, load_params
from stages.command import block_name, reports_errors

# `evaluate` depends on the folder of the models, and DVC refuses a dependency that does not exist.
MARKER = "The models of a data set are in folders beside this file, if there are any.\n"


@click.command()
@block_name
@reports_errors
def main(name: str) -> None:
    """Clean, split and encode the data set NAME of params.yaml into data/prepared/NAME."""
    whole = load_params()
    params = find_block(whole.datasets, name, "datasets")
    check_places(whole)
    with still_running(f"{name}: preparing"), replacing_folder(paths.prepared(name)) as folder:
        prepared = prepare(name, params, folder)
        write(prepared, folder)
    marker = paths.models_marker(name)
    marker.parent.mkdir(parents=True, exist_ok=True)
    with replacing_file(marker) as partial:
        partial.write_text(MARKER, encoding="utf-8")
    card = prepared.card
    rows = ", ".join(f"{count:,} {split}" for split, count in card.rows.items())
    click.echo(f"{name}: {rows} {card.unit} in {paths.prepared(name)}")
    for issue in card.issues:
        click.echo(f"  found {issue.found}; {issue.done}")


if __name__ == "__main__":
    main()
