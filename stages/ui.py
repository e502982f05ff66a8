"""Look at the runs in MLflow's own pages: `python -m stages.ui`."""

import click

from pipeline import tracking
from pipeline.errors import reported


@click.command()
@reported
def main() -> None:
    """Serve MLflow's pages on this machine alone; PORT chooses the port, Ctrl-C ends it."""
    tracking.serve(click.echo)


if __name__ == "__main__":
    main()
