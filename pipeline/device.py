"""The hardware: which device trains, and kernels that give the same result each time."""

import os
import time
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from pipeline.errors import UserError

DEVICE = "PIPELINE_DEVICE"


def choose() -> torch.device:
    """Return the device of PIPELINE_DEVICE, else a GPU if there is one, else the CPU."""
    name = os.environ.get(DEVICE, "")
    if not name:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError):
        raise UserError(f"{DEVICE}: no device {name!r} here; unset it, or set it to cpu") from None
    if device.type not in ("cpu", "cuda"):
        raise UserError(f"{DEVICE}: found {name!r}; wanted cpu or cuda, which the pipeline is made for")
    return device


def make_deterministic() -> None:
    """Use one thread and only kernels that give the same result each time."""
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"  # read when CUDA starts
    torch.set_num_threads(1)
    torch.set_deterministic_debug_mode("error")  # as use_deterministic_algorithms, which imports torch's compiler
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # nobody reads it
    torch.backends.cudnn.benchmark = False


def description() -> str:
    """Name what the bytes of a result may depend on: the kind of device and the kernels that torch picks there."""
    if choose().type == "cuda":
        return f"cuda {torch.cuda.get_device_name(choose())}"
    return f"cpu {torch.backends.cpu.get_cpu_capability()}"


def clock() -> Callable[[], float]:
    """Return the clock of what a training costs, in seconds.

    On the CPU that is the processor's time, as trainings side by side may share a core; a GPU has no such clock.
    """
    return time.process_time if choose().type == "cpu" else time.monotonic


def random_state(where: torch.device) -> dict[str, Tensor]:
    """Return the state of torch's own generators, from which dropout draws."""
    state = {"cpu": torch.get_rng_state()}
    return state | {"cuda": torch.cuda.get_rng_state(where)} if where.type == "cuda" else state


def restore_random_state(where: torch.device, state: Mapping[str, Tensor]) -> None:
    """Give torch's own generators the state that `random_state` returned."""
    torch.set_rng_state(state["cpu"])
    if where.type == "cuda":
        torch.cuda.set_rng_state(state["cuda"], where)
