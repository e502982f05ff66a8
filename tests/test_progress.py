"""Progress is told in lines where there is no terminal."""

from pipeline import progress
from pipeline.history import Epoch
from pipeline.progress import TrainingProgress


def test_lines_tell_losses_rate_and_time_left(monkeypatch, capsys):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", -1.0)
    with TrainingProgress("toy", ["seed 1", "seed 2 (refit)"], epochs=2) as shown:
        shown.show(0, Epoch(1, 0.01, 2.5, 2.25))
        shown.show(1, Epoch(2, 0.005, 1.5, None))
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("toy seed 1: epoch 1/2, loss 2.5000, validation 2.2500, rate 0.01, at most ")
    assert second.startswith("toy seed 2 (refit): epoch 2/2, loss 1.5000, rate 0.005, at most ")
    assert second.endswith(" s left")


def test_few_lines_are_told(capsys):
    with TrainingProgress("toy", ["seed 1"], epochs=100) as shown:
        for epoch in range(100):
            shown.show(0, Epoch(epoch + 1, 0.01, 2.5, 2.25))
    assert capsys.readouterr().err == ""
