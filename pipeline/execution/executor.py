"""Run independent jobs in worker processes.

A job gives the same result in any process, so the number of workers changes speed only.
"""

import gc
import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext
from multiprocessing.queues import SimpleQueue
from types import FrameType
from typing import Any, TypeVar

from pipeline.errors import ParamsError, PipelineError

WORKERS = "PIPELINE_WORKERS"
SERVER = "pipeline.execution.forkserver"
KILLED = (
    f"a worker process was killed, most likely because memory ran out; set {WORKERS} to a smaller number, and run again"
)

Job = TypeVar("Job")
Result = TypeVar("Result")
Report = Callable[[Any], None]
Message = tuple[int, Any]
Handler = Callable[[int, FrameType | None], Any] | int | None

_messages: SimpleQueue[Message | None]  # in a worker: to the process that submitted the jobs


def count_workers(jobs: int) -> int:
    """Return how many workers to start for so many jobs: PIPELINE_WORKERS, or the number that is done first.

    Raises:
        ParamsError: if PIPELINE_WORKERS is not a whole number from 1.
    """
    value = os.environ.get(WORKERS, "")
    if not value:
        return fewest_workers(jobs, cores())
    if not value.isdecimal() or int(value) == 0:
        raise ParamsError(f"{WORKERS}: found {value!r}; wanted a whole number from 1")
    return min(int(value), jobs)


def fewest_workers(jobs: int, cores: int) -> int:
    """Return the smallest number of workers with which so many equal jobs are done first on so many cores.

    Three jobs on two cores take two rounds with two workers, in the second of which a core has nothing to do; with
    three workers, among which the system divides the cores, one and a half.
    """

    def time(workers: int) -> int:  # of all rounds, in units of one job's time divided by `cores`
        rounds, left = divmod(jobs, workers)
        return rounds * max(workers, cores) + (max(left, cores) if left else 0)

    return min(range(min(cores, jobs), min(2 * cores - 1, jobs) + 1), key=time)


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(
    function: Callable[[Job, Report], Result],
    jobs: Sequence[Job],
    show: Callable[[int, Any], None] = lambda job, message: None,
    preload: Sequence[str] = ("pipeline",),
) -> list[Result]:
    """Return function(job, report) for each job, in the order given.

    The workers are forked from a server that has imported some modules once. They ignore Ctrl-C, which this process
    handles, and they end when it ends, for whatever reason.

    Args:
        function: What a worker runs; it may call `report` with any message that can be pickled.
        jobs: What it is called with.
        show: Called in this process with the index of a job and a message from it.
        preload: The modules to import once.

    Raises:
        PipelineError: if a worker or the server was killed, or the folder for temporary files cannot be used.
        ParamsError: if PIPELINE_WORKERS cannot be used.
    """
    context = multiprocessing.get_context("forkserver")
    _start_server(context, preload)
    messages: SimpleQueue[Message | None] = context.SimpleQueue()
    listener = threading.Thread(target=_listen, args=(messages, show), daemon=True)
    with (
        ProcessPoolExecutor(count_workers(len(jobs)), context, _start_worker, (messages,)) as pool,
        _workers_end_on_error(),
    ):
        with _ctrl_c_delayed(), _reports_killed_server():
            futures = [pool.submit(_work, function, index, job) for index, job in enumerate(jobs)]
            pool.submit(_do_nothing)  # wakes the pool, which might else not watch the worker that it started last
        listener.start()
        results = [future.result() for future in futures]
    messages.put(None)
    listener.join()
    return results


def _start_server(context: ForkServerContext, preload: Sequence[str]) -> None:
    """Start the server that forks the workers, and wait until it has forked one process.

    Ctrl-C reaches every process of a terminal: it must not interrupt the server's imports.
    """
    context.set_forkserver_preload([SERVER, *preload])
    trial = context.Process(target=_do_nothing)
    resource_tracker.ensure_running()  # else `forkserver.ensure_running` would start it, which unblocks the signal
    with _ctrl_c_delayed(), _reports_long_tmpdir(), _reports_killed_server():
        forkserver.ensure_running()
        trial.start()
    trial.join()


@contextmanager
def _reports_long_tmpdir() -> Iterator[None]:
    """Turn the system's error on a temporary folder whose name is too long for a socket into one that names it."""
    try:
        yield
    except OSError as error:
        if "AF_UNIX path too long" not in str(error):
            raise
        raise PipelineError(
            f"TMPDIR: {tempfile.gettempdir()}: this path is too long for the sockets of the workers; set a shorter one"
        ) from None


@contextmanager
def _reports_killed_server() -> Iterator[None]:
    """Turn the errors of a server that was killed, and so does not answer, into one that names the cause."""
    try:
        yield
    except (EOFError, ConnectionError):
        raise PipelineError(KILLED) from None


def _do_nothing() -> None:
    """Do nothing; starting the process is the purpose."""


@contextmanager
def _ctrl_c_delayed() -> Iterator[None]:
    """Delay Ctrl-C to the end of the block; a process started in it never sees one.

    Blocking the signal is not enough: the system delivers it to a library's thread that does not block it, and Python
    then interrupts the main thread.
    """
    pressed: list[int] = []
    handler = _handle_ctrl_c(lambda number, frame: pressed.append(number))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        _handle_ctrl_c(handler)
        if pressed:
            signal.raise_signal(signal.SIGINT)


def _handle_ctrl_c(handler: Handler) -> Handler:
    """Set the handler of Ctrl-C and return the former one; None outside the main thread, which alone is interrupted."""
    if threading.current_thread() is not threading.main_thread():
        return None
    return signal.signal(signal.SIGINT, signal.SIG_DFL if handler is None else handler)


@contextmanager
def _workers_end_on_error() -> Iterator[None]:
    """Stop the workers at once on the first error or Ctrl-C."""
    try:
        yield
    except BrokenProcessPool:
        raise PipelineError(KILLED) from None
    except BaseException:  # also Ctrl-C; raised again below
        for child in multiprocessing.active_children():
            child.terminate()
        raise


def _listen(messages: "SimpleQueue[Message | None]", show: Callable[[int, Any], None]) -> None:
    """Show what the jobs report; keep reading when that fails, since a full pipe would block the jobs."""
    while (message := messages.get()) is not None:
        with suppress(OSError):
            show(*message)


def _start_worker(messages: "SimpleQueue[Message | None]") -> None:
    global _messages
    _messages = messages
    gc.freeze()  # what the server imported stays until the end
    gc.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait until the process that submitted the jobs has ended, then exit at once."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(function: Callable[[Job, Report], Result], index: int, job: Job) -> Result:
    return function(job, lambda message: _messages.put((index, message)))
