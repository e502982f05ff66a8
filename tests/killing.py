"""Kill trainings at random moments: `python -m tests.killing RUNS` in a folder with prepared data.

Each training is a process of its own, forked from this one so that torch is imported once, and killed for good.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

from pipeline import checkpoints, training  # noqa: F401
from pipeline.history import HELD_OUT
from pipeline.train import Cell, train_cell
from tests.small import model_settings

SETTINGS = model_settings(layers=2, dropout=0.3, batch=16, epochs=9, optimiser="adamw", weight_decay=0.1)
CELL = Cell("toy", SETTINGS, Path("prepared"), 1, HELD_OUT, Path("out"))
KILLS = 3  # of one training, at most


def start() -> int:
    """Start a training in a process of its own; it notes its outcome, and what it says."""
    if child := os.fork():
        return child
    with Path("said").open("a") as said:
        outcome = train_cell(
            CELL, lambda message: print(message, file=said, flush=True) if isinstance(message, str) else None
        )
    (CELL.folder / "outcome").write_text(repr(replace(outcome, seconds=0.0)))
    os._exit(0)


def kill(child: int, moment: float) -> bool:
    """Kill a training at a moment, in seconds from now; tell whether it was still running."""
    time.sleep(moment)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def trained(moments: list[float]) -> dict[str, object]:
    """Train to the end, killed at each of the moments after its start, if it runs so long."""
    shutil.rmtree(CELL.folder, ignore_errors=True)
    CELL.folder.mkdir()
    Path("said").write_text("")
    kills = 0
    while kills < len(moments) and kill(start(), moments[kills]):
        kills += 1
    if not (CELL.folder / "outcome").exists():
        assert os.waitpid(start(), 0)[1] == 0
    checkpoints.clear(CELL.model)
    content = b"".join(path.read_bytes() for path in sorted(CELL.folder.iterdir()))
    said = Path("said").read_text().splitlines()
    return {"kills": kills, "said": said, "digest": hashlib.sha256(content).hexdigest()}


def main(runs: int) -> None:
    """Print how an undisturbed training ended, then how each of the killed ones did."""
    print(json.dumps(trained([])))
    length, draws = min(length_of_one() for _ in range(3)), random.Random(1)
    for _ in range(runs):
        while not (found := trained([draws.uniform(0, 0.9 * length) for _ in range(KILLS)]))["kills"]:
            pass  # it ended before the first moment
        print(json.dumps(found))


def length_of_one() -> float:
    """Return the seconds of an undisturbed training."""
    started = time.monotonic()
    trained([])
    return time.monotonic() - started


if __name__ == "__main__":
    main(int(sys.argv[1]))
