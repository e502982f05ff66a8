"""Run a command, and say which processes took how much processor time, also those that outlive their parents.

Linux counts a child's time for its parent only when the parent has waited for it, which nobody does for servers that
workers are forked from. So this process adopts them (`PR_SET_CHILD_SUBREAPER`) and waits for all. Which process does
what is seen in /proc, a few times a second.
"""

import ctypes
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import PipelineError

SECONDS_BETWEEN_LOOKS = 0.2
SECONDS_TO_END = 60.0  # for what still runs when the command has ended
PR_SET_CHILD_SUBREAPER = 36
MARK = "BENCHMARK_RUN"  # a variable by which the processes of a run are known
OWN_TIME = slice(11, 13)  # of the fields after the name in /proc/PID/stat: user and system time, in ticks
LAST_LINES = 5  # of a command that fails

# A process counts the peak of the one that has started it, so that has to be a small one.
LAUNCHER = """
import json, resource, subprocess, sys, time
started = time.monotonic()
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
wall = time.monotonic() - started
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([done.returncode, done.stdout, wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024]))
"""

Part = Callable[[str, Mapping[str, str]], str]  # of a command line and its environment


@dataclass(frozen=True)
class Used:
    """What a command has printed, and what it took: seconds, processor seconds, and the peak of its memory in bytes."""

    output: str
    wall: float
    seconds: float
    peak: int


@dataclass
class Seen:
    """What was seen of a process: the part of the work that it does, and its own processor seconds."""

    part: str
    seconds: float


@dataclass
class Usage:
    """What a command took, with all that it started.

    Attributes:
        wall: Seconds.
        processor: Processor seconds.
        parts: Processor seconds of each part of the work, as far as they were seen; the rest are of processes that ran
            between two looks, and the last moments of others.
    """

    wall: float
    processor: float
    parts: dict[str, float] = field(default_factory=dict)


def account(command: Sequence[str], folder: Path, environment: Mapping[str, str], part: Part) -> Usage:
    """Run a command in a folder, wait for all that it starts, and return what that took.

    Args:
        command: The command.
        folder: Its working folder, which gets the file `output.txt`.
        environment: Its environment.
        part: Returns to which part of the work a process belongs.

    Raises:
        PipelineError: if the command fails.
    """
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    mark = uuid.uuid4().hex
    output = folder / "output.txt"
    with output.open("w", encoding="utf-8") as file:
        started = time.monotonic()
        process = subprocess.Popen(command, cwd=folder, env={**environment, MARK: mark}, stdout=file, stderr=file)
        watch = Watch(process.pid, mark, part)
        watch.until_end()
    process.returncode = watch.exit_code  # it has been waited for
    if watch.exit_code:
        lines = output.read_text(encoding="utf-8").splitlines()[-LAST_LINES:]
        raise PipelineError(f"{' '.join(command)}: exit code {watch.exit_code}: {' / '.join(lines)}")
    parts: dict[str, float] = {}
    for seen in watch.seen.values():
        parts[seen.part] = parts.get(seen.part, 0.0) + seen.seconds
    return Usage(watch.ended - started, watch.processor, parts)


class Watch:
    """Looks at the processes of a run until all have ended."""

    def __init__(self, root: int, mark: str, part: Part) -> None:
        self.seen: dict[int, Seen] = {}
        self.processor, self.exit_code, self.ended = 0.0, -1, 0.0
        self._root, self._mark, self._part = root, mark, part
        self._others: set[int] = set()  # processes that are not of this run
        self._waiting = {root}

    def until_end(self) -> None:
        """Look and wait; end when the command has ended and all that it has started, or a minute after it."""
        while self._waiting and not (self.ended and time.monotonic() > self.ended + SECONDS_TO_END):
            self._look()
            for pid in [*self._waiting]:
                self._wait_for(pid)
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def _look(self) -> None:
        pids = {int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()}
        self._others &= pids
        for pid in pids - self._others:
            with suppress(OSError, ValueError, IndexError):
                self._look_at(pid)

    def _look_at(self, pid: int) -> None:
        folder = Path("/proc", str(pid))
        pairs = (entry.partition("=") for entry in _read(folder / "environ"))
        environment = {key: value for key, _, value in pairs}
        if environment.get(MARK) != self._mark:
            if pid not in self.seen:
                self._others.add(pid)
            return
        fields = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        seconds = sum(map(int, fields[OWN_TIME])) / os.sysconf("SC_CLK_TCK")
        # Anew at each look, since a process that has just been forked still looks like the one that forks it.
        self.seen[pid] = Seen(self._part(" ".join(_read(folder / "cmdline")), environment), seconds)
        self._waiting.add(pid)

    def _wait_for(self, pid: int) -> None:
        """Add the time of a process that has ended, with that of all for which it has waited itself."""
        try:
            found, status, usage = os.wait4(pid, os.WNOHANG)
        except ChildProcessError:  # another process's child, which waits for it, or leaves it to this one as it ends
            if not Path("/proc", str(pid)).exists():
                self._waiting.discard(pid)
            return
        if found:
            self._waiting.discard(pid)
            self.processor += usage.ru_utime + usage.ru_stime
            if pid == self._root:
                self.exit_code, self.ended = os.waitstatus_to_exitcode(status), time.monotonic()


def _read(path: Path) -> list[str]:
    """Return the texts of a file of /proc in which each ends in a NUL."""
    return path.read_bytes().decode(errors="replace").split("\0")


def run_alone(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Used:
    """Run a command; return what it took, with the processes for which it has waited.

    Raises:
        PipelineError: if the command fails.
    """
    launcher = [sys.executable, "-S", "-c", LAUNCHER, *command]
    done = subprocess.run(launcher, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    exit_code, output, *used = json.loads(done.stdout)
    if exit_code:
        last = " / ".join(output.splitlines()[-LAST_LINES:])
        raise PipelineError(f"{' '.join(command)}: exit code {exit_code}: {last}")
    return Used(output, *used)
