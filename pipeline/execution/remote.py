"""Do a job on a worker of a Dask cluster: messages, the end of jobs that nobody waits for, and files that are kept."""

import hashlib
import os
import pickle
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distributed import Variable, Worker, get_worker

from pipeline import files
from pipeline.execution import shared
from pipeline.execution.context import Context, KeptFile, Stopped
from pipeline.execution.shared import Shared

TOPIC = "sequence-pipeline"  # of the events that carry messages; Dask keeps a bounded number of events of a topic
SECONDS_BETWEEN_LOOKS = 1.0  # whether a job is still wanted
SECONDS_BETWEEN_EVENTS = 0.5
SECONDS_BETWEEN_COPIES = 30.0  # of a kept file
SECONDS_FOR_COPY = 60.0  # of a folder, which the client sends to workers that come later or were started again
WANTED = ("executing", "long-running")  # states of a task whose result somebody waits for


@dataclass(frozen=True)
class Call:
    """A job on its way to a worker."""

    run: str  # whose client hears the messages
    index: int  # of the job in the run
    folders: Mapping[Path, Shared]  # by the path that the job has
    keeps: Path | None


@dataclass(frozen=True)
class Started:
    """The message that a worker has begun a job."""


@dataclass(frozen=True)
class Kept:
    """The message that a kept file has a new content, which the client may fetch."""


def work(function: Callable[[Any, Context], Any], job: Any, call: Call) -> Any:
    """Do a job in the thread of a worker."""
    context = RemoteContext(call, get_worker())
    context.start()
    try:
        return function(job, context)
    finally:
        context.close()


def variable_name(run: str, path: Path) -> str:
    """Return the name under which the scheduler holds the newest content of a kept file of a run."""
    return f"{TOPIC}-{run}-{hashlib.sha256(str(path).encode()).hexdigest()[:32]}"


def token(run: str, path: Path) -> Path:
    """Return a file that a run's client writes beside a kept file: who finds it sees the client's own folder."""
    return path.parent / f".run-{run}"


class RemoteContext:
    """The context of a job on a worker."""

    def __init__(self, call: Call, worker: Worker) -> None:
        self._call, self._worker, self._key = call, worker, worker.get_current_task()
        self._messages: list[Any] = []
        self._sending = threading.Lock()
        self._sent = time.monotonic()
        self._stopped, self._ended = threading.Event(), threading.Event()
        self._returned: _Returned | None = None

    def start(self) -> None:
        """Say that the job has begun, and look from now on whether it is wanted."""
        self._messages.append(Started())
        self._flush()
        threading.Thread(target=self._watch, daemon=True).start()

    def report(self, message: Any) -> None:
        """Send a message, together with others of the same moment."""
        self.check()
        with self._sending:
            self._messages.append(message)
        if time.monotonic() - self._sent >= SECONDS_BETWEEN_EVENTS:
            self._flush()

    def check(self) -> None:
        """Raise Stopped once nobody waits for the job."""
        if self._stopped.is_set():
            raise Stopped

    def folder(self, path: Path) -> Path:
        """Return where this worker reads a shared folder; a worker that has just started waits for its copy.

        Raises:
            OSError: if it gets none.
        """
        deadline = time.monotonic() + SECONDS_FOR_COPY
        while (found := shared.locate(self._call.folders[path], self._worker)) is None:
            if time.monotonic() > deadline:
                raise FileNotFoundError(2, f"worker {self._worker.address} got no copy; run again", str(path))
            self.check()
            time.sleep(SECONDS_BETWEEN_LOOKS / 5)
        return found

    def file(self, path: Path) -> KeptFile:
        """Return the file itself where this worker writes to the client's folder, else a copy that comes back."""
        run = self._call.run
        if sees_client(run, path):
            return KeptFile(path)
        name = variable_name(run, path)
        self._returned = _Returned(Path(self._worker.local_directory) / "kept" / name, Variable(name), self)
        return KeptFile(self._returned.path, self._returned.send)

    def close(self) -> None:
        """Send what is left, stop looking, and leave nothing on the scheduler that nobody waits for."""
        self._ended.set()
        self._look()
        self._flush()
        if self._returned is not None:
            self._returned.close(wanted=not self._stopped.is_set())

    def _flush(self) -> None:
        with self._sending:
            messages, self._messages, self._sent = self._messages, [], time.monotonic()
            if messages:
                packed = pickle.dumps([self._call.index, messages])  # between processes of one user
                self._worker.log_event(TOPIC, {"run": self._call.run, "messages": packed})

    def _watch(self) -> None:
        """Look from time to time whether somebody waits for this job: a client that has ended does not."""
        while not self._ended.wait(SECONDS_BETWEEN_LOOKS):
            self._look()
            self._flush()

    def _look(self) -> None:
        task = self._worker.state.tasks.get(self._key)
        if task is None or task.state not in WANTED:
            self._stopped.set()


class _Returned:
    """A copy of a kept file, whose content goes to the scheduler, not too often."""

    def __init__(self, path: Path, variable: Variable, context: RemoteContext) -> None:
        self.path, self._variable, self._context = path, variable, context
        self._last = time.monotonic()
        if (content := _get(variable)) is not None:
            with files.replacing_file(path) as partial:
                partial.write_bytes(content)

    def send(self) -> None:
        """Send the content, if it is time for that."""
        self._context.check()  # else the scheduler would hold what nobody waits for
        if time.monotonic() - self._last >= SECONDS_BETWEEN_COPIES:
            self._last = time.monotonic()
            self._variable.set(self.path.read_bytes())
            self._context.report(Kept())

    def close(self, wanted: bool) -> None:
        """Delete the copy, and on the scheduler what nobody waits for."""
        self.path.unlink(missing_ok=True)
        if not wanted:
            self._variable.delete()


def sees_client(run: str, path: Path) -> bool:
    """Return whether a kept file is on this worker the client's own, and can be written; a clone at its path is not."""
    with suppress(OSError):
        return token(run, path).exists() and os.access(path.parent, os.W_OK)
    return False


def _get(variable: Variable) -> bytes | None:
    """Return a variable's content; nothing if it was never set."""
    try:
        content: bytes = variable.get(timeout=0.1)
    except TimeoutError:
        return None
    return content
