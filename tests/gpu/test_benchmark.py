"""The benchmark times every loop on a GPU, and each of them trains."""

import shutil

from benchmarks.gpu import LOOPS, measure_model
from pipeline.determinism import DEVICE
from tests.support.project import REPOSITORY


def test_every_loop_is_timed_on_a_gpu(here, monkeypatch):
    shutil.copy(REPOSITORY / "params.yaml", here)
    shutil.copytree(REPOSITORY / "data/raw", here / "data/raw")
    monkeypatch.setenv(DEVICE, "cuda")  # the benchmark sets it; this sets it back
    found = measure_model("binary-rnn", 1)
    assert all(found[loop] > 0 for loop in LOOPS)
    assert all(losses[-1] < losses[0] for losses in found["losses"].values())
    assert found["kernels"] > 0
    assert found["graphs"] > 0
