"""Processor settings stand before the libraries that read them are loaded."""

import os
import subprocess
import sys

import pytest

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


def told(code, **environment):
    """Run Python as a user would who sets nothing but this; return what it prints."""
    kept = {name: value for name, value in os.environ.items() if name not in numerics.PORTABLE}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=kept | environment
    )
    return done.stdout.strip()


def test_numpys_products_heed_them():
    code = "import pipeline, numpy; from threadpoolctl import threadpool_info as found; print(found())"
    assert "'architecture': 'Haswell'" in told(code)


def test_native_numerics_set_threads_alone():
    code = "import pipeline, os; from pipeline.numerics import *; print(PORTABLE.keys() & os.environ.keys(), native())"
    assert told(code, PIPELINE_NUMERICS="native") == "set() True"
    assert told("import pipeline, os; print(os.environ['OMP_NUM_THREADS'])", PIPELINE_NUMERICS="native") == "1"


@pytest.mark.parametrize("value", ["", "portable", "native"])
def test_what_may_be_chosen_is_no_fault(value, monkeypatch):
    monkeypatch.setenv("PIPELINE_NUMERICS", value)
    assert numerics.fault() is None
    assert numerics.native() == (value == "native")


def test_another_choice_is_refused_and_changes_nothing(monkeypatch):
    monkeypatch.setenv("PIPELINE_NUMERICS", "fast")
    assert numerics.fault() == "PIPELINE_NUMERICS: found 'fast'; wanted portable or native"
    assert not numerics.native()


def test_what_is_not_promised_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(numerics.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(numerics, "_has_avx2", lambda: True)
    assert numerics.caveat() == ""
    assert numerics.caveat("cuda") == "trained on cuda: the same bytes only on the same model of GPU"
    monkeypatch.setattr(numerics, "_has_avx2", lambda: False)
    assert "without AVX2" in numerics.caveat()
    monkeypatch.setattr(numerics.platform, "machine", lambda: "aarch64")
    assert numerics.caveat() == "trained on aarch64: the bytes are not those of x86-64 processors"
    monkeypatch.setenv("PIPELINE_NUMERICS", "native")
    assert numerics.caveat() == "native numerics: the same bytes only on the same model of processor"


@pytest.mark.parametrize(
    ("flags", "found"),
    [("flags : fma avx2 bmi\n", True), ("flags : avx avx2\n", False), ("flags : fma avx2x\n", False)],
)
def test_a_processor_tells_what_it_can(flags, found, tmp_path):
    (tmp_path / "cpuinfo").write_text(flags)
    assert numerics._has_avx2(tmp_path / "cpuinfo") is found
    assert not numerics._has_avx2(tmp_path / "none")
