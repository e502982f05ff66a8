"""The benchmark times every loop on a GPU, and each of them trains."""

from benchmarks.gpu import COLUMNS
from tests.test_benchmarks import run_gpu_benchmark


def test_every_loop_is_timed_on_a_gpu(here):
    (found,) = run_gpu_benchmark(here, "--rounds", "1")["models"]
    assert set(COLUMNS) <= {*found}
    assert all(losses[-1] < losses[0] for losses in found["losses"].values())
    assert found["kernels"] > 0
    assert found["graphs"] > 0
