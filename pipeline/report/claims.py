"""What was published, beside what was measured here, and the faults that lie between them."""

from collections.abc import Iterator, Sequence

from pipeline.report.parts import Part, Table
from pipeline.report.published import Claim, Published, Remedy
from pipeline.report.reading import Results
from pipeline.report.scoring import headline_of, judged_on, shown, training_perplexity
from pipeline.report.wording import NONE, label, spread

MEANINGLESS = "nothing that means anything: it reads its target"


def part(results: Results, published: Published) -> Part | None:
    """Set each published figure, and each fault of the write-up, beside the result of ours."""
    tables = [table for table in (_figures(results, published), _faults(results, published)) if table.rows]
    return Part("Compared with what was published", tables=tuple(tables)) if tables else None


def beside_others(results: Results, published: Published, model: str | None, split: str) -> str:
    """Return a model's published figures on a split, or else the numbers given for others of its data set."""
    if own := [claim.in_words for claim in _on(results, published, model, split)]:
        return " / ".join(own)
    others = [(name, claim) for name in results.contestants for claim in _on(results, published, name, split)]
    figures = [f"{name}: {claim.in_words}" for name, claim in others if claim.value is not None]
    return " / ".join(figures) or ("no figure given" if others else NONE)


def rows_of(results: Results, published: Published, model: str) -> Iterator[tuple[str, ...]]:
    """Yield each figure published of a model: what it is, of what, and ours measured alike and on held-out rows."""
    for claim in published.models.get(model, ()):
        alike, held_out = _alike(results, claim, model), _held_out(results, model)
        yield claim.text, claim.measured_on, alike, held_out, claim.course or NONE


def remedies(results: Results, published: Published, model: str | None = None) -> Iterator[Remedy]:
    """Yield the faults of a data set's write-up that concern models trained here, or one of them."""
    for remedy in published.datasets.get(results.card["dataset"], ()):
        named = [model] if model else list(results.models)
        if remedy.holds_out and model in results.meaningless:
            continue  # it is judged on no rows
        if any(remedy.concerns(name) and name in published.models for name in named):
            yield remedy.model_copy(update={"here": _done(results, remedy, named)})


NOT_HERE = "No row of this data set is held out, so the same is true here."
NO_DROPOUT = "It has none with these settings, so no result changes."


def _done(results: Results, remedy: Remedy, models: Sequence[str]) -> str:
    """Say what is done about a fault here, if anything, and where nothing comes of it."""
    if remedy.holds_out and "test" not in results.splits:
        return NOT_HERE
    if remedy.of_dropout and not any(remedy.concerns(name) and _has_dropout(results, name) for name in models):
        return f"{remedy.here} {NO_DROPOUT}"
    return remedy.here


COLUMNS = ("published", "measured on", "here, measured alike", "here, on held-out rows", "also reported")


def _figures(results: Results, published: Published) -> Table:
    rows = tuple((model, *row) for model in results.models for row in rows_of(results, published, model))
    return Table("Published figures beside our own", ("model", *COLUMNS), rows)


def _faults(results: Results, published: Published) -> Table:
    found = remedies(results, published)
    rows = tuple((remedy.fault, remedy.here, _changed(results, remedy)) for remedy in found)
    columns = ("there", "here", "the results that this changes")
    return Table("Faults of the write-up, what is done about them, and the results", columns, rows, prose=True)


def _on(results: Results, published: Published, model: str | None, split: str) -> Iterator[Claim]:
    """Yield a model's published figures that belong to a split; one of no split of ours to the fit, if there is one."""
    home = "train" if "train" in results.splits else "test"
    for claim in published.models.get(model or "", ()):
        if split == (claim.split if claim.split in results.splits else home):
            yield claim


def _alike(results: Results, claim: Claim, model: str) -> str:
    """Return our figure on rows of the same kind: of the fit to all rows, or of the training itself."""
    if claim.probe:
        found = [
            row for row in results.tables.get("probes", []) if (row["model"], row["input"]) == (model, claim.probe)
        ]
        return spread(_interval(found[0])) if found else NONE
    if claim.metric is None or claim.split is None:
        return NONE
    if claim.split in results.splits:
        return shown(results, model, claim.split, claim.metric)
    if claim.metric == "perplexity":
        return f"{training_perplexity(results, model)}, of the training text{_dropout(results, model)}"
    return NONE


def _dropout(results: Results, model: str) -> str:
    """Say that a network was trained, and its training loss taken, with dropout."""
    return ", with dropout" if _has_dropout(results, model) else ""


def _has_dropout(results: Results, model: str) -> bool:
    of = results.models[model].settings
    return bool(of.dropout or of.input_dropout or of.output_dropout)


def _interval(row: dict[str, str]) -> dict[str, float]:
    columns = {"mean": "prediction", "low": "low", "high": "high"}
    return {name: float(row[column]) for name, column in columns.items()}


def _held_out(results: Results, model: str) -> str:
    if model in results.meaningless:
        return MEANINGLESS
    if "test" not in results.splits:
        return NONE
    metric = headline_of(results, "test")
    return f"{label(metric)} {shown(results, model, 'test', metric)}"


def _changed(results: Results, remedy: Remedy) -> str:
    """Return the results that a fault would have changed."""
    if named := [model for model in results.meaningless if model in remedy.models]:
        return "; ".join(f"{model}: training perplexity {training_perplexity(results, model)}" for model in named)
    split = remedy.split if remedy.split in results.splits else results.splits[0]
    metric = headline_of(results, split)
    changed = [
        model
        for model in results.contestants
        if remedy.concerns(model) and (_has_dropout(results, model) or not remedy.of_dropout)
    ]
    figures = [f"{model} {shown(results, model, split, metric)}" for model in changed]
    return f"{label(metric)} on {judged_on(results, split)}: {'; '.join(figures)}" if figures else NONE
