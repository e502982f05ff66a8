"""The errors that a user can cause, and how a command ends on one."""

import errno
import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click

from pipeline import numerics, orphans

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NO_RIGHT = (errno.EACCES, errno.EPERM, errno.EROFS)
IN_THE_WAY = (errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY)

NO_MEMORY = "not enough memory; free some, or set PIPELINE_WORKERS to a smaller number, and run again"

P = ParamSpec("P")
R = TypeVar("R")


class UserError(Exception):
    """A fault in params, data or environment; the message names the file, the key and the cure."""


def reported(command: Callable[P, R]) -> Callable[P, R]:
    """Make `command` end in one line, not a traceback: exit code 1 on a user's mistake, 130 on Ctrl-C."""

    @wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        orphans.end_with_dvc()
        try:
            if fault := numerics.fault():
                raise UserError(fault)
            return command(*args, **kwargs)
        except UserError as error:
            raise click.ClickException(str(error)) from None
        except OSError as error:  # no room, no right, a folder in the place of a file
            raise click.ClickException(_of_the_system(error)) from None
        except MemoryError:
            raise click.ClickException(NO_MEMORY) from None
        except KeyboardInterrupt:
            click.echo("\nInterrupted; run the same command again.", err=True)
            sys.exit(130)

    return wrapper


def _of_the_system(error: OSError) -> str:
    """Name the file, what the system says of it, and the cure where one is known."""
    where, said = error.filename or "a file", error.strerror or " ".join(map(str, error.args))
    if error.errno in NO_ROOM:
        return f"{where}: no space left to write it ({said}); free some and run again"
    if error.errno in NO_RIGHT:
        return f"{where}: {said}; give yourself the right to it, or work in a folder of your own"
    return f"{where}: {said}; move away what is there" if error.errno in IN_THE_WAY else f"{where}: {said}"
