"""All tests of this folder run on a GPU: `make test-gpu`."""

import pytest
import torch

DEVICE = "cuda"
HERE = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here, or a torch that is not built for one")


@pytest.fixture(autouse=True)
def device(monkeypatch):
    """Let everything under test choose the GPU."""
    monkeypatch.setenv("PIPELINE_DEVICE", DEVICE)


def pytest_collection_modifyitems(items):
    for item in items:
        if "gpu" in item.path.parts:
            item.add_marker(pytest.mark.gpu)
            item.add_marker(HERE)
