"""Commands as part of a shell's pipe."""

import os
import signal
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

STANDARD_INPUT, STANDARD_OUTPUT = Path("/dev/stdin"), Path("/dev/stdout")
SIGPIPE_CODE = 128 + signal.SIGPIPE  # as a shell tells of a program that the signal ended

P = ParamSpec("P")
R = TypeVar("R")


def source(text: str) -> Path:
    """Return the path to read from; `-` is standard input."""
    return STANDARD_INPUT if text == "-" else Path(text)


def destination(text: str) -> Path:
    """Return the path to write to; `-` is standard output."""
    return STANDARD_OUTPUT if text == "-" else Path(text)


def piped(command: Callable[P, R]) -> Callable[P, R]:
    """Make a command that prints its results end quietly when their reader has gone, as `head` goes.

    A stage does without: a closed pipe may there be a worker's, of which a user must hear.
    """

    @wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            done = command(*args, **kwargs)
            if sys.stdout is not None:  # it is None where the shell has closed it
                sys.stdout.flush()
            return done
        except BrokenPipeError:
            os._exit(SIGPIPE_CODE)  # at once: Python would try to write what is left, and tell of it
        except OSError as error:
            if error.filename is None and sys.stdout is not None:  # whoever writes a file names it
                error.filename = "standard output"
                _drop_the_rest()
            raise

    return wrapper


def _drop_the_rest() -> None:
    """Keep Python from writing once more, as it ends, what could not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
