"""What tests of all parts share."""

import os
import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from pipeline.errors import UserError
from tests.repository import ALL, Repository, ran, small_copy

# A shell starts its background jobs with Ctrl-C ignored, and commands under test would inherit that.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What is promised on every machine is promised of the CPU; tests of a GPU take this back.
os.environ["PIPELINE_DEVICE"] = "cpu"

# A busy machine is no fault of the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an empty folder the working folder, since params name files relative to it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def trained_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with a small trained model of each format; whoever changes it, copies it first."""
    from tests import trained  # late: it imports torch, which few tests need

    folder = tmp_path_factory.mktemp("trained")
    trained.build(folder)
    return folder


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Return a small repository that has been run once and committed; its tests are of the xdist group `use`."""
    repository = small_copy(tmp_path_factory.mktemp("use"))
    assert set(ran(repository.run("dvc", "repro"))) == ALL
    repository.commit("Results")
    return repository


@pytest.fixture
def copy(done: Repository, tmp_path: Path) -> Repository:
    """Return a copy of the finished repository, to be changed."""
    shutil.copytree(done.folder, tmp_path / "copy", symlinks=True)
    return Repository(tmp_path / "copy")


@pytest.fixture
def fault() -> Callable[..., str]:
    """Return the one line that a call refuses with."""

    def of(call: Callable[..., Any], *args: Any) -> str:
        with pytest.raises(UserError) as caught:
            call(*args)
        assert str(caught.value).count("\n") == 0
        return str(caught.value)

    return of
