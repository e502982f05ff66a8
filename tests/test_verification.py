"""What `python -m stages.verify` says, of a small pipeline in a real Git and DVC repository."""

import hashlib
import json
import os
import shutil
import signal
import sys

import psutil
import pytest

from pipeline import differences, verification
from tests.processes import running, wait
from tests.repository import Repository
from tests.small import REPOSITORY

pytestmark = pytest.mark.xdist_group("verification")  # one repository, so one worker

STAGE = """
stages:
  make:
    cmd: python make.py
    deps:
    - make.py
    params:
    - rate
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
Path("results/metrics.json").write_text('{"loss": 0.5, "best": {"accuracy": 0.75, "seeds": [1, 2]}}')
Path("results/figures/a.png").write_bytes(bytes([200, 1]))
Path("models/weights").write_text("weights")
"""
# A project of its own has its own way to run all stages, and finds `stages.verify` where that lies.
STAGES = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"
RUN = "import os, sys\nos.execvp('dvc', ['dvc', 'repro', *sys.argv[1:]])\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make a repository with one stage, run and committed."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "dvc.yaml").write_text(STAGE)
    (folder / "make.py").write_text(MAKE)
    (folder / "params.yaml").write_text("rate: 1\n")
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
def project(made, tmp_path):
    """Return a copy of that repository, to be changed."""
    shutil.copytree(made.folder, tmp_path / "copy")
    return Repository(tmp_path / "copy")


def verified(project, code, **environment):
    """Return the last paragraphs of what the command prints, by which it must end with a code."""
    environment["PYTHONPATH"] = str(REPOSITORY)
    printed = project.run(sys.executable, "-m", "stages.verify", code=code, **environment)
    return [line.split(maxsplit=1) for line in printed.splitlines()], printed


def rows(lines):
    return {line[0]: line[1] for line in lines if len(line) == 2}


def test_what_comes_out_again_is_identical(project):
    lines, _ = verified(project, 0)
    assert lines[-1][0] == "identical:"
    assert project.run("git", "status", "--porcelain") == ""


def test_a_metric_that_was_changed_by_hand_is_found_and_measured(project):
    path = project.folder / "results/metrics.json"
    path.write_text(path.read_text().replace("0.5", "0.4").replace("0.75", "0.750001"))
    project.commit("Better results")
    lines, printed = verified(project, 1)
    assert rows(lines)["results/metrics.json"] == "2 numbers, by up to 2.0e-01 (loss: 0.4, now 0.5)"
    assert "not as committed: 1 file\n" in printed
    assert "Likely cause: changed by hand, or left by another run: dvc.lock comes out as committed" in printed
    assert "Traceback" not in printed


def test_weights_that_differ_are_found_by_their_digest(project):
    lock = project.folder / "dvc.lock"
    before = lock.read_text()
    digest = hashlib.md5(b"weights", usedforsecurity=False).hexdigest()
    assert digest in before
    lock.write_text(before.replace(digest, "a" * 32))
    (project.folder / "requirements.lock").write_text("# made\nclick==0.1\nno-such-package==2\n")
    project.commit("Weights of another machine")
    lines, printed = verified(project, 1)
    assert rows(lines)["models/weights"] == "other content, by its digest in dvc.lock"
    assert rows(lines)["dvc.lock"] == "follows from the others"
    assert "another processor" not in printed
    assert "Likely cause: other package versions than requirements.lock: click 8." in printed
    assert "no-such-package not installed instead of 2; run `make setup`" in printed


def test_code_and_params_that_were_changed_without_a_run_are_named_at_once(project):
    (project.folder / "make.py").write_text("raise SystemExit(3)")  # which would end the run with another message
    (project.folder / "params.yaml").write_text("rate: 2\n")
    project.commit("Other code")
    (project.folder / "new.txt").write_text("")
    _, printed = verified(project, 1)
    first, *_, last = printed.splitlines()
    assert first == "Not verified, since not committed: new.txt"
    named = "make.py, params.yaml: rate"
    assert last == f"Error: dvc.lock: made with other {named}; run `dvc repro` and commit what it gives"


