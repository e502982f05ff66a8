"""Prepare a Dask worker: `dask worker --preload pipeline.execution.preload --nthreads 1 ...`.

Kernels are fixed before NumPy and torch are loaded, but Dask loads NumPy before it loads this. Dask's nanny, which
imports this too, then starts the worker's process, which inherits what importing this package has set. `dask worker`
does so by itself; a Python object that starts workers has to be given this as `preload` and `preload_nanny`. A worker
whose kernels could not be fixed would give other bytes in silence: so one that was checked here has a resource named
after all that must be the same, and jobs go only where that resource is.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from pipeline import determinism
from pipeline.errors import PipelineError
from pipeline.execution import fingerprint

if TYPE_CHECKING:
    from distributed import Nanny, Worker

COMMAND = "dask worker --preload pipeline.execution.preload --nthreads 1"
PYTHON = 'preload=["pipeline.execution.preload"], preload_nanny=["pipeline.execution.preload"], nthreads=1'

PRELOADED = "pipeline.training.loop", "pipeline.evaluation.jobs"  # what jobs need; they import torch

refusal = f"it was not started with `{COMMAND}`"  # why this worker gets no jobs; empty if it may have them
found: dict[str, str] = {}  # what it has


def dask_setup(worker: "Worker | Nanny") -> None:
    """Check this worker, import what jobs need, and mark the worker as one that gives the same bytes.

    A nanny has done its part by importing this.

    Raises:
        PipelineError: if the worker may not have jobs; Dask logs that, and the worker stays without the mark.
    """
    from distributed import Nanny  # late: it is optional

    global refusal
    if isinstance(worker, Nanny):
        return
    try:
        _check(worker)
        for name in PRELOADED:
            import_module(name)
        found.update(fingerprint.describe(determinism.choose_device().type))
    except Exception as error:
        refusal = str(error) if isinstance(error, PipelineError) else f"it cannot do jobs ({error})"
        raise
    refusal = ""
    _mark(worker)


def describe() -> tuple[str, dict[str, str]]:
    """Return why this worker gets no jobs, if it is refused, and what it has; a client calls this on it."""
    return refusal, found


def _check(worker: "Worker") -> None:
    """Refuse kernels that were not fixed in time, and threads that would share torch's random numbers."""
    determinism.check_kernels()
    if not determinism.fixed_in_time():
        raise PipelineError(
            "NumPy was loaded before this package could fix its kernels; start the worker with a nanny, which is "
            f"Dask's default: `{COMMAND}`; or from Python with {PYTHON}"
        )
    if worker.state.nthreads != 1:
        raise PipelineError(f"it has {worker.state.nthreads} threads; start it with `{COMMAND}`")


def _mark(worker: "Worker") -> None:
    """Give the worker its resource: before it registers, since the scheduler then looks for what it may do."""
    name = fingerprint.resource(found)
    worker.state.total_resources[name] = worker.state.available_resources[name] = 1
