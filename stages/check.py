"""Check params.yaml, and that no outputs of an earlier one are left: `python -m stages.check`."""

import click

from pipeline import files, leftovers, paths
from pipeline.params import check_places, load_params
from stages.command import reports_errors

ACCEPTED = "params.yaml: every name, path and size can be used\n"  # a constant, so that no other stage runs again


@click.command()
@reports_errors
def main() -> None:
    """Check all of params.yaml, and for outputs that it does not name, before DVC runs another stage."""
    params = load_params()
    check_places(params)
    leftovers.refuse(params.model_names)  # here too, since `report` would refuse them only after minutes
    with files.replacing_file(paths.CHECKED) as partial:
        partial.write_text(ACCEPTED, encoding="utf-8")
    click.echo(f"params.yaml: {len(params.datasets)} data sets and {len(params.models)} models can be used")


if __name__ == "__main__":
    main()
