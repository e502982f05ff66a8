import os
import subprocess
import sys

import numpy as np
import pytest

from pipeline import checkpoints, paths
from pipeline.checkpoints import FileSaver, Snapshot
from pipeline.history import REFIT
from tests.processes import running
from tests.small import REPOSITORY

SMALL = Snapshot({"model/w": np.arange(6.0).reshape(2, 3), "place/count": np.array(3)}, {"best": 1, "history": []})


@pytest.fixture
def said():
    return []


@pytest.fixture
def saver(tmp_path, said, monkeypatch):
    """Make a saver that always finds it time to write."""
    monkeypatch.setenv("PIPELINE_CHECKPOINTS", "0")
    return FileSaver(tmp_path / "seed-1.safetensors", "key", said.append)


def kept(saver):
    saver.offer(lambda: SMALL)
    return saver.path


def test_what_was_kept_is_found_again_to_the_bit(saver, said):
    kept(saver)
    found = saver.load()
    assert found.facts == SMALL.facts
    assert {name: (a.shape, a.dtype, a.tobytes()) for name, a in found.arrays.items()} == {
        name: (a.shape, a.dtype, a.tobytes()) for name, a in SMALL.arrays.items()
    }
    assert said == ["goes on from its checkpoint"]


def test_without_a_file_there_is_nothing_to_say(saver, said):
    assert (saver.load(), said) == (None, [])


def test_a_checkpoint_of_another_key_is_not_used(saver, said):
    path = kept(saver)
    assert FileSaver(path, "another", said.append).load() is None
    assert said == []


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.99])
def test_a_truncated_checkpoint_is_noticed(saver, said, share):
    path = kept(saver)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert saver.load() is None
    assert said == [f"{path} is damaged; the training begins anew"]


@pytest.mark.parametrize("place", [3, 30, 150, -1])
def test_a_byte_that_has_changed_is_noticed(saver, said, place):
    path = kept(saver)
    content = bytearray(path.read_bytes())
    content[place] ^= 0x10
    path.write_bytes(content)
    assert saver.load() is None
    assert said in ([f"{path} is damaged; the training begins anew"], [])  # a changed key is another key


def test_a_safetensors_file_of_others_is_noticed(saver, said):
    from safetensors.numpy import save_file

    save_file({"w": np.zeros(3)}, saver.path)
    assert saver.load() is None
    assert said == [f"{saver.path} is damaged; the training begins anew"]


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_training(tmp_path, saver, said):
    (tmp_path / "file").write_text("")
    saver.path = tmp_path / "file/state.safetensors"
    for _ in range(3):
        saver.offer(lambda: SMALL)
    assert said == [f"{saver.path}: no checkpoint written (File exists); the training goes on without"]


def test_a_checkpoint_waits_its_turn_and_the_final_one_does_not(tmp_path):
    saver = FileSaver(tmp_path / "state", "key", print)
    saver.last -= 2  # seconds
    saver.offer(lambda: SMALL)
    assert not saver.path.exists()
    saver.offer(lambda: SMALL, final=True)
    assert saver.path.exists()


def test_a_slow_disk_is_written_to_less_often(tmp_path):
    saver = FileSaver(tmp_path / "state", "key", print)
    saver.cost = 1.0
    saver.last -= 99
    saver.offer(lambda: SMALL, final=True)
    assert not saver.path.exists()
    saver.last -= 2
    saver.offer(lambda: SMALL)
    assert saver.path.exists()
    assert saver.cost < 1


def test_a_training_that_goes_on_knows_what_it_has_cost_before(tmp_path, said, monkeypatch):
    monkeypatch.setenv("PIPELINE_CHECKPOINTS", "0")
    for start, spent in ((5, 0), (1000, 100), (3, 200)):
        shown = iter((start, start + 100))
        saver = FileSaver(tmp_path / "state", "key", said.append, lambda shown=shown: next(shown))
        assert (saver.load() is None) == (spent == 0)
        assert saver.spent == spent
        kept(saver)


@pytest.mark.parametrize("value", ["-1", "soon", "nan"])
def test_seconds_that_are_none_are_refused(monkeypatch, fault, value):
    monkeypatch.setenv("PIPELINE_CHECKPOINTS", value)
    wanted = "wanted seconds between two checkpoints, such as 10"
    assert fault(checkpoints.seconds) == f"PIPELINE_CHECKPOINTS: found {value!r}; {wanted}"


# The key, the folder


def test_the_key_is_of_the_parts_the_code_the_versions_and_the_numerics(monkeypatch, tmp_path):
    before = checkpoints.key("a", 1)
    assert checkpoints.key("a", 1) == before != checkpoints.key("a", 2)
    with monkeypatch.context() as change:
        change.setenv("MKL_CBWR", "AVX2")
        assert checkpoints.key("a", 1) != before
    with monkeypatch.context() as change:
        change.setattr(checkpoints, "version", lambda name: "0")
        assert checkpoints.key("a", 1) != before
    with monkeypatch.context() as change:
        change.setenv("PIPELINE_NUMERICS", "native")  # the settings being the same ones still
        assert checkpoints.key("a", 1) != before
    (tmp_path / "other.py").write_text("")
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "other.py"))
    assert checkpoints.key("a", 1) != before


def test_checkpoints_are_kept_in_the_real_project_and_cleared_away(here, monkeypatch):
    path = checkpoints.file("toy", 1, REFIT)
    assert path == here / ".checkpoints/toy/seed-1-refit.safetensors"
    monkeypatch.setenv("DVC_ROOT", str(here / "real"))
    path = checkpoints.file("toy", 1, REFIT)
    assert path == here / "real/.checkpoints/toy/seed-1-refit.safetensors"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    checkpoints.clear("toy")
    checkpoints.clear("toy")  # nothing there is no fault
    assert not list((here / "real").iterdir())


def test_only_one_run_at_a_time_has_the_checkpoints_of_a_model(here):
    with checkpoints.owned("toy") as own:
        assert own
        with checkpoints.owned("toy") as also, checkpoints.owned("other") as other:
            assert (also, other) == (False, True)
        checkpoints.clear("toy")
        with checkpoints.owned("toy") as new:
            assert new
    with checkpoints.owned("toy") as again:
        assert again


def test_a_folder_that_cannot_be_made_stops_no_training(here):
    (here / ".checkpoints").write_text("")
    with checkpoints.owned("toy") as own:
        assert own


def test_who_has_no_checkpoints_leaves_no_folder(here):
    with checkpoints.owned("toy"):
        assert checkpoints.folder("toy").exists()
    assert not list(here.iterdir())


def test_the_end_of_a_process_gives_its_checkpoints_free(here):
    hold = "from pipeline import checkpoints; h = checkpoints.owned('toy'); h.__enter__(); print(flush=True); input()"
    command, environment = [sys.executable, "-c", hold], {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with running(command, cwd=here, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline()
        with checkpoints.owned("toy") as own:
            assert not own
        process.kill()
        process.wait()
    with checkpoints.owned("toy") as own:
        assert own
