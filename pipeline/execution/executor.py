"""Run independent jobs in worker processes.

A job gives the same result in any process, so the number of workers changes speed only.
"""

import gc
import multiprocessing
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing.queues import SimpleQueue
from typing import Any, TypeVar

from pipeline.errors import ParamsError, PipelineError
from pipeline.execution.lifecycle import block_terminal_signals

WORKERS = "PIPELINE_WORKERS"
SERVER = "pipeline.execution.forkserver"
SECONDS_BETWEEN_WAKES = 0.2  # a signal that arrives just as Python begins to wait does not wake it
KILLED = (
    f"a worker process was killed, most likely because memory ran out; set {WORKERS} to a smaller number, and run again"
)

Job = TypeVar("Job")
Result = TypeVar("Result")
Report = Callable[[Any], None]
Message = tuple[int, Any]

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

    The workers are forked from a server that has imported some modules once. They do not see Ctrl-C, which this process
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
    interrupted = threading.Event()
    with ThreadPoolExecutor(1) as thread:  # Ctrl-C interrupts the main thread alone, so never a start of a process
        try:
            work = thread.submit(_run, function, jobs, show, preload, interrupted)
            while not work.done():
                wait([work], SECONDS_BETWEEN_WAKES)
            return work.result()
        except BaseException:
            interrupted.set()
            thread.submit(int).result()  # when `_run` has ended; a second Ctrl-C ends this wait, but not the block's
            raise


def _run(
    function: Callable[[Job, Report], Result],
    jobs: Sequence[Job],
    show: Callable[[int, Any], None],
    preload: Sequence[str],
    interrupted: threading.Event,
) -> list[Result]:
    """Do what `run` does; the server and the workers inherit from this thread that Ctrl-C is blocked."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([SERVER, *preload])
    messages: SimpleQueue[Message | None] = context.SimpleQueue()
    listener = threading.Thread(target=_listen, args=(messages, show), daemon=True)
    with ProcessPoolExecutor(count_workers(len(jobs)), context, _start_worker, (messages,)) as pool, _ends_workers():
        block_terminal_signals()  # after the queue and the pool: with their first lock, multiprocessing unblocks Ctrl-C
        with _reports_start_errors():
            futures = [pool.submit(_work, function, index, job) for index, job in enumerate(jobs)]
            pool.submit(int)  # wakes the pool, which might else not watch the worker that it started last
        listener.start()
        results = _wait_for(futures, interrupted)
    messages.put(None)
    listener.join()
    return results


def _wait_for(futures: "Sequence[Future[Result]]", interrupted: threading.Event) -> list[Result]:
    """Return the results of all futures, or raise the first error at once."""
    pending = set(futures)
    while pending:
        done, pending = wait(pending, SECONDS_BETWEEN_WAKES, return_when=FIRST_EXCEPTION)
        if interrupted.is_set():
            raise KeyboardInterrupt
        for future in done:
            future.result()
    return [future.result() for future in futures]


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


@contextmanager
def _ends_workers() -> Iterator[None]:
    """Stop the workers at once on the first error."""
    try:
        yield
    except BaseException as error:
        for child in multiprocessing.active_children():
            child.terminate()
        if isinstance(error, BrokenProcessPool):
            raise PipelineError(KILLED) from None
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
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait until the process that submitted the jobs has ended, then exit at once."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(function: Callable[[Job, Report], Result], index: int, job: Job) -> Result:
    return function(job, lambda message: _messages.put((index, message)))
