"""Accidents around `dvc repro`, in a real repository: what DVC mends itself, and what it says of the rest."""

import hashlib
import os
import signal
import time
from contextlib import contextmanager

import psutil
import pytest

from tests.processes import running, wait
from tests.repository import Repository, ran

pytestmark = pytest.mark.xdist_group("use")  # one repository, so one worker

REPRO = ("dvc", "repro", "train@words-lstm")
FREQUENT = {"PIPELINE_CHECKPOINTS": "0.05", "PIPELINE_WORKERS": "2"}


def lengthen(params):
    params["models"]["words-lstm"]["epochs"] = 400


@pytest.fixture
def long(copy):
    """Return a repository in which there is a training of some seconds to do."""
    copy.change_params(lengthen)
    return copy


def checkpoints(repository):
    return list((repository.folder / ".checkpoints").rglob("seed-*"))


def lock(repository):
    return (repository.folder / "dvc.lock").read_bytes()


@contextmanager
def held(process):
    """Let what a command has started stand still for the block, so that it does not end before its time."""
    family = psutil.Process(process.pid).children(recursive=True)
    for child in family:
        child.suspend()
    yield family
    for child in family:
        child.resume()


def refuses_a_second(repository, first):
    refusal = repository.run(*REPRO, code=255)
    assert "is busy, it is being blocked by:" in refusal
    assert f"(PID {first.pid})" in refusal
    assert "Traceback" not in refusal


def test_dvc_doubled_killed_and_interrupted_leaves_no_orphan_and_goes_on_to_the_same_lock(long):
    with running(REPRO, **long.options(**FREQUENT)) as process:
        wait(lambda: checkpoints(long))
        with held(process) as family:
            refuses_a_second(long, process)
        assert len(family) >= 3  # command, server, worker
        process.kill()
        process.wait()
        wait(lambda: not [child for child in family if child.is_running() and child.status() != "zombie"], seconds=5)
    assert len(ran(long.run("dvc", "repro", "--dry", REPRO[-1]))) == 1  # what was locked is free

    before = {path: path.stat().st_mtime_ns for path in checkpoints(long)}
    with running(REPRO, **long.options(**FREQUENT)) as process:
        wait(lambda: [path for path in checkpoints(long) if path.stat().st_mtime_ns > before.get(path, 0)])
        started = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        process.wait(20)
        assert time.monotonic() - started < 4
        output, _ = process.communicate(timeout=20)
    assert "words-lstm seed 1: goes on from its checkpoint" in output
    assert "Interrupted; run the same command again." in output
    assert "Traceback" not in output

    assert "goes on from its checkpoint" in long.run(*REPRO, **FREQUENT)
    disturbed = lock(long)
    assert "checkpoint" not in long.run(*REPRO, "--force", "--single-item")
    assert lock(long) == disturbed


def test_a_truncated_prepared_file_is_restored_by_dvc_and_named_by_the_stage(copy):
    path = copy.folder / "data/prepared/words/train/lengths.npy"
    content = path.read_bytes()
    path.write_bytes(content[:100])
    assert copy.run("python", "-m", "stages.train", "words-lstm", code=1) == (
        "Error: data/prepared/words/train/lengths.npy: damaged; run `dvc repro -f prepare@words`\n"
    )
    before = lock(copy)
    assert ran(copy.run(*REPRO)) == []
    assert (path.read_bytes(), lock(copy)) == (content, before)


def test_a_deleted_lock_comes_back_from_what_dvc_remembers(copy):
    before = lock(copy)
    (copy.folder / "dvc.lock").unlink()
    assert ran(copy.run("dvc", "repro", "evaluate@words", "evaluate@overfit")) == []
    assert set(ran(copy.run("dvc", "repro"))) <= {"report", "publish"}
    assert lock(copy) == before


def test_a_lock_with_conflict_marks_is_named(copy):
    text = lock(copy).decode()
    half = text.index("\n", len(text) // 2) + 1
    (copy.folder / "dvc.lock").write_text(f"{text[:half]}<<<<<<< HEAD\n=======\n>>>>>>> other\n{text[half:]}")
    refusal = copy.run("dvc", "repro", code=255)
    assert "'./dvc.lock' is invalid (possible merge conflicts)." in refusal
    assert "Traceback" not in refusal
    copy.run("git", "checkout", "--", "dvc.lock")
    assert ran(copy.run("dvc", "repro")) == []


def test_an_object_of_the_cache_that_has_changed_is_noticed_and_mended(copy):
    before, path = lock(copy), copy.folder / "data/prepared/words/train/symbols.npy"
    content = path.read_bytes()
    name = hashlib.md5(content, usedforsecurity=False).hexdigest()
    kept = copy.folder / ".dvc/cache/files/md5" / name[:2] / name[2:]
    kept.chmod(0o644)
    kept.write_bytes(content[:-1] + b"x")
    kept.chmod(0o444)  # as DVC left it: so it is trusted
    path.unlink()
    copy.run("dvc", "checkout")
    assert path.read_bytes() != content

    told = "Error: data/prepared/words: damaged, by the digest in its card.json; run `make mend` and `dvc repro`\n"
    assert copy.run("python", "-m", "stages.train", "words-lstm", code=1) == told
    printed = copy.run("python", "-m", "stages.mend").splitlines()
    assert printed[:2] == [f"damaged, deleted: {kept}", "damaged, deleted: data/prepared/words/train/symbols.npy"]
    assert ran(copy.run("dvc", "repro")) == ["prepare@words"]
    assert (path.read_bytes(), kept.read_bytes(), lock(copy)) == (content, content, before)
    assert copy.run("python", "-m", "stages.mend") == "Cache and outputs are whole.\n"


def test_an_experiment_in_a_copy_of_a_folder_whose_name_is_not_ascii_is_refused_by_dvc(copy):
    folder = copy.folder.rename(copy.folder.with_name("Größe"))
    refusal = Repository(folder).run("dvc", "exp", "run", "--temp", code=255)
    assert "'ascii' codec can't encode characters" in refusal
    assert "Traceback" not in refusal
