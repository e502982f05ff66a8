"""Run independent jobs: the one seam between the work and what does it.

PIPELINE_EXECUTOR chooses that: processes of this machine (`local`), or the workers of a Dask cluster. A job gives the
same result wherever it runs, so the choice changes speed only.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pipeline.errors import ParamsError, PipelineError
from pipeline.execution import workers
from pipeline.execution.context import Context
from pipeline.execution.local import LocalExecutor

SECONDS_BETWEEN_WAKES = 0.2  # a signal that arrives just as Python begins to wait does not wake it
LOST = "its worker was killed; it is run again, from its checkpoint if it has one"

Job = TypeVar("Job")
Result = TypeVar("Result")
Function = Callable[[Job, Context], Result]
Show = Callable[[int, Any], None]


class Executor(Protocol):
    """What runs jobs. It is opened with a function that hears their progress: the number of a job, and a message."""

    def share(self, folders: Sequence[Path]) -> None:
        """Let every worker read these folders, as they are now."""

    def submit(self, function: Callable[[Any, Context], Any], index: int, job: Any, keeps: Path | None) -> Future[Any]:
        """Start a job as soon as a worker is free; `keeps` is a file that it writes for a later try.

        The future raises BrokenExecutor if the worker was killed and the job should be submitted again.
        """

    def explain(self, error: BaseException, index: int | None = None) -> BaseException:
        """Return a user's error for one of this executor's own, such as a lost connection; others as they are.

        It is BrokenExecutor if the job should be submitted again.
        """

    def stop(self) -> None:
        """End all jobs."""


def run(
    function: Function[Job, Result],
    jobs: Sequence[Job],
    show: Show = lambda job, message: None,
    preload: Sequence[str] = ("pipeline",),
    labels: Sequence[str] = (),
    reads: Sequence[Path] = (),
    keeps: Sequence[Path | None] = (),
    here: bool = False,
) -> list[Result]:
    """Return function(job, context) for each job, in the order given.

    Ctrl-C ends the jobs; so does the first that fails, and the end of this process, for whatever reason. A job whose
    worker is killed is run again.

    Args:
        function: What a worker runs; jobs and results can be pickled.
        jobs: What it is called with.
        show: Called in this process with the index of a job and a message from it.
        preload: The modules that a worker of this machine has imported before.
        labels: What to call each job in an error.
        reads: The folders that the jobs read, through `context.folder`.
        keeps: For each job, a file that it writes for a later try, through `context.file`; or nothing.
        here: Run the jobs on this machine in any case, since they write its files.

    Raises:
        PipelineError: if no worker is left, or the folder for temporary files cannot be used.
        ParamsError: if PIPELINE_EXECUTOR or PIPELINE_WORKERS cannot be used.
    """
    if not jobs:
        return []
    interrupted = threading.Event()
    runner = _Runner(function, jobs, show, labels, keeps or [None] * len(jobs), interrupted)
    with ThreadPoolExecutor(1) as thread:  # Ctrl-C interrupts the main thread alone, so never a start of a process
        try:
            work = thread.submit(runner.run, _open(len(jobs), show, preload, here, interrupted), reads)
            while not work.done():
                wait([work], SECONDS_BETWEEN_WAKES)
            return work.result()
        except BaseException:
            interrupted.set()
            thread.submit(int).result()  # when `run` has ended; a second Ctrl-C ends this wait, but not the block's
            raise


def _open(
    jobs: int, show: Show, preload: Sequence[str], here: bool, interrupted: threading.Event
) -> AbstractContextManager[Executor]:
    """Return the executor of PIPELINE_EXECUTOR."""
    address = workers.cluster()
    if here or address is None:
        return LocalExecutor(workers.count_workers(jobs), show, preload)
    try:
        from pipeline.execution.cluster import ClusterExecutor  # late: it needs Dask, which is optional
    except ModuleNotFoundError as error:
        raise ParamsError(
            f"{workers.EXECUTOR}: a cluster needs Dask, and there is no module {error.name}; run `make dask`, or "
            "install the extra `dask` of this package"
        ) from None
    return ClusterExecutor(address, show, interrupted)


class _Runner:
    """Submits jobs and waits for their results."""

    def __init__(
        self,
        function: Function[Any, Any],
        jobs: Sequence[Any],
        show: Show,
        labels: Sequence[str],
        keeps: Sequence[Path | None],
        interrupted: threading.Event,
    ) -> None:
        self.function, self.jobs, self.show = function, jobs, show
        self.labels, self.keeps, self.interrupted = labels, keeps, interrupted
        self.pending: dict[Future[Any], int] = {}

    def run(self, opened: AbstractContextManager[Executor], reads: Sequence[Path]) -> list[Any]:
        """Return all results, or raise the first error at once and end the other jobs."""
        with opened as executor:
            try:
                executor.share(reads)
                return self._complete(executor)
            except BaseException as error:
                executor.stop()
                explained = executor.explain(error)
                if explained is error:
                    raise
                raise explained from None

    def _complete(self, executor: Executor) -> list[Any]:
        """Submit the jobs, and those whose workers were killed again, until there are all results."""
        results: dict[int, Any] = {}
        for index, job in enumerate(self.jobs):
            self._submit(executor, index, job)
        while self.pending:
            done, _ = wait(self.pending, SECONDS_BETWEEN_WAKES, return_when=FIRST_COMPLETED)
            if self.interrupted.is_set():
                raise KeyboardInterrupt
            while done:  # no future is kept: a cluster would run its job again if the worker with its result were lost
                self._take(executor, done.pop(), results)
        return [results[index] for index in range(len(self.jobs))]

    def _submit(self, executor: Executor, index: int, job: Any) -> None:
        self.pending[executor.submit(self.function, index, job, self.keeps[index])] = index

    def _take(self, executor: Executor, future: Future[Any], results: dict[int, Any]) -> None:
        """Keep a job's result, or submit it again if its worker was killed."""
        index = self.pending.pop(future)
        try:
            results[index] = self._result(executor, future, index)
        except BrokenExecutor:
            self._submit(executor, index, self.jobs[index])
            self.show(index, LOST)

    def _result(self, executor: Executor, future: Future[Any], index: int) -> Any:
        """Return a job's result; an error of it says which job that was."""
        try:
            return future.result()
        except BrokenExecutor:
            raise
        except BaseException as error:
            explained, label = executor.explain(error, index), self.labels[index] if self.labels else ""
            if isinstance(explained, BrokenExecutor):
                raise explained from None
            if label and isinstance(explained, PipelineError) and not isinstance(explained, ParamsError):
                raise type(explained)(f"{label}: {explained}") from None
            if label:
                explained.add_note(label)
            raise explained from None if explained is not error else error.__cause__
