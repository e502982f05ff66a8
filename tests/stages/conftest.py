"""A small project in which the stages run as commands."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.small import REPOSITORY

PARAMS = """
sources: {}
datasets:
  words:
    format: words
    raw: words.txt
    alphabet: abc
    validation: 0.2
    test: 0.2
    split_seed: 1
    refit: true
  names:
    format: labelled
    raw: names.csv
    text: name
    label: language
    members: "*.txt"
    max_megabytes: 1
    validation: 0.2
    test: 0.2
    split_seed: 1
    refit: false
defaults:
  seeds:
    - 1
    - 2
  layers: 1
  hidden_size: 8
  bidirectional: false
  dropout: 0.0
  input_dropout: 0.0
  output_dropout: 0.0
  input: one-hot
  head: linear
  scaling: none
  optimiser: adam
  learning_rate: 0.05
  momentum: 0.0
  beta2: 0.999
  weight_decay: 0.0
  schedule:
    kind: constant
  gradient_clip: 0.0
  batch_size: 4
  epochs: 3
  patience: 0
  supervision: task
  sampling: shuffled
models:
  words-lstm:
    dataset: words
    cell: lstm
  words-lost:
    dataset: words
    cell: linear
    optimiser: sgd
    learning_rate: 1e+30
  names-rnn:
    dataset: names
    cell: rnn
    epochs: 1000000
"""

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
    (folder / "params.yaml").write_text(PARAMS)
    (folder / "words.txt").write_text("\n".join(a + b + c for a in "abc" for b in "abc" for c in "abc"))
    names = [f"{'xyz'[n % 3]}{'ab' * (n % 4)}{'c' * (n % 5)}{n},{'xyz'[n % 3]}" for n in range(60)]
    (folder / "names.csv").write_text("\n".join(["name,language", *names]))
    for dataset in ("words", "names"):
        subprocess.run(**command(folder, "prepare", dataset), check=True, capture_output=True)
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
