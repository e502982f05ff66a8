"""Spread independent cells of work over processes; nothing else knows how.

A cell is computed alike wherever it runs, so the number of workers changes speed only.
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
from typing import TYPE_CHECKING, Any, TypeVar

from pipeline.errors import UserError

if TYPE_CHECKING:
    from pipeline import server  # noqa: F401 - imported by another process, and so code that stages run on

WORKERS = "PIPELINE_WORKERS"
SERVER = "pipeline.server"
KILLED = f"a worker process was killed, most likely for want of memory; set {WORKERS} to a smaller number and run again"

Cell = TypeVar("Cell")
Result = TypeVar("Result")
Tell = Callable[[Any], None]
Message = tuple[int, Any]
Handler = Callable[[int, FrameType | None], Any] | int | None

_messages: SimpleQueue[Message | None]  # in a worker: the way back to the process that waits


def workers(cells: int) -> int:
    """Return the number of workers for so many cells: PIPELINE_WORKERS, else the one that ends soonest."""
    value = os.environ.get(WORKERS, "")
    if not value:
        return soonest(cells, cores())
    if not value.isdecimal() or int(value) == 0:
        raise UserError(f"{WORKERS}: found {value!r}; wanted a whole number from 1")
    return min(int(value), cells)


def soonest(cells: int, cores: int) -> int:
    """Return the least number of workers with which so many equal cells end soonest on so many cores.

    Three cells on two cores take two rounds with two workers, in the second of which a core has nothing to do; with
    three workers, between which the system divides the cores, one round and a half.
    """

    def time(count: int) -> int:  # of all rounds, in units of a cell's own time over `cores`
        rounds, left = divmod(cells, count)
        return rounds * max(count, cores) + (max(left, cores) if left else 0)

    return min(range(min(cores, cells), min(2 * cores - 1, cells) + 1), key=time)


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(
    function: Callable[[Cell, Tell], Result],
    cells: Sequence[Cell],
    show: Callable[[int, Any], None] = lambda cell, message: None,
    preload: Sequence[str] = ("pipeline",),
) -> list[Result]:
    """Compute function(cell, tell) for each cell, in the order given; `show` gets what they tell.

    The workers are forked from a server that has imported the modules `preload` once; they ignore
    Ctrl-C, which this process handles, and they end when it ends, however that happens.
    """
    context = multiprocessing.get_context("forkserver")
    _start_server(context, preload)
    messages: SimpleQueue[Message | None] = context.SimpleQueue()
    listener = threading.Thread(target=_listen, args=(messages, show), daemon=True)
    with ProcessPoolExecutor(workers(len(cells)), context, _start_worker, (messages,)) as pool, _ending():
        with _ctrl_c_held(), _server_alive():
            futures = [pool.submit(_work, function, index, cell) for index, cell in enumerate(cells)]
            pool.submit(_do_nothing)  # wakes the pool, which else may not watch the worker that it started last
        listener.start()
        results = [future.result() for future in futures]
    messages.put(None)
    listener.join()
    return results


def _start_server(context: ForkServerContext, preload: Sequence[str]) -> None:
    """Start the server that forks the workers, and wait until it has done so once.

    Ctrl-C reaches every process of a terminal: it must not meet the server in the middle of its imports.
    """
    context.set_forkserver_preload([SERVER, *preload])
    first = context.Process(target=_do_nothing)
    resource_tracker.ensure_running()  # else the next line but one would start it, which unblocks the signal
    with _ctrl_c_held(), _room_for_sockets(), _server_alive():
        forkserver.ensure_running()
        first.start()
    first.join()


@contextmanager
def _room_for_sockets() -> Iterator[None]:
    """Name the temporary folder where its name leaves no room for those of the workers' sockets."""
    try:
        yield
    except OSError as error:
        if "AF_UNIX path too long" not in str(error):
            raise
        raise UserError(
            f"TMPDIR: {tempfile.gettempdir()} is too long a name for sockets of worker processes; name a shorter one"
        ) from None


@contextmanager
def _server_alive() -> Iterator[None]:
    """Say so where the system has ended the server, which then gives no answer."""
    try:
        yield
    except (EOFError, ConnectionError):
        raise UserError(KILLED) from None


def _do_nothing() -> None:
    """Start and end; that is all that is asked."""


@contextmanager
def _ctrl_c_held() -> Iterator[None]:
    """Put off Ctrl-C to the end of the block; a process started in it never sees one.

    To block the signal is not enough: where a thread of somebody else's does not block it, the system gives it to that
    one, and Python interrupts the main thread all the same.
    """
    pressed: list[int] = []
    handler = _on_ctrl_c(lambda number, frame: pressed.append(number))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        _on_ctrl_c(handler)
        if pressed:
            signal.raise_signal(signal.SIGINT)


def _on_ctrl_c(handler: Handler) -> Handler:
    """Have Ctrl-C handled so, and return how it was; only the main thread is ever interrupted by it."""
    if threading.current_thread() is not threading.main_thread():
        return None
    return signal.signal(signal.SIGINT, signal.SIG_DFL if handler is None else handler)


@contextmanager
def _ending() -> Iterator[None]:
    """Stop the workers at once on the first error or Ctrl-C."""
    try:
        yield
    except BrokenProcessPool:
        raise UserError(KILLED) from None
    except BaseException:  # also Ctrl-C; raised again below
        for child in multiprocessing.active_children():
            child.terminate()
        raise


def _listen(messages: "SimpleQueue[Message | None]", show: Callable[[int, Any], None]) -> None:
    """Show what the cells tell. Where nobody reads it any more, they must not wait for a reader for ever."""
    while (message := messages.get()) is not None:
        with suppress(OSError):
            show(*message)


def _start_worker(messages: "SimpleQueue[Message | None]") -> None:
    global _messages
    _messages = messages
    gc.freeze()  # what the server imported is no garbage
    gc.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait until the process that gave the work is gone, then leave at once."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(function: Callable[[Cell, Tell], Result], index: int, cell: Cell) -> Result:
    return function(cell, lambda message: _messages.put((index, message)))