def test_a_changed_command_is_named(project):
    (project.folder / "dvc.yaml").write_text(STAGE.replace("python make.py", "python -B make.py"))
    project.commit("Another command")
    _, printed = verified(project, 1)
    assert printed.splitlines()[-1].startswith("Error: dvc.lock: made with other dvc.yaml: make; run `dvc repro`")


def test_a_lock_that_is_not_committed_is_told(project):
    (project.folder / "dvc.lock").unlink()
    project.commit("No lock")
    _, printed = verified(project, 1)
    assert printed.splitlines()[-1] == "Error: dvc.lock: not committed; run `dvc repro` and commit what it gives"


def test_a_file_that_nothing_makes_is_found(project):
    (project.folder / "results/figures/b.png").write_bytes(b"")
    project.commit("A figure that nothing makes")
    lines, _ = verified(project, 1)
    assert rows(lines)["results/figures/b.png"] == "is committed, and was not made"


NATIVE = "native numerics: the same bytes only on the same model of processor"


@pytest.mark.parametrize(
    ("elsewhere", "code", "last"),
    [
        (
            "0.53",
            0,
            "agree: 1 metrics compared, all near enough; farthest: toy.lstm.test.loss: 0.5, now 0.53",
        ),
        ("0.56", 1, "Does not agree: toy.lstm.test.loss: 0.5, now 0.56, 0.05 apart is allowed"),
        ("0.5", 0, "agree: 0 metrics compared, all near enough; farthest: none"),
        ("None", 1, f"Likely cause: {NATIVE}"),
    ],
)
def test_where_bytes_are_not_promised_metrics_must_agree(project, elsewhere, code, last):
    make = f"""
import json, os
from pathlib import Path
mean = {elsewhere} if os.environ.get("PIPELINE_NUMERICS") == "native" else 0.5
spread = {{"mean": mean, "low": mean - 0.025, "high": mean + 0.025}} if mean else {{}}
if os.environ.get("PIPELINE_NUMERICS") == "native":
    Path("models/weights").write_text("others")
Path("results/toy").mkdir(parents=True, exist_ok=True)
Path("results/toy/metrics.json").write_text(json.dumps({{"lstm": {{"test": {{"loss": spread}}}}}}))
"""
    (project.folder / "make.py").write_text(MAKE + make)
    (project.folder / "dvc.yaml").write_text(STAGE.replace("results/metrics.json:", "results/toy/metrics.json:"))
    project.run("dvc", "repro")
    project.commit("Results of another machine")
    _, printed = verified(project, code, PIPELINE_NUMERICS="native")
    assert printed.splitlines()[0] == f"Promised here: metrics that agree, not the same bytes ({NATIVE})"
    assert printed.splitlines()[-1].startswith(last)
    assert ("so that metrics cannot be compared" in printed) == (elsewhere == "None")


@pytest.mark.parametrize(
    ("path", "amount", "agrees"),
    [
        ("models/weights", "other content, by its digest in dvc.lock", True),
        ("data/prepared/toy", "other content, by its digest in dvc.lock", False),
        ("results/a.csv", differences.NOT_COMMITTED, False),
        ("results/a.csv", differences.NOT_MADE, False),
    ],
)
def test_what_no_processor_explains_is_not_excused(path, amount, agrees):
    found = (differences.Difference(path, amount),)
    assert verification.Verdict("a", found, (), ()).agrees is agrees
    assert not verification.Verdict("a", found, (), None).agrees


def test_ctrl_c_ends_it_when_all_that_runs_in_the_clone_has_ended(project, tmp_path):
    mark, folder = tmp_path / "runs", tmp_path / "temporary"
    folder.mkdir()
    sleep = f"import time\n    Path({str(mark)!r}).touch()\n    time.sleep(100)"
    (project.folder / "make.py").write_text(f"{MAKE}\nif Path.cwd().name == 'clone':\n    {sleep}\n")
    project.run("dvc", "repro")
    project.commit("A pipeline that takes long")
    options = project.options(PYTHONPATH=str(REPOSITORY), TMPDIR=str(folder))
    with running((sys.executable, "-m", "stages.verify"), **options) as process:
        wait(mark.exists)
        family = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=20)
        assert not [child for child in family if child.is_running() and child.status() != "zombie"]
    assert process.returncode == 130
    assert output.splitlines()[-1] == "Interrupted; run the same command again."
    assert list(folder.glob("verify-*")) == []


