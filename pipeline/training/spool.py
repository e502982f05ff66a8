"""Write the epochs of a training to a file while it runs, for whoever follows it.

A line is a JSON object: first a start, then an epoch for each that a network has finished, last an end. The training
holds a lock on the file, so one that is free without an end belongs to a training that was killed. A training never
reads a spool, and goes on where one cannot be written.
"""

import fcntl
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from pipeline import paths
from pipeline.models import storage
from pipeline.models.storage import Epoch, Outcome
from pipeline.params.models import ModelParams
from pipeline.training import timings

Event = Mapping[str, Any]
Spool = Callable[..., None]  # called with the name of an event and what it says

START, EPOCH, END = "start", "epoch", "end"


def write_nothing(event: str, **content: Any) -> None:
    """Take an event of a training that nobody follows."""


@contextmanager
def write(model: str, params: ModelParams) -> Iterator[Spool]:
    """Yield a function that adds an event to the spool of a model's training."""
    file: TextIO | None = None
    with suppress(OSError):
        file = _create(path(model))

    def add(event: str, **content: Any) -> None:
        if file is not None:
            with suppress(OSError):
                file.write(json.dumps({"event": event, "time": time.time(), **content}) + "\n")
                file.flush()

    try:
        add(START, model=model, params=params.model_dump(mode="json"))
        yield add
    finally:
        if file is not None:
            with suppress(OSError):
                file.close()


def describe_epoch(seed: int, fit: str, epoch: Epoch) -> dict[str, Any]:
    """Return what an epoch's event says."""
    return {"seed": seed, "fit": fit, **asdict(epoch)}


def describe_end(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return what the last event says: all epochs, how the training of each seed ended, and its time."""
    return {
        "epochs": [describe_epoch(each.seed, each.fit, epoch) for each in outcomes for epoch in each.epochs],
        "parameters": outcomes[0].parameters,
        "reproducibility": outcomes[0].reproducibility,
        "seeds": {seed: found.model_dump() for seed, found in storage.describe_seeds(outcomes).items()},
        "times": {seed: asdict(time) for seed, time in timings.times_by_seed(outcomes).items()},
    }


def path(model: str) -> Path:
    """Return the file of a model's training."""
    return paths.SPOOL / f"{model}.jsonl"


def running_models() -> set[str]:
    """Return the models that are being trained in this folder."""
    return {path.stem for path in paths.SPOOL.glob("*.jsonl") if _is_running(path)}


def delete_ended() -> None:
    """Delete the spools of trainings that no longer run."""
    for path in paths.SPOOL.glob("*.jsonl"):
        if not _is_running(path):
            path.unlink(missing_ok=True)


def row(epoch: Event) -> dict[str, str]:
    """Return an epoch as history.csv has it."""
    return {name: "" if epoch[name] is None else str(epoch[name]) for name in storage.HISTORY_COLUMNS}


def read(file: TextIO) -> Iterator[Event]:
    """Yield the events that were added since the last call; a line that is not whole yet waits for the next."""
    position = file.tell()
    while (line := file.readline()).endswith("\n"):
        yield json.loads(line)
        position = file.tell()
    file.seek(position)


def is_written(file: TextIO) -> bool:
    """Return whether a training still holds the lock on its spool."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(file, fcntl.LOCK_UN)
    return False


def _is_running(path: Path) -> bool:
    with suppress(FileNotFoundError), path.open(encoding="utf-8") as file:
        return is_written(file)
    return False


def _create(path: Path) -> TextIO:
    """Create an empty file in the place of an earlier one, which its reader may still have open; lock it."""
    path.parent.mkdir(exist_ok=True)
    partial = path.with_suffix(".new")
    file = partial.open("w", encoding="utf-8")
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    partial.replace(path)
    return file
