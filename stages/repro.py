"""Run the pipeline, several data sets at a time: `python -m stages.repro`."""

import os
import sys
from pathlib import Path

import click

from pipeline import leftovers
from pipeline.execution import parallel
from pipeline.execution.parallel import DVC, Group
from pipeline.params import Params, check_places, load_params
from pipeline.project import code
from stages.command import reports_errors

UP_TO_DATE = "Data and pipelines are up to date."  # as DVC says it


@click.command()
@click.option("--force", "-f", is_flag=True, help="Run every stage, changed or not.")
@click.option(
    "--jobs", type=click.IntRange(1), help="Data sets at a time; as many as keep all cores busy, if not given."
)
@reports_errors
def main(force: bool, jobs: int | None) -> None:
    """Run the pipeline to the same files as `dvc repro`, several data sets at a time."""
    _use_this_python()
    params = load_params()  # refuses here what stage `check` would refuse, before DVC reads the file
    check_places(params)
    leftovers.refuse(params.model_names)  # also where `check` need not run
    code.record()  # so that DVC sees which data sets changed code changes
    count = jobs or parallel.default_jobs()
    first = parallel.first_group(list(params.sources))
    groups = _groups(params, first, force) if count > 1 else []
    if groups is None:
        click.echo(UP_TO_DATE)  # DVC would need as long again to say so
        return
    if len(groups) < 2:
        _become_dvc("repro", *(["--force"] if force else []))
    for side_by_side in ([first], groups):
        commands = {group.name: parallel.repro_command(group.stages, force) for group in side_by_side}
        parallel.run(commands, count, click.echo)
    _become_dvc("repro", *(["--force", "--single-item", *parallel.other_stages([first, *groups])] if force else []))


def _use_this_python() -> None:
    """Let DVC's stages find the Python that has the package, also where no virtual environment is activated."""
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def _groups(params: Params, first: Group, force: bool) -> list[Group] | None:
    """Return the data sets to run side by side; None if no stage at all has to run."""
    groups = parallel.dataset_groups(params.model_names)
    if force:
        return parallel.recorded(groups)
    changed = parallel.changed_stages()
    return None if changed == set() else parallel.unfinished(groups, first, changed)


def _become_dvc(*arguments: str) -> None:
    """Continue as a DVC command, so that a terminal, its keys and its exit code are DVC's own."""
    sys.stdout.flush()
    os.execv(DVC[0], [*DVC, *arguments])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
