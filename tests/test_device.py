import pytest
import torch

from pipeline import device


@pytest.mark.parametrize("name", ["cuda:99", "gpu", "xpu:99", "cpu:x"])
def test_a_device_that_is_not_there_is_refused(monkeypatch, fault, name):
    monkeypatch.setenv("PIPELINE_DEVICE", name)
    assert fault(device.choose) == f"PIPELINE_DEVICE: no device {name!r} here; unset it, or set it to cpu"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_refused(monkeypatch, fault):
    monkeypatch.setenv("PIPELINE_DEVICE", "cuda")
    assert fault(device.choose) == "PIPELINE_DEVICE: no device 'cuda' here; unset it, or set it to cpu"


def test_a_gpu_is_taken_where_there_is_one_and_the_variable_wins(monkeypatch):
    monkeypatch.delenv("PIPELINE_DEVICE", raising=False)
    assert device.choose().type == ("cuda" if torch.cuda.is_available() else "cpu")
    monkeypatch.setenv("PIPELINE_DEVICE", "cpu")
    assert device.choose() == torch.device("cpu")
