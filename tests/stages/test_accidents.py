"""Training as a command that is killed, interrupted or out of disk space: its errors, and a rerun to the same bytes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import psutil
import pytest

from pipeline.data import prepared as data
from tests.stages.conftest import PARAMS, command
from tests.support import small
from tests.support.processes import running, wait
from tests.support.project import REPOSITORY

LONG = (
    PARAMS.replace("layers: 1", "layers: 2")
    .replace("dropout: 0.0", "dropout: 0.3")
    .replace("epochs: 3\n", "epochs: 70\n")
)
FREQUENT = {"PIPELINE_CHECKPOINTS": "0.05", "PIPELINE_WORKERS": "2"}
INTERRUPTED = "Interrupted; run the same command again."


def read_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def long(project: Path, tmp_path: Path) -> Path:
    """Make a project whose trainings take some seconds."""
    shutil.copytree(project / "data", tmp_path / "data")
    (tmp_path / "params.yaml").write_text(LONG)
    return tmp_path


@pytest.fixture
def train(long: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Return a function that starts the command, and returns when both workers have written checkpoints."""

    def start() -> "subprocess.Popen[str]":
        before = {path: path.stat().st_mtime_ns for path in (long / ".checkpoints").rglob("seed-*")}
        options = command(long, "train", "words-lstm", **FREQUENT)
        process = stack.enter_context(running(options.pop("args"), **options))
        wait(lambda: sum(path.stat().st_mtime_ns > before.get(path, 0) for path in checkpoints(long)) >= 2)
        return process

    with ExitStack() as stack:
        yield start


def checkpoints(project: Path) -> list[Path]:
    return list((project / ".checkpoints/words-lstm").glob("seed-*"))


def finish(project: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(**command(project, "train", "words-lstm", **FREQUENT), capture_output=True, timeout=120)


@pytest.mark.xdist_group("project")
def test_a_command_that_was_killed_and_interrupted_ends_in_the_same_bytes(long, train):
    process = train()
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate()
    wait(lambda: not [child for child in children if child.is_running()], seconds=5)

    process = train()
    server = next(child for child in psutil.Process(process.pid).children() if child.children())
    server.children()[-1].kill()  # as the system does when memory runs out
    lines = iter(process.stderr.readline, "")
    assert any("its worker was killed; it is run again, from its checkpoint if it has one" in line for line in lines)
    assert any("resumes from its checkpoint" in line for line in lines)
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    assert (process.returncode, output, errors.strip().splitlines()[-1]) == (130, "", INTERRUPTED)
    assert not list((long / "models/words").iterdir())

    damaged = long / ".checkpoints/words-lstm/seed-2-train.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-100])
    done = finish(long)
    assert done.returncode == 0
    assert "words-lstm seed 1: resumes from its checkpoint" in done.stderr
    assert f"words-lstm seed 2: {damaged} is damaged; the training starts from the beginning" in done.stderr
    assert not (long / ".checkpoints").exists()

    resumed = read_files(long / "models/words/words-lstm")
    done = finish(long)
    assert "checkpoint" not in done.stderr
    assert read_files(long / "models/words/words-lstm") == resumed


@pytest.mark.services
def test_trainings_killed_at_random_moments_end_in_the_same_bytes(tmp_path):
    generator = np.random.default_rng(1)
    names = {"".join(generator.choice(list("abcd"), size)): "pq"[size % 2] for size in generator.integers(1, 9, 300)}
    (tmp_path / "prepared").mkdir()
    rows = "".join(f"{name},{label}\n" for name, label in names.items())
    data.write(small.labelled(rows), tmp_path / "prepared")
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.killing", "10"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PIPELINE_CHECKPOINTS": "0.02"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    undisturbed, *runs = map(json.loads, done.stdout.splitlines())
    assert len(runs) == 10
    assert {run["digest"] for run in runs} == {undisturbed["digest"]}
    assert sum(run["kills"] for run in runs) >= 10
    resumed = [run for run in runs if "resumes from its checkpoint" in run["messages"]]
    assert len(resumed) >= 5


# Disk space


def with_little_space(folder: str, kilobytes: int, *arguments: str) -> list[str]:
    """Return a command for which a folder has little space, or else one that may write small files only."""
    mount = f'mount -t tmpfs -o size={kilobytes}k none {folder} && exec "$@"'
    mounting = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]
    if subprocess.run([*mounting, "true"], capture_output=True).returncode == 0:
        return [*mounting, *arguments]
    return ["sh", "-c", f'ulimit -f {kilobytes // 4} && exec "$@"', "sh", *arguments]


