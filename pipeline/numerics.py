"""Processor settings that make every x86-64 machine with AVX2 compute the same bytes.

Each library below picks its kernels by processor when it is loaded; kernels differ in the last
bit. Holding all of them to AVX2, which nearly every processor since 2015 has, makes the choice
the same everywhere. They are environment variables so that worker processes inherit them.
docs/reproducibility.md tells what is promised and why it holds.
"""

import os
import platform
from pathlib import Path

NUMERICS = "PIPELINE_NUMERICS"

PORTABLE = {
    "ATEN_CPU_CAPABILITY": "avx2",  # torch's own kernels
    "ONEDNN_MAX_CPU_ISA": "AVX2",  # torch: LSTM
    "MKL_CBWR": "COMPATIBLE",  # torch: what few matrix products are left; AVX2 here would differ between Intel and AMD
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",  # NumPy's own kernels
    "OPENBLAS_CORETYPE": "Haswell",  # NumPy, and so `products`; SciPy, scikit-learn: matrix products
}

# A sum split over threads is rounded otherwise than one made by one thread.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def pin() -> None:
    """Set the processor settings of this process and of those that it will start."""
    os.environ.update(ONE_THREAD if native() else PORTABLE | ONE_THREAD)
    if not native():
        os.environ.pop("NPY_ENABLE_CPU_FEATURES", None)  # NumPy takes no two wishes


def native() -> bool:
    """Tell whether the same bytes everywhere are given up for each library's own choice of kernels."""
    return os.environ.get(NUMERICS) == "native"


def fault() -> str | None:
    """Say what is wrong with PIPELINE_NUMERICS, for a command to refuse it."""
    value = os.environ.get(NUMERICS, "")
    return None if value in ("", "portable", "native") else f"{NUMERICS}: found {value!r}; wanted portable or native"


def caveat(device: str = "cpu") -> str:
    """Say why a training on a kind of device may give other bytes elsewhere; nothing where it does not.

    Without a caveat the bytes are those of every x86-64 processor with AVX2; with one, another
    machine comes to metrics that agree (`agreement`).
    """
    if native():
        return "native numerics: the same bytes only on the same model of processor"
    if device != "cpu":
        return f"trained on {device}: the same bytes only on the same model of GPU"
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return f"trained on {platform.machine()}: the bytes are not those of x86-64 processors"
    return "" if _has_avx2() else "trained on a processor without AVX2: the bytes are not those of processors with it"


def _has_avx2(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Tell whether there is AVX2, with the fused multiplication that all who offer AVX2 offer, or hide, beside it."""
    words = cpuinfo.read_text(encoding="utf-8").split() if cpuinfo.exists() else []
    return {"avx2", "fma"} <= {*words}
