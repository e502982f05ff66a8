"""Which code a stage runs on: all that it imports, and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import closure
from tests.small import REPOSITORY

STAGES = ("fetch", "prepare", "train", "evaluate", "report", "publish")


@pytest.fixture
def at_home(monkeypatch):
    monkeypatch.chdir(REPOSITORY)


def named(stage):
    return {str(path) for path in closure.files(Path(f"stages/{stage}.py"))}


@pytest.mark.parametrize("stage", STAGES)
def test_a_command_names_every_file_that_it_loads(at_home, stage):
    code = (
        f"import sys, stages.{stage}\n"
        "print(*{m.__file__ for n, m in sys.modules.items() if n.split('.')[0] in ('pipeline', 'stages')}, sep='\\n')"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    paths = {path.relative_to(REPOSITORY) for path in map(Path, loaded) if path.stat().st_size}
    assert paths
    assert {str(path) for path in paths} <= named(stage)


def test_late_imports_count(at_home):
    assert "pipeline/training.py" in named("train")  # which only the workers import
    assert "pipeline/judging.py" in named("evaluate")


def test_the_report_changes_no_training(at_home):
    assert not [path for path in named("train") if path.startswith(("pipeline/report", "pipeline/tracking"))]
    assert not [path for path in named("train") if path.startswith("pipeline/baselines")]
    assert "pipeline/tracking/store.py" not in named("report")


def test_templates_belong_to_the_package_beside_them(at_home):
    assert {"pipeline/report/templates/index.html.j2", "pipeline/report/templates/style.css"} <= named("report")


def test_a_digest_changes_with_the_file_alone(here):
    (here / "pipeline").mkdir()
    (here / "stages").mkdir()
    (here / "pipeline/__init__.py").write_text("")
    (here / "pipeline/one.py").write_text("ONE = 1\n")
    (here / "pipeline/other.py").write_text("OTHER = 1\n")
    (here / "stages/x.py").write_text("from pipeline import one\n")
    before = closure.digests(Path("stages/x.py"))
    assert list(before) == ["pipeline/one.py", "stages/x.py"]  # an empty file counts for nothing
    (here / "pipeline/other.py").write_text("OTHER = 2\n")
    assert closure.digests(Path("stages/x.py")) == before
    (here / "pipeline/one.py").write_text("ONE = 2\n")
    after = closure.digests(Path("stages/x.py"))
    assert after.keys() == before.keys()
    assert [path for path in before if before[path] != after[path]] == ["pipeline/one.py"]
