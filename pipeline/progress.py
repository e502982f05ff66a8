"""Show how far a training is: bars on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Never, Self

from tqdm import tqdm

from pipeline.history import Epoch

SECONDS_BETWEEN_LINES = 10.0


class TrainingProgress:
    """The progress of several trainings side by side, a bar each while they run."""

    def __init__(self, name: str, labels: Sequence[str], epochs: int) -> None:
        self.name, self.labels, self.epochs = name, labels, epochs
        self.terminal = sys.stderr.isatty()
        self.bars: dict[int, tqdm[Never]] = {}
        self.started = self.last_line = time.monotonic()
        self.first: dict[int, int] = {}  # of each training, the epoch before the first that was shown
        self.last: dict[int, int] = {}  # and the last

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for bar in self.bars.values():
            bar.close()

    def show(self, cell: int, message: Epoch | str) -> None:
        """Take in an epoch that a cell has finished, or a line that it says."""
        if isinstance(message, str):
            tqdm.write(f"{self.name} {self.labels[cell]}: {message}", file=sys.stderr)
            return
        self.first.setdefault(cell, message.epoch - 1)
        self.last[cell] = message.epoch
        if self.terminal:
            self._advance(cell, message)
        elif time.monotonic() - self.last_line > SECONDS_BETWEEN_LINES:
            self.last_line = time.monotonic()
            self._tell(cell, message)

    def _tell(self, cell: int, epoch: Epoch) -> None:
        done = f"epoch {epoch.epoch}/{self.epochs}"
        line = f"{self.name} {self.labels[cell]}: {done}, {_losses(epoch)}, at most {self._seconds_left():.0f} s left"
        print(line, file=sys.stderr, flush=True)

    def _seconds_left(self) -> float:
        """Return how long all trainings still take at the speed so far, if none stops early."""
        shown = sum(self.last.values()) - sum(self.first.values())
        left = self.epochs * len(self.labels) - sum(self.last.values())
        return left * (time.monotonic() - self.started) / shown

    def _advance(self, cell: int, epoch: Epoch) -> None:
        if cell not in self.bars:
            label = f"{self.name} {self.labels[cell]}"
            before = self.first[cell]
            self.bars[cell] = tqdm(desc=label, total=self.epochs, initial=before, unit="epoch", dynamic_ncols=True)
        self.bars[cell].set_postfix_str(_losses(epoch), refresh=False)
        self.bars[cell].update()


def _losses(epoch: Epoch) -> str:
    """Return losses and rate in words."""
    validation = "" if epoch.validation_loss is None else f", validation {epoch.validation_loss:.4f}"
    return f"loss {epoch.train_loss:.4f}{validation}, rate {epoch.rate:.2g}"
