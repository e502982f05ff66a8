"""A task that is declared in one place is evaluated, from metrics to figures, and nothing else has to know of it."""

import json

import numpy as np
import pytest

from pipeline import files, paths
from pipeline.data import prepared as data
from pipeline.evaluation import descriptions, run
from pipeline.evaluation.baselines import regress
from pipeline.evaluation.tables import Table
from pipeline.evaluation.tasks import TASKS
from pipeline.evaluation.tasks.base import ComparedMetric, FormatEvaluation, TaskEvaluation
from pipeline.execution import executor
from pipeline.models import storage
from pipeline.params.schema import BASELINE
from pipeline.training import run as training
from pipeline.training.run import TrainingJob
from tests.support import small


def largest_error(predictions, card):
    return {"largest_error": float(np.abs(predictions["predicted"] - predictions["truth"]).max())}


def errors(predictions):
    return np.abs(predictions["predicted"] - predictions["truth"])


def first_rows(prepared, evaluations):
    for model in evaluations.models:
        yield model, prepared.card.dataset


def note(dataset, folder):
    (row,) = files.read_csv(folder / "tables/first.csv")
    return [lambda: (folder / "figures/note.txt").write_text(f"{dataset}: {row['model']}")]


TOY = TaskEvaluation(
    about=descriptions.REGRESS,
    loss_unit="toys",
    metrics=largest_error,
    compared=ComparedMetric("error", errors),
    tables=(Table("first.csv", ("model", "data"), first_rows),),
    figures=(note,),
    formats=(
        FormatEvaluation(
            about=descriptions.PAIRS,
            fits={BASELINE: regress.mean, "baseline-linear": regress.linear},
            bound=lambda fit, arrays: {"largest_error": 0.0},
        ),
    ),
)


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Evaluate a network in this process, with the toy in place of the task of its data set; return the folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(TASKS, "regress", TOY)
    monkeypatch.setattr(executor, "run", lambda function, jobs, **options: [function(job, print) for job in jobs])
    prepared, params = small.pairs("".join(f"{n} 1,{n}\n" for n in range(20))), small.model_params(input="values")
    places = paths.prepared("small"), paths.model("small", "net"), tmp_path / "results"
    for place in places:
        place.mkdir(parents=True)
    data.write(prepared, places[0])
    jobs = [TrainingJob("net", params, places[0], 1, fit, places[1]) for fit in training.fits(prepared.card)]
    outcomes = [training.run_job(job, lambda message: None) for job in jobs]
    storage.write_records(places[1], "net", params, prepared.card, outcomes)
    run.evaluate("small", ["net"], places[2])
    return places[2]


def test_a_task_declared_in_one_place_is_evaluated(results):
    metrics = json.loads((results / "metrics.json").read_text())
    assert list(metrics) == ["net", BASELINE, "baseline-linear", "bound"]
    assert {tuple(of["test"]) for of in metrics.values()} == {("largest_error",)}
    assert files.read_csv(results / "tables/first.csv") == [{"model": "net", "data": "small"}]
    (pair,) = files.read_csv(results / "tables/comparisons.csv")
    assert {pair["better"], pair["worse"]} == {"net", BASELINE}
    assert pair["metric"] == "error"
    assert (results / "figures/note.txt").read_text() == "small: net"
