"""Run the stages of several data sets at a time: each data set in a DVC of its own, its name before each line.

A single DVC leaves cores idle between two trainings, while Python starts, torch is imported, and dvc.lock is read and
written. DVC's own locks make several DVC safe to run at once. If one fails, the others are stopped.
"""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from pipeline import paths
from pipeline.errors import PipelineError
from pipeline.execution import workers
from pipeline.execution.lifecycle import RunLock, block_terminal_signals

DVC = (sys.executable, "-m", "dvc")
LOCK = Path("dvc.lock")
CHECK = "check"  # the stage that runs before all others
SECONDS_BETWEEN_WAKES = 0.5  # a signal that arrives just as Python begins to wait does not wake it
MOST_AT_ONCE = 4  # data sets: enough to keep a dozen cores or a GPU busy


@dataclass(frozen=True)
class Group:
    """The stages of a data set, under its name, in the order in which they run."""

    name: str
    stages: tuple[str, ...]


def dataset_groups(models: Mapping[str, Sequence[str]]) -> tuple[Group, ...]:
    """Return a group for each data set, given the names of the models of each."""
    return tuple(
        Group(name, (f"prepare@{name}", f"baseline@{name}", *(f"train@{model}" for model in of), f"evaluate@{name}"))
        for name, of in models.items()
    )


def first_group(sources: Sequence[str]) -> Group:
    """Return the stages that run before those of all data sets."""
    return Group("setup", (CHECK, *(f"fetch@{name}" for name in sources)))


def default_jobs() -> int:
    """Return how many data sets at a time keep all cores busy, since no data set does so at every moment.

    Each starts as many workers as a single `dvc repro` would, so PIPELINE_WORKERS is also the most data sets. On a
    cluster the cores of this machine do not count.
    """
    count = workers.cores()
    jobs = MOST_AT_ONCE if workers.cluster() else min(MOST_AT_ONCE, max(2, count // 2)) if count > 1 else 1
    return workers.count_workers(jobs) if os.environ.get(workers.WORKERS) else jobs


def recorded(groups: Sequence[Group]) -> list[Group]:
    """Return the groups whose stages are all in dvc.lock: DVC appends new ones as they end, in no fixed order."""
    text = LOCK.read_text(encoding="utf-8", errors="replace") if LOCK.exists() else ""
    known = set(re.findall(r"^  (\S+):$", text, re.MULTILINE))
    return [group for group in groups if known.issuperset(group.stages)]


def changed_stages() -> set[str] | None:
    """Return the stages that have to run; None if DVC cannot say, and `dvc repro` will then fail with the same message.

    It is not asked where nothing is prepared, as in a fresh clone.
    """
    if not paths.PREPARED.exists():
        return None
    done = subprocess.run([*DVC, "status", "--json"], capture_output=True, text=True)
    if done.returncode:
        return None
    print(done.stderr, end="", file=sys.stderr)  # on locks that a killed DVC left
    return set(json.loads(done.stdout))


def unfinished(groups: Sequence[Group], first: Group, changed: set[str] | None) -> list[Group]:
    """Return the recorded groups in which a stage has to run: all of them if a raw file has to be fetched.

    Stage `check` alone changes no data set, since its digests were written before DVC was asked.

    Args:
        groups: The data sets.
        first: The stages that run before them.
        changed: The `changed_stages`.
    """
    if changed is None:
        return [] if paths.PREPARED.exists() else recorded(groups)
    fetched = changed & ({*first.stages} - {CHECK})
    return [group for group in recorded(groups) if fetched or changed & {*group.stages}]


def other_stages(groups: Sequence[Group]) -> list[str]:
    """Return the stages that are in none of these groups, in the order of dvc.yaml."""
    done = subprocess.run([*DVC, "stage", "list", "--name-only"], stdout=subprocess.PIPE, text=True, check=True)
    known = {stage for group in groups for stage in group.stages}
    return [stage for stage in done.stdout.split() if stage not in known]


def repro_command(stages: Sequence[str], force: bool) -> list[str]:
    """Return the command that runs these stages and no other, one after the other."""
    return [*DVC, "--wait-for-lock", "repro", *(["--force"] if force else []), "--single-item", *stages]


def run(commands: Mapping[str, Sequence[str]], at_once: int, echo: Callable[[str], None]) -> None:
    """Run commands side by side.

    Ctrl-C does not reach them, since a DVC that writes dvc.lock must not be interrupted; the stages that they run end
    when this function or this process does, for whatever reason, and their DVC with them.

    Args:
        commands: By the name that is printed before each of their lines, in the order in which they start.
        at_once: How many run at a time.
        echo: Called with each line.

    Raises:
        PipelineError: if a command fails; the message names the first one. The others are stopped.
    """
    runner = _Runner(max(map(len, commands)), echo)
    with ThreadPoolExecutor(at_once, initializer=block_terminal_signals) as pool:
        try:
            pending = {pool.submit(runner.run, name, command) for name, command in commands.items()}
            while pending:
                done, pending = wait(pending, SECONDS_BETWEEN_WAKES, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
        finally:
            runner.stop()


class _Runner:
    """Runs commands in several threads, until it is stopped."""

    def __init__(self, width: int, echo: Callable[[str], None]) -> None:
        self._width, self._echo = width, echo
        self._lock = RunLock()
        self._stopped = threading.Event()

    def run(self, name: str, command: Sequence[str]) -> None:
        """Run a command to its end and show what it prints; do neither once `stop` was called."""
        if self._stopped.is_set():
            return
        with _start(command, self._lock) as process:
            for line in process.stdout or ():
                if line.strip() and not self._stopped.is_set():
                    self._echo(f"{name:>{self._width}} | {line.rstrip()}")
        if process.returncode and not self._stopped.is_set():
            self.stop()
            raise PipelineError(f"{name}: {_describe_exit(process.returncode)}; the others were stopped")

    def stop(self) -> None:
        """Start no other command, and make the running stages end, which ends their DVC."""
        self._stopped.set()
        self._lock.release()


def _describe_exit(code: int) -> str:
    return f"ended by signal {-code}" if code < 0 else "failed, see its lines above"


def _start(command: Sequence[str], lock: RunLock) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, **lock.environment},
    )
