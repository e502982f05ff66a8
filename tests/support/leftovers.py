"""What a test run leaves behind: processes, and files in the repository's folder."""

import multiprocessing.util
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import psutil

from tests.support.processes import wait
from tests.support.project import REPOSITORY

MARK = "TEST_RUN"  # in the environment of all processes of a run, those too whose parent has ended
CACHES = {".git", ".venv", "__pycache__", ".hypothesis", ".pytest_cache", ".mypy_cache", ".ruff_cache", "screenshots"}
SECONDS_TO_END = 20


class TestRun:
    """Marks the processes of a test run, gives them a folder for temporary files, and ends what is left of it."""

    __test__ = False  # it is no test

    def __init__(self) -> None:
        self.mark = os.environ[MARK] = uuid4().hex
        self.files = set(_files())
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())  # the folders of failed tests are kept
        multiprocessing.util.get_temp_dir()  # that of this process is made here, as it deletes it itself
        # A short path, as sockets are made in it; a command that a test kills leaves files in it.
        self.temporary = os.environ["TMPDIR"] = tempfile.tempdir = tempfile.mkdtemp(prefix="test-")
        Path(self.temporary).chmod(0o1777)  # as the system's own: a test becomes another user

    def end(self) -> list[str]:
        """Return a line for each process and file that the run has left behind, and end these processes."""
        with suppress(AssertionError):
            wait(lambda: not list(self.processes()), SECONDS_TO_END)
        left = [_end(process) for process in self.processes()]
        shutil.rmtree(self.temporary)
        return left + [f"file {path}" for path in sorted(set(_files()) - self.files)]

    def processes(self) -> Iterator[psutil.Process]:
        """Yield the processes of the run that will not end by themselves."""
        for process in psutil.process_iter():
            with suppress(psutil.Error):  # it has just ended, or is another user's
                if process.environ().get(MARK) == self.mark and not _ends_by_itself(process):
                    yield process


def _ends_by_itself(process: psutil.Process) -> bool:
    """Return whether a process is this one, a zombie, or a server of multiprocessing that ends with this one."""
    if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
        return True
    return process.ppid() == os.getpid() and any("multiprocessing" in word for word in process.cmdline())


def _end(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        line = f"process {process.pid}: {' '.join(process.cmdline())}"
        process.kill()
        return line
    return f"process {process.pid}, which has ended late"


def _files() -> Iterator[Path]:
    for folder, folders, names in os.walk(REPOSITORY):
        folders[:] = [name for name in folders if name not in CACHES]
        yield from (Path(folder, name) for name in names)
