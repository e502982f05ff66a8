"""Whatever a label looks like, it is in the content of files that a run keeps, and in no name."""

import csv
import re
import shutil
from pathlib import Path

import pytest

from pipeline import tracking
from pipeline.params import load_params
from tests.support.project import MODELS, evaluate, params_text, prepare, train, write
from tests.tracking.conftest import artifacts, find_runs

pytestmark = pytest.mark.xdist_group("tracking")

LABELS = ["=1+1", "@SUM(A1)", "<b>bold</b>", "$x^2$", "../../escaped", "C:\\x", "🙂", "a\nb", "%s ${HOME}", "'; --"]
PLAIN = re.compile(r"[\w.,:; /()@+-]+", re.ASCII)
MODEL = "names-rnn"


@pytest.fixture
def runs(copy, tmp_path):
    """Publish results of such labels into a store; return its client and the new runs by their names."""
    other = tmp_path / "odd"
    other.mkdir()
    write(other, params_text(["names"], {MODEL: MODELS[MODEL] | {"epochs": 1}}))
    with (other / "names.csv").open("w", encoding="utf-8", newline="") as file:
        rows = [(f"{'aeiou'[row % 5]}{row}", LABELS[row % len(LABELS)]) for row in range(100)]
        csv.writer(file).writerows([("name", "language"), *rows])
    prepare(other)
    train(other)
    evaluate(other)
    for name in ("data/prepared", "models", "results"):
        shutil.rmtree(name)
        shutil.copytree(other / name, name)
    shutil.copyfile(other / "params.yaml", "params.yaml")
    before = {run.info.run_id for run in find_runs(copy, "names")}
    assert tracking.publish(load_params()).added >= 3  # the model, a baseline, the bound
    return copy, {run.info.run_name: run for run in find_runs(copy, "names") if run.info.run_id not in before}


def test_names_of_runs_tags_params_metrics_and_artifacts_are_plain(runs):
    client, by_name = runs
    for name, run in by_name.items():
        data = run.data
        names = [name, *data.tags, *data.params, *data.metrics, *artifacts(client, run.info.run_id)]
        values = [value for key, value in data.tags.items() if not key.startswith("mlflow.")]
        assert [text for text in (*names, *values) if not PLAIN.fullmatch(text)] == []
    assert not [path for path in Path.cwd().parent.rglob("*escaped*") if path.is_file()]
