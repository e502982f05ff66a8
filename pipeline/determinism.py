"""Kernels, seeds and devices that give the same bytes each time.

`fix_kernels` sets environment variables that torch, NumPy and their libraries read when they are loaded, so it runs
before any of them is imported. Each of these libraries picks its kernels by processor, and kernels differ in the last
bit. Holding all of them to AVX2, which nearly every x86-64 processor since 2015 has, makes the choice the same
everywhere; worker processes inherit it. docs/reproducibility.md says what is promised and why it holds.
"""

import os
import platform
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pipeline.errors import ParamsError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

KERNELS = "PIPELINE_KERNELS"
DEVICE = "PIPELINE_DEVICE"
FORMER_KERNELS = "PIPELINE_NUMERICS"  # what KERNELS was called

PORTABLE_KERNELS = {
    "ATEN_CPU_CAPABILITY": "avx2",  # torch's own kernels
    "ONEDNN_MAX_CPU_ISA": "AVX2",  # torch: LSTM
    "MKL_CBWR": "COMPATIBLE",  # torch: the few remaining matrix products; AVX2 here would differ between Intel and AMD
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",  # NumPy's own kernels
    "OPENBLAS_CORETYPE": "Haswell",  # NumPy, and so models/products.py; SciPy and scikit-learn: matrix products
}

# A sum split over threads is rounded otherwise than one made by one thread.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}

# Those of requirements.lock, as a test compares: another version computes other bytes.
VERSIONS = {"torch": "2.13.0", "numpy": "2.4.6"}

_in_time = False  # whether the kernels were fixed before NumPy and torch were loaded

# How far the bytes of a result can be reproduced.
Reproducibility = Literal["portable", "same device", "native", "other versions"]
DESCRIPTIONS: Mapping[Reproducibility, str] = {
    "portable": "the same bytes on every x86-64 processor with AVX2",
    "same device": "the same bytes only on the same model of device (a GPU, or no x86-64 processor with AVX2)",
    "native": "the same bytes only on the same model of processor (native kernels)",
    "other versions": "the same bytes only with the same versions of torch and NumPy, which are not those of "
    "requirements.lock, on the same model of device",
}


def fix_kernels() -> None:
    """Set the environment variables that choose kernels, for this process and those that it starts."""
    global _in_time
    wanted = ONE_THREAD if uses_native_kernels() else PORTABLE_KERNELS | ONE_THREAD
    # A library that is loaded by now has read the variables that this process began with.
    _in_time = wanted.items() <= os.environ.items() or not {"numpy", "torch"} & sys.modules.keys()
    os.environ.update(wanted)
    if not uses_native_kernels():
        os.environ.pop("NPY_ENABLE_CPU_FEATURES", None)  # NumPy accepts one of the two variables only


def fixed_in_time() -> bool:
    """Return whether NumPy and torch were loaded with the kernels that `fix_kernels` sets."""
    return _in_time


def uses_native_kernels() -> bool:
    """Return whether each library chooses its own kernels, which gives up the same bytes on other processors."""
    return os.environ.get(KERNELS) == "native"


def check_kernels() -> None:
    """Refuse a value of PIPELINE_KERNELS that is neither portable nor native.

    Raises:
        ParamsError: for any other value, and for the variable's former name.
    """
    value = os.environ.get(KERNELS, "")
    if value not in ("", "portable", "native"):
        raise ParamsError(f"{KERNELS}: found {value!r}; wanted portable or native")
    if FORMER_KERNELS in os.environ:
        raise ParamsError(f"{FORMER_KERNELS}: is now called {KERNELS}; rename it")


def reproducibility(device_type: str = "cpu") -> Reproducibility:
    """Return how far results computed here on a type of device can be reproduced."""
    if uses_native_kernels():
        return "native"
    if has_other_versions():
        return "other versions"
    return "portable" if device_type == "cpu" and is_portable_processor() else "same device"


def is_portable_processor() -> bool:
    """Return whether this processor computes the same bytes as every x86-64 processor with AVX2."""
    return platform.machine().lower() in ("x86_64", "amd64") and has_avx2()


def has_other_versions() -> bool:
    """Return whether torch or NumPy is not of the version in requirements.lock; a build for a GPU is the same."""
    return any(version(name).partition("+")[0] != wanted for name, wanted in VERSIONS.items())


def has_avx2(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Return whether the processor has AVX2 and FMA, which always come together."""
    words = cpuinfo.read_text(encoding="utf-8").split() if cpuinfo.exists() else []
    return {"avx2", "fma"} <= {*words}


def choose_device() -> "torch.device":
    """Return the device of PIPELINE_DEVICE, else a GPU if there is one, else the CPU.

    Raises:
        ParamsError: if the named device is not there, or is neither cpu nor cuda.
    """
    import torch

    name = os.environ.get(DEVICE, "")
    if not name:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError, ImportError):
        raise ParamsError(f"{DEVICE}: no device {name!r} here; unset it, or set it to cpu") from None
    if device.type not in ("cpu", "cuda"):
        raise ParamsError(f"{DEVICE}: found {name!r}; wanted cpu or cuda, which the pipeline is made for")
    return device


def make_deterministic() -> None:
    """Use one thread, and only kernels that give the same result each time."""
    import torch

    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"  # read when CUDA starts
    torch.set_num_threads(1)
    torch.set_deterministic_debug_mode("error")  # as use_deterministic_algorithms, which imports torch's compiler
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # nobody reads it
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False  # with it, recurrent layers on a GPU keep 10 bits of 23


def describe_device() -> str:
    """Return the device and kernels that the bytes of a training may depend on."""
    import torch

    device = choose_device()
    if device.type == "cuda":
        return f"cuda {torch.cuda.get_device_name(device)}"
    return f"cpu {torch.backends.cpu.get_cpu_capability()}"


def training_clock() -> Callable[[], float]:
    """Return the clock, in seconds, that measures what a training costs.

    On the CPU that is processor time, as trainings side by side may share a core; on a GPU it is wall-clock time.
    """
    return time.process_time if choose_device().type == "cpu" else time.monotonic


def random_state(device: "torch.device") -> "dict[str, Tensor]":
    """Return the state of torch's global generators, which dropout draws from."""
    import torch

    state = {"cpu": torch.get_rng_state()}
    return state | {"cuda": torch.cuda.get_rng_state(device)} if device.type == "cuda" else state


def restore_random_state(device: "torch.device", state: "Mapping[str, Tensor]") -> None:
    """Set torch's global generators to a state from `random_state`."""
    import torch

    torch.set_rng_state(state["cpu"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(state["cuda"], device)
