"""A test run fails that leaves a process or a file behind."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.support import leftovers
from tests.support.leftovers import TestRun


@pytest.fixture
def run(here, monkeypatch):
    """Start a run whose repository is an empty folder, and forget it at the end of the test."""
    monkeypatch.setattr(leftovers, "REPOSITORY", here)
    monkeypatch.setattr(leftovers, "SECONDS_TO_END", 0.1)
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())
    for name in (leftovers.MARK, "TMPDIR", "PYTEST_DEBUG_TEMPROOT"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    return TestRun()


def test_a_run_that_leaves_nothing_behind_is_not_blamed(run, here):
    subprocess.run(["true"], check=True)
    (here / "__pycache__").mkdir()
    (here / "__pycache__/module.pyc").touch()
    tempfile.mkdtemp()
    assert run.end() == []
    assert not Path(run.temporary).exists()


def test_a_process_whose_parent_has_ended_and_a_new_file_are_named_and_the_process_is_killed(run, here):
    done = subprocess.run(["sh", "-c", "sleep 100 > /dev/null 2>&1 & echo $!"], stdout=subprocess.PIPE, text=True)
    orphan = int(done.stdout)
    (here / "left").touch()
    assert run.end() == [f"process {orphan}: sleep 100", f"file {here / 'left'}"]
    assert not list(run.processes())
