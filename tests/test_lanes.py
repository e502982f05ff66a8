"""Which stages run side by side, and in which order."""

import subprocess

import pytest

from pipeline import engine, lanes, settings
from pipeline.lanes import Lane
from tests.small import REPOSITORY as ROOT


def test_every_stage_of_the_pipeline_is_run_once(monkeypatch):
    monkeypatch.chdir(ROOT)
    params = settings.load()
    found = [*lanes.before(params).stages, *lanes.AFTER]
    found += [stage for lane in lanes.lanes(params) for stage in lane.stages]
    printed = subprocess.run(
        [*lanes.DVC, "stage", "list", "--name-only"], capture_output=True, text=True, check=True
    ).stdout
    assert sorted(found) == sorted(printed.split())


def test_a_lane_prepares_then_trains_then_judges(monkeypatch):
    monkeypatch.chdir(ROOT)
    lane = {lane.name: lane for lane in lanes.lanes(settings.load())}["overfit"]
    assert lane.stages == ("prepare@overfit", "train@overfit-rnn", "train@overfit-lstm", "evaluate@overfit")


def test_a_lane_with_a_stage_that_the_lock_does_not_know_is_left_to_dvc(here):
    known, unknown = Lane("words", ("prepare@words", "train@a")), Lane("names", ("prepare@names", "train@b"))
    assert lanes.recorded([known, unknown]) == []
    stages = "stages:\n  prepare@words:\n    cmd: x\n  train@a:\n    cmd: train@b:\n  prepare@names:\n    cmd: x\n"
    (here / "dvc.lock").write_text(stages)
    assert lanes.recorded([known, unknown]) == [known]


@pytest.mark.parametrize(("cores", "count"), [(1, 1), (2, 2), (3, 2), (4, 2), (8, 4)])
def test_there_are_lanes_enough_to_keep_all_cores_at_work(cores, count, monkeypatch):
    monkeypatch.setattr(engine, "cores", lambda: cores)
    assert lanes.at_once() == count
