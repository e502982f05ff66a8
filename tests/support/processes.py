"""Commands that run while a test does, and waiting for what they do."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any


@contextmanager
def running(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen]:
    """Start a command in a session of its own, all processes of which are killed at the end of the block."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options, "start_new_session": True}
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def wait(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait until a condition is true, and fail if it is not within so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not true within {seconds} s"
        time.sleep(0.02)
