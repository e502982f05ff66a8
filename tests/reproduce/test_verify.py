"""What `python -m stages.verify` prints for a small pipeline in a real Git and DVC repository."""

import hashlib
import os
import re
import shutil
import signal
import sys

import psutil
import pytest

from pipeline import determinism
from pipeline.reproduce import verify
from tests.support.processes import running, wait
from tests.support.project import REPOSITORY
from tests.support.repository import Repository

pytestmark = pytest.mark.xdist_group("verification")  # one repository, so one worker

STAGE = """
stages:
  make:
    cmd: python make.py
    deps:
    - make.py
    params:
    - learning_rate
    outs:
    - models/weights
    metrics:
    - results/metrics.json:
        cache: false
    plots:
    - results/figures:
        cache: false
"""
MAKE = """
from pathlib import Path
for folder in ("models", "results/figures"):
    Path(folder).mkdir(parents=True, exist_ok=True)
Path("results/metrics.json").write_text('{"loss": 0.5, "best": {"accuracy": 0.75}}')
Path("results/figures/a.png").write_bytes(bytes([200, 1]))
Path("models/weights").write_text("weights")
"""
# The small project has its own `stages.repro`, and takes `stages.verify` from this repository.
STAGES = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"
RUN = "import os, sys\nos.execvp('dvc', ['dvc', 'repro', *sys.argv[1:]])\n"


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """Create a repository with one stage, run and committed."""
    folder = tmp_path_factory.mktemp("original")
    (folder / "dvc.yaml").write_text(STAGE)
    (folder / "make.py").write_text(MAKE)
    (folder / "params.yaml").write_text("learning_rate: 1\n")
    (folder / ".gitignore").write_text("__pycache__/\n")
    (folder / "stages").mkdir()
    (folder / "stages/__init__.py").write_text(STAGES)
    (folder / "stages/repro.py").write_text(RUN)
    repository = Repository(folder)
    repository.run("git", "init", "--quiet")
    repository.run("dvc", "init", "--quiet")
    repository.run("dvc", "repro")
    repository.commit("Results")
    return repository


@pytest.fixture
def project(original, tmp_path):
    """Return a copy of that repository, to be changed."""
    shutil.copytree(original.folder, tmp_path / "copy")
    return Repository(tmp_path / "copy")


def verified(project, code, **environment):
    """Run the command, which must end with an exit code; return what it prints, in lines of two parts and whole."""
    environment["PYTHONPATH"] = str(REPOSITORY)
    printed = project.run(sys.executable, "-m", "stages.verify", code=code, **environment)
    return [line.split(maxsplit=1) for line in printed.splitlines()], printed


def rows(lines):
    return {line[0]: line[1] for line in lines if len(line) == 2}


def test_reproduced_results_are_identical(project):
    lines, printed = verified(project, 0)
    level = determinism.reproducibility(determinism.choose_device().type)
    assert printed.startswith(f"Reproducibility here: {level}: {determinism.DESCRIPTIONS[level]}; ")
    assert lines[-1][0] == "identical:"
    assert project.run("git", "status", "--porcelain") == ""


def test_a_metric_changed_by_hand_is_found_with_its_difference(project):
    path = project.folder / "results/metrics.json"
    path.write_text(path.read_text().replace("0.5", "0.4").replace("0.75", "0.750001"))
    project.commit("Better results")
    lines, printed = verified(project, 1)
    assert rows(lines)["results/metrics.json"] == "2 of 2 numbers, by up to 2.0e-01 (results.loss: 0.4, now 0.5)"
    assert "Likely cause: changed by hand" in printed
    assert "Traceback" not in printed


def test_weights_that_differ_are_found_by_their_digest(project):
    lock = project.folder / "dvc.lock"
    before = lock.read_text()
    digest = hashlib.md5(b"weights", usedforsecurity=False).hexdigest()
    assert digest in before
    lock.write_text(before.replace(digest, "a" * 32))
    project.commit("Weights of another machine")
    lines, printed = verified(project, 1)
    assert rows(lines)["models/weights"] == "changed, by its digest in dvc.lock"
    assert "Likely cause: packages" in printed
    assert "another processor" in printed


def test_code_and_params_changed_without_a_run_are_named_at_once(project):
    (project.folder / "make.py").write_text("raise SystemExit(3)")  # a run would end with another message
    (project.folder / "params.yaml").write_text("learning_rate: 2\n")
    project.commit("Other code")
    (project.folder / "new.txt").write_text("")
    _, printed = verified(project, 1)
    first, *_, last = printed.splitlines()
    assert first == "Not verified, since not committed: new.txt"
    named = "make.py, params.yaml: learning_rate"
    assert last == f"Error: dvc.lock: out of date, changed: {named}; run `dvc repro` and commit the results"


def test_a_changed_command_is_named(project):
    (project.folder / "dvc.yaml").write_text(STAGE.replace("python make.py", "python -B make.py"))
    project.commit("Another command")
    _, printed = verified(project, 1)
    assert re.match("Error: dvc.lock: .*dvc.yaml: make.*`dvc repro`", printed.splitlines()[-1])


