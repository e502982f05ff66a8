"""Commands that run while a test does, and waiting for what they do."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psutil


@contextmanager
def running(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen]:
    """Start a command in a session of its own; all that it has started is killed at the end of the block."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options, "start_new_session": True}
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            kill(process)


def kill(process: subprocess.Popen) -> None:
    """Kill a command that runs in a session of its own, and all that it has started, in other sessions too."""
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(process.pid)
        parent.suspend()  # so that it starts no more
        for child in parent.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                child.kill()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def free_port() -> int:
    """Return a port that no server uses."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait until a condition is true, and fail if it is not within so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not true within {seconds} s"
        time.sleep(0.02)


def without_waiting(errors: str) -> str:
    """Return what a command wrote, without the lines that say that it goes on, as it prints on a busy machine."""
    return re.sub(r"^.*: \d+ s so far\n", "", errors, flags=re.MULTILINE)
