"""Check params.yaml, and that no outputs of an earlier one are left: `python -m stages.check`."""

import click

from pipeline import leftovers
from pipeline.params import check_places, load_params
from pipeline.project import code
from stages.command import reports_errors


@click.command()
@reports_errors
def main() -> None:
    """Check all of params.yaml, and for outputs that it does not name, before DVC runs another stage."""
    params = load_params()
    check_places(params)
    leftovers.refuse(params.model_names)  # here too, since `report` would refuse them only after minutes
    code.record()
    click.echo(f"params.yaml can be used; data sets: {len(params.datasets)}, models: {len(params.models)}")


if __name__ == "__main__":
    main()
