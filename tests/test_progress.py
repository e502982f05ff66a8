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


def test_a_line_that_a_training_says_is_told_with_its_name(capsys):
    with TrainingProgress("toy", ["seed 1", "seed 2"], epochs=2) as shown:
        shown.show(1, "goes on from its checkpoint")
    assert capsys.readouterr().err == "toy seed 2: goes on from its checkpoint\n"


def test_epochs_of_a_former_run_do_not_count_as_speed(monkeypatch):
    with TrainingProgress("toy", ["seed 1"], epochs=100) as shown:
        monkeypatch.setattr(progress.time, "monotonic", lambda: shown.started + 5.0)
        shown.show(0, Epoch(90, 0.01, 2.5, 2.25))  # the first of this run
        assert shown._seconds_left() == 50.0
