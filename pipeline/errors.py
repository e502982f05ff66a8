"""The errors that a user can cause, and how a command ends on one."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click

from pipeline import numerics

P = ParamSpec("P")
R = TypeVar("R")


class UserError(Exception):
    """A fault in params, data or environment; the message names the file, the key and the cure."""


def reported(command: Callable[P, R]) -> Callable[P, R]:
    """Make `command` end in one line, not a traceback: exit code 1 on a user's mistake, 130 on Ctrl-C."""

    @wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            if fault := numerics.fault():
                raise UserError(fault)
            return command(*args, **kwargs)
        except UserError as error:
            raise click.ClickException(str(error)) from None
        except OSError as error:  # no room, no right, a folder in the place of a file
            raise click.ClickException(f"{error.filename or 'a file'}: {error.strerror or error}") from None
        except KeyboardInterrupt:
            click.echo("\nInterrupted; `dvc repro` starts again with this stage.", err=True)
            sys.exit(130)

    return wrapper
