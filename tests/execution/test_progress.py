"""How progress is shown where there is no terminal: in lines."""

import threading

import pytest

from pipeline.execution import progress
from pipeline.execution.context import LocalContext
from pipeline.execution.progress import PartialProgress, PartialReports, Progress, ProgressDisplay, still_running


def display(steps, *labels):
    return ProgressDisplay("toy", labels, steps, "epoch")


def test_a_line_has_the_step_the_details_and_the_time_left(monkeypatch, capsys):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", -1.0)
    with display(2, "seed 1", "seed 2 (refit)") as shown:
        shown.show(0, Progress(1, "loss 2.5000, validation 2.2500, learning rate 0.01"))
        shown.show(1, Progress(2, "loss 1.5000, learning rate 0.005"))
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("toy seed 1: epoch 1/2, loss 2.5000, validation 2.2500, learning rate 0.01, at most ")
    assert second.startswith("toy seed 2 (refit): epoch 2/2, loss 1.5000, learning rate 0.005, at most ")
    assert second.endswith(" s left")


def test_lines_are_seconds_apart(capsys):
    with display(100, "seed 1") as shown:
        for step in range(100):
            shown.show(0, Progress(step + 1, "loss 2.5000"))
    assert capsys.readouterr().err == ""


def test_a_text_from_a_job_is_printed_with_its_label(capsys):
    with display(2, "seed 1", "seed 2") as shown:
        shown.show(1, "resumes from its checkpoint")
    assert capsys.readouterr().err == "toy seed 2: resumes from its checkpoint\n"


def test_steps_of_an_earlier_run_do_not_count_as_speed(monkeypatch, capsys):
    with display(100, "seed 1") as shown:
        monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 4.0)
        monkeypatch.setattr(progress.time, "monotonic", lambda: shown.started + 5.0)
        shown.show(0, Progress(90, "loss 2.5000"))  # the first report of this run
    assert capsys.readouterr().err == "toy seed 1: epoch 90/100, loss 2.5000, at most 50 s left\n"


def test_a_line_within_a_step_has_the_position_and_a_time_once_the_speed_is_known(monkeypatch, capsys):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", -1.0)
    with display(10, "seed 1") as shown:
        monkeypatch.setattr(progress.time, "monotonic", lambda: shown.started + 5.0)
        shown.show(0, PartialProgress(1, 500, 1000))  # resumed there, perhaps
        shown.show(0, PartialProgress(2, 500, 1000))
    first, second = capsys.readouterr().err.splitlines()
    assert first == "toy seed 1: epoch 1/10, batch 500/1000"
    assert second == "toy seed 1: epoch 2/10, batch 500/1000, at most 42 s left"


def test_a_job_reports_from_time_to_time_within_a_step(monkeypatch):
    now, seen = [0.0], []
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    reports = PartialReports(LocalContext(seen.append))
    for part in range(1, 101):
        now[0] += progress.SECONDS_BETWEEN_REPORTS / 10
        reports(1, part, 100)
    assert 9 <= len(seen) <= 10
    assert progress.SECONDS_BETWEEN_LINES + progress.SECONDS_BETWEEN_REPORTS <= 10


def test_work_without_steps_shows_that_it_goes_on_until_it_ends(monkeypatch, capsys):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.01)
    printed = ""
    with still_running("toy: evaluating"):
        while printed.count("\n") < 2:
            printed += capsys.readouterr().err
    assert printed.splitlines()[0] == "toy: evaluating: 0 s so far"
    threads = [thread for thread in threading.enumerate() if "print_lines" in thread.name]
    assert not threads


def test_work_that_fails_ends_its_lines(monkeypatch):
    with pytest.raises(KeyError), still_running("toy"):
        raise KeyError
