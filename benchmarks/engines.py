"""Time small jobs on processes of this machine, started in several ways, and on a Dask cluster that runs already."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

from benchmarks import small_jobs
from benchmarks.measured import Goal, Measured, NotHereError
from pipeline.execution import workers
from pipeline.params import load_params
from pipeline.project import code

TITLE = "Processes and a cluster"
ABOUT = """\
What a stage waits for its workers: seconds from the start of its process to the first result of a job that imports the
training loop, and with it torch; and then milliseconds a job, of many that do nothing. *Stages of a run* is the first
times as many as there are `train` and `evaluate` stages in `params.yaml`, each of which waits so. `local` are processes
that each stage starts anew, forked from one that has imported torch, and the running cluster, of Dask, has one worker
for each core and was started before: both as stages use them. For comparison, the same number of workers
without what stages need (progress, checkpoints, an end with the stage): processes that `spawn` starts, loky's, and a
cluster of Dask that each stage would start. All on one machine, in turns; medians of wall-clock times.
"""
ROUNDS, JOBS, QUICK_JOBS = 5, 1000, 20
RUNNING = "running cluster"
GOAL = 20.0  # milliseconds a job
SECONDS_TO_START = 120.0
WORKER = ("worker", "--preload", "pipeline.execution.preload", "--nthreads", "1", "--nworkers", str(workers.cores()))


def measure(quick: bool = False) -> Measured:
    """Run the same jobs in turns; Dask has to be installed."""
    if find_spec("distributed") is None:
        raise NotHereError("Dask is not installed: make dask")
    params = load_params()
    stages = len(params.models) + len(params.datasets)
    jobs = QUICK_JOBS if quick else JOBS
    medians = {way: [statistics.median(times) for times in zip(*of, strict=True)] for way, of in run_all(jobs, quick)}
    rows = tuple((way, first, stages * first, each) for way, (first, each) in medians.items())
    overhead = medians[RUNNING][1]
    goal = Goal(f"at most {GOAL:g} ms a job on a cluster", overhead, overhead <= GOAL, "ms", _reason(overhead))
    return Measured(("workers", "first result, s", f"{stages} stages of a run, s", "a job, ms"), rows, (goal,))


def run_all(jobs: int, quick: bool) -> Iterator[tuple[str, list[list[float]]]]:
    """Yield what runs the jobs, and the two times of each round."""
    with cluster() as address:
        ways = {
            workers.LOCAL: (small_jobs.STAGES, workers.LOCAL),
            "spawn": (small_jobs.SPAWN, workers.LOCAL),
            "loky": (small_jobs.LOKY, workers.LOCAL),
            "new cluster": (small_jobs.NEW_CLUSTER, workers.LOCAL),
            RUNNING: (small_jobs.STAGES, address),
        }
        rounds = [{way: run_jobs(*ways[way], jobs) for way in ways} for _ in range(1 if quick else ROUNDS)]
    yield from ((way, [times[way] for times in rounds]) for way in ways)


def _reason(overhead: float) -> str:
    return "" if overhead <= GOAL else "Each job is a task of the scheduler, with a message to a worker and back."


def run_jobs(way: str, executor: str, jobs: int) -> list[float]:
    """Run one job that needs torch, then many that do nothing, in a process of their own; return the two times."""
    environment = os.environ | {workers.EXECUTOR: executor}
    command = [sys.executable, "-m", "benchmarks.small_jobs", way, str(jobs), repr(time.time())]
    done = subprocess.run(command, env=environment, cwd=code.ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return [float(value) for value in done.stdout.split()]


@contextmanager
def cluster() -> Iterator[str]:
    """Start a scheduler and a worker for each core, in folders of their own; yield its address."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as processes:
        file = Path(name) / "scheduler.json"
        scheduler = ["scheduler", "--port", "0", "--host", "127.0.0.1", "--scheduler-file", str(file)]
        processes.enter_context(_running([*scheduler, "--no-dashboard"], name))
        deadline = time.monotonic() + SECONDS_TO_START
        while not file.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        worker = [*WORKER, "--no-dashboard", "--local-directory", name, "--scheduler-file", str(file)]
        processes.enter_context(_running(worker, name))
        from distributed import Client  # late: it is optional

        with Client(scheduler_file=str(file), set_as_default=False) as client:
            client.wait_for_workers(workers.cores(), timeout=SECONDS_TO_START)
            address = str(client.scheduler.address)
        yield address


@contextmanager
def _running(command: list[str], folder: str) -> Iterator[None]:
    environment = os.environ | {"PYTHONPATH": str(code.ROOT)}
    program = [sys.executable, "-m", "dask", *command]
    process = subprocess.Popen(program, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()
