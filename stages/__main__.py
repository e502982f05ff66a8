"""All commands behind one name: `sequence-pipeline COMMAND` or `python -m stages COMMAND`."""

import importlib
import os
import sys
from pathlib import Path

import click

NOT_COMMANDS = ("__init__", "__main__", "command")


class Commands(click.Group):
    """The commands of this package, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        found = (path.stem for path in Path(__file__).parent.glob("*.py"))
        return sorted(name for name in found if name not in NOT_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None if there is none of this name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"stages.{cmd_name}").main
        return command


@click.command(cls=Commands)
def main() -> None:
    """Train and compare small sequence models, reproducibly.

    `init` makes a folder for your own data. Run the other commands in the project's folder. `repro` runs the whole
    pipeline; `predict` and `generate` use a trained model; `ui` shows all runs in MLflow; `verify` reproduces the
    committed results; `clean` deletes what params.yaml no longer names. The others are stages that `dvc repro` runs.
    """


def console() -> None:
    """Run the installed command; in a copy of the repository, on that copy's code, as `python -m stages` does."""
    if (here := Path("stages/__main__.py")).exists() and not here.samefile(__file__):
        os.execv(sys.executable, [sys.executable, "-m", "stages", *sys.argv[1:]])  # noqa: S606 - no shell is wanted
    main(prog_name="sequence-pipeline")


if __name__ == "__main__":
    main(prog_name="python -m stages")
