import hashlib
import json

import pytest

from pipeline import manifest

ENTRY = """    - path: data/prepared/words
      hash: md5
      md5: {}.dir
      size: 3
      nfiles: 3
"""
OUTDATED = ENTRY.format("0" * 32)


def stage(name, digest):
    dep = f"    deps:\n    - path: words.txt\n      hash: md5\n      md5: {'1' * 32}\n      size: 3\n"
    return f"  {name}:\n    cmd: exec python\n{dep}{OUTDATED}    outs:\n{ENTRY.format(digest)}"


@pytest.fixture
def folder(here):
    """Return a folder with a manifest."""
    folder = here / "data/prepared/words"
    (folder / "train").mkdir(parents=True)
    (folder / "a.json").write_text("{}")
    (folder / "train/b.npy").write_text("b")
    manifest.write(folder)
    return folder


@pytest.fixture
def digest(folder):
    """Return what DVC would record of the folder."""
    names = ("a.json", "manifest.json", "train/b.npy")
    listed = [{"md5": hashlib.md5((folder / name).read_bytes()).hexdigest(), "relpath": name} for name in names]  # noqa: S324
    return hashlib.md5(json.dumps(listed).encode()).hexdigest()  # noqa: S324


def test_a_folder_is_compared_with_the_output_of_its_stage_not_with_a_dependency(folder, digest, here, error_of):
    manifest.check(folder)
    lock = (
        "schema: '2.0'\nstages:\n"
        + stage("train@words", "2" * 32).replace("outs", "more")
        + stage("prepare@words", digest)
    )
    (here / "dvc.lock").write_text(lock)
    manifest.check(folder)
    (here / "dvc.lock").write_text(lock.replace(digest, "3" * 32))
    line = error_of(manifest.check, folder)
    assert line.startswith(f"{folder}: not the folder that dvc.lock records")
    assert "`dvc repro`, or `dvc commit prepare@words`" in line


def test_the_entry_of_a_renamed_stage_may_be_outdated(folder, digest, here):
    (here / "dvc.lock").write_text("stages:\n" + stage("former@words", "2" * 32) + stage("prepare@words", digest))
    manifest.check(folder)


def test_a_lock_that_is_just_being_written_refuses_no_good_folder(folder, digest, here):
    lock = "schema: '2.0'\nstages:\n" + stage("prepare@words", digest)
    for length in range(0, len(lock), 5):
        (here / "dvc.lock").write_text(lock[:length])
        manifest.check(folder)
