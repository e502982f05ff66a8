"""How the networks of all seeds do together, which is what `predict` answers."""

from collections.abc import Iterator

from pipeline.report import contests
from pipeline.report.parts import Part, Table
from pipeline.report.reading import Results
from pipeline.report.scoring import headline_of, judged_on, ranked
from pipeline.report.wording import label, numbers

SPLIT = "test"
SAID = (
    "`pipeline.load` and `predict` answer with the mean over the networks of all seeds, of probabilities or of "
    "numbers. It is most often better than a single network; the figures above are those of single ones."
)


def part(results: Results) -> Part | None:
    """Give the headline metric of each model's seeds together, and say which of them beat the baseline."""
    if SPLIT not in results.splits:
        return None
    metric = headline_of(results, SPLIT)
    if not (rows := tuple(_rows(results, metric))):
        return None
    columns = ("model", "one network, mean over seeds", "all seeds together")
    table = Table(f"{label(metric)} on {judged_on(results, SPLIT)}", columns, rows)
    return Part(
        "All seeds together", (SAID,), tables=(table,), points=tuple(contests.told(results.tables.get("together", [])))
    )


def _rows(results: Results, metric: str) -> Iterator[tuple[str, ...]]:
    for model in ranked(results, SPLIT):
        values = results.metrics[model].get(SPLIT, {}).get(metric, {})
        if "together" in values:
            yield model, *numbers([values["mean"], values["together"]])
