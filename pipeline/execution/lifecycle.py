"""End the command of a stage when the DVC that runs it has ended: `kill -9` of DVC leaves its child process running.

A parallel run ends the commands of its stages in the same way, through a file that it keeps locked: they end when the
lock is released, by choice or because the process that held it has ended. DVC itself is not interrupted: it may be
writing dvc.lock.
"""

import fcntl
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

RUN_LOCK = "PIPELINE_RUN_LOCK"
SECONDS_BETWEEN_CHECKS = 0.2
SECONDS_TO_CLEAN_UP = 1.0
SHELLS = ("sh", "ash", "bash", "dash", "fish", "ksh", "zsh")
ZOMBIE, DEAD = "Z", "X"  # states of a process that has ended


class Process(NamedTuple):
    """A process, as the system lists it in /proc."""

    pid: int
    parent: int
    state: str
    session: int
    started: str  # when, in ticks of the system's clock: a process id alone is used again


class RunLock:
    """The lock of a parallel run: the commands of its stages end when it is released."""

    def __init__(self) -> None:
        self._file = tempfile.NamedTemporaryFile(prefix="run-lock-")  # noqa: SIM115 - open until `release`
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self.environment = {RUN_LOCK: self._file.name}  # for the processes that the lock is to end

    def release(self) -> None:
        """Make the running commands end, and those that start later."""
        self._file.close()


def stop_when_dvc_ends() -> None:
    """Interrupt this process, as Ctrl-C does, when the DVC that started it ends, or its `RunLock` is released.

    Nothing happens to a command that a user starts, or on a system without /proc.
    """
    if "DVC_STAGE" in os.environ and (dvc := _find_starter()) is not None:
        if _adopts_orphans(dvc.pid):
            sys.stderr.write("Interrupted; the DVC that started this has ended; run `dvc repro` again\n")
            sys.stderr.flush()
            os._exit(1)
        threading.Thread(target=_watch, args=(dvc, os.environ.get(RUN_LOCK) or None), daemon=True).start()


def _watch(dvc: Process, lock: str | None) -> None:
    """Wait until DVC has ended or the lock is released; then let the main thread clean up, and exit."""
    while _is_running(dvc) and (lock is None or _is_locked(Path(lock))):
        time.sleep(SECONDS_BETWEEN_CHECKS)
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    time.sleep(SECONDS_TO_CLEAN_UP)
    os._exit(1)  # where Ctrl-C is ignored, as in a job in the background


def _is_locked(path: Path) -> bool:
    """Return whether a process has locked a file; True where the system gives no answer this time."""
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return False
    except OSError:
        return True
    return False


def _find_starter() -> Process | None:
    """Return the process that started this one; a shell between the two is skipped."""
    pid = os.getppid()
    while _is_shell(pid) and (shell := _read_process(pid)) is not None:
        pid = shell.parent
    return _read_process(pid)


def _adopts_orphans(pid: int) -> bool:
    """Return whether a process has not started this one: the system makes it the parent of orphaned processes.

    DVC starts its commands in its own session; in a container it may be process 1 itself.
    """
    found = _read_process(pid)
    return found is None or found.session != os.getsid(0) or (pid == 1 and not _is_dvc(_read_command(pid)))


def _is_dvc(command: Sequence[str]) -> bool:
    """Return whether a command is DVC: `dvc ...`, `python .../dvc ...` or `python -m dvc ...`."""
    names = [Path(word).name for word in command[:3]]
    return names[0] == "dvc" or (names[0].startswith("python") and "dvc" in names)


def _is_running(process: Process) -> bool:
    """Return whether a process still runs; one that has ended may still be listed."""
    found = _read_process(process.pid)
    return found is not None and found.state not in (ZOMBIE, DEAD) and found.started == process.started


def _is_shell(pid: int) -> bool:
    """Return whether a process is a shell that runs one command."""
    command = _read_command(pid)
    return Path(command[0]).name in SHELLS and "-c" in command


def _read_command(pid: int) -> list[str]:
    """Return the command line of a process; a single empty word if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return [""]


def _read_process(pid: int) -> Process | None:
    """Return a process by its id; None if there is none, or no /proc."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # what follows the name, which may contain anything
    return Process(pid, parent=int(fields[1]), state=fields[0], session=int(fields[3]), started=fields[19])
