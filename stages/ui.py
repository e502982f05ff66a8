"""Show the runs in MLflow's web pages: `python -m stages.ui`."""

import click

from pipeline import tracking
from stages.command import reports_errors


@click.command()
@reports_errors
def main() -> None:
    """Serve MLflow's pages on this machine only; PORT chooses the port, Ctrl-C stops it."""
    tracking.serve(click.echo)


if __name__ == "__main__":
    main()
