"""What the run `comparison` of a data set shows: all models side by side, and which to take and why.

Its words are those of the report. Its files lie at the root of the run under the same names for all data sets, because
MLflow's page that compares runs shows only such files side by side.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.params import Params
from pipeline.params.schema import BASELINE, BOUND
from pipeline.report import comparisons, leaks, load, published, recommendations, render
from pipeline.report.load import Results
from pipeline.report.parts import Part, Section
from pipeline.report.published import Published
from pipeline.report.ranking import best, describe_rows, headline_metric, ranked
from pipeline.report.result_tables import FITTED_TO_ALL, MEMORISATION
from pipeline.tracking import comparison_figure, metric_names
from pipeline.tracking.comparison_figure import Line

FIGURE, DIFFERENCES, VALUES = "comparison.png", "differences.json", "values.json"
BEST = "best"


@dataclass(frozen=True)
class Comparison:
    """The content of a data set's comparison."""

    dataset: str
    params: Mapping[str, str]  # the name of the best model, if there is one
    metrics: Mapping[str, float]  # the headline of the best model, of the baseline and of the bound
    answer: str  # which model to use, as a paragraph of Markdown
    text: str  # the answer and its reasons, as a page of Markdown
    artifacts: tuple[Path, ...]  # for the root of the run
    tables: Mapping[str, Mapping[str, list[Any]]]  # file for the root of the run -> column -> its entries


def build(dataset: str, params: Params, folder: Path) -> Comparison:
    """Read a data set's results and compare its models.

    Args:
        dataset: Its name.
        params: The params of the project.
        folder: Where the figure is written.

    Raises:
        DataError: if a file of an earlier stage is missing or damaged.
    """
    results = load.read(dataset, params)
    lines = list(_lines(results, published.read()))
    figure = folder / FIGURE
    comparison_figure.plot(lines, figure, *_describe_figure(results))
    choice, text = best(results), _text(results)
    _, answer, *_ = text.split("\n\n")  # the title comes first
    return Comparison(
        dataset=dataset,
        params={BEST: choice} if choice else {},
        metrics=dict(_metrics(results)),
        answer=answer.strip(),
        text=text,
        artifacts=(figure,),
        tables={
            VALUES: _columns([vars(line) for line in lines]),
            DIFFERENCES: _columns([_with_numbers(row) for row in results.tables.get("comparisons", [])]),
        },
    )


def _lines(results: Results, known: Published) -> Iterator[Line]:
    """Yield a line for each model that can be compared, best first, each baseline and the bound."""
    split = results.headline_split
    metric = headline_metric(results, split)
    for name in (*ranked(results), *results.references_on(split)):
        if numbers := results.metrics[name].get(split, {}).get(metric):
            kind = "model" if name in results.models else BOUND if name == BOUND else BASELINE
            figure = _published(known, name, split, metric)
            yield Line(name, kind, numbers["value"], numbers.get("low"), numbers.get("high"), figure)


def _describe_figure(results: Results) -> tuple[str, str]:
    """Return the title of the figure and the label of its axis."""
    metric = results.about.metrics[headline_metric(results, results.headline_split)]
    order = "; models ranked on validation rows" if results.about.ranking else ""
    return f"{results.dataset}: {describe_rows(results, results.headline_split)}", f"{metric.label_with_arrow}{order}"


def _published(known: Published, model: str, split: str, metric: str) -> float | None:
    """Return the published value of the same metric of the same split, if one was measured alike."""
    for figure in known.models.get(model, ()):
        if figure.missing is None and (figure.quantity, figure.metric, figure.split or split) == (
            "metric",
            metric,
            split,
        ):
            return figure.value
    return None


def _metrics(results: Results) -> Iterator[tuple[str, float]]:
    split = results.headline_split
    metric = headline_metric(results, split)
    for role, name in ((BEST, best(results)), (BASELINE, BASELINE), (BOUND, BOUND)):
        if name and (value := results.value(name, split, metric)) is not None:
            yield metric_names.name_summary(role, split, metric), value


def _text(results: Results) -> str:
    """Return which model to take, first, and why, as Markdown: the page shows the first lines of it."""
    choice, (answer, *reasons) = best(results), _answer(results)
    title = f"{results.dataset}: {f'use {choice}' if choice else 'no model is chosen'}"
    others = (comparisons.part(results), leaks.part(results))
    parts = (Part("Why", points=tuple(reasons)) if reasons else None, *others)
    kept = tuple(replace(part, tables=()) for part in parts if part)  # whose rows link to the pages of the report
    return render.render_model_card(Section(title, answer, kept), Path())


def _answer(results: Results) -> tuple[str, ...]:
    """Return the sentences on which model to use, or why nothing says so."""
    choice = recommendations.part(results)
    return choice.points if choice else (MEMORISATION if results.models else FITTED_TO_ALL,)


def _with_numbers(row: Mapping[str, str]) -> dict[str, Any]:
    """Return a comparison with its numbers as numbers."""
    texts = {"better", "worse", "metric", "significant"}
    return {column: entry if column in texts else float(entry) for column, entry in row.items()}


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return a table by columns; none of it if it has no rows."""
    return {column: [row[column] for row in rows] for column in (rows[0] if rows else ())}
