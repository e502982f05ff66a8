"""Run jobs on those workers of a Dask cluster that give the same bytes; this needs Dask, which is optional."""

import logging
import pickle
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from distributed import Client, KilledWorker, Variable

from pipeline import files
from pipeline.errors import PipelineError
from pipeline.execution import remote, shared
from pipeline.execution.checked import find_workers
from pipeline.execution.context import Context
from pipeline.execution.remote import Call, Kept, Started
from pipeline.execution.shared import Shared
from pipeline.execution.workers import EXECUTOR

SECONDS_TO_CONNECT = 10
SECONDS_TO_CLOSE = 2
SECONDS_BETWEEN_LOOKS = 2.0  # for workers
SECONDS_WITHOUT_WORKERS = 60.0
TRIES = 4  # of a job that waited on workers which others killed


class _Client(Client):  # type: ignore[misc]  # Dask has no types
    """A client of which nothing is left to close if it cannot connect; Dask would try to, at the end of the process."""

    def start(self, **options: Any) -> None:
        """Connect."""
        try:
            super().start(**options)
        except BaseException:
            self.status = "closed"
            raise


class ClusterExecutor:
    """A client of a Dask scheduler."""

    def __init__(self, address: str, hear: Callable[[int, Any], None], interrupted: threading.Event) -> None:
        self._address, self._hear, self._interrupted = address, hear, interrupted
        self._run = uuid.uuid4().hex
        self._folders: dict[Path, Shared] = {}
        self._kept: dict[int, Path] = {}
        self._starts: Counter[int] = Counter()  # of each job, on whatever worker
        self._submissions: Counter[int] = Counter()
        self._futures: set[Future[Any]] = set()  # Dask would run a job again whose future is held and worker lost
        self._threads = ThreadPoolExecutor(2)  # one fetches kept files, one looks for workers
        self._closing = threading.Event()
        self._problem = ""  # why all jobs were ended

    def __enter__(self) -> Self:
        for name in [*logging.root.manager.loggerDict]:
            if name.partition(".")[0] in ("distributed", "tornado", "asyncio"):
                logging.getLogger(name).setLevel(logging.CRITICAL)  # what they report, `explain` says in one line
        try:
            self._client = _Client(self._address, timeout=SECONDS_TO_CONNECT, set_as_default=False)
        except (OSError, ValueError, TypeError):
            raise PipelineError(
                f"{EXECUTOR}: no Dask scheduler answers at {self._address}; {_cure(self._address)}"
            ) from None
        except RuntimeError as error:  # Dask's configuration asks for encryption, and the address has none
            raise PipelineError(f"{EXECUTOR}: {error}; give an address tls://HOST:PORT") from None
        try:
            self._resource, self._workers = find_workers(self._client, self._interrupted)
            self._client.subscribe_topic(remote.TOPIC, self._on_event)
        except BaseException:
            self._client.close(timeout=SECONDS_TO_CLOSE)
            raise
        self._pool = self._client.get_executor(pure=False, resources={self._resource: 1})
        self._threads.submit(self._watch_workers)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._threads.shutdown(cancel_futures=True)
        self._clean()
        self._client.close(timeout=SECONDS_TO_CLOSE)

    def share(self, folders: Sequence[Path]) -> None:
        """Let every worker read these folders: in place where it sees the same files, else as a copy."""
        self._folders = {path: Shared(path.absolute(), shared.digest(path), self._run) for path in folders}
        self._send_copies(self._workers)

    def _send_copies(self, workers: Collection[str]) -> None:
        """Send each folder to those of these workers that lack it."""
        for path, folder in self._folders.items():
            answers = self._client.run(shared.lacks, folder, workers=[*workers], on_error="return")
            if lacking := [address for address, lacks in answers.items() if lacks is not False]:
                contents = shared.read(path)
                sent = self._client.run(shared.write_copy, folder, contents, workers=lacking, on_error="return")
                for address, error in sent.items():
                    if isinstance(error, OSError) and address in self._find_addresses():
                        raise PipelineError(
                            f"{EXECUTOR}: worker {address} cannot store {path}: {error}; mend that there, and run again"
                        )

    def _find_addresses(self) -> set[str]:
        """Return the addresses of the workers that may do jobs now."""
        workers = self._client.scheduler_info(n_workers=-1)["workers"]
        return {address for address, of in workers.items() if self._resource in of["resources"]}

    def submit(self, function: Callable[[Any, Context], Any], index: int, job: Any, keeps: Path | None) -> Future[Any]:
        """Start a job on a worker; Dask starts it on another one if that worker is killed."""
        if keeps is not None:
            keeps = self._kept[index] = keeps.absolute()
            self._offer(keeps)
        self._submissions[index] += 1
        call = Call(self._run, index, self._folders, keeps)
        future: Future[Any] = self._pool.submit(remote.work, function, job, call)
        self._futures.add(future)
        future.add_done_callback(self._futures.discard)
        return future

    def _offer(self, kept: Path) -> None:
        """Let workers find a kept file: in its place, or as content on the scheduler."""
        with suppress(OSError):  # where it cannot be written, its content comes back all the same
            kept.parent.mkdir(parents=True, exist_ok=True)
            remote.token(self._run, kept).touch()
        if kept.exists():
            Variable(remote.variable_name(self._run, kept), client=self._client).set(kept.read_bytes())

    def explain(self, error: BaseException, index: int | None = None) -> BaseException:
        """Return what a user can do about a lost scheduler, or about workers that were killed."""
        if isinstance(error, KilledWorker):
            return self._explain_killed(error.allowed_failures + 1, index)
        if isinstance(error, RuntimeError) and "deserialization" in str(error):
            missing = "the scheduler has not this version of the package; install it there, with the same lock"
            return PipelineError(f"{EXECUTOR}: {self._address}: {missing}, and start it again")
        if isinstance(error, CancelledError | OSError) and self._client.status != "running":
            self._problem = self._problem or "lost the connection to the scheduler; start it again, and run again"
        elif isinstance(error, CancelledError):
            self._problem = self._problem or "the cluster was restarted, or its jobs were cancelled; run again"
        if self._problem and isinstance(error, Exception):
            return PipelineError(f"{EXECUTOR}: {self._address}: {self._problem}: trainings go on where they were")
        return error

    def _explain_killed(self, killed: int, index: int | None) -> Exception:
        """Return the error of a job during which workers were killed: another one if it only waited on them."""
        if index is not None and self._starts[index] < killed and self._submissions[index] < TRIES:
            return BrokenExecutor("another job's workers were killed")
        died = f"{killed} workers were killed while they did this, most likely for their memory"
        return PipelineError(f"{died}; start workers with more of it, and run again")

    def stop(self) -> None:
        """End all jobs: those that run look each second whether they are wanted."""
        for future in list(self._futures):
            future.cancel()

    def _clean(self) -> None:
        """Leave nothing on the cluster or in the folder of kept files that later runs do not need."""
        for path in self._kept.values():
            with suppress(OSError):
                remote.token(self._run, path).unlink(missing_ok=True)
            if self._client.status == "running":  # a scheduler that has ended needs no cleaning
                with suppress(Exception):
                    Variable(remote.variable_name(self._run, path), client=self._client).delete()

    def _on_event(self, event: tuple[float, Mapping[str, Any]]) -> None:
        """Pass on the messages of this run's jobs; called in the thread of Dask's event loop."""
        if event[1]["run"] != self._run or self._closing.is_set():
            return
        index, messages = pickle.loads(event[1]["messages"])  # noqa: S301 - from a worker, whose code is this one's
        for message in messages:
            if isinstance(message, Started):
                self._starts[index] += 1
            elif isinstance(message, Kept):
                self._threads.submit(self._fetch, self._kept[index])
            else:
                with suppress(OSError):
                    self._hear(index, message)

    def _fetch(self, path: Path) -> None:
        """Write the newest content of a kept file."""
        content = Variable(remote.variable_name(self._run, path), client=self._client).get(timeout=SECONDS_TO_CONNECT)
        with files.replacing_file(path) as partial:
            partial.write_bytes(content)

    def _watch_workers(self) -> None:
        """Send the folders to workers that are new, and end all jobs once there has been no worker for a while."""
        seen, served = time.monotonic(), {*self._workers}
        while not self._closing.wait(SECONDS_BETWEEN_LOOKS) and self._client.status == "running":
            with suppress(Exception):
                addresses = self._find_addresses()
                if addresses:
                    seen = time.monotonic()
                if new := addresses - served:
                    self._send_copies(new)
                served = addresses
            if time.monotonic() - seen > SECONDS_WITHOUT_WORKERS:
                self._problem = "no worker is left that gives the same bytes; start some, and run again"
                self.stop()
                return


def _cure(address: str) -> str:
    """Return what to do if no scheduler answers."""
    certificates = ", with the certificates that distributed.comm.tls has in Dask's configuration on both machines"
    return f"start `dask scheduler` there{certificates if address.startswith('tls:') else ''}"
