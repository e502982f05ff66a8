"""Show how far jobs are: bars on a terminal, elsewhere at most one line every ten seconds."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Never, Self

from tqdm import tqdm

SECONDS_BETWEEN_LINES = 10.0


@dataclass(frozen=True)
class Progress:
    """A job's report that it has finished a step."""

    step: int  # the first is 1
    details: str


class ProgressDisplay:
    """Shows the progress of jobs that run side by side: a bar for each on a terminal, or lines."""

    def __init__(self, name: str, labels: Sequence[str], steps: int, unit: str) -> None:
        self.name, self.labels, self.steps, self.unit = name, labels, steps, unit
        self.terminal = sys.stderr.isatty()
        self.bars: dict[int, tqdm[Never]] = {}
        self.started = self.last_line = time.monotonic()
        self.before: dict[int, int] = {}  # steps of each job that were done before the first report
        self.done: dict[int, int] = {}  # steps of each job at its last report

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for bar in self.bars.values():
            bar.close()

    def show(self, job: int, message: Progress | str) -> None:
        """Show a step that a job has finished, or a line of text from it."""
        if isinstance(message, str):
            tqdm.write(f"{self.name} {self.labels[job]}: {message}", file=sys.stderr)
            return
        self.before.setdefault(job, message.step - 1)
        self.done[job] = message.step
        if self.terminal:
            self._update_bar(job, message)
        elif time.monotonic() - self.last_line > SECONDS_BETWEEN_LINES:
            self.last_line = time.monotonic()
            self._print_line(job, message)

    def _print_line(self, job: int, message: Progress) -> None:
        position = f"{self.unit} {message.step}/{self.steps}"
        line = f"{self.name} {self.labels[job]}: {position}, {message.details}, "
        print(f"{line}at most {self._seconds_left():.0f} s left", file=sys.stderr, flush=True)

    def _seconds_left(self) -> float:
        """Return how long all jobs still take at the speed so far, if none stops early."""
        reported = sum(self.done.values()) - sum(self.before.values())
        left = self.steps * len(self.labels) - sum(self.done.values())
        return left * (time.monotonic() - self.started) / reported

    def _update_bar(self, job: int, message: Progress) -> None:
        if job not in self.bars:
            label, before = f"{self.name} {self.labels[job]}", self.before[job]
            self.bars[job] = tqdm(desc=label, total=self.steps, initial=before, unit=self.unit, dynamic_ncols=True)
        self.bars[job].set_postfix_str(message.details, refresh=False)
        self.bars[job].update()
