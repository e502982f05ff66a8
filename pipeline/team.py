"""Commands side by side, each with a name that stands before what it prints; they end together if one ends badly."""

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress

import click

from pipeline import orphans
from pipeline.errors import UserError


def run(commands: Mapping[str, Sequence[str]], at_once: int) -> None:
    """Run so many of the commands at a time, in the order given.

    The first that fails stops the others and is named in a UserError; Ctrl-C stops all. What DVC runs in them ends
    when this process does, however that happens.
    """
    team = _Team(width=max(map(len, commands)))
    with ThreadPoolExecutor(at_once) as pool:
        environment = {**os.environ, **orphans.named()}
        futures = [pool.submit(team.run, name, command, environment) for name, command in commands.items()]
        try:
            for future in as_completed(futures):
                future.result()
        finally:
            team.stop()


class _Team:
    """The commands that run at this moment."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._running: list[subprocess.Popen[str]] = []
        self._stopped = threading.Event()
        self._lock = threading.Lock()

    def run(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run a command to its end, and show what it prints; nothing of one that is stopped."""
        with self._lock:
            if self._stopped.is_set():
                return
            process = _started(command, environment)
            self._running.append(process)
        with process:
            self._show(name, process)
        if process.returncode and not self._stopped.is_set():
            raise UserError(f"{name}: failed, as it says above; what ran beside it was stopped")

    def _show(self, name: str, process: "subprocess.Popen[str]") -> None:
        for line in process.stdout or ():
            if line.strip() and not self._stopped.is_set():
                click.echo(f"{name:>{self._width}} | {line.rstrip()}")

    def stop(self) -> None:
        """Begin no other command, and interrupt those that run."""
        with self._lock:
            self._stopped.set()
            for process in self._running:
                if process.poll() is None:
                    with suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGINT)


def _started(command: Sequence[str], environment: Mapping[str, str]) -> "subprocess.Popen[str]":
    """Start a command in a group of its own: a terminal's Ctrl-C does not reach it, so that it is stopped once."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=environment,
        process_group=0,
    )
