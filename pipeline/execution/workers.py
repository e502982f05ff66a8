"""Where jobs run, and how many of them side by side, as the environment says."""

import os
import re

from pipeline.errors import ParamsError

EXECUTOR = "PIPELINE_EXECUTOR"
WORKERS = "PIPELINE_WORKERS"
LOCAL = "local"
CLUSTER = re.compile(r"(tcp|tls)://(\[[\da-fA-F:]+\]|[^\s/:\[\]]+):\d{1,5}")


def cluster() -> str | None:
    """Return the address of the Dask scheduler whose workers run the jobs, or nothing if this machine does.

    Raises:
        ParamsError: if PIPELINE_EXECUTOR is neither `local` nor an address.
    """
    value = os.environ.get(EXECUTOR, "") or LOCAL
    if value == LOCAL:
        return None
    if not CLUSTER.fullmatch(value):
        raise ParamsError(f"{EXECUTOR}: found {value!r}; wanted {LOCAL}, or tcp://HOST:PORT of a Dask scheduler")
    return value


def count_workers(jobs: int) -> int:
    """Return how many workers of this machine to start for so many jobs: PIPELINE_WORKERS, or those done first.

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
