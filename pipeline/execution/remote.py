"""Do a job on a worker of a Dask cluster: messages, the end of jobs that nobody waits for, and files that are kept."""

import hashlib
import pickle
import threading
import time
from collections.abc import Callable, Mapping
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
WANTED = ("executing", "long-running")  # states of a task whose result somebody waits for


@dataclass(frozen=True)
class Call:
    """A job on its way to a worker."""

    run: str  # whose client hears the messages
    index: int  # of the job in the run
    folders: Mapping[Path, Shared]  # by the path that the job has
    keeps: Path | None


@dataclass(frozen=True)
class Kept:
    """The message that a kept file has a new content, which the client may fetch."""


def work(function: Callable[[Any, Context], Any], job: Any, call: Call) -> Any:
    """Do a job in the thread of a worker."""
    context = RemoteContext(call, get_worker())
    try:
        return function(job, context)
    finally:
        context.close()


def variable_name(path: Path) -> str:
    """Return the name under which the scheduler holds the newest content of a kept file."""
    return f"{TOPIC}-{hashlib.sha256(str(path).encode()).hexdigest()[:32]}"


class RemoteContext:
    """The context of a job on a worker."""

    def __init__(self, call: Call, worker: Worker) -> None:
        self._call, self._worker, self._key = call, worker, worker.get_current_task()
        self._messages: list[Any] = []
        self._sending = threading.Lock()
        self._sent = time.monotonic()
        self._stopped, self._ended = threading.Event(), threading.Event()
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
        """Return where this worker reads a shared folder.

        Raises:
            OSError: if it has neither the folder nor a copy, as after its disk was cleaned.
        """
        found = shared.locate(self._call.folders[path], self._worker)
        if found is None:
            raise FileNotFoundError(2, f"worker {self._worker.address} has no copy; run again", str(path))
        return found

    def file(self, path: Path) -> KeptFile:
        """Return the file itself where this worker sees the client's folders, else a copy whose content comes back."""
        if all(self.folder(path) == folder.path for path, folder in self._call.folders.items()):
            return KeptFile(path)
        copy = Path(self._worker.local_directory) / "kept" / variable_name(path)
        kept = Variable(variable_name(path))
        if (content := _get(kept)) is not None:
            with files.replacing_file(copy) as partial:
                partial.write_bytes(content)
        else:
            copy.unlink(missing_ok=True)
        return KeptFile(copy, _Returned(copy, kept, self.report))

    def close(self) -> None:
        """Send what is left, and stop looking."""
        self._ended.set()
        self._flush()

    def _flush(self) -> None:
        with self._sending:
            messages, self._messages, self._sent = self._messages, [], time.monotonic()
            if messages:
                packed = pickle.dumps([self._call.index, messages])  # between processes of one user
                self._worker.log_event(TOPIC, {"run": self._call.run, "messages": packed})

    def _watch(self) -> None:
        """Look from time to time whether somebody waits for this job: a client that has ended does not."""
        while not self._ended.wait(SECONDS_BETWEEN_LOOKS):
            task = self._worker.state.tasks.get(self._key)
            if task is None or task.state not in WANTED:
                self._stopped.set()
            self._flush()


class _Returned:
    """Sends the content of a file to the scheduler, not too often."""

    def __init__(self, path: Path, kept: Variable, report: Callable[[Any], None]) -> None:
        self._path, self._kept, self._report = path, kept, report
        self._last = time.monotonic()

    def __call__(self) -> None:
        if time.monotonic() - self._last >= SECONDS_BETWEEN_COPIES:
            self._last = time.monotonic()
            self._kept.set(self._path.read_bytes())
            self._report(Kept())


def _get(variable: Variable) -> bytes | None:
    """Return a variable's content; nothing if it was never set."""
    try:
        content: bytes = variable.get(timeout=0.1)
    except TimeoutError:
        return None
    return content
