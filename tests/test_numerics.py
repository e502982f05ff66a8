"""Processor settings stand before the libraries that read them are loaded."""

import os
import subprocess
import sys

from pipeline import numerics

LOADED = "import sys, pipeline; print([name for name in ('numpy', 'torch') if name in sys.modules])"


def test_importing_the_package_pins_before_numpy_and_torch():
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert {name: os.environ[name] for name in numerics.PORTABLE} == numerics.PORTABLE


def test_torch_heeds_them():
    code = "import pipeline, torch; print(torch.backends.cpu.get_cpu_capability())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "AVX2"
