"""Run jobs in processes of this machine, forked from a server that has imported their modules once.

A pool of processes breaks as a whole when one of them is killed. It is then built again, a few times, each time with
one process fewer if there are several, since most likely memory ran out.
"""

import gc
import multiprocessing
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pipeline.errors import PipelineError
from pipeline.execution.context import Context, LocalContext
from pipeline.execution.lifecycle import block_terminal_signals
from pipeline.execution.workers import WORKERS

POOLS = 4  # of which each but the first was built because one had broken: a cluster gives up a job as late
SERVER = "pipeline.execution.forkserver"
KILLED = (
    f"a worker process was killed, most likely because memory ran out; set {WORKERS} to a smaller number, and run again"
)

Message = tuple[int, Any]

_messages: SimpleQueue[Message | None]  # in a worker: to the process that submitted the jobs


class LocalExecutor:
    """A pool of processes. They do not see Ctrl-C, and they end when this process ends, for whatever reason."""

    def __init__(self, workers: int, hear: Callable[[int, Any], None], preload: Sequence[str]) -> None:
        self._workers, self._hear, self._pools = workers, hear, 0
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([SERVER, __name__, *preload])

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown()
        if error is None:
            self._messages.put(None)
            self._listener.join()

    def share(self, folders: Sequence[Path]) -> None:
        """Do nothing: the workers see every folder."""

    def submit(self, function: Callable[[Any, Context], Any], index: int, job: Any, keeps: Path | None) -> Future[Any]:
        """Start a job, in a new pool if the last one has broken.

        Raises:
            PipelineError: if too many pools have broken, or their server was killed.
        """
        with _reports_start_errors():
            try:
                return self._submit(function, index, job)
            except BrokenExecutor:
                self._rebuild()
                return self._submit(function, index, job)

    def explain(self, error: BaseException, index: int | None = None) -> BaseException:
        """Return the error as it is."""
        return error

    def stop(self) -> None:
        """End the workers at once."""
        for child in multiprocessing.active_children():
            child.terminate()

    def _submit(self, function: Callable[[Any, Context], Any], index: int, job: Any) -> Future[Any]:
        future = self._pool.submit(_work, function, index, job)
        self._pool.submit(int)  # wakes the pool, which might else not watch the worker that it started last
        return future

    def _rebuild(self) -> None:
        if self._pools == POOLS:
            raise PipelineError(KILLED)
        self._workers = max(1, self._workers - 1)
        self._pool.shutdown()
        self._start()

    def _start(self) -> None:
        """Open a pool; its workers inherit from this thread that Ctrl-C is blocked."""
        self._pools += 1
        # A killed worker may have locked the queue of its pool for ever, so each pool has its own.
        self._messages: SimpleQueue[Message | None] = self._context.SimpleQueue()
        self._pool = ProcessPoolExecutor(self._workers, self._context, _start_worker, (self._messages,))
        block_terminal_signals()  # after the queue and the pool: with their first lock, multiprocessing unblocks Ctrl-C
        self._listener = threading.Thread(target=_listen, args=(self._messages, self._hear), daemon=True)
        self._listener.start()


@contextmanager
def _reports_start_errors() -> Iterator[None]:
    """Turn the errors of a server that does not answer, and of a path too long for its socket, into a user's errors."""
    try:
        yield
    except (EOFError, ConnectionError):
        raise PipelineError(KILLED) from None
    except OSError as error:
        if "AF_UNIX path too long" not in str(error):
            raise
        raise PipelineError(
            f"TMPDIR: {tempfile.gettempdir()}: this path is too long for the sockets of the workers; set a shorter one"
        ) from None


def _listen(messages: "SimpleQueue[Message | None]", hear: Callable[[int, Any], None]) -> None:
    """Pass on what the jobs report; keep reading when that fails, since a full pipe would block the jobs."""
    with suppress(EOFError):
        while (message := messages.get()) is not None:
            with suppress(OSError):
                hear(*message)


def _start_worker(messages: "SimpleQueue[Message | None]") -> None:
    global _messages
    _messages = messages
    gc.freeze()  # what the server imported stays until the end
    gc.enable()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait until the process that submitted the jobs has ended, then exit at once."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(function: Callable[[Any, Context], Any], index: int, job: Any) -> Any:
    return function(job, LocalContext(lambda message: _messages.put((index, message))))
