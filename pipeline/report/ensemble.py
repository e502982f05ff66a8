"""The results of the ensemble of a model's seeds, which is what `predict` answers with."""

from collections.abc import Iterator

from pipeline.params.schema import BASELINE
from pipeline.report import comparisons
from pipeline.report.format import format_numbers
from pipeline.report.load import Results
from pipeline.report.parts import Part, Table
from pipeline.report.ranking import describe_rows, headline_metric, ranked

SPLIT = "test"
DEFINITION = (
    "A loaded model, and the stage predict, answer with the ensemble of the seeds: the mean of the probabilities or "
    "numbers that the networks of all seeds predict. The figures above are those of single networks."
)
METHOD = (
    "An ensemble gives one prediction per item, so the comparisons below use a paired bootstrap over the test items "
    "alone, and do not include the variance across seeds. Holm's correction (alpha = 0.05) is for the number of pairs "
    "of this part."
)


def part(results: Results) -> Part | None:
    """Give the headline metric of each ensemble, and describe which ensembles differ from the baseline."""
    if SPLIT not in results.splits:
        return None
    metrics = (headline_metric(results, SPLIT), *results.measured(SPLIT))
    metric, rows = next(((each, rows) for each in metrics if (rows := tuple(_rows(results, each)))), ("", ()))
    if not rows:
        return None
    columns = ("model", "one network, mean over seeds", "ensemble of the seeds")
    table = Table(f"{results.label(metric)} on {describe_rows(results, SPLIT)}", columns, rows)
    points = tuple(comparisons.describe_all(results, results.tables.get("ensemble", [])))
    sentences = (DEFINITION, METHOD) if points else (DEFINITION,)
    return Part("Ensemble of the seeds", sentences, tables=(table,), points=points)


def is_better_than_baseline(results: Results) -> bool:
    """Return whether the ensemble of a model is significantly better than the baseline."""
    rows = results.tables.get("ensemble", [])
    return any(row["worse"] == BASELINE and row["significant"] == "yes" for row in rows)


def _rows(results: Results, metric: str) -> Iterator[tuple[str, ...]]:
    """Yield a row for each model whose ensemble has this metric."""
    for model in ranked(results, SPLIT):
        values = results.metrics[model].get(SPLIT, {}).get(metric, {})
        if "ensemble" in values:
            yield model, *format_numbers([values["mean"], values["ensemble"]])
