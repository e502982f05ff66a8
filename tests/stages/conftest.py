"""A small project in which the stages run as commands."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.project import MODELS, REPOSITORY, TOO_FAST, params_text, prepare, write

PARAMS = params_text(
    ("words", "names"),
    {
        "words-lstm": MODELS["words-lstm"],
        "words-lost": {"dataset": "words", "cell": "linear", **TOO_FAST},
        "names-rnn": MODELS["names-rnn"] | {"epochs": 1000000},
    },
    learning_rate=0.05,
    batch_size=4,
    epochs=3,
)

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def command(project: Path, stage: str, *arguments: str, **environment: str) -> dict[str, object]:
    """Return the arguments of `subprocess.run` that start a stage as `dvc repro` does."""
    return {
        "args": [sys.executable, "-m", f"stages.{stage}", *arguments],
        "cwd": project,
        "env": {**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
        "text": True,
    }


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project with prepared data; a test that changes it works on a copy."""
    folder = tmp_path_factory.mktemp("project")
    write(folder, PARAMS)
    prepare(folder)
    return folder


@pytest.fixture(scope="session")
def run(project: Path) -> Run:
    """Return a function that runs a stage to its end, in a process of its own."""

    def run_stage(stage: str, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(**command(project, stage, *arguments, **environment), capture_output=True, timeout=60)

    return run_stage


@pytest.fixture(scope="session")
def trained(project: Path, run: Run) -> dict[str, "subprocess.CompletedProcess[str]"]:
    """Train the models of words, with one worker; return how each command ended."""
    models = ("words-lstm", "words-lost")
    return {model: run("train", model, PIPELINE_WORKERS="1") for model in models}
