"""Run the pipeline, several data sets at a time: `python -m stages.repro`."""

import os
import sys

import click

from pipeline import lanes, settings, team
from pipeline.errors import reported
from pipeline.lanes import Lane
from pipeline.settings import Settings


@click.command()
@click.option("--force", "-f", is_flag=True, help="Run every stage, changed or not.")
@click.option(
    "--jobs", type=click.IntRange(1), help="Data sets at a time; as many as keep all cores at work, if not given."
)
@reported
def main(force: bool, jobs: int | None) -> None:
    """Run the pipeline to the same files as `dvc repro`, several data sets at a time."""
    params, count = settings.load(), jobs or lanes.at_once()
    chosen = _chosen(params, force) if count > 1 else []
    if len(chosen) < 2:
        _become("repro", *(["--force"] if force else []))
    first = lanes.before(params)
    for together in ([first], chosen):
        team.run({lane.name: lanes.command(lane.stages, force) for lane in together}, count)
    _become("repro", *(["--force", "--single-item", *lanes.others([first, *chosen])] if force else []))


def _chosen(params: Settings, force: bool) -> list[Lane]:
    return lanes.recorded(lanes.lanes(params)) if force else lanes.unfinished(params)


def _become(*arguments: str) -> None:
    """Go on as a command of DVC, so that a terminal, its keys and its exit code are DVC's own."""
    sys.stdout.flush()
    os.execv(lanes.DVC[0], [*lanes.DVC, *arguments])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
