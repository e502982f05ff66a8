"""Keep the state of a running training on disk, so that one that is killed is resumed and ends in the same bytes.

A checkpoint is one safetensors file for each network in `.checkpoints/MODEL`, outside DVC's outs, which DVC deletes
before a stage runs. It holds the key of everything that decides the result: one with another key, or one that is
damaged, is not used.
"""

import hashlib
import json
import os
import shutil
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

import pipeline
from pipeline import determinism, files, paths
from pipeline.errors import ParamsError
from pipeline.execution.context import KeptFile

INTERVAL_VARIABLE = "PIPELINE_CHECKPOINTS"
DEFAULT_SECONDS = 4.0
COST_MULTIPLE = 100  # a checkpoint waits this many times as long as the last one took: it costs at most 1 %
CODE = ("data/prepared", "determinism.py", "files.py", "models", "params", "tasks", "training")  # of a training
FIRST_COST = 0.01  # seconds, a guess: so a training of less than a second writes none


@dataclass(frozen=True)
class Snapshot:
    """Everything that a training needs to be resumed: arrays by group and name, and facts that JSON can hold."""

    arrays: Mapping[str, Mapping[str, NDArray[Any]]]  # read from a file, it has every group
    facts: Mapping[str, Any]
    seconds: float = 0.0  # that the training has cost so far, which decides no byte


class Saver:
    """Where a training keeps its state; this one keeps nothing."""

    spent = 0.0  # seconds that the training had cost when it was last stopped

    def load(self) -> Snapshot | None:
        """Return the state that is kept, if it belongs to this training."""
        return None

    def offer(self, make: Callable[[], Snapshot], final: bool = False) -> None:
        """Keep what `make` returns, if it is time for that; the final state does not wait."""


NO_SAVER = Saver()


class FileSaver(Saver):
    """A saver that keeps the newest state in a file, and reports what goes wrong instead of ending the training."""

    def __init__(
        self, kept: KeptFile, key: str, report: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.kept, self.path, self.key, self.report, self.clock = kept, kept.path, key, report, clock
        self.every, self.cost_multiple = interval()
        self.cost, self.last = FIRST_COST, time.monotonic()
        self.begun, self.spent = clock(), 0.0
        self.failed = False

    def load(self) -> Snapshot | None:
        """Return the state in the file, if it is undamaged and has this key."""
        try:
            found = _read(self.path, self.key)
        except (SafetensorError, OSError, ValueError, KeyError, TypeError):
            self.report(f"{self.path} is damaged; the training starts from the beginning")
            return None
        if found is not None:
            self.report("resumes from its checkpoint")
            self.spent = found.seconds
        return found

    def offer(self, make: Callable[[], Snapshot], final: bool = False) -> None:
        """Write what `make` returns, unless the last was written a moment ago."""
        started = time.monotonic()
        if started - self.last < max(0.0 if final else self.every, self.cost * self.cost_multiple):
            return
        try:
            _write(self.path, self.key, replace(make(), seconds=self.spent + self.clock() - self.begun))
            self.kept.written()
        except OSError as error:
            if not self.failed:
                self.report(f"{self.path}: no checkpoint written ({error.strerror}); the training continues without")
            self.failed = True
        self.last = time.monotonic()
        self.cost = self.last - started


def interval() -> tuple[float, int]:
    """Return the least seconds between two checkpoints, and the least multiple of the last one's cost.

    The multiple is 0, no bound, where PIPELINE_CHECKPOINTS sets the seconds.

    Raises:
        ParamsError: if PIPELINE_CHECKPOINTS is not a number of seconds.
    """
    value = os.environ.get(INTERVAL_VARIABLE, "")
    if not value:
        return DEFAULT_SECONDS, COST_MULTIPLE
    with suppress(ValueError):
        if float(value) >= 0:
            return float(value), 0
    raise ParamsError(f"{INTERVAL_VARIABLE}: found {value!r}; wanted seconds between two checkpoints, such as 10")


def folder(model: str) -> Path:
    """Return the folder of a model's checkpoints."""
    return paths.checkpoints() / model


def path(model: str, seed: int, fit: str) -> Path:
    """Return the path of a network's checkpoint: always the same, so that changed params leave nothing behind."""
    return folder(model) / f"seed-{seed}-{fit}.safetensors"


@contextmanager
def claim(model: str) -> Iterator[bool]:
    """Yield whether this run may use a model's checkpoints until the block ends, or another run on this machine does.

    The run binds an abstract socket, a name that one process can have, and that the system frees when it ends.
    """
    name = hashlib.sha256(os.fsencode(folder(model))).digest()
    with socket.socket(socket.AF_UNIX) as bound:
        try:
            bound.bind(b"\0" + name)
            own = True
        except OSError:
            own = False
        yield own


def clear(model: str) -> None:
    """Delete all checkpoints of a model."""
    shutil.rmtree(folder(model), ignore_errors=True)
    with suppress(OSError):
        folder(model).parent.rmdir()  # only if it was the last


def make_key(*parts: object) -> str:
    """Return a digest of what decides a training's bytes: these parts, the code of trainings, versions, kernels."""
    decided = [
        *map(str, parts),
        _code_digest(),
        *(f"{name} {version(name)}" for name in ("torch", "numpy")),
        *(f"{name}={os.environ.get(name)}" for name in sorted(determinism.PORTABLE_KERNELS | determinism.ONE_THREAD)),
        f"native {determinism.uses_native_kernels()}",
    ]
    return hashlib.sha256(json.dumps(decided).encode()).hexdigest()


@cache
def _code_digest() -> str:
    """Return the SHA-256 of the code of trainings: the same in every process, whatever that has imported."""
    package = Path(pipeline.__file__).parent
    named = (package / name for name in CODE)
    return files.sha256(*(path for each in named for path in (sorted(each.rglob("*.py")) if each.is_dir() else [each])))


def _write(path: Path, key: str, snapshot: Snapshot) -> None:
    """Write a checkpoint so that a kill or a power cut leaves the former one, or one recognised as damaged."""
    arrays = {
        f"{group}/{name}": np.require(array, requirements="C")
        for group, named in snapshot.arrays.items()
        for name, array in named.items()
    }
    facts = json.dumps([snapshot.facts, snapshot.seconds])
    content = save(arrays, {"key": key, "facts": facts, "digest": _digest(arrays, facts)})
    with files.replacing_file(path) as partial, partial.open("wb") as opened:
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
    groups: dict[str, dict[str, NDArray[Any]]] = defaultdict(dict)
    for key_of_array, array in arrays.items():
        group, _, name = key_of_array.partition("/")
        groups[group][name] = array
    return Snapshot(groups, *json.loads(notes["facts"]))


def _digest(arrays: Mapping[str, NDArray[Any]], facts: str) -> str:
    digest = hashlib.sha256(facts.encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"\0{name} {array.dtype.str} {array.shape}\0".encode())
        digest.update(array.data if array.size else b"")
    return digest.hexdigest()
