"""Start the one process of a project folder that logs to MLflow while the stages run, and tell it what is done.

A stage never waits for it, and never fails because of it. What it misses, stage `publish` adds.
"""

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import IO

from pipeline import paths
from pipeline.errors import ParamsError

LIVE = "PIPELINE_LIVE"
DEFAULT_SECONDS, NEVER = 30.0, "never"
SECONDS_BETWEEN_LOOKS = 30.0  # whether the follower still runs
FOLLOWER = "pipeline.tracking.follow"
LOCK, STOP, WARNING = (paths.SPOOL / name for name in ("follower.lock", "stop", "warning.txt"))
DONE = ".done"  # ends the name of a file that says that a data set has been evaluated, or the report written
REPORT = "report."  # no data set has this name


def live_seconds() -> float | None:
    """Return after how many seconds a training is shown while it runs; nothing if none is, as PIPELINE_LIVE says.

    Raises:
        ParamsError: if PIPELINE_LIVE is neither a number of seconds nor `never`.
    """
    value = os.environ.get(LIVE, "")
    if value == NEVER:
        return None
    with suppress(ValueError):
        if (seconds := float(value or DEFAULT_SECONDS)) >= 0:
            return seconds
    raise ParamsError(f"{LIVE}: found {value!r}; wanted seconds after which MLflow shows a training, or {NEVER}")


def is_on() -> bool:
    """Return whether stages log while they run, not only when `publish` does."""
    return live_seconds() is not None


@contextmanager
def logs_long_work() -> Iterator[None]:
    """Let the follower run while the block does, once that has taken long enough."""
    ended, seconds = threading.Event(), live_seconds()

    def look() -> None:
        wait = seconds
        while not ended.wait(wait):
            start_follower()
            wait = SECONDS_BETWEEN_LOOKS

    thread = threading.Thread(target=look, daemon=True)
    if seconds is not None:
        thread.start()
    try:
        yield
    finally:
        ended.set()


def announce(echo: Callable[[str], None], done: str = "") -> None:
    """Tell the follower that a stage is done: `done` is its data set; print the one line that it has to say, if any."""
    if not is_on():
        return
    with suppress(OSError):
        if done:
            paths.SPOOL.mkdir(exist_ok=True)
            (paths.SPOOL / f"{done}{DONE}").touch()
        start_follower()
        if WARNING.exists():
            echo(WARNING.read_text(encoding="utf-8"))
            WARNING.unlink()


def start_follower() -> None:
    """Start the follower, unless it runs already."""
    with suppress(OSError):
        if not is_followed():
            subprocess.Popen(
                [sys.executable, "-m", FOLLOWER],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                process_group=0,  # Ctrl-C ends the stage, and the follower says so; a session would have its own share
            )


def is_followed() -> bool:
    """Return whether the follower of this folder runs."""
    if (own := take_lock(wait=False)) is None:
        return True
    own.close()
    return False


def take_lock(wait: bool) -> IO[str] | None:
    """Return the lock of the only process that writes to MLflow for this folder, or nothing if another has it."""
    paths.SPOOL.mkdir(exist_ok=True)
    file = LOCK.open("a", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        file.close()
        return None
    return file


@contextmanager
def follower_stopped() -> Iterator[None]:
    """Stop the follower of this folder once it has finished what it is writing, and keep others from starting."""
    paths.SPOOL.mkdir(exist_ok=True)
    STOP.touch()
    try:
        with take_lock(wait=True) or nullcontext():
            STOP.unlink(missing_ok=True)
            yield
    finally:
        STOP.unlink(missing_ok=True)
