"""Commands of DVC side by side, each with a name before what it prints; they end together if one ends badly."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress

import click

from pipeline.errors import UserError
from pipeline.orphans import Starter


def run(commands: Mapping[str, Sequence[str]], at_once: int) -> None:
    """Run so many of the commands at a time, in the order given.

    The first that fails stops the others and is named in a UserError; Ctrl-C stops all, and Ctrl-Z halts them until
    this process is continued. The stages that they run end when this process does, however that happens.
    """
    team, futures = _Team(width=max(map(len, commands))), list[Future[None]]()
    with team.halted_by_ctrl_z(), ThreadPoolExecutor(at_once) as pool:
        try:
            futures += [pool.submit(team.run, name, command) for name, command in commands.items()]
            for future in as_completed(futures):
                future.result()
        finally:
            team.stop()


class _Team:
    """The commands that run at this moment."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._starter = Starter()
        self._stopped = threading.Event()
        self._starting = threading.RLock()  # a second Ctrl-Z may come while the first is served
        self._running = set[int]()  # groups of processes

    def run(self, name: str, command: Sequence[str]) -> None:
        """Run a command to its end, and show what it prints; nothing of one that is stopped."""
        if self._stopped.is_set():
            return
        with self._started(command) as process:
            for line in process.stdout or ():
                self._show(name, line.rstrip())
        if process.returncode and not self._stopped.is_set():
            self.stop()
            raise UserError(f"{name}: {_how(process.returncode)}; what ran beside it was stopped")

    @contextmanager
    def _started(self, command: Sequence[str]) -> Iterator["subprocess.Popen[str]"]:
        """Start a command, and count it among those that run until it has ended."""
        with self._starting:
            process = _start(command, self._starter)
            self._running.add(process.pid)
        with process:
            try:
                yield process
            finally:
                self._running.discard(process.pid)

    def _show(self, name: str, line: str) -> None:
        if line and not self._stopped.is_set():
            click.echo(f"{name:>{self._width}} | {line}")

    def stop(self) -> None:
        """Begin no other command, and have the stages end that run; with them ends their DVC."""
        self._stopped.set()
        self._starter.let_go()
        self._signal(signal.SIGCONT)  # who is halted cannot end

    @contextmanager
    def halted_by_ctrl_z(self) -> Iterator[None]:
        """Have Ctrl-Z halt the commands too, which are in groups of their own."""
        former = signal.signal(signal.SIGTSTP, lambda *_: self._halt())
        try:
            yield
        finally:
            signal.signal(signal.SIGTSTP, former)

    def _halt(self) -> None:
        """Halt the commands and then this process; when it is continued, so are they."""
        with self._starting:
            try:
                self._signal(signal.SIGSTOP)
                os.kill(os.getpid(), signal.SIGSTOP)
            finally:
                self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        for group in tuple(self._running):
            with suppress(ProcessLookupError):  # it has just ended
                os.killpg(group, number)


def _how(code: int) -> str:
    return f"ended by signal {-code}" if code < 0 else "failed, as it says above"


def _start(command: Sequence[str], starter: Starter) -> "subprocess.Popen[str]":
    """Start a command in a group of its own: Ctrl-C must not reach its DVC, which may be writing dvc.lock."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, **starter.variable},
        process_group=0,
    )
