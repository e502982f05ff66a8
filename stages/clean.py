"""Delete what data sets and models that params.yaml no longer names have left: `python -m stages.clean`."""

from pathlib import Path

import click

from pipeline import leftovers
from pipeline.params import load_params
from stages.command import reports_errors


@click.command()
@click.option("--dry-run", is_flag=True, help="Only list what would be deleted.")
@reports_errors
def main(dry_run: bool) -> None:
    """Delete outputs, checkpoints and recorded times of data sets and models that params.yaml does not name.

    Also what killed processes have left half written. DVC's cache still has the outputs that DVC recorded, and Git the
    results that were committed.
    """
    models = load_params().model_names
    found = [*leftovers.outdated_outputs(models), *leftovers.unused_records(models), *leftovers.partial_folders()]
    for path in found:
        if reason := leftovers.reason_to_keep(path):
            click.echo(f"{_format(path)}: kept, since {reason}; move or delete it yourself")
            continue
        if not dry_run:
            leftovers.delete(path)
        click.echo(f"{_format(path)}: {'would be deleted' if dry_run else 'deleted'}")
    if not found:
        click.echo("nothing to delete: params.yaml names everything that is there")


def _format(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    main()
