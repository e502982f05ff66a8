"""Which stages run side by side, and in which order."""

import pytest

from pipeline import engine, lanes, settings
from pipeline.lanes import Lane
from tests.small import REPOSITORY as ROOT


def test_what_comes_before_and_after_the_lanes_is_all_the_rest(monkeypatch):
    monkeypatch.chdir(ROOT)
    params = settings.load()
    assert lanes.others([lanes.before(params), *lanes.lanes(params)]) == ["report", "publish"]
    assert lanes.others([lanes.before(params), *lanes.lanes(params)[1:]])[0] == "prepare@words"


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


@pytest.mark.parametrize(("cores", "count"), [(1, 1), (2, 2), (3, 2), (4, 2), (6, 3), (8, 4), (64, 4)])
def test_there_are_lanes_enough_to_keep_all_cores_at_work(cores, count, monkeypatch):
    monkeypatch.delenv(engine.WORKERS, raising=False)
    monkeypatch.setattr(engine, "cores", lambda: cores)
    assert lanes.at_once() == count


@pytest.mark.parametrize(("workers", "count"), [("1", 1), ("2", 2), ("9", 4)])
def test_there_are_no_more_lanes_than_workers_are_allowed(workers, count, monkeypatch):
    monkeypatch.setenv(engine.WORKERS, workers)
    monkeypatch.setattr(engine, "cores", lambda: 16)
    assert lanes.at_once() == count
