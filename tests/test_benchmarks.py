"""The benchmark runs and compares portable with native kernels."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner

from benchmarks import following
from benchmarks.portable import main
from tests.support.project import REPOSITORY

BENCHMARK = [sys.executable, "-m", "benchmarks.portable"]


def test_a_model_is_timed_with_both_kinds_of_kernels(here):
    shutil.copy(REPOSITORY / "params.yaml", here)
    shutil.copytree(REPOSITORY / "data/raw", here / "data/raw")  # nothing is prepared
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [*BENCHMARK, "--models", "binary-lstm", "--pairs", "1", "--steps", "2"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    head, model, mean = done.stdout.splitlines()
    assert head.split() == ["model", "portable", "ms", "native", "ms", "ratio"]
    assert re.fullmatch(r"binary-lstm +\d+\.\d{3} +\d+\.\d{3} +\d+\.\d\d", model)
    assert mean.split()[:2] == ["geometric", "mean"]
    assert mean.split()[2] == model.split()[3]


def test_an_unknown_model_is_refused_before_anything_runs(here):
    shutil.copy(REPOSITORY / "params.yaml", here)
    done = CliRunner().invoke(main, ["--models", "binary-lstn"])
    assert done.exit_code == 1
    assert done.output.startswith("Error: models.binary-lstn: no such block in params.yaml; known: ")


def test_epochs_on_the_cpu_are_timed_where_there_is_no_gpu(here, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    done = run_gpu_benchmark(here)
    assert (done["models"][0]["model"], done["models"][0]["steps"]) == ("binary-rnn", 6)
    assert done["models"][0]["cpu"] > 0
    assert "ours" not in done["models"][0]


def run_gpu_benchmark(folder, *options):
    """Time the epochs of one small model; return what the benchmark wrote."""
    shutil.copy(REPOSITORY / "params.yaml", folder)
    shutil.copytree(REPOSITORY / "data/raw", folder / "data/raw")
    command = [sys.executable, "-m", "benchmarks.gpu", "--models", "binary-rnn", "--json", "times.json", *options]
    path = os.pathsep.join((str(REPOSITORY), os.environ.get("PYTHONPATH", "")))
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}, check=True)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["torch", "model", "binary-rnn"]
    return json.loads((folder / "times.json").read_text())


def test_a_step_at_batch_one_is_compared_with_a_plain_loop(here):
    shutil.copy(REPOSITORY / "params.yaml", here)
    shutil.copytree(REPOSITORY / "data/raw", here / "data/raw")
    names = ["words-lstm", "names-linear"]
    chosen = [option for name in names for option in ("--recipes", name)]
    command = [sys.executable, "-m", "benchmarks.batch_one", *chosen, "--pairs", "1", "--steps", "1"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    head, *lines = done.stdout.splitlines()
    assert head.split() == ["recipe", "ours", "ms", "plain", "ms", "ratio"]
    assert [line.split()[0] for line in lines] == names
    assert all(re.fullmatch(r"\S+ +\d+\.\d{3} +\d+\.\d{3} +\d+\.\d\d", line) for line in lines)


@pytest.mark.services
def test_publishing_is_timed_into_an_empty_store_and_again(evaluated_project, here):
    shutil.copytree(evaluated_project, here, dirs_exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "benchmarks.publishing", "--again", "1"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    head, first, again = done.stdout.splitlines()
    assert head.split() == ["store", "seconds", "CPU", "database"]
    assert re.fullmatch(r"empty +\d+\.\d +\d+\.\d +\d+\.\d MB", first)
    assert re.fullmatch(r"again +\d+\.\d +\d+\.\d +unchanged", again)
    assert not list(here.glob("mlflow*"))


@pytest.mark.services
def test_a_training_that_mlflow_shows_is_compared_with_one_that_it_does_not(evaluated_project, here):
    shutil.copytree(evaluated_project, here, dirs_exist_ok=True)
    command = [sys.executable, "-m", "benchmarks.following", "--model", "binary-lstm", "--rounds", "1", "--live", "0"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    head, *lines = done.stdout.splitlines()
    assert head.split() == ["binary-lstm", "seconds", "ratio"]
    assert [re.split(" {2,}", line)[0] for line in lines] == [following.WITHOUT, following.STORE, following.HANGING]