def test_a_lock_that_is_not_committed_is_refused(project):
    (project.folder / "dvc.lock").unlink()
    project.commit("No lock")
    _, printed = verified(project, 1)
    assert re.match("Error: dvc.lock: not committed.*`dvc repro`", printed.splitlines()[-1])


@pytest.mark.parametrize("content", ["", "<<<<<<< HEAD\n"])
def test_a_damaged_lock_ends_without_a_traceback(project, content):
    (project.folder / "dvc.lock").write_text(content)
    project.commit("A damaged lock")
    _, printed = verified(project, 1)
    assert printed.splitlines()[-1].startswith("Error: python -m dvc status")
    assert "Traceback" not in printed


def test_a_file_that_no_stage_produces_is_found(project):
    (project.folder / "results/figures/b.png").write_bytes(b"")
    project.commit("A figure that no stage produces")
    lines, _ = verified(project, 1)
    assert rows(lines)["results/figures/b.png"] == verify.NOT_PRODUCED


NATIVE = f"native: {determinism.DESCRIPTIONS['native']}"
RARE = pytest.mark.services  # each case runs the small pipeline twice


@pytest.mark.parametrize(
    ("elsewhere", "code", "last"),
    [
        ("0.53", 0, "agree: 1 metrics compared, all within tolerance; largest difference: toy.lstm.test.loss: 0.5, "),
        ("0.56", 1, "Does not agree: toy.lstm.test.loss: 0.5, now 0.56, tolerance 0.05"),
        pytest.param("0.5", 0, "agree: 0 metrics compared, all within tolerance; largest difference: none", marks=RARE),
        pytest.param("None", 1, "Likely cause: packages", marks=RARE),
    ],
)
def test_where_bytes_may_differ_metrics_must_agree(project, elsewhere, code, last):
    make = f"""
import json, os
from pathlib import Path
value = {elsewhere} if os.environ.get("PIPELINE_KERNELS") == "native" else 0.5
numbers = {{"value": value, "seeds": {{"mean": value, "std": 0.05 / 3}}}} if value else {{}}
if os.environ.get("PIPELINE_KERNELS") == "native":
    Path("models/weights").write_text("others")
Path("results/toy").mkdir(parents=True, exist_ok=True)
Path("results/toy/metrics.json").write_text(json.dumps({{"lstm": {{"test": {{"loss": numbers}}}}}}))
"""
    (project.folder / "make.py").write_text(MAKE + make)
    (project.folder / "dvc.yaml").write_text(STAGE.replace("results/metrics.json:", "results/toy/metrics.json:"))
    project.run("dvc", "repro")
    project.commit("Results of another machine")
    _, printed = verified(project, code, PIPELINE_KERNELS="native")
    assert printed.splitlines()[0] == f"Reproducibility here: {NATIVE}; metrics must agree, bytes may differ"
    assert printed.splitlines()[-1].startswith(last)
    assert ("cannot be compared" in printed) == (elsewhere == "None")


@pytest.mark.parametrize(
    ("path", "description", "agrees"),
    [
        ("models/weights", verify.CHANGED, True),
        ("data/prepared/toy", verify.CHANGED, False),
        ("results/a.csv", verify.NOT_COMMITTED, False),
        ("results/a.csv", verify.NOT_PRODUCED, False),
    ],
)
def test_some_differences_are_refused_where_bytes_may_differ(path, description, agrees):
    assert verify.VerifyResult("a", {path: description}, ()).agrees is agrees
    assert not verify.VerifyResult("a", {path: description}, None).agrees


def test_ctrl_c_ends_every_process_in_the_clone_first(project, tmp_path):
    mark, folder = tmp_path / "runs", tmp_path / "temporary"
    folder.mkdir()
    sleep = f"import time\n    Path({str(mark)!r}).touch()\n    time.sleep(100)"
    (project.folder / "make.py").write_text(f"{MAKE}\nif Path.cwd().name == 'clone':\n    {sleep}\n")
    project.run("dvc", "repro")
    project.commit("A pipeline that takes long")
    options = project.options(PYTHONPATH=str(REPOSITORY), TMPDIR=str(folder))
    with running((sys.executable, "-m", "stages.verify"), **options) as process:
        wait(mark.exists)
        children = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=20)
        assert not [child for child in children if child.is_running() and child.status() != "zombie"]
    assert process.returncode == 130
    assert output.splitlines()[-1] == "Interrupted; run the same command again."
    assert list(folder.glob("verify-*")) == []


def test_a_pipeline_that_fails_ends_in_one_line(project):
    (project.folder / "make.py").write_text(f"{MAKE}\nif Path.cwd().name == 'clone':\n    raise SystemExit(3)\n")
    project.run("dvc", "repro")
    project.commit("A bug that only shows in a clone")
    _, printed = verified(project, 1)
    assert re.match("Error: python -m stages.repro --force .*exit code 255", printed.splitlines()[-1])


def test_a_folder_without_git_is_refused(tmp_path):
    repository = Repository(tmp_path)
    _, printed = verified(repository, 1)
    assert printed.startswith("Error: git status: fatal: not a git repository")
    assert printed.count("\n") == 1
