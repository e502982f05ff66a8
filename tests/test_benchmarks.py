"""Each benchmark runs, and the page has the figures that were measured and no others."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner

from benchmarks import __main__, page, portable
from benchmarks.measured import RESULTS, Goal, Measured, Record, format_number, read_record, result_path, write_record
from pipeline.errors import DataError
from tests.support.project import REPOSITORY

NEED_RESULTS = ("publishing", "following")  # of a project that has been run
NAMES = page.benchmark_names()
RECORD = Record(
    "2026-11-26",
    "1234567",
    {"processor": "some"},
    Measured(("a", "b"), (("one", 12.345), ("two", 3)), (Goal("at most 4", 5.0, met=False, unit="s", reason="Why."),)),
)


def run_quickly(name, folder):
    """Run a benchmark of the repository in a folder."""
    path = os.pathsep.join((str(REPOSITORY), os.environ.get("PYTHONPATH", "")))
    command = [sys.executable, "-m", "benchmarks", "--quick", name]
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment, check=False)


@pytest.mark.services
@pytest.mark.parametrize("name", [name for name in NAMES if name not in NEED_RESULTS])
def test_a_benchmark_runs_where_nothing_is_prepared(name, here):
    shutil.copy(REPOSITORY / "params.yaml", here)
    shutil.copytree(REPOSITORY / "data/raw", here / "data/raw")
    before = (page.PAGE.read_bytes(), sorted(RESULTS.iterdir()))
    done = run_quickly(name, here)
    assert (done.returncode, done.stderr) == (0, "")
    head, *lines = done.stdout.strip().splitlines()
    assert head == f"{name}: {page.load(name).TITLE}"
    assert len(lines) > 1 or re.search("not run: (no GPU|.* not installed|.* not in this clone)", lines[0])
    assert (page.PAGE.read_bytes(), sorted(RESULTS.iterdir())) == before


@pytest.mark.services
@pytest.mark.parametrize("name", NEED_RESULTS)
def test_a_benchmark_runs_on_the_results_of_a_project(name, evaluated_project, here):
    shutil.copytree(evaluated_project, here, dirs_exist_ok=True)
    done = run_quickly(name, here)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.strip().splitlines()) > 2
    assert not list(here.glob("mlflow*"))


@pytest.mark.parametrize("name", NEED_RESULTS)
def test_a_benchmark_that_cannot_run_says_why(name, here):
    shutil.copy(REPOSITORY / "params.yaml", here)
    done = run_quickly(name, here)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(rf"^{name}: not run: .*; run `make repro` first$", done.stdout, flags=re.MULTILINE)


def test_an_unknown_benchmark_is_refused():
    done = CliRunner().invoke(__main__.main, ["speed"])
    assert done.exit_code == 1
    assert done.output.startswith("Error: speed: no such benchmark; known: ")


def test_an_unknown_model_is_refused_before_anything_runs(here):
    shutil.copy(REPOSITORY / "params.yaml", here)
    done = CliRunner().invoke(portable.main, ["--models", "binary-lstn"])
    assert done.exit_code == 1
    assert done.output.startswith("Error: models.binary-lstn: no such block in params.yaml; known: ")


def test_the_page_is_rendered_from_the_kept_measurements():
    assert page.PAGE.read_text(encoding="utf-8") == page.render(RESULTS)


def test_every_kept_measurement_is_of_a_benchmark():
    assert {path.stem for path in RESULTS.glob("*.json")} <= {*NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_the_words_of_a_benchmark_hold_no_figures_of_results(name):
    words = page.load(name).ABOUT + getattr(page.load(name), "NOTES", "")
    assert not re.findall(r"\d+\.\d+|\d+ ?(?:s|ms|us|min|%|kB|MB|GB|GiB)\b", words)


def test_a_measurement_is_kept(tmp_path):
    path = result_path("epoch", tmp_path / "results")
    write_record(path, RECORD)
    assert read_record(path) == RECORD
    path.write_text("{}")
    with pytest.raises(DataError, match="not a measurement; run `python -m benchmarks epoch`"):
        read_record(path)


def test_the_page_shows_figures_goals_and_what_is_not_measured(tmp_path):
    for name in NAMES[1:]:
        write_record(result_path(name, tmp_path), RECORD)
    text = page.render(tmp_path)
    assert "| one | 12.3 |\n| two | 3 |\n" in text
    assert "- Goal: at most 4: 5 s, missed. Why.\n" in text
    assert text.count("2026-11-26, commit 1234567; processor some.") == len(NAMES) - 1
    assert f"Not measured on this version: `python -m benchmarks {NAMES[0]}`.\n" in text
    write_record(result_path(NAMES[1], tmp_path), replace(RECORD, date="2026-11-27"))
    assert "2026-11-27" in page.render(tmp_path)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12345.6, "12,346"),
        (28, "28"),
        (1.0, "1"),
        (0.98765, "0.988"),
        (12.345, "12.3"),
        (0.00012, "0.00012"),
        ("-", "-"),
    ],
)
def test_numbers_have_three_digits(value, text):
    assert format_number(value) == text
