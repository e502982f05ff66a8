"""Show how far jobs are: bars on a terminal, elsewhere a line every ten seconds, also within a long step."""

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Never, Self

from tqdm import tqdm

from pipeline.execution.context import Context

SECONDS_BETWEEN_REPORTS = 2.0  # of a job within a step
SECONDS_BETWEEN_LINES = 8.0  # at least; with the next report, at most ten


@dataclass(frozen=True)
class Progress:
    """A job's report that it has finished a step."""

    step: int  # the first is 1
    details: str


@dataclass(frozen=True)
class PartialProgress:
    """A job's report of how far it is within a step."""

    step: int
    part: int
    parts: int

    @property
    def details(self) -> str:
        """Return the position within the step."""
        return f"batch {self.part}/{self.parts}"


class PartialReports:
    """Reports how far a job is within a step, from time to time: called after each part, it costs next to nothing."""

    def __init__(self, context: Context) -> None:
        self.context, self.last = context, time.monotonic()

    def __call__(self, step: int, part: int, parts: int) -> None:
        """Report a part that is done, if it is time for that, and end a job that nobody waits for."""
        self.context.check()
        if time.monotonic() - self.last >= SECONDS_BETWEEN_REPORTS:
            self.last = time.monotonic()
            self.context.report(PartialProgress(step, part, parts))


@contextmanager
def still_running(name: str) -> Iterator[None]:
    """Print a line from time to time while the block runs, for work that has no steps to show."""
    started, ended = time.monotonic(), threading.Event()

    def print_lines() -> None:
        while not ended.wait(SECONDS_BETWEEN_LINES):
            print(f"{name}: {time.monotonic() - started:.0f} s so far", file=sys.stderr, flush=True)

    thread = threading.Thread(target=print_lines, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class ProgressDisplay:
    """Shows the progress of jobs that run side by side: a bar for each on a terminal, or lines."""

    def __init__(self, name: str, labels: Sequence[str], steps: int, unit: str) -> None:
        self.name, self.labels, self.steps, self.unit = name, labels, steps, unit
        self.terminal = sys.stderr.isatty()
        self.bars: dict[int, tqdm[Never]] = {}
        self.started = self.last_line = time.monotonic()
        self.before: dict[int, float] = {}  # steps of each job that were done before the first report
        self.done: dict[int, float] = {}  # steps of each job at its last report

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for bar in self.bars.values():
            bar.close()

    def show(self, job: int, message: Progress | PartialProgress | str) -> None:
        """Show a step that a job has finished, how far it is within one, or a line of text from it."""
        if isinstance(message, str):
            tqdm.write(f"{self.name} {self.labels[job]}: {message}", file=sys.stderr)
            return
        if isinstance(message, Progress):
            self.done[job] = message.step
            self.before.setdefault(job, message.step - 1)
        else:  # how much of this step an earlier run had done is not known
            self.done[job] = message.step - 1 + message.part / message.parts
            self.before.setdefault(job, self.done[job])
        if self.terminal:
            self._update_bar(job, message)
        elif time.monotonic() - self.last_line > SECONDS_BETWEEN_LINES:
            self.last_line = time.monotonic()
            self._print_line(job, message)

    def _print_line(self, job: int, message: Progress | PartialProgress) -> None:
        position = f"{self.unit} {message.step}/{self.steps}"
        line = f"{self.name} {self.labels[job]}: {position}, {message.details}{self._time_left()}"
        print(line, file=sys.stderr, flush=True)

    def _time_left(self) -> str:
        """Describe how long all jobs still take at the speed so far, if none stops early; nothing if none is known."""
        reported = sum(self.done.values()) - sum(self.before.values())
        left = self.steps * len(self.labels) - sum(self.done.values())
        return f", at most {left * (time.monotonic() - self.started) / reported:.0f} s left" if reported else ""

    def _update_bar(self, job: int, message: Progress | PartialProgress) -> None:
        if job not in self.bars:
            label, before = f"{self.name} {self.labels[job]}", message.step - 1
            self.bars[job] = tqdm(desc=label, total=self.steps, initial=before, unit=self.unit, dynamic_ncols=True)
        whole = isinstance(message, Progress)
        self.bars[job].set_postfix_str(message.details, refresh=not whole)
        self.bars[job].update(int(whole))
