"""Run small jobs in workers: `python -m benchmarks.small_jobs WAY JOBS STARTED` prints two times.

The ways are that of the stages, which PIPELINE_EXECUTOR chooses, and others of the standard library, joblib and Dask.
"""

import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

from pipeline.execution import executor, workers
from pipeline.execution.context import Context

STAGES, SPAWN, LOKY, NEW_CLUSTER = "stages", "spawn", "loky", "new cluster"
PRELOAD = ("pipeline.training.loop",)

Job = Callable[[int, Context | None], int]
Run = Callable[[Job, Sequence[int]], object]


def use_torch(job: int, context: Context | None = None) -> int:
    """Return the job, where torch and the training loop have been imported."""
    from pipeline.training import loop

    return job * bool(loop.train_network)


def do_nothing(job: int, context: Context | None = None) -> int:
    """Return the job."""
    return job


@contextmanager
def start(way: str) -> Iterator[Run]:
    """Start workers that are there until the end, and yield what runs jobs with them; stages start them for each run.

    Raises:
        ValueError: if there is no such way.
    """
    if way == STAGES:
        yield lambda function, jobs: executor.run(function, jobs, preload=PRELOAD)
    elif way == SPAWN:
        with ProcessPoolExecutor(workers.cores(), multiprocessing.get_context("spawn")) as pool:
            yield lambda function, jobs: list(pool.map(function, jobs))
    elif way == LOKY:
        from joblib.externals.loky import get_reusable_executor

        pool = get_reusable_executor(workers.cores())
        yield lambda function, jobs: list(pool.map(function, jobs))
    elif way == NEW_CLUSTER:
        from distributed import Client, LocalCluster

        with (
            LocalCluster(workers.cores(), threads_per_worker=1, dashboard_address=":0") as cluster,
            Client(cluster) as client,
        ):
            yield lambda function, jobs: client.gather(client.map(function, jobs))
    else:
        raise ValueError(way)


def main(way: str, jobs: int, started: float) -> None:
    """Print the seconds from `started`, since 1970, to a first result, and the milliseconds of each of many jobs."""
    with start(way) as run:
        run(use_torch, [0])
        first, begun = time.time() - started, time.monotonic()
        run(do_nothing, range(jobs))
        each = 1000 * (time.monotonic() - begun) / jobs
    print(first, each)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