def test_a_pipeline_that_fails_is_told(project):
    (project.folder / "make.py").write_text(f"{MAKE}\nif Path.cwd().name == 'clone':\n    raise SystemExit(3)\n")
    project.run("dvc", "repro")
    project.commit("A fault that shows in a clone alone")
    _, printed = verified(project, 1)
    assert printed.splitlines()[-1] == (
        "Error: python -m stages.repro --force in a fresh clone of the last commit: exit code 255; its message is above"
    )


def test_a_folder_without_git_is_refused(tmp_path):
    repository = Repository(tmp_path)
    _, printed = verified(repository, 1)
    assert printed.startswith("Error: git status: fatal: not a git repository")
    assert printed.count("\n") == 1


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("path", "one", "other", "amount"),
    [
        ("a.json", {"x": 1.0}, {"x": 1.5}, "1 number, by up to 3.3e-01 (x: 1, now 1.5)"),
        ("a.json", {"x": 0.0, "y": [1]}, {"x": -0.5, "y": [2]}, "2 numbers, by up to 1.0e+00 (x: 0, now -0.5)"),
        ("a.json", {"x": "a"}, {"x": "b"}, "1 value of 1, not only numbers"),
        ("a.json", {"x": 1}, {"y": 1, "z": 2}, "1 value committed, 2 found"),
        ("a.json", {"x": NAN, "y": 1.0}, {"x": NAN, "y": 2.0}, "1 number, by up to 5.0e-01 (y: 1, now 2)"),
        ("a.json", {"x": 1.0, "y": NAN}, {"x": 2.0, "y": 3}, "2 numbers, not all of them finite (y: nan, now 3)"),
        ("a.json", {"x": NAN, "y": 3}, {"x": 2.0, "y": 4}, "2 numbers, not all of them finite (x: nan, now 2)"),
        ("a.json", {"x": -INF}, {"x": INF}, "1 number, not all of them finite (x: -inf, now inf)"),
        ("a.json", {"x": -1e308}, {"x": 1.5e308}, "1 number, by up to 1.7e+00 (x: -1e+308, now 1.5e+308)"),
        (
            "a.json",
            {"x": [NAN, INF]},
            {
                "x": [NAN, INF],
            },
            "the same values, written otherwise",
        ),
        ("a.json", {"x": 1}, {"x": 1.0}, "the same values, written otherwise"),
    ],
)
def test_numbers_are_compared(path, one, other, amount):
    assert differences.between(path, json.dumps(one).encode(), json.dumps(other).encode()).amount == amount


@pytest.mark.parametrize(
    ("path", "one", "other", "amount"),
    [
        ("a.csv", b"n,x\na,0.10\n", b"n,x\na,0.11\n", "1 number, by up to 9.1e-02 (1.1: 0.1, now 0.11)"),
        ("a.csv", b"n,x\na,1\n", b"n,x\nb,2\n", "2 values of 4, not only numbers"),
        ("a.json", b"{", b"{}", "other content"),
        ("a.md", b"a\nb\nc\n", b"a\nx\nc\n", "2 lines are in one alone, of 3 committed and 3 found"),
        ("a.png", b"\x89\xff", b"\x89\xfe", "other content"),
        ("a.md", None, b"", "is not committed"),
        ("a.md", b"", None, "is committed, and was not made"),
    ],
)
def test_contents_are_compared(path, one, other, amount):
    assert differences.between(path, one, other).amount == amount


def test_where_nothing_else_shows_it_is_the_processor(here):
    (cause,) = verification._causes(())
    assert cause.startswith("another processor than that of the committed results; this one: ")
