"""Evaluate counts."""

from functools import partial
from pathlib import Path

import numpy as np

from pipeline import files
from pipeline.evaluation import metrics
from pipeline.evaluation.about import Difference, Metric
from pipeline.evaluation.tables import Table
from pipeline.evaluation.tasks.base import Compared, TaskEvaluation

MISCOUNT = Metric(name="miscount", label="letters miscounted", explanation="mean of |count - true count|")
MOST = Metric(name="most", label="words miscounted", explanation="the share of words with any error")


def errors(predictions):
    return np.abs(predictions["predicted"] - predictions["truth"])


def scores(predictions, card):
    return {"miscount": metrics.mean(errors(predictions)), "most": metrics.mean(errors(predictions) > 0)}


def words(prepared, evaluations):
    for model, predictions in evaluations.predictions("test").items():
        if model in evaluations.models:
            yield model, float(errors(predictions).max())


def note(dataset, folder):
    rows = files.read_csv(folder / "tables/worst.csv")
    return [partial(Path.write_text, folder / "figures/note.txt", f"{dataset}: {len(rows)} models")]


TASK = TaskEvaluation(
    goal="count a letter",
    loss_unit="squared letters",
    predictions=({"predicted": ("f", 1), "truth": ("f", 1)},),
    metrics=(MISCOUNT, MOST),
    scores=scores,
    primary=(MISCOUNT,),
    compared=Compared(MISCOUNT, Difference(name="miscount", unit="letters")),
    tables=(Table("worst.csv", ("model", "most"), words, "Worst words"),),
    figures=(note,),
)
