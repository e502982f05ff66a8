"""Commands that run beside a test, and waiting for what they do."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any


@contextmanager
def running(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen]:
    """Start a command in a group of its own, of which nothing is left after the block, however that ends."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options, "start_new_session": True}
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def wait(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait until a condition holds, which it must within so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
