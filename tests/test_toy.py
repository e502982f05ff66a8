"""A new format of data and a new task are a class of settings, four modules, and a line in each registry."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.support.project import REPOSITORY
from tests.support.small import MODEL

TOY = Path(__file__).parent / "toy"
NEW_FILES = {
    "format.py": "pipeline/data/formats/counts.py",
    "task.py": "pipeline/tasks/count.py",
    "baselines.py": "pipeline/evaluation/baselines/count.py",
    "evaluation.py": "pipeline/evaluation/tasks/count.py",
}
# The settings of the format, and a line in each registry; a registry that imports its members has the import too.
CHANGES = {
    "pipeline/params/datasets.py": [
        ("\nAnyDataset = ", f"\n{(TOY / 'settings.py').read_text()}\n\nAnyDataset = "),
        (r"WordsParams \| PairsParams", r"CountsParams | \g<0>"),
    ],
    "pipeline/data/formats/__init__.py": [
        ("from pipeline.data.formats.labelled", "from pipeline.data.formats.counts import Counts\n\\g<0>"),
        (r"\n    \"words\": ", '\n    "counts": Counts(),\\g<0>'),
    ],
    "pipeline/data/prepared/verification.py": [
        (r"\n    \"regress\": ", '\n    "count": ({**ROWS, "counts": ("f", 1)},),\\g<0>')
    ],
    "pipeline/inference/load.py": [(r"\n    \"words\": ", '\n    "counts": Regressor,\\g<0>')],
    "pipeline/tasks/__init__.py": [
        ("from pipeline.tasks.forecast", "from pipeline.tasks.count import Count\n\\g<0>"),
        (r"\n    \"classify\": ", '\n    "count": Count(),\\g<0>'),
    ],
    "pipeline/evaluation/baselines/__init__.py": [
        ("import classify, ", "import classify, count, "),
        (r"\n    \"classify\": ", '\n    "count": lambda prepared: count.COUNTS,\\g<0>'),
    ],
    "pipeline/evaluation/tasks/__init__.py": [
        ("import classify, ", "import classify, count, "),
        (r"\n    \"classify\": ", '\n    "count": count.TASK,\\g<0>'),
    ],
}
DATASET = {"format": "counts", "raw": "words.txt", "alphabet": "abc", "letter": "a"}
DATASET |= {"validation": 0.2, "test": 0.2, "split_seed": 1, "refit": False}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Make a folder with the code, to which the toys are added, and with a data set and a model of them."""
    folder = tmp_path_factory.mktemp("toy")
    for name in ("pipeline", "stages"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "data").mkdir()
    shutil.copy(REPOSITORY / "data/README.md", folder / "data/README.md")
    for source, target in NEW_FILES.items():
        shutil.copy(TOY / source, folder / target)
    for name, changes in CHANGES.items():
        text = (folder / name).read_text()
        for pattern, new in changes:
            text, count = re.subn(pattern, new, text)
            assert count == 1, (name, pattern)
        (folder / name).write_text(text)
    words = [f"{one}{two}{three}{four}" for one in "abc" for two in "abc" for three in "abc" for four in "abc"]
    (folder / "words.txt").write_text("\n".join(words))
    defaults = {**MODEL, "seeds": [1, 2], "epochs": 8, "learning_rate": 0.03}
    model = {key: value for key, value in defaults.items() if key != "dataset"}
    params = {
        "sources": {},
        "datasets": {"toy": DATASET},
        "defaults": model,
        "models": {"toy-lstm": {"dataset": "toy"}},
    }
    YAML().dump(params, folder / "params.yaml")
    return folder


def test_a_new_format_and_a_new_task_are_prepared_trained_evaluated_reported_and_asked(project):
    def run(stage: str, *arguments: str) -> str:
        command = [sys.executable, "-m", f"stages.{stage}", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(project), "PIPELINE_WORKERS": "1"}
        done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "counted words" in run("prepare", "toy")
    assert "baseline-compressor" in run("baseline", "toy")
    run("train", "toy-lstm")
    assert "miscount" in run("evaluate", "toy")
    run("report")

    results = project / "results/toy"
    metrics = json.loads((results / "metrics.json").read_text())
    assert list(metrics) == ["toy-lstm", "baseline", "baseline-compressor", "bound"]
    assert metrics["toy-lstm"]["test"]["miscount"]["value"] < metrics["baseline"]["test"]["miscount"]["value"]
    assert (results / "figures/note.txt").read_text() == "toy: 1 models"
    assert "baseline" in (results / "tables/comparisons.csv").read_text()

    report, card = ((project / "reports" / name).read_text() for name in ("index.md", "models/toy-lstm.md"))
    assert "letters miscounted ↓" in report
    assert "Predicts one for every word." in report
    assert "### Worst words" in report
    assert "To count the letter a." in card
    assert "It cannot count other letters." in card

    (line,) = run("predict", "toy-lstm", "abba").splitlines()
    assert float(line.removeprefix("abba")) == pytest.approx(2, abs=1)
