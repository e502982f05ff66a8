"""Processor settings that make every x86-64 machine with AVX2 compute the same bytes.

Each library below picks its kernels by processor when it is loaded; kernels differ in the last
bit. Holding all of them to AVX2, which nearly every processor since 2015 has, makes the choice
the same everywhere. They are environment variables so that worker processes inherit them.
"""

import os

PORTABLE = {
    "ATEN_CPU_CAPABILITY": "avx2",  # torch's own kernels
    "ONEDNN_MAX_CPU_ISA": "AVX2",  # torch: LSTM
    "MKL_CBWR": "COMPATIBLE",  # torch: matrix products; AVX2 here would differ between Intel and AMD
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",  # NumPy's own kernels
    "OPENBLAS_CORETYPE": "Haswell",  # NumPy, SciPy, scikit-learn: matrix products
}

# A sum split over threads is rounded otherwise than one made by one thread.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


NUMERICS = "PIPELINE_NUMERICS"


def native() -> bool:
    """Tell whether the same bytes everywhere are given up for torch's own speed."""
    return os.environ.get(NUMERICS, "") == "native"


def pin() -> None:
    """Set the processor settings of this process and of those that it will start."""
    os.environ.update(ONE_THREAD if native() else PORTABLE | ONE_THREAD)
