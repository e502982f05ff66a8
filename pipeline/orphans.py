"""End a command whose DVC has gone: `kill -9` of DVC spares its child, which would train on and write later.

So it is where the process has gone that runs several DVC side by side, which names itself in the environment.
"""

import os
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path

STARTER = "PIPELINE_STARTER"
SECONDS_BETWEEN_LOOKS = 0.2
SECONDS_TO_CLEAR_UP = 1.0
SHELLS = ("sh", "ash", "bash", "dash", "fish", "ksh", "zsh")
Identity = tuple[int, str]  # process id, and the moment of its start: an id alone is given out again


def end_with_dvc() -> None:
    """Interrupt this process, as Ctrl-C does, when what started it ends, however that happens: DVC, or who runs that.

    A command that a user starts is left alone, and so is one on a system without /proc.
    """
    if "DVC_STAGE" in os.environ and (found := [each for each in (_starter(), _named()) if each is not None]):
        threading.Thread(target=_watch, args=(found,), daemon=True).start()


def named() -> dict[str, str]:
    """Return the variable by which this process has the commands below it end with it."""
    found = _look(os.getpid())
    return {} if found is None else {STARTER: f"{os.getpid()} {found[2]}"}


def _watch(starters: Sequence[Identity]) -> None:
    """Wait until a starter is gone; then let the main thread clear up, and leave."""
    while all(map(_is_alive, starters)):
        time.sleep(SECONDS_BETWEEN_LOOKS)
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    time.sleep(SECONDS_TO_CLEAR_UP)
    os._exit(1)  # where Ctrl-C is ignored, as in a job in the background


def _named() -> Identity | None:
    """Return the process that the environment names."""
    pid, _, moment = os.environ.get(STARTER, "").partition(" ")
    return (int(pid), moment) if pid.isdecimal() else None


def _starter() -> Identity | None:
    """Return the process that started this one; a shell that stands between them is passed over."""
    pid = os.getppid()
    while _is_shell(pid) and (found := _look(pid)) is not None:
        pid = found[1]
    found = _look(pid)
    return None if found is None else (pid, found[2])


def _is_alive(starter: Identity) -> bool:
    """Tell whether a process still runs; one that has ended may still be listed, as Z."""
    found = _look(starter[0])
    return found is not None and found[0] not in "ZX" and found[2] == starter[1]


def _is_shell(pid: int) -> bool:
    """Tell whether a process is a shell that runs one command."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return False
    return Path(words[0]).name in SHELLS and "-c" in words


def _look(pid: int) -> tuple[str, int, str] | None:
    """Return the state, the parent and the start of a process, if it is there."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # after the name, which may hold anything
    return fields[0], int(fields[1]), fields[19]
