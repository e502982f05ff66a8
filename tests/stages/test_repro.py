"""Several data sets at a time: the same files as of `dvc repro`, and the same end on errors and signals."""

import os
import shutil
import signal

import psutil
import pytest

from pipeline.execution import parallel
from pipeline.execution.parallel import Group
from pipeline.params import load_params
from tests.support.processes import running, wait

pytestmark = pytest.mark.xdist_group("accidents")  # one repository, so one worker

REPRO = ("python", "-m", "stages.repro", "--jobs", "2")
FREQUENT = {"PIPELINE_CHECKPOINTS": "0.05"}


def change_words(params):
    params["models"]["words-lstm"]["learning_rate"] = 0.02


def lengthen_all(params):
    for model in params["models"].values():
        model["epochs"] = 100_000


def is_running(process):
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def run_and_signal(repository, number):
    """Send a signal while both data sets train; wait until all has ended, and return exit code and last line."""
    folder = repository.folder / ".checkpoints"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("seed-*")}
    with running(REPRO, **repository.options(**FREQUENT)) as process:

        def trains(model):
            return any(path.stat().st_mtime_ns > before.get(path, 0) for path in (folder / model).glob("seed-*"))

        wait(lambda: trains("words-lstm") and trains("overfit-lstm"))
        children = psutil.Process(process.pid).children(recursive=True)
        os.kill(process.pid, number)
        wait(lambda: process.poll() is not None, seconds=20)
        wait(lambda: not any(map(is_running, children)), seconds=20)
        output, _ = process.communicate(timeout=20)
    assert len(children) >= 2 * 3  # of each data set DVC, its command, and workers
    assert "Traceback" not in output
    return process.returncode, output.splitlines()[-1]


def test_missing_outputs_are_restored_side_by_side_and_then_nothing_has_to_run(copy):
    for name in ("words", "overfit"):
        (copy.folder / f"results/{name}/metrics.json").unlink()
    lines = copy.run(*REPRO).splitlines()
    restored = "is cached - skipping run, checking out outputs"
    assert f"  words | Stage 'evaluate@words' {restored}" in lines
    assert f"overfit | Stage 'evaluate@overfit' {restored}" in lines
    assert lines[-1] == "Data and pipelines are up to date."
    assert copy.run("git", "status", "--porcelain") == ""


def test_a_data_set_in_which_nothing_changed_does_not_run(copy, monkeypatch):
    monkeypatch.chdir(copy.folder)
    params = load_params()
    groups = parallel.dataset_groups({name: params.models_of(name) for name in params.datasets})

    def unfinished(*first):
        changed = parallel.changed_stages()
        return [group.name for group in parallel.unfinished(groups, Group("sources", ("check", *first)), changed)]

    assert unfinished() == []
    assert copy.run(*REPRO).splitlines() == ["Data and pipelines are up to date."]
    copy.change_params(change_words)  # and so stage `check` has to run, whose output is a constant
    assert unfinished() == ["words"]
    assert unfinished("train@words-lstm") == ["words", "overfit"]  # as if it fetched a raw file

    shutil.rmtree(copy.folder / "data/prepared")
    monkeypatch.setattr(parallel, "DVC", ("false",))  # it is not asked
    assert unfinished() == ["words", "overfit"]


def test_a_data_set_that_fails_stops_the_others_and_is_named(copy):
    copy.change_params(lengthen_all)
    (copy.folder / "data/raw/words.txt").write_text("")
    lines = copy.run(*REPRO, code=1).splitlines()
    assert lines[-1].startswith("Error: words: failed")
    assert [line for line in lines if line.startswith("  words | Error: data/raw/words.txt: ")]
    assert not [line for line in lines if "overfit-lstm: 1 trainings" in line]  # it would have taken hours
    assert not [line for line in lines if "Interrupted" in line or "Traceback" in line]


def test_kill_and_ctrl_c_leave_no_process_and_no_lock(copy):
    copy.change_params(lengthen_all)
    run_and_signal(copy, signal.SIGKILL)
    assert run_and_signal(copy, signal.SIGINT) == (130, "Interrupted; run the same command again.")
