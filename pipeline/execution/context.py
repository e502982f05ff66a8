"""What a job knows of the place where it runs, the same in a process of this machine and on a cluster."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol


class Context(Protocol):
    """A job's way to what it reads, and to the process that submitted it."""

    def report(self, message: Any) -> None:
        """Send a message that can be pickled to the process that submitted the job.

        Raises:
            Stopped: as `check` does.
        """

    def check(self) -> None:
        """Do nothing while the job is wanted; costs next to nothing, so a long job calls it often.

        Raises:
            Stopped: once nobody waits for the job's result.
        """

    def folder(self, path: Path) -> Path:
        """Return where to read a folder that was shared with the workers."""

    def file(self, path: Path) -> "KeptFile":
        """Return a file that outlasts the job: a later try of the same job finds its content, wherever it runs."""


class Stopped(Exception):  # noqa: N818 - not an error: nobody waits for this job any more
    """Ends a job whose result nobody waits for."""


class KeptFile:
    """A file that a job writes from time to time, and that is kept for whoever runs the job again."""

    def __init__(self, path: Path, written: Callable[[], None] = lambda: None) -> None:
        self.path = path  # where the job reads and writes it
        self.written = written  # called after each time that the job has written it


class LocalContext:
    """The context of a job that reads and writes the files of this machine, and that is ended by ending its process."""

    def __init__(self, send: Callable[[Any], None]) -> None:
        self._send = send

    def report(self, message: Any) -> None:
        """Send a message."""
        self._send(message)

    def check(self) -> None:
        """Do nothing: a signal ends this process."""

    def folder(self, path: Path) -> Path:
        """Return the folder itself."""
        return path

    def file(self, path: Path) -> KeptFile:
        """Return the file itself."""
        return KeptFile(path)
