"""Run small jobs as a stage runs its jobs: `python -m benchmarks.small_jobs JOBS STARTED` prints two times."""

import sys
import time

from pipeline.execution import executor
from pipeline.execution.context import Context

PRELOAD = ("pipeline.training.loop",)


def use_torch(job: int, context: Context) -> int:
    """Return the number of threads of torch: one."""
    import torch

    return torch.get_num_threads() * 0 + job


def do_nothing(job: int, context: Context) -> int:
    """Return the job."""
    return job


def main(jobs: int, started: float) -> None:
    """Print the seconds from `started`, since 1970, to a first result, and the milliseconds of each of many jobs."""
    executor.run(use_torch, [0], preload=PRELOAD)
    first, begun = time.time() - started, time.monotonic()
    executor.run(do_nothing, range(jobs), preload=PRELOAD)
    print(first, 1000 * (time.monotonic() - begun) / jobs)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
