"""Check params.yaml, and that no outputs of an earlier one are left: `python -m stages.check`."""

import click

from pipeline import files, leftovers, paths
from pipeline.params import check_places, load_params
from pipeline.project import code
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
    code.record()
    click.echo(f"params.yaml can be used; data sets: {len(params.datasets)}, models: {len(params.models)}")


if __name__ == "__main__":
    main()
