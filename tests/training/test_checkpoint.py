import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from pipeline.data.prepared import ALL_ROWS
from pipeline.execution.context import KeptFile
from pipeline.training import checkpoint
from pipeline.training.checkpoint import FileSaver, Snapshot
from tests.support.processes import running
from tests.support.project import REPOSITORY

SMALL = Snapshot(
    {"model": {"w": np.arange(6.0).reshape(2, 3)}, "position": {"scored": np.array(3)}, "best": {}},
    {"best_epoch": 1, "history": []},
)


@pytest.fixture
def messages():
    return []


@pytest.fixture
def saver(tmp_path, messages, monkeypatch):
    """Return a saver that writes each state."""
    monkeypatch.setenv("PIPELINE_CHECKPOINTS", "0")
    return FileSaver(KeptFile(tmp_path / "seed-1.safetensors"), "key", messages.append)


def save(saver):
    saver.offer(lambda: SMALL)
    return saver.path


def test_a_state_is_read_as_it_was_written_to_the_bit(saver, messages):
    save(saver)
    found = saver.load()
    assert found.facts == SMALL.facts
    for group, arrays in SMALL.arrays.items():
        one, other = (
            {name: (a.shape, a.dtype, a.tobytes()) for name, a in g.items()} for g in (found.arrays[group], arrays)
        )
        assert one == other
    assert messages == ["resumes from its checkpoint"]


def test_without_a_file_nothing_is_reported(saver, messages):
    assert (saver.load(), messages) == (None, [])


def test_a_checkpoint_of_another_key_is_not_used(saver, messages):
    path = save(saver)
    assert FileSaver(KeptFile(path), "another", messages.append).load() is None
    assert messages == []


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.99])
def test_a_truncated_checkpoint_is_noticed(saver, messages, share):
    path = save(saver)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert saver.load() is None
    assert messages == [f"{path} is damaged; the training starts from the beginning"]


@pytest.mark.parametrize("index", [3, 30, 150, -1])
def test_a_byte_that_has_changed_is_noticed(saver, messages, index):
    path = save(saver)
    content = bytearray(path.read_bytes())
    content[index] ^= 0x10
    path.write_bytes(content)
    assert saver.load() is None
    assert messages in (
        [f"{path} is damaged; the training starts from the beginning"],
        [],
    )  # a changed key is another key


def test_another_safetensors_file_is_noticed(saver, messages):
    from safetensors.numpy import save_file

    save_file({"w": np.zeros(3)}, saver.path)
    assert saver.load() is None
    assert messages == [f"{saver.path} is damaged; the training starts from the beginning"]


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_training(tmp_path, saver, messages):
    (tmp_path / "file").write_text("")
    saver.path = tmp_path / "file/state.safetensors"
    for _ in range(3):
        saver.offer(lambda: SMALL)
    assert len(messages) == 1
    assert messages[0].startswith(f"{saver.path}: no checkpoint written (File exists)")


def test_a_checkpoint_waits_for_the_interval_and_the_final_one_does_not(tmp_path):
    saver = FileSaver(KeptFile(tmp_path / "state"), "key", print)
    saver.last -= 2  # seconds
    saver.offer(lambda: SMALL)
    assert not saver.path.exists()
    saver.offer(lambda: SMALL, final=True)
    assert saver.path.exists()


def test_a_slow_disk_is_written_to_less_often(tmp_path):
    saver = FileSaver(KeptFile(tmp_path / "state"), "key", print)
    saver.cost = 1.0
    saver.last -= 99
    saver.offer(lambda: SMALL, final=True)
    assert not saver.path.exists()
    saver.last -= 2
    saver.offer(lambda: SMALL)
    assert saver.path.exists()
    assert saver.cost < 1


def test_a_resumed_training_counts_its_seconds_before(tmp_path, messages, monkeypatch):
    monkeypatch.setenv("PIPELINE_CHECKPOINTS", "0")
    for start, spent in ((5, 0), (1000, 100), (3, 200)):
        times = iter((start, start + 100))
        saver = FileSaver(KeptFile(tmp_path / "state"), "key", messages.append, lambda times=times: next(times))
        assert (saver.load() is None) == (spent == 0)
        assert saver.spent == spent
        save(saver)


@pytest.mark.parametrize("value", ["-1", "soon", "nan"])
def test_a_value_that_is_no_number_of_seconds_is_refused(monkeypatch, error_of, value):
    monkeypatch.setenv("PIPELINE_CHECKPOINTS", value)
    wanted = "wanted seconds between two checkpoints, such as 10"
    assert error_of(checkpoint.interval) == f"PIPELINE_CHECKPOINTS: found {value!r}; {wanted}"


# The key, the folder


def test_the_key_depends_on_the_parts_the_versions_and_the_kernels(monkeypatch):
    before = checkpoint.make_key("a", 1)
    assert checkpoint.make_key("a", 1) == before != checkpoint.make_key("a", 2)
    with monkeypatch.context() as change:
        change.setenv("MKL_CBWR", "AVX2")
        assert checkpoint.make_key("a", 1) != before
    with monkeypatch.context() as change:
        change.setattr(checkpoint, "version", lambda name: "0")
        assert checkpoint.make_key("a", 1) != before
    with monkeypatch.context() as change:
        change.setenv("PIPELINE_KERNELS", "native")  # the other variables stay the same
        assert checkpoint.make_key("a", 1) != before


@pytest.mark.parametrize(
    ("changed", "same"), [("models/cells.py", False), ("files.py", False), ("report/load.py", True)]
)
def test_the_key_depends_on_the_code_of_trainings_alone(changed, same, tmp_path):
    shutil.copytree(REPOSITORY / "pipeline", tmp_path / "pipeline")
    before = key_of(tmp_path)
    with (tmp_path / "pipeline" / changed).open("a") as file:
        file.write("# another\n")
    assert (key_of(tmp_path) == before) == same


def key_of(folder):
    program = "from pipeline.training import checkpoint; print(checkpoint.make_key('a', 1))"
    return subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


def test_checkpoints_are_kept_in_the_real_project_and_cleared_away(here, monkeypatch):
    path = checkpoint.path("toy", 1, ALL_ROWS)
    assert path == here / ".checkpoints/toy/seed-1-all_rows.safetensors"
    monkeypatch.setenv("DVC_ROOT", str(here / "real"))
    path = checkpoint.path("toy", 1, ALL_ROWS)
    assert path == here / "real/.checkpoints/toy/seed-1-all_rows.safetensors"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    checkpoint.clear("toy")
    checkpoint.clear("toy")  # no error if there is nothing
    assert not list((here / "real").iterdir())


def test_only_one_run_at_a_time_may_use_the_checkpoints_of_a_model(here):
    with checkpoint.claim("toy") as own, checkpoint.claim("toy") as also, checkpoint.claim("other") as other:
        assert (own, also, other) == (True, False, True)
    with checkpoint.claim("toy") as again:
        assert again
    assert not list(here.iterdir())


CLAIM = """
from pipeline.training import checkpoint
with checkpoint.claim("toy"):
    print(flush=True)
    input()
"""


def test_the_end_of_a_process_releases_its_checkpoints(here):
    command, environment = [sys.executable, "-c", CLAIM], {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with running(command, cwd=here, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline()
        with checkpoint.claim("toy") as own:
            assert not own
        process.kill()
        process.wait()
    with checkpoint.claim("toy") as own:
        assert own
