"""Fit the baselines of a data set: `python -m stages.baseline NAME`."""

import click

from pipeline import files, paths
from pipeline.data.prepared.verification import read_verified
from pipeline.determinism import DESCRIPTIONS
from pipeline.evaluation.baselines.fitting import fit_all
from pipeline.execution.progress import still_running
from pipeline.params import find_block, load_params
from stages.command import block_name, reports_errors


@click.command()
@block_name
@reports_errors
def main(name: str) -> None:
    """Fit the methods without a network to the data set NAME, into baselines/NAME; no model is needed."""
    find_block(load_params().datasets, name, "datasets")
    prepared = read_verified(paths.prepared(name))
    with still_running(f"{name}: fitting baselines"), files.replacing_folder(paths.baselines(name)) as folder:
        fitted = fit_all(prepared, folder)
    click.echo(f"{name}: {', '.join(fitted.by_name)} in {paths.baselines(name)}")
    if fitted.reproducibility != "portable":
        click.echo(f"{name}: {DESCRIPTIONS[fitted.reproducibility]}")


if __name__ == "__main__":
    main()
