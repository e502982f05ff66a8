"""Evaluate counts."""

from functools import partial
from pathlib import Path

import numpy as np

from pipeline import files
from pipeline.evaluation.about import Difference, Metric
from pipeline.evaluation.results import MetricsOnly
from pipeline.evaluation.tables import Table
from pipeline.evaluation.tasks.base import Baseline, Bound, Compared, References, TaskEvaluation
from pipeline.evaluation.tasks.regress import combine

MISCOUNT = Metric(name="miscount", label="letters miscounted", explanation="mean of |count - true count|")
MOST = Metric(name="most", label="most letters miscounted", explanation="the largest of them")


def errors(predictions):
    return np.abs(predictions["predicted"] - predictions["truth"])


def compute(predictions, card):
    return {"miscount": float(errors(predictions).mean()), "most": float(errors(predictions).max())}


def always(constant):
    def fit(data):
        def predict(before, arrays):
            return {"truth": arrays["counts"].astype(float), "predicted": np.full(len(arrays["counts"]), constant)}

        return predict

    return fit


def words(prepared, evaluations):
    for model in evaluations.models:
        for seed, predictions in evaluations.predictions(model, "test").items():
            yield model, seed, float(errors(predictions).max())


def note(dataset, folder):
    rows = files.read_csv(folder / "tables/worst.csv")
    return [partial(Path.write_text, folder / "figures/note.txt", f"{dataset}: {len(rows)} networks")]


TASK = TaskEvaluation(
    goal="count a letter",
    loss_unit="squared letters",
    metrics=(MISCOUNT, MOST),
    compute=compute,
    primary=(MISCOUNT,),
    compared=Compared(MISCOUNT, errors, Difference(name="miscount", unit="letters")),
    references=lambda prepared: References(
        {
            "baseline-one": Baseline(always(1.0), "always one", "Predicts one for every word."),
            "baseline-compressor": Baseline(
                lambda data: lambda before, arrays: MetricsOnly({"miscount": 9.0}), "nine", "Miscounts by nine."
            ),
        },
        Bound(lambda fit, arrays: {"miscount": 0.0, "most": 0.0}, "Counting makes no errors."),
    ),
    combine=combine,
    tables=(Table("worst.csv", ("model", "seed", "most"), words, "Worst words"),),
    figures=(note,),
)
