"""Kill trainings at random moments: `python -m tests.support.killing RUNS` in a folder with prepared data.

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

from pipeline.data.prepared import TRAIN
from pipeline.execution.context import LocalContext
from pipeline.models import storage
from pipeline.training import checkpoint, loop  # noqa: F401
from pipeline.training.run import TrainingJob, run_job
from tests.support.small import model_params

PARAMS = model_params(layers=2, dropout=0.3, batch_size=16, epochs=9, optimiser="adamw", weight_decay=0.1)
JOB = TrainingJob("toy", PARAMS, Path("prepared"), 1, TRAIN, checkpoint.path("toy", 1, TRAIN))
FOLDER = Path("out")
KILLS = 3  # of one training, at most


def start() -> int:
    """Start a training in a process of its own, which writes its outcome and its messages to files."""
    if child := os.fork():
        return child
    with Path("messages").open("a") as log:
        context = LocalContext(
            lambda message: print(message, file=log, flush=True) if isinstance(message, str) else None
        )
        outcome, weights = run_job(JOB, context)
    storage.write_weights(FOLDER / "weights", weights)
    (FOLDER / "outcome").write_text(repr(replace(outcome, seconds=0.0, started=0.0, ended=0.0)))
    os._exit(0)


def kill(child: int, moment: float) -> bool:
    """Kill a training after `moment` seconds; return whether it was still running."""
    time.sleep(moment)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def train(moments: list[float]) -> dict[str, object]:
    """Train to the end, with a kill at each moment after a start, if the training runs so long."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    Path("messages").write_text("")
    kills = 0
    while kills < len(moments) and kill(start(), moments[kills]):
        kills += 1
    if not (FOLDER / "outcome").exists():
        assert os.waitpid(start(), 0)[1] == 0
    checkpoint.clear(JOB.model)
    content = b"".join(path.read_bytes() for path in sorted(FOLDER.iterdir()))
    messages = Path("messages").read_text().splitlines()
    return {"kills": kills, "messages": messages, "digest": hashlib.sha256(content).hexdigest()}


def main(runs: int) -> None:
    """Print how an undisturbed training ended, then how each killed one did."""
    print(json.dumps(train([])))
    length, draws = min(measure_seconds() for _ in range(3)), random.Random(1)
    for _ in range(runs):
        while not (found := train([draws.uniform(0, 0.9 * length) for _ in range(KILLS)]))["kills"]:
            pass  # it ended before the first moment
        print(json.dumps(found))


def measure_seconds() -> float:
    """Return the seconds of an undisturbed training."""
    started = time.monotonic()
    train([])
    return time.monotonic() - started


if __name__ == "__main__":
    main(int(sys.argv[1]))
