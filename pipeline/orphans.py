"""End a command whose DVC has gone: `kill -9` of DVC spares its child, which would train on and write later.

Who runs several DVC side by side has the commands below them end in the same way, by letting go of a file that it has
locked: at its will, or because it is gone. DVC itself is not interrupted, which may be writing dvc.lock.
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

STARTER = "PIPELINE_STARTER"
SECONDS_BETWEEN_LOOKS = 0.2
SECONDS_TO_CLEAR_UP = 1.0
SHELLS = ("sh", "ash", "bash", "dash", "fish", "ksh", "zsh")
Identity = tuple[int, str]  # process id, and the moment of its start: an id alone is given out again


class Starter:
    """Who runs several DVC side by side: their commands end when it lets go, or is gone."""

    def __init__(self) -> None:
        self._file = tempfile.NamedTemporaryFile(prefix="starter-")  # noqa: SIM115 - held until `let_go`
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self.variable = {STARTER: self._file.name}

    def let_go(self) -> None:
        """Have the commands end that run, and all that start later."""
        self._file.close()


def end_with_dvc() -> None:
    """Interrupt this process, as Ctrl-C does, when the DVC that started it ends, however that happens.

    So it is when a `Starter` above that DVC lets go. A command that a user starts is left alone, and so is one on a
    system without /proc.
    """
    if "DVC_STAGE" in os.environ and (starter := _starter()) is not None:
        if _is_foster_parent(starter[0]):
            sys.stderr.write("Interrupted; the DVC that started this has gone; run `dvc repro` again\n")
            sys.stderr.flush()
            os._exit(1)
        threading.Thread(target=_watch, args=(starter, os.environ.get(STARTER) or None), daemon=True).start()


def _watch(starter: Identity, file: str | None) -> None:
    """Wait until the starter is gone, or the file is let go of; then let the main thread clear up, and leave."""
    while _is_alive(starter) and (file is None or _is_held(Path(file))):
        time.sleep(SECONDS_BETWEEN_LOOKS)
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    time.sleep(SECONDS_TO_CLEAR_UP)
    os._exit(1)  # where Ctrl-C is ignored, as in a job in the background


def _is_held(path: Path) -> bool:
    """Tell whether a process has locked a file."""
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return False
    except OSError:  # no answer this time
        return True
    return False


def _starter() -> Identity | None:
    """Return the process that started this one; a shell that stands between them is passed over."""
    pid = os.getppid()
    while _is_shell(pid) and (found := _look(pid)) is not None:
        pid = found[1]
    found = _look(pid)
    return None if found is None else (pid, found[2])


def _is_foster_parent(pid: int) -> bool:
    """Tell whether a process is one to which the system gives children whose parent has gone.

    DVC starts its commands in its own session; in a container it may be the first process itself.
    """
    found = _look(pid)
    return found is None or found[3] != str(os.getsid(0)) or (pid == 1 and not _is_dvc(_words(pid)))


def _is_dvc(words: Sequence[str]) -> bool:
    """Tell whether a command is DVC: `dvc ...`, `python .../dvc ...` or `python -m dvc ...`."""
    names = [Path(word).name for word in words[:3]]
    return names[0] == "dvc" or (names[0].startswith("python") and "dvc" in names)


def _is_alive(starter: Identity) -> bool:
    """Tell whether a process still runs; one that has ended may still be listed, as Z."""
    found = _look(starter[0])
    return found is not None and found[0] not in "ZX" and found[2] == starter[1]


def _is_shell(pid: int) -> bool:
    """Tell whether a process is a shell that runs one command."""
    words = _words(pid)
    return Path(words[0]).name in SHELLS and "-c" in words


def _words(pid: int) -> list[str]:
    """Return the command of a process; a single empty word if it has gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return [""]


def _look(pid: int) -> tuple[str, int, str, str] | None:
    """Return the state, the parent, the start and the session of a process, if it is there."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # after the name, which may hold anything
    return fields[0], int(fields[1]), fields[19], fields[3]
