"""Work for the executor's tests: `python -m tests.support.work FOLDER` runs two jobs that take minutes."""

import fcntl
import gc
import os
import signal
import time
from pathlib import Path

import click

from pipeline.errors import ParamsError
from pipeline.execution import executor
from pipeline.execution.context import Context
from stages.command import reports_errors


def square(job: float, context: Context) -> float:
    """Square a number; a smaller one takes longer."""
    time.sleep(max(0.0, 0.2 - job / 20))
    context.report(f"job {job:g}")
    return job * job


def report_much(job: int, context: Context) -> int:
    """Report more than fits into a pipe."""
    for _ in range(3000):
        context.report("x" * 50)
    return job


def raise_user_error(job: int, context: Context) -> int:
    """Raise a user's error at once in the first job; the others take minutes."""
    if job == 0:
        raise ParamsError("params.yaml: models.x.learning_rate: too hot")
    time.sleep(100)
    context.report("ended")
    return job


def divide_by_zero(job: int, context: Context) -> int:
    """Raise an error that is a bug."""
    return job // 0


def kill_worker(job: int, context: Context) -> int:
    """End the worker as the system does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)
    return job


def kill_worker_once(job: Path, context: Context) -> str:
    """End the worker as the system does when memory runs out, but only at the first try."""
    if not job.exists():
        job.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return job.name


def lock_file(folder: Path, context: Context) -> None:
    """Lock a file until this process ends."""
    with (folder / str(os.getpid())).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("locked")
        file.flush()
        time.sleep(100)


def inspect_garbage_collector(job: int, context: Context) -> tuple[bool, bool]:
    """Return whether garbage is collected, and whether some objects are exempt from it."""
    return gc.isenabled(), gc.get_freeze_count() > 0


@click.command()
@click.argument("folder", type=Path)
@reports_errors
def main(folder: Path) -> None:
    executor.run(lock_file, [folder, folder])


if __name__ == "__main__":
    main()
