"""Which stages run side by side, and in which order."""

import shutil

import pytest

from pipeline.execution import parallel, workers
from pipeline.execution.parallel import Group
from pipeline.params import load_params
from tests.support.project import REPOSITORY


@pytest.fixture
def params(here):
    """Return the project's params, in a folder with its stages: asked for them, DVC writes files."""
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(REPOSITORY / name, here)
    (here / ".dvc").mkdir()
    (here / ".dvc/config").write_text("[core]\n    no_scm = true\n")
    return load_params()


@pytest.fixture
def groups(params):
    return parallel.dataset_groups({name: params.models_of(name) for name in params.datasets})


def test_the_groups_have_all_stages_but_those_that_need_all_results(params, groups):
    first = parallel.first_group(list(params.sources))
    assert parallel.other_stages([first, *groups]) == ["report", "publish"]
    assert parallel.other_stages([first, *groups[1:]])[0] == "prepare@words"


def test_the_first_group_checks_params_and_fetches():
    assert parallel.first_group(["psalms", "bible"]).stages == ("check", "fetch@psalms", "fetch@bible")


def test_a_group_prepares_then_fits_baselines_then_trains_then_evaluates(groups):
    group = {group.name: group for group in groups}["overfit"]
    assert group.stages == (
        "prepare@overfit",
        "baseline@overfit",
        "train@overfit-rnn",
        "train@overfit-lstm",
        "evaluate@overfit",
    )


def test_a_group_with_a_stage_that_is_not_in_the_lock_is_left_to_dvc(here):
    known, unknown = Group("words", ("prepare@words", "train@a")), Group("names", ("prepare@names", "train@b"))
    assert parallel.recorded([known, unknown]) == []
    stages = "stages:\n  prepare@words:\n    cmd: x\n  train@a:\n    cmd: train@b:\n  prepare@names:\n    cmd: x\n"
    (here / "dvc.lock").write_text(stages)
    assert parallel.recorded([known, unknown]) == [known]


@pytest.mark.parametrize(("cores", "jobs"), [(1, 1), (2, 2), (3, 2), (4, 2), (6, 3), (8, 4), (64, 4)])
def test_enough_data_sets_run_side_by_side_to_keep_all_cores_busy(cores, jobs, monkeypatch):
    monkeypatch.delenv(workers.WORKERS, raising=False)
    monkeypatch.setattr(workers, "cores", lambda: cores)
    assert parallel.default_jobs() == jobs


@pytest.mark.parametrize(("value", "jobs"), [("1", 1), ("2", 2), ("9", 4)])
def test_no_more_data_sets_run_side_by_side_than_workers_are_allowed(value, jobs, monkeypatch):
    monkeypatch.setenv(workers.WORKERS, value)
    monkeypatch.setattr(workers, "cores", lambda: 16)
    assert parallel.default_jobs() == jobs


def test_on_a_cluster_the_cores_of_this_machine_do_not_count(monkeypatch):
    monkeypatch.delenv(workers.WORKERS, raising=False)
    monkeypatch.setenv(workers.EXECUTOR, "tcp://10.0.0.1:8786")
    monkeypatch.setattr(workers, "cores", lambda: 1)
    assert parallel.default_jobs() == parallel.MOST_AT_ONCE
