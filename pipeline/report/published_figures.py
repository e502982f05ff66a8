"""Published figures beside the results here, and the known issues of their write-ups."""

from collections.abc import Iterator, Sequence

from pipeline.report.format import NONE, format_number
from pipeline.report.load import Results
from pipeline.report.parts import Part, Table
from pipeline.report.published import Claim, KnownIssue, Published
from pipeline.report.ranking import describe_rows, format_metric, headline_metric, training_perplexity

LEAKS_TARGET = "none, as it leaks its target"


def part(results: Results, published: Published) -> Part | None:
    """Give each published figure, and each known issue of the write-up, beside the results here."""
    tables = [table for table in (_figures(results, published), _issues(results, published)) if table.rows]
    return Part("Comparison with published results", tables=tuple(tables)) if tables else None


def beside_others(results: Results, published: Published, model: str | None, split: str) -> str:
    """Return a model's published figures on a split, or else those of other models of its data set."""
    if own := [claim.description for claim in _on(results, published, model, split)]:
        return " / ".join(own)
    others = [(name, claim) for name in results.comparable for claim in _on(results, published, name, split)]
    figures = [f"{name}: {claim.description}" for name, claim in others if claim.value is not None]
    return " / ".join(figures) or ("no figure given" if others else NONE)


def rows_of(results: Results, published: Published, model: str) -> Iterator[tuple[str, ...]]:
    """Yield each published figure of a model: its text, what it was measured on, and the results here."""
    for claim in published.models.get(model, ()):
        same_rows, held_out = _same_rows(results, claim, model), _held_out(results, model)
        yield claim.text, claim.measured_on, same_rows, held_out, claim.also_reported or NONE


def known_issues(results: Results, published: Published, model: str | None = None) -> Iterator[KnownIssue]:
    """Yield the known issues of a data set's write-up that concern models trained here, or one of them."""
    for issue in published.datasets.get(results.dataset, ()):
        named = [model] if model else list(results.models)
        if issue.holds_out and model in results.leaking:
            continue  # it is evaluated on no rows
        if any(issue.concerns(name) and name in published.models for name in named):
            yield issue.model_copy(update={"here": _done(results, issue, named)})


NOT_HERE = "No rows of this data set are held out, so the same is true here."
NO_DROPOUT = "With these params there is no dropout, so no result changes."


def _done(results: Results, issue: KnownIssue, models: Sequence[str]) -> str:
    """Return what is done about a known issue here, and whether that changes no result."""
    if issue.holds_out and "test" not in results.splits:
        return NOT_HERE
    if issue.of_dropout and not any(issue.concerns(name) and _has_dropout(results, name) for name in models):
        return f"{issue.here} {NO_DROPOUT}"
    return issue.here


COLUMNS = ("published", "measured on", "here, on the same kind of rows", "here, on held-out rows", "also reported")


def _figures(results: Results, published: Published) -> Table:
    rows = tuple((model, *row) for model in results.models for row in rows_of(results, published, model))
    return Table("Published figures and the results here", ("model", *COLUMNS), rows)


def _issues(results: Results, published: Published) -> Table:
    found = known_issues(results, published)
    rows = tuple((issue.issue, issue.here, _changed(results, issue)) for issue in found)
    columns = ("known issue", "here", "results that this changes")
    return Table(
        "Known issues of the write-up, what is done about them here, and the results", columns, rows, prose=True
    )


def _on(results: Results, published: Published, model: str | None, split: str) -> Iterator[Claim]:
    """Yield a model's published figures of a split; one without a split counts as `all_rows`, if there is that."""
    home = "all_rows" if "all_rows" in results.splits else "test"
    for claim in published.models.get(model or "", ()):
        if split == (claim.split if claim.split in results.splits else home):
            yield claim


def _same_rows(results: Results, claim: Claim, model: str) -> str:
    """Return the result here on the same kind of rows: of the model trained on all rows, or of the training itself."""
    if claim.probe:
        found = [
            row for row in results.tables.get("probes", []) if (row["model"], row["input"]) == (model, claim.probe)
        ]
        return format_number(float(found[0]["prediction"])) if found else NONE
    if claim.metric is None or claim.split is None:
        return NONE
    if claim.split in results.splits:
        return format_metric(results, model, claim.split, claim.metric)
    if claim.metric == "perplexity":
        return f"{training_perplexity(results, model)}, of the training text{_dropout(results, model)}"
    return NONE


def _dropout(results: Results, model: str) -> str:
    """Return a note where the training loss was measured with dropout."""
    return ", with dropout" if _has_dropout(results, model) else ""


def _has_dropout(results: Results, model: str) -> bool:
    of = results.models[model].params
    return bool(of.dropout or of.input_dropout or of.output_dropout)


def _held_out(results: Results, model: str) -> str:
    if model in results.leaking:
        return LEAKS_TARGET
    if "test" not in results.splits:
        return NONE
    metric = headline_metric(results, "test")
    return f"{results.label(metric)} {format_metric(results, model, 'test', metric)}"


def _changed(results: Results, issue: KnownIssue) -> str:
    """Return the results that a known issue would have changed."""
    if named := [model for model in results.leaking if model in issue.models]:
        return "; ".join(f"{model}: training perplexity {training_perplexity(results, model)}" for model in named)
    split = issue.split if issue.split in results.splits else results.splits[0]
    metric = headline_metric(results, split)
    changed = [
        model
        for model in results.comparable
        if issue.concerns(model) and (_has_dropout(results, model) or not issue.of_dropout)
    ]
    figures = [f"{model} {format_metric(results, model, split, metric)}" for model in changed]
    return f"{results.label(metric)} on {describe_rows(results, split)}: {'; '.join(figures)}" if figures else NONE
