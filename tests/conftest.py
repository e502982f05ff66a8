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

from pipeline.errors import PipelineError
from tests.support import project
from tests.support.leftovers import TestRun
from tests.support.repository import ALL, Repository, ran, small_copy

# A shell starts its background jobs with Ctrl-C ignored, and commands under test would inherit that.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The promises for every machine are for the CPU; tests of a GPU set this otherwise.
os.environ["PIPELINE_DEVICE"] = "cpu"

# No process that logs to MLflow in the background outlives a test, unless the test asks for one.
os.environ["PIPELINE_LIVE"] = "never"

# A busy machine is no error of the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

RUN = pytest.StashKey[TestRun]()
LEFT = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # xdist's workers are part of the run
        config.stash[RUN] = TestRun()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let a run fail that has left a process or a file behind."""
    if run := session.config.stash.get(RUN, None):
        session.config.stash[LEFT] = left = run.end()
        if left and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if left := config.stash.get(LEFT, []):
        terminalreporter.section("left behind", red=True)
        terminalreporter.write("".join(f"{line}\n" for line in left))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an empty folder the working folder, since params name files relative to it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def trained_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project with small trained models of each format; whoever changes it, copies it first."""
    folder = tmp_path_factory.mktemp("a trained project")
    project.write(folder, project.params_text())
    project.prepare(folder)
    project.train(folder)
    return folder


@pytest.fixture(scope="session")
def evaluated_project(trained_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the same project with its results; whoever changes it, copies it first."""
    folder = tmp_path_factory.mktemp("evaluated") / "a project"
    shutil.copytree(trained_project, folder)
    project.evaluate(folder)
    return folder


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Return a small repository that has been run once and committed; its tests are of two xdist groups."""
    repository = small_copy(tmp_path_factory.mktemp("use"))
    assert set(ran(repository.run("dvc", "repro"))) == ALL
    repository.commit("Results")
    return repository


@pytest.fixture
def copy(done: Repository, tmp_path: Path) -> Repository:
    """Return a copy of the finished repository, to be changed."""
    shutil.copytree(done.folder, tmp_path / "copy", symlinks=True)
    return Repository(tmp_path / "copy")


@pytest.fixture(scope="module")
def copy_once(done: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Return a copy of the finished repository for all tests of a module, which take back what they change."""
    folder = tmp_path_factory.mktemp("once") / "copy"
    shutil.copytree(done.folder, folder, symlinks=True)
    return Repository(folder)


@pytest.fixture
def error_of() -> Callable[..., str]:
    """Return the one line of the error that a call raises."""

    def error_of(call: Callable[..., Any], *args: Any) -> str:
        with pytest.raises(PipelineError) as caught:
            call(*args)
        assert str(caught.value).count("\n") == 0
        return str(caught.value)

    return error_of
