"""All commands behind one name: `sequence-pipeline COMMAND` or `python -m stages COMMAND`."""

import importlib
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

    Run the commands in the project's folder. `repro` runs the whole pipeline; `predict` and `generate` use a trained
    model; `ui` shows all runs in MLflow; `verify` reproduces the committed results. The others are stages that
    `dvc repro` runs.
    """


if __name__ == "__main__":
    main(prog_name="python -m stages")
