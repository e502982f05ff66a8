"""Accidents of `dvc repro` in a real repository: what DVC repairs itself, and which errors it prints."""

import hashlib
import os
import re
import shutil
import signal
from contextlib import contextmanager

import psutil
import pytest

from pipeline import manifest
from tests.support.processes import running, wait
from tests.support.project import REPOSITORY
from tests.support.repository import Repository, ran

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("accidents")]  # one repository, so one worker

REPRO = ("dvc", "repro", "train@words-lstm")
FREQUENT = {"PIPELINE_CHECKPOINTS": "0.05", "PIPELINE_WORKERS": "2"}


def lengthen(params):
    params["models"]["words-lstm"]["epochs"] = 400


@pytest.fixture
def long(copy):
    """Return a repository in which a training of some seconds has to run."""
    copy.change_params(lengthen)
    return copy


def checkpoints(repository):
    return list((repository.folder / ".checkpoints").rglob("seed-*"))


def read_lock(repository):
    return (repository.folder / "dvc.lock").read_bytes()


@contextmanager
def suspended(process):
    """Suspend the processes that a command has started during the block, so that they do not end in it."""
    children = psutil.Process(process.pid).children(recursive=True)
    for child in children:
        child.suspend()
    yield children
    for child in children:
        child.resume()


def check_a_second_run_is_refused(repository, first):
    refusal = repository.run(*REPRO, code=255)
    assert "is busy, it is being blocked by:" in refusal
    assert f"(PID {first.pid})" in refusal
    assert "Traceback" not in refusal


def test_dvc_run_twice_killed_and_interrupted_leaves_no_process_and_ends_in_the_same_lock(long):
    with running(REPRO, **long.options(**FREQUENT)) as process:
        wait(lambda: checkpoints(long))
        with suspended(process) as children:
            check_a_second_run_is_refused(long, process)
        assert len(children) >= 3  # command, server, worker
        process.kill()
        process.wait()
        wait(lambda: not [child for child in children if child.is_running() and child.status() != "zombie"], seconds=5)
    assert len(ran(long.run("dvc", "repro", "--dry", REPRO[-1]))) == 1  # DVC's locks are free again

    before = {path: path.stat().st_mtime_ns for path in checkpoints(long)}
    with running(REPRO, **long.options(**FREQUENT)) as process:
        wait(lambda: [path for path in checkpoints(long) if path.stat().st_mtime_ns > before.get(path, 0)])
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=20)
    assert "words-lstm seed 1: resumes from its checkpoint" in output
    assert "Interrupted; run the same command again." in output
    assert "Traceback" not in output

    assert "resumes from its checkpoint" in long.run(*REPRO, **FREQUENT)
    resumed = read_lock(long)
    assert "checkpoint" not in long.run(*REPRO, "--force", "--single-item")
    assert read_lock(long) == resumed


def test_a_truncated_prepared_file_is_restored_by_dvc_and_named_by_the_stage(copy):
    path = copy.folder / "data/prepared/words/train/lengths.npy"
    content = path.read_bytes()
    path.write_bytes(content[:100])
    refusal = copy.run("python", "-m", "stages.train", "words-lstm", code=1)
    assert refusal.startswith("Error: data/prepared/words/train/lengths.npy: damaged, ")
    before = read_lock(copy)
    assert ran(copy.run(*REPRO)) == []
    assert (path.read_bytes(), read_lock(copy)) == (content, before)


def test_a_deleted_lock_is_restored_from_the_run_cache_of_dvc(copy):
    before = read_lock(copy)
    (copy.folder / "dvc.lock").unlink()
    assert ran(copy.run("dvc", "repro", "evaluate@words", "evaluate@overfit")) == []
    assert set(ran(copy.run("dvc", "repro"))) <= {"report", "publish"}
    assert read_lock(copy) == before


def test_a_lock_with_conflict_marks_is_refused(copy):
    text = read_lock(copy).decode()
    half = text.index("\n", len(text) // 2) + 1
    (copy.folder / "dvc.lock").write_text(f"{text[:half]}<<<<<<< HEAD\n=======\n>>>>>>> other\n{text[half:]}")
    refusal = copy.run("dvc", "repro", code=255)
    assert "'./dvc.lock' is invalid (possible merge conflicts)." in refusal
    assert "Traceback" not in refusal
    copy.run("git", "checkout", "--", "dvc.lock")
    assert ran(copy.run("dvc", "repro")) == []


def damage(path):
    """Change a byte as a failing disk does: size, time and permissions stay."""
    before, content = path.stat(), path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    path.chmod(before.st_mode)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_damage_that_dvc_does_not_see_is_refused_and_repaired_as_the_documentation_says(copy):
    before, path = read_lock(copy), copy.folder / "data/prepared/words/train/symbols.npy"
    content = path.read_bytes()
    name = hashlib.md5(content, usedforsecurity=False).hexdigest()
    cached = copy.folder / ".dvc/cache/files/md5" / name[:2] / name[2:]
    damage(path)
    damage(cached)
    assert ran(copy.run("dvc", "repro")) == []
    refusal = copy.run("python", "-m", "stages.train", "words-lstm", code=1)
    assert refusal.startswith("Error: data/prepared/words/train/symbols.npy: damaged, by its digest in manifest")
    assert "docs/accidents.md" in refusal

    (cure,) = re.findall("^    (find .*)$", (REPOSITORY / "docs/accidents.md").read_text(), re.MULTILINE)
    copy.run("sh", "-c", cure)
    assert ran(copy.run("dvc", "repro")) == ["prepare@words"]
    assert (path.read_bytes(), cached.read_bytes(), read_lock(copy)) == (content, content, before)


def test_a_folder_that_dvc_has_not_recorded_is_used_once_it_is_restored_or_committed(copy):
    folder = copy.folder / "models/words/words-lstm"
    (folder / "history.csv").write_text((folder / "history.csv").read_text() * 2)  # as another training might
    manifest.write(folder)
    refusal = copy.run("python", "-m", "stages.predict", "words-lstm", "bl", code=1)
    assert refusal.startswith("Error: models/words/words-lstm: not the folder that dvc.lock records; ")
    assert "`dvc commit train@words-lstm`" in refusal
    changed = shutil.copytree(folder, copy.folder / "changed")
    assert ran(copy.run("dvc", "repro", "evaluate@words")) == []
    copy.run("python", "-m", "stages.predict", "words-lstm", "bl")
    shutil.rmtree(folder)
    changed.rename(folder)
    copy.run("dvc", "commit", "--force", "train@words-lstm")
    copy.run("python", "-m", "stages.predict", "words-lstm", "bl")


def test_an_experiment_in_a_copy_of_a_folder_whose_name_is_not_ascii_is_refused_by_dvc(copy):
    folder = copy.folder.rename(copy.folder.with_name("Größe"))
    refusal = Repository(folder).run("dvc", "exp", "run", "--temp", code=255)
    assert "'ascii' codec can't encode characters" in refusal
    assert "Traceback" not in refusal
