"""Time small jobs on processes of this machine and on a Dask cluster that runs already."""

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

from benchmarks.measured import Goal, Measured, NotHereError
from pipeline.execution import workers
from pipeline.project import code

TITLE = "Processes and a cluster"
ABOUT = """\
What a stage waits for its workers: seconds from the start of its process to the first result of a job that needs torch,
and then milliseconds a job, of many that do nothing. `local` are processes that each stage starts anew; the cluster, of
Dask, has one worker for each core, and lives as long as `make repro`. Both on one machine, in turns; medians of
wall-clock times.
"""
ROUNDS, JOBS, QUICK_JOBS = 5, 1000, 20
GOAL = 20.0  # milliseconds a job
SECONDS_TO_START = 120.0
WORKER = ("worker", "--preload", "pipeline.execution.preload", "--nthreads", "1", "--nworkers", str(workers.cores()))


def measure(quick: bool = False) -> Measured:
    """Run the same jobs in turns; Dask has to be installed."""
    if find_spec("distributed") is None:
        raise NotHereError("Dask is not installed: make dask")
    with cluster() as address:
        places = {"local": "local", "running cluster": address}
        runs = {
            name: [run_jobs(value, QUICK_JOBS if quick else JOBS) for _ in range(1 if quick else ROUNDS)]
            for name, value in places.items()
        }
    medians = {name: [statistics.median(values) for values in zip(*of, strict=True)] for name, of in runs.items()}
    rows = tuple((name, first, each) for name, (first, each) in medians.items())
    overhead = medians["running cluster"][1]
    goal = Goal(f"at most {GOAL:g} ms a job on a cluster", overhead, overhead <= GOAL, "ms", _reason(overhead))
    return Measured(("executor", "first result, s", "a job, ms"), rows, (goal,))


def _reason(overhead: float) -> str:
    return "" if overhead <= GOAL else "Each job is a task of the scheduler, with a message to a worker and back."


def run_jobs(executor: str, jobs: int) -> list[float]:
    """Run one job that needs torch, then many that do nothing, as a stage would; return the two times."""
    environment = os.environ | {workers.EXECUTOR: executor}
    command = [sys.executable, "-m", "benchmarks.small_jobs", str(jobs), repr(time.time())]
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
