"""Kernels are chosen before the libraries that read the choice are loaded; devices that are missing are refused."""

import os
import re
import subprocess
import sys
from typing import get_args

import pytest
import torch

from pipeline import determinism
from tests.support.project import REPOSITORY

IMPORTED = "import sys, pipeline; print([name for name in ('numpy', 'torch') if name in sys.modules])"


def test_importing_the_package_fixes_kernels_before_numpy_and_torch_are_imported():
    done = subprocess.run([sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert {name: os.environ[name] for name in determinism.PORTABLE_KERNELS} == determinism.PORTABLE_KERNELS


def test_torch_uses_the_portable_kernels():
    code = "import pipeline, torch; print(torch.backends.cpu.get_cpu_capability())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "AVX2"


def run_python(code, **environment):
    """Run Python with these environment variables but not those of the portable kernels; return its output."""
    kept = {name: value for name, value in os.environ.items() if name not in determinism.PORTABLE_KERNELS}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=kept | environment
    )
    return done.stdout.strip()


def test_numpys_products_use_the_portable_kernels():
    code = "import pipeline, numpy; from threadpoolctl import threadpool_info as found; print(found())"
    assert "'architecture': 'Haswell'" in run_python(code)


def test_native_kernels_fix_the_number_of_threads_alone():
    code = """
import os
from pipeline.determinism import PORTABLE_KERNELS, uses_native_kernels
print(PORTABLE_KERNELS.keys() & os.environ.keys(), uses_native_kernels(), os.environ["OMP_NUM_THREADS"])
"""
    assert run_python(code, PIPELINE_KERNELS="native") == "set() True 1"


@pytest.mark.parametrize("value", ["", "portable", "native"])
def test_portable_and_native_kernels_are_accepted(value, monkeypatch):
    monkeypatch.setenv("PIPELINE_KERNELS", value)
    determinism.check_kernels()
    assert determinism.uses_native_kernels() == (value == "native")


def test_other_kernels_are_refused_and_change_nothing(monkeypatch, error_of):
    monkeypatch.setenv("PIPELINE_KERNELS", "fast")
    assert re.match(r"PIPELINE_KERNELS: .*'fast'.*portable or native", error_of(determinism.check_kernels))
    assert not determinism.uses_native_kernels()


def test_the_former_name_of_the_variable_is_refused(monkeypatch, error_of):
    monkeypatch.setenv("PIPELINE_NUMERICS", "native")
    assert re.match(r"PIPELINE_NUMERICS: .*PIPELINE_KERNELS", error_of(determinism.check_kernels))
    assert not determinism.uses_native_kernels()


def test_reproducibility_depends_on_the_device_the_processor_and_the_kernels(monkeypatch):
    monkeypatch.setattr(determinism.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(determinism, "has_avx2", lambda: True)
    assert determinism.reproducibility() == "portable"
    assert determinism.reproducibility("cuda") == "same device"
    monkeypatch.setattr(determinism, "has_avx2", lambda: False)
    assert determinism.reproducibility() == "same device"
    monkeypatch.setattr(determinism, "has_avx2", lambda: True)
    monkeypatch.setattr(determinism.platform, "machine", lambda: "aarch64")
    assert determinism.reproducibility() == "same device"
    monkeypatch.setenv("PIPELINE_KERNELS", "native")
    assert determinism.reproducibility() == determinism.reproducibility("cuda") == "native"


@pytest.mark.parametrize("name", ["torch", "numpy"])
def test_another_version_makes_no_claim_of_the_same_bytes(monkeypatch, name):
    monkeypatch.setitem(determinism.VERSIONS, name, "1.0.0")
    assert determinism.reproducibility() == determinism.reproducibility("cuda") == "other versions"


def test_a_build_for_a_gpu_is_the_same_version(monkeypatch):
    monkeypatch.setattr(determinism, "version", lambda name: f"{determinism.VERSIONS[name]}+cu130")
    assert not determinism.has_other_versions()


def test_the_versions_are_those_of_the_lock():
    lines = (REPOSITORY / "requirements.lock").read_text().splitlines()
    assert {f"{name}=={version}" for name, version in determinism.VERSIONS.items()} <= set(lines)


def test_each_level_of_reproducibility_has_a_description():
    assert set(determinism.DESCRIPTIONS) == set(get_args(determinism.Reproducibility))


@pytest.mark.parametrize(
    ("flags", "found"),
    [("flags : fma avx2 bmi\n", True), ("flags : avx avx2\n", False), ("flags : fma avx2x\n", False)],
)
def test_avx2_is_found_by_the_flags_of_the_processor(flags, found, tmp_path):
    (tmp_path / "cpuinfo").write_text(flags)
    assert determinism.has_avx2(tmp_path / "cpuinfo") is found
    assert not determinism.has_avx2(tmp_path / "none")


@pytest.mark.parametrize("name", ["cuda:99", "gpu", "xpu:99", "cpu:x"])
def test_a_device_that_is_not_there_is_refused(monkeypatch, error_of, name):
    monkeypatch.setenv("PIPELINE_DEVICE", name)
    assert re.match(f"PIPELINE_DEVICE: .*{name!r}.*cpu$", error_of(determinism.choose_device))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_refused(monkeypatch, error_of):
    monkeypatch.setenv("PIPELINE_DEVICE", "cuda")
    assert re.match("PIPELINE_DEVICE: .*'cuda'.*cpu$", error_of(determinism.choose_device))


def test_a_gpu_is_chosen_if_there_is_one_unless_the_variable_names_another_device(monkeypatch):
    monkeypatch.delenv("PIPELINE_DEVICE", raising=False)
    assert determinism.choose_device().type == ("cuda" if torch.cuda.is_available() else "cpu")
    monkeypatch.setenv("PIPELINE_DEVICE", "cpu")
    assert determinism.choose_device() == torch.device("cpu")
