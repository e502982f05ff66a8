"""Decorators of the commands: errors end in one line, and a closed pipe ends a command quietly."""

import errno
import os
import re
import signal
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from pipeline import determinism
from pipeline.errors import PipelineError
from pipeline.execution import lifecycle

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NO_PERMISSION = (errno.EACCES, errno.EPERM, errno.EROFS)
IN_THE_WAY = (errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY)
NO_MEMORY = (
    "not enough memory; free some, choose a smaller hidden_size or batch_size, or set PIPELINE_WORKERS to a smaller "
    "number, and run again"
)
OUT_OF_MEMORY = re.compile("allocate memory|out of memory")  # in a RuntimeError of torch, on the CPU or a GPU

STANDARD_INPUT, STANDARD_OUTPUT = Path("/dev/stdin"), Path("/dev/stdout")
SIGPIPE_CODE = 128 + signal.SIGPIPE  # the exit code that a shell gives a program ended by the signal

P = ParamSpec("P")
R = TypeVar("R")

# The argument NAME of a stage that runs for each block of a section. DVC names the stage in the environment, as
# `train@words-lstm`, so that no key of params.yaml is part of a command, which a shell reads.
block_name = click.argument("name", envvar=lifecycle.DVC_STAGE, callback=lambda _, __, stage: stage.rpartition("@")[2])


def reports_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Make a command end in one line instead of a traceback: exit code 1 on a user's error, 130 on Ctrl-C or `kill`."""

    @wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            lifecycle.end_with_dvc()
            determinism.check_kernels()
            return command(*args, **kwargs)
        except PipelineError as error:
            raise click.ClickException(str(error)) from None
        except OSError as error:  # no space, no permission, a folder in the place of a file
            raise click.ClickException(_job_of(error) + _describe_os_error(error)) from None
        except (MemoryError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and not OUT_OF_MEMORY.search(str(error)):
                raise
            raise click.ClickException(_job_of(error) + NO_MEMORY) from None
        except KeyboardInterrupt:
            click.echo("\nInterrupted; run the same command again.", err=True)
            sys.exit(130)

    return wrapper


def _job_of(error: Exception) -> str:
    """Return which job of a worker an error is of, such as a training, if it is of one."""
    return "".join(f"{note}: " for note in getattr(error, "__notes__", ())[:1])


def _describe_os_error(error: OSError) -> str:
    """Return the file, the system's message, and the cure where one is known."""
    where, message = error.filename or "a file", error.strerror or " ".join(map(str, error.args))
    if error.errno in NO_SPACE:
        return f"{where}: no space left to write it ({message}); free some and run again"
    if error.errno in NO_PERMISSION:
        return f"{where}: {message}; change its permissions, or work in a folder of your own"
    return f"{where}: {message}; move away what is there" if error.errno in IN_THE_WAY else f"{where}: {message}"


def input_path(text: str) -> Path:
    """Return the path to read from; `-` is standard input."""
    return STANDARD_INPUT if text == "-" else Path(text)


def output_path(text: str) -> Path:
    """Return the path to write to; `-` is standard output."""
    return STANDARD_OUTPUT if text == "-" else Path(text)


def ends_with_pipe(command: Callable[P, R]) -> Callable[P, R]:
    """Make a command that prints its results end quietly when the reader of its output has ended, as `head` does.

    A DVC stage does without: there a closed pipe may be a worker's, and the user must see it.
    """

    @wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            result = command(*args, **kwargs)
            if sys.stdout is not None:  # it is None where the shell has closed it
                sys.stdout.flush()
            return result
        except BrokenPipeError:
            os._exit(SIGPIPE_CODE)  # at once: Python would try to write the rest, and print an error
        except OSError as error:
            if error.filename is None and sys.stdout is not None:  # errors of a file name it
                error.filename = "standard output"
                _discard_output()
            raise

    return wrapper


def _discard_output() -> None:
    """Keep Python from writing the rest of standard output again as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
