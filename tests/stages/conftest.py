"""A small project in which the stages run as commands."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.small import REPOSITORY

PARAMS = """
seeds:
  - 1
  - 2
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
    megabytes: 1
    validation: 0.2
    test: 0.2
    split_seed: 1
    refit: false
training:
  layers: 1
  hidden: 8
  direction: forward
  dropout: 0.0
  input_dropout: 0.0
  output_dropout: 0.0
  input: one-hot
  head: linear
  scaling: none
  optimiser: adam
  rate: 0.05
  momentum: 0.0
  beta2: 0.999
  weight_decay: 0.0
  schedule:
    kind: constant
  clip: 0.0
  batch: 4
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
    rate: 1e+30
  names-rnn:
    dataset: names
    cell: rnn
    epochs: 1000000
"""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def command(project: Path, stage: str, *arguments: str, **environment: str) -> dict[str, object]:
    """Return how a stage is started, as `dvc repro` would start it."""
    return {
        "args": [sys.executable, "-m", f"stages.{stage}", *arguments],
        "cwd": project,
        "env": {**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
        "text": True,
    }


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project with prepared data; tests leave it as they found it."""
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
    """Run a stage to its end, as a process of its own."""

    def ended(stage: str, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(**command(project, stage, *arguments, **environment), capture_output=True, timeout=60)

    return ended


@pytest.fixture(scope="session")
def trained(project: Path, run: Run) -> dict[str, "subprocess.CompletedProcess[str]"]:
    """Train the models of words, with one worker; return how each command ended."""
    models = ("words-lstm", "words-lost")
    return {model: run("train", model, PIPELINE_WORKERS="1") for model in models}