@pytest.mark.xdist_group("project")
@pytest.mark.parametrize(
    ("stage", "name", "place"), [("train", "words-lstm", "models"), ("prepare", "names", "data/prepared")]
)
def test_a_full_disk_ends_in_one_line_and_a_rerun_is_right(stage, name, place, project, trained, tmp_path, monkeypatch):
    copy = shutil.copytree(project, tmp_path / "copy", ignore=shutil.ignore_patterns("models"))
    (copy / place).mkdir(exist_ok=True)
    options = command(copy, stage, name, PIPELINE_WORKERS="2")
    monkeypatch.chdir(copy)
    done = subprocess.run(**{**options, "args": with_little_space(place, 12, *options["args"])}, capture_output=True)
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]  # on a busy machine, lines of progress come before it
    assert line.startswith("Error: " + place)
    assert "Traceback" not in done.stderr
    assert line.endswith("; free some and run again")
    assert "no space left to write it" in line
    assert not list((copy / "models").rglob(".*"))

    assert subprocess.run(**options, capture_output=True).returncode == 0
    dataset = "words/words-lstm" if stage == "train" else name
    found = (path for path in (project / place / dataset).rglob("*") if path.is_file())
    assert all(path.read_bytes() == (copy / path.relative_to(project)).read_bytes() for path in found)


# Orphaned processes


def test_a_command_ends_with_the_dvc_that_started_it(tmp_path):
    command = f"exec {sys.executable} -m tests.support.work {tmp_path}"
    program = f"import subprocess; subprocess.run(['sh', '-c', {command!r}])"
    environment = {**os.environ, "DVC_STAGE": "hold", "PIPELINE_WORKERS": "2"}
    with running([sys.executable, "-c", program], env=environment, cwd=REPOSITORY) as dvc:
        wait(lambda: sum(path.read_text() == "locked" for path in tmp_path.iterdir()) == 2)
        children = psutil.Process(dvc.pid).children(recursive=True)
        assert len(children) >= 4  # command, server, two workers
        dvc.kill()
        dvc.wait()
        wait(
            lambda: not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE],
            seconds=3,
        )


def test_a_command_ends_if_its_dvc_has_ended_before_it_could_check(tmp_path):
    """Start it from a process whose parent has ended, as a killed DVC leaves one."""
    command = [sys.executable, "-m", "tests.support.work", str(tmp_path)]
    program = f"""
import os, sys, time
while os.getppid() == int(sys.argv[1]):
    time.sleep(0.02)
os.execv({command[0]!r}, {command!r})
"""
    orphaned = f"import os, subprocess; subprocess.Popen([*{[sys.executable, '-c', program]!r}, str(os.getpid())])"
    environment = {**os.environ, "DVC_STAGE": "hold", "PIPELINE_WORKERS": "2"}
    with running([sys.executable, "-c", orphaned], env=environment, cwd=REPOSITORY) as dvc:
        output, errors = dvc.communicate(timeout=30)  # which end when no process is left to write to them
    assert output == b""
    assert errors == b"Error: the DVC that started this has ended; run `dvc repro` again\n"
    assert list(tmp_path.iterdir()) == []  # no job was started


def test_a_command_of_a_user_outlives_the_shell_that_started_it(tmp_path):
    program = (
        f"import subprocess; subprocess.Popen([{sys.executable!r}, '-m', 'tests.support.work', {str(tmp_path)!r}])"
    )
    environment = {name: value for name, value in os.environ.items() if name != "DVC_STAGE"} | {"PIPELINE_WORKERS": "2"}
    with running([sys.executable, "-c", program], env=environment, cwd=REPOSITORY) as starter:
        wait(lambda: sum(path.read_text() == "locked" for path in tmp_path.iterdir()) == 2)
        assert starter.wait() == 0
        time.sleep(1)
        assert all(psutil.pid_exists(int(path.name)) for path in tmp_path.iterdir())
