"""Several data sets at a time: the files of a plain `dvc repro`, and the same manners."""

import os
import signal

import psutil
import pytest

from pipeline import lanes, settings
from tests.processes import running, wait

pytestmark = pytest.mark.xdist_group("use")  # one repository, so one worker

REPRO = ("python", "-m", "stages.repro", "--jobs", "2")
FREQUENT = {"PIPELINE_CHECKPOINTS": "0.05"}


def change_words(params):
    params["models"]["words-lstm"]["rate"] = 0.02


def lengthen_all(params):
    for model in params["models"].values():
        model["epochs"] = 100_000


def stopped(repository, number):
    """Send a signal when both lanes train; wait until everything has ended, and return how and with which words."""
    folder = repository.folder / ".checkpoints"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("seed-*")}
    with running(REPRO, **repository.options(**FREQUENT)) as process:

        def trains(model):
            return any(path.stat().st_mtime_ns > before.get(path, 0) for path in (folder / model).glob("seed-*"))

        wait(lambda: trains("words-lstm") and trains("overfit-lstm"))
        family = psutil.Process(process.pid).children(recursive=True)
        os.kill(process.pid, number)
        wait(lambda: process.poll() is not None, seconds=20)
        wait(lambda: not [child for child in family if child.is_running() and child.status() != "zombie"], seconds=20)
        output, _ = process.communicate(timeout=20)
    assert len(family) >= 2 * 3  # in each lane DVC, its command, and workers
    assert "Traceback" not in output
    return process.returncode, output.splitlines()[-1]


def test_what_is_missing_comes_back_side_by_side_and_then_nothing_is_left_to_do(copy):
    for name in ("words", "overfit"):
        (copy.folder / f"results/{name}/metrics.json").unlink()
    lines = copy.run(*REPRO).splitlines()
    restored = "is cached - skipping run, checking out outputs"
    assert f"  words | Stage 'evaluate@words' {restored}" in lines
    assert f"overfit | Stage 'evaluate@overfit' {restored}" in lines
    assert lines[-1] == "Data and pipelines are up to date."
    assert copy.run("git", "status", "--porcelain") == ""


def test_a_data_set_in_which_nothing_changed_gets_no_lane(copy, monkeypatch):
    monkeypatch.chdir(copy.folder)
    copy.change_params(change_words)
    assert [lane.name for lane in lanes.unfinished(settings.load())] == ["words"]
    (copy.folder / "pipeline/new.py").touch()  # whom that touches, stage `code` will say
    assert [lane.name for lane in lanes.unfinished(settings.load())] == ["words", "overfit"]


def test_a_data_set_that_fails_stops_the_others_and_is_named(copy):
    copy.change_params(lengthen_all)
    (copy.folder / "data/raw/words.txt").write_text("")
    lines = copy.run(*REPRO, code=1).splitlines()
    assert lines[-1] == "Error: words: failed, as it says above; what ran beside it was stopped"
    assert [line for line in lines if line.startswith("  words | Error: data/raw/words.txt: ")]
    assert not [line for line in lines if line.startswith("overfit | overfit-lstm: ")]  # its training of hours
    assert not [line for line in lines if "Interrupted" in line or "Traceback" in line]


def test_stopped_by_kill_or_ctrl_c_it_leaves_nothing_running_and_nothing_locked(copy):
    copy.change_params(lengthen_all)
    stopped(copy, signal.SIGKILL)
    assert stopped(copy, signal.SIGINT) == (130, "Interrupted; run the same command again.")
