"""Keep the state of a running training on disk, so that one that is killed goes on and ends in the same bytes.

A checkpoint is one safetensors file a network in `.checkpoints/MODEL`, outside DVC's outs, which DVC deletes
before a stage runs. It holds the key of everything that decides the result: one with another key, or one that
is damaged, is not used.
"""

import fcntl
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from pipeline import artifacts, numerics, paths
from pipeline.errors import UserError

SECONDS = "PIPELINE_CHECKPOINTS"
USUAL_SECONDS = 4.0
PATIENCE = 100  # a checkpoint waits this many times as long as the last one took: it costs at most 1 %
FIRST_COST = 0.01  # seconds, a guess: so a training of less than a second ends without any


@dataclass(frozen=True)
class Snapshot:
    """All that a training needs to go on: arrays by name, and facts that JSON can hold."""

    arrays: Mapping[str, NDArray[Any]]
    facts: Mapping[str, Any]
    seconds: float = 0.0  # that the training has cost so far, which decides nothing


class Saver(Protocol):
    """Where a training leaves its state and finds it again."""

    @property
    def spent(self) -> float:
        """The seconds that the training had cost when it was stopped the last time."""

    def load(self) -> Snapshot | None:
        """Return the state that was left, if it is of this very training."""

    def offer(self, make: Callable[[], Snapshot], final: bool = False) -> None:
        """Keep what `make` returns, if it is time for it; the final one does not wait its turn."""


class Forgetful:
    """A saver that keeps nothing."""

    spent = 0.0

    def load(self) -> Snapshot | None:
        """Return nothing."""
        return None

    def offer(self, make: Callable[[], Snapshot], final: bool = False) -> None:
        """Keep nothing."""


class FileSaver:
    """A saver that keeps the newest state in a file, and tells of what goes wrong rather than end the training."""

    def __init__(
        self, path: Path, key: str, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.path, self.key, self.say, self.clock = path, key, say, clock
        self.every, self.patience = seconds()
        self.cost, self.last = FIRST_COST, time.monotonic()
        self.begun, self.spent = clock(), 0.0
        self.failed = False

    def load(self) -> Snapshot | None:
        """Return the state in the file, if it is whole and has this key; say what comes of it."""
        try:
            found = _read(self.path, self.key)
        except (SafetensorError, OSError, ValueError, KeyError, TypeError):
            self.say(f"{self.path} is damaged; the training begins anew")
            return None
        if found is not None:
            self.say("goes on from its checkpoint")
            self.spent = found.seconds
        return found

    def offer(self, make: Callable[[], Snapshot], final: bool = False) -> None:
        """Write what `make` returns, unless the last was written a moment ago."""
        started = time.monotonic()
        if started - self.last < max(0.0 if final else self.every, self.cost * self.patience):
            return
        try:
            _write(self.path, self.key, replace(make(), seconds=self.spent + self.clock() - self.begun))
        except OSError as error:
            if not self.failed:
                self.say(f"{self.path}: no checkpoint written ({error.strerror}); the training goes on without")
            self.failed = True
        self.last = time.monotonic()
        self.cost = self.last - started


def seconds() -> tuple[float, int]:
    """Return the seconds between two checkpoints, and how many times its cost one waits at least.

    Who sets PIPELINE_CHECKPOINTS gets what it says.
    """
    value = os.environ.get(SECONDS, "")
    if not value:
        return USUAL_SECONDS, PATIENCE
    with suppress(ValueError):
        if float(value) >= 0:
            return float(value), 0
    raise UserError(f"{SECONDS}: found {value!r}; wanted seconds between two checkpoints, such as 10")


def folder(model: str) -> Path:
    """Return where the checkpoints of a model are: in the real project, also where DVC runs a copy of it."""
    return paths.home() / ".checkpoints" / model


def file(model: str, seed: int, fit: str) -> Path:
    """Return the checkpoint of one network: always the same, so that a changed setting leaves nothing behind."""
    return folder(model) / f"seed-{seed}-{fit}.safetensors"


@contextmanager
def owned(model: str) -> Iterator[bool]:
    """Tell whether the checkpoints of a model are this run's until the block ends, or those of a run beside it."""
    held, own = _claimed(folder(model))
    try:
        yield own
    finally:
        if own:
            _forget_empty(folder(model))
        if held is not None:
            os.close(held)


def _claimed(folder: Path, tries: int = 5) -> tuple[int | None, bool]:
    """Lock a folder; return what holds the lock, which ends with the process, and whether the folder is ours.

    It is ours also where it cannot be made or locked: what cannot be written is told by who writes it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:  # its former owner deletes it in this very moment
        return _claimed(folder, tries - 1) if tries else (None, True)
    except OSError:
        return None, True
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        return None, False
    except OSError:  # a file system without locks
        return held, True
    if tries and not (folder.exists() and os.path.samestat(os.fstat(held), folder.stat())):
        os.close(held)  # the lock of a folder that is no more
        return _claimed(folder, tries - 1)
    return held, True


def _forget_empty(folder: Path) -> None:
    """Delete the folder of a model without checkpoints, and that of all models if it was the last."""
    with suppress(OSError):
        folder.rmdir()
        folder.parent.rmdir()


def clear(model: str) -> None:
    """Delete all checkpoints of a model."""
    shutil.rmtree(folder(model), ignore_errors=True)
    with suppress(OSError):
        folder(model).parent.rmdir()  # only if it was the last


def key(*parts: object) -> str:
    """Digest what decides a training's bytes: the parts given, the code that is imported by now, versions, numerics."""
    decided = [
        *map(str, parts),
        artifacts.sha256(*sorted(map(Path, _code()))),
        *(f"{name} {version(name)}" for name in ("torch", "numpy")),
        *(f"{name}={os.environ.get(name)}" for name in sorted(numerics.PORTABLE | numerics.ONE_THREAD)),
        f"native {numerics.native()}",
    ]
    return hashlib.sha256(json.dumps(decided).encode()).hexdigest()


def _code() -> Iterator[str]:
    """Yield the files of this package that are imported by now."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "pipeline" and (source := getattr(module, "__file__", None)):
            yield source


def _write(path: Path, key: str, snapshot: Snapshot) -> None:
    """Write a checkpoint so that a kill or a power cut leaves the one before, or a file that is seen to be damaged."""
    arrays = {name: np.require(array, requirements="C") for name, array in snapshot.arrays.items()}
    facts = json.dumps([snapshot.facts, snapshot.seconds])
    content = save(arrays, {"key": key, "facts": facts, "digest": _digest(arrays, facts)})
    with artifacts.replacing_file(path) as partial, partial.open("wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def _read(path: Path, key: str) -> Snapshot | None:
    """Read a checkpoint; nothing if there is none with this key, ValueError if its content is not what was written."""
    if not path.exists():
        return None
    with safe_open(path, framework="np") as opened:
        notes = opened.metadata()
        if notes["key"] != key:
            return None
        arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118  (not a dictionary)
    if _digest(arrays, notes["facts"]) != notes["digest"]:
        raise ValueError("other content than was written")
    return Snapshot(arrays, *json.loads(notes["facts"]))


def _digest(arrays: Mapping[str, NDArray[Any]], facts: str) -> str:
    digest = hashlib.sha256(facts.encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"\0{name} {array.dtype.str} {array.shape}\0".encode())
        digest.update(array.data if array.size else b"")
    return digest.hexdigest()
