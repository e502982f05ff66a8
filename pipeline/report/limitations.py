"""What a model is for, and what it cannot do, by its task, its data and its params."""

from collections.abc import Iterator

from pipeline.data.formats import FORMATS
from pipeline.data.wording import join_names
from pipeline.models.storage import DIVERGED, NOT_LEARNED
from pipeline.report.details import by_model
from pipeline.report.format import format_share
from pipeline.report.load import Results
from pipeline.report.ranking import better_baselines, describe_rows, distorted_perplexity, format_metric

WEAKEST = 3


def describe_use(results: Results, model: str) -> str:
    """Return what a model is for."""
    if model in results.leaking:
        return "To show what happens when a network's input contains what it has to predict; for nothing else."
    return FORMATS[results.params.format].describe_use(results.params, results.prepared)


def describe(results: Results, model: str) -> Iterator[str]:
    """Yield what a model cannot do."""
    if model in results.leaking:
        yield f"{model} {results.about.leak}"
    yield from _better_baselines(results, model)
    yield from FORMATS[results.params.format].limitations(results.params, results.prepared, results.facts(model))
    yield from _lowest_recall(results, model)
    if "test" not in results.splits:
        yield "No rows were held out, so its performance on new rows is unknown."
    yield from _failures(results, model)
    yield from _distortions(results, model)


def _distortions(results: Results, model: str) -> Iterator[str]:
    """Yield where symbols that no training row has distort its perplexity."""
    for split in () if model in results.leaking else results.splits:
        if found := distorted_perplexity(results, model, split):
            yield (
                f"Symbols that no training row has distort its perplexity on {describe_rows(results, split)}: "
                f"{found[0]}, of known symbols alone {found[1]}."
            )


def _failures(results: Results, model: str) -> Iterator[str]:
    """Yield for how many seeds the training failed."""
    failures, seeds = results.models[model].failures, len(results.models[model].seeds)
    if not results.loadable_seeds(model):
        return
    if diverged := failures.get(DIVERGED):
        yield f"Training diverged for {diverged} of its {seeds} seeds, and may diverge for others, too."
    if not_learned := failures.get(NOT_LEARNED):
        yield (
            f"It did not learn from {not_learned} of its {seeds} seeds: a constant answer has a lower loss on the rows "
            "on which the weights were chosen. Its ensemble includes these seeds."
        )


def _better_baselines(results: Results, model: str) -> Iterator[str]:
    """Yield each method without a network that has a better figure than this model."""
    for name, metric in () if model in results.leaking else better_baselines(results, model, "test"):
        ours, theirs = (format_metric(results, each, "test", metric) for each in (model, name))
        rows = describe_rows(results, "test")
        yield (
            f"A method without a network has a better figure on {rows}: "
            f"{results.label(metric)} {theirs} ({name}), compared with {ours}."
        )


def _lowest_recall(results: Results, model: str) -> Iterator[str]:
    """Yield the classes with the lowest recall on test rows."""
    rows = by_model(results.tables.get("confusion", [])).get(model, [])
    counts: dict[str, list[int]] = {}
    for row in rows:
        right, total = counts.setdefault(row["truth"], [0, 0])
        hit = int(row["count"]) if row["truth"] == row["prediction"] else 0
        counts[row["truth"]] = [right + hit, total + int(row["count"])]
    recalls = sorted((right / total, name) for name, (right, total) in counts.items() if total)
    if len(recalls) > WEAKEST:
        lowest = [f"{name} ({format_share(recall)})" for recall, name in recalls[:WEAKEST]]
        yield f"Lowest recall on test rows: {join_names(lowest)}."
    elif recalls:
        yield f"Recall on test rows: {join_names([f'{name} {format_share(recall)}' for recall, name in recalls])}."
