"""How the networks of all seeds do together, which is what `predict` answers."""

from collections.abc import Iterator

from pipeline.references import BASELINE
from pipeline.report import contests
from pipeline.report.parts import Part, Table
from pipeline.report.reading import Results
from pipeline.report.scoring import headline_of, judged_on, ranked
from pipeline.report.wording import label, numbers

SPLIT = "test"
SAID = (
    "A loaded model, and the stage predict, answer with the mean over the networks of all seeds, of probabilities or "
    "of numbers; the figures above are those of single networks."
)
METHOD = (
    "All seeds together give one prediction, so what is said below is of a paired bootstrap over the test items "
    "alone, and tells nothing of the luck of the start; Holm's correction is for the number of pairs of this part."
)


def part(results: Results) -> Part | None:
    """Give the headline metric of each model's seeds together, and say which of them beat the baseline."""
    if SPLIT not in results.splits:
        return None
    metrics = (headline_of(results, SPLIT), *results.measured(SPLIT))
    metric, rows = next(((each, rows) for each in metrics if (rows := tuple(_rows(results, each)))), ("", ()))
    if not rows:
        return None
    columns = ("model", "one network, mean over seeds", "all seeds together")
    table = Table(f"{label(metric)} on {judged_on(results, SPLIT)}", columns, rows)
    points = tuple(contests.told(results.tables.get("together", [])))
    return Part("All seeds together", (SAID, METHOD) if points else (SAID,), tables=(table,), points=points)


def ahead(results: Results) -> bool:
    """Tell whether the seeds of a model together beat the baseline, by a difference that holds."""
    return any(row["worse"] == BASELINE and row["holds"] == "yes" for row in results.tables.get("together", []))


def _rows(results: Results, metric: str) -> Iterator[tuple[str, ...]]:
    """Yield a row a model whose seeds have this metric together."""
    for model in ranked(results, SPLIT):
        values = results.metrics[model].get(SPLIT, {}).get(metric, {})
        if "together" in values:
            yield model, *numbers([values["mean"], values["together"]])
