"""End the command of a stage with the DVC that runs it, and the stages of a parallel run with that run.

`kill -9` of DVC leaves the command running. DVC itself is never interrupted: it may be writing dvc.lock.
"""

import ctypes
import fcntl
import os
import signal
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

from pipeline.errors import PipelineError

DVC_STAGE = "DVC_STAGE"  # set by DVC: the stage that it runs, such as train@words-lstm
RUN_LOCK = "PIPELINE_RUN_LOCK"
SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


class RunLock:
    """The lock of a parallel run: the commands of its stages end when it is released, or the run is killed."""

    def __init__(self) -> None:
        self._file = tempfile.NamedTemporaryFile(prefix="run-lock-")  # noqa: SIM115 - open until `release`
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self.environment = {RUN_LOCK: self._file.name}  # for the processes that the lock is to end

    def release(self) -> None:
        """Make the running commands end, and those that start later."""
        self._file.close()


def end_with_dvc() -> None:
    """Make `kill` interrupt this process as Ctrl-C does, and the end of the DVC or the `RunLock` that it belongs to.

    DVC is the parent of its command, since `exec` in dvc.yaml lets no shell stay between the two.

    Raises:
        PipelineError: if DVC has ended already. The system has then given this process a parent of another session.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if DVC_STAGE not in os.environ:  # a user has started this command
        return
    terminate_with_parent()
    if os.getsid(os.getppid()) != os.getsid(0):
        raise PipelineError("the DVC that started this has ended; run `dvc repro` again")
    if lock := os.environ.get(RUN_LOCK):
        threading.Thread(target=_end_with_lock, args=(Path(lock),), daemon=True).start()


def terminate_with_parent() -> None:
    """Let the system end this process when the thread that has started it ends, for whatever reason."""
    ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)


def _end_with_lock(path: Path) -> None:
    """Wait until nobody holds the lock on a file, or the file is deleted; then interrupt the main thread."""
    with suppress(FileNotFoundError), path.open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


def block_terminal_signals() -> None:
    """Keep the signals of a terminal from this thread, and from all threads and processes that it starts.

    Ctrl-C reaches every process of a terminal; of a run, only the one that ends the others may see it.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGQUIT, signal.SIGHUP})
