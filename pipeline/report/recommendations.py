"""Which model of a data set to use, in sentences."""

from collections.abc import Iterator, Sequence

from pipeline.data.wording import join_names
from pipeline.determinism import DESCRIPTIONS
from pipeline.models.storage import NOT_LEARNED
from pipeline.params.schema import BASELINE, BOUND, is_baseline
from pipeline.report import comparisons
from pipeline.report.format import NONE, format_count, format_quantity
from pipeline.report.load import Results
from pipeline.report.parts import Part
from pipeline.report.ranking import (
    best,
    better_baselines,
    better_than_all,
    describe_rows,
    format_metric,
    headline_metric,
    ranked,
)


def part(results: Results) -> Part | None:
    """Name the best model, with its comparisons and with smaller models that are as good."""
    if "test" not in results.splits or not results.models:
        return None
    return Part("Which model to use", points=tuple(_describe_best(results)))


def describe_overall(found: Sequence[Results]) -> Iterator[str]:
    """Yield on which data sets models are better than the baseline, over the whole report."""
    groups: dict[str, list[str]] = {}
    for results in found:
        groups.setdefault(_beside_baseline(results), []).append(results.dataset)
    for outcome, sentence in BESIDE_BASELINE.items():
        if names := groups.get(outcome):
            yield f"{sentence} {join_names(names)}."
    if names := [results.dataset for results in found if not results.models]:
        yield f"No model is trained on {join_names(names)}."
    held_out = [results.dataset for results in found if "test" in results.splits and results.models]
    if names := [name for name in groups.get("unknown", []) if name in held_out]:
        yield f"No model could be compared with the baseline on {join_names(names)}."
    if names := [results.dataset for results in found if "test" not in results.splits]:
        yield f"No rows of {join_names(names)} are held out: it shows memorisation, not performance on new rows."
    not_portable = [each for each in found if not each.is_portable]
    if names := [results.dataset for results in not_portable]:
        yield (
            f"Not all results of {join_names(names)} are portable ({DESCRIPTIONS['portable']}): "
            "another machine may give slightly different figures; the results of the data set say why."
        )


SPLIT = "test"
NOTHING = "no result, as every seed of every model diverged"
ALL_LEAK = "no result that can be compared, as every model leaks its target"
BESIDE_BASELINE = {
    "ahead": "The best model is significantly better (Holm, alpha = 0.05) than the baseline on",
    "open": "The best model does not differ significantly (Holm, alpha = 0.05) from the baseline on",
    "behind": "The baseline is significantly better (Holm, alpha = 0.05) than the best model, but not than every "
    "model, on",
    "beaten": "The baseline is significantly better (Holm, alpha = 0.05) than every model on",
}


def _beside_baseline(results: Results) -> str:
    """Return how the best model of a data set compares with the baseline on the test rows."""
    rows = [row for row in results.tables.get("comparisons", []) if BASELINE in (row["better"], row["worse"])]
    model = best(results) if rows else None
    if model is None:
        return "unknown"
    lost = [row["worse"] for row in rows if row["better"] == BASELINE and row["significant"] == "yes"]
    if model in lost:
        return "beaten" if len(lost) == len(rows) else "behind"
    return "ahead" if any(row["better"] == model and row["significant"] == "yes" for row in rows) else "open"


def _describe_best(results: Results) -> Iterator[str]:
    metric, model = headline_metric(results, SPLIT), best(results)
    where = describe_rows(results, SPLIT)
    if model is None:
        yield f"On {where}: {NOTHING if results.comparable else ALL_LEAK}."
        return
    references = [
        f"{name} {figure}"
        for name in (BASELINE, BOUND)
        if (figure := format_metric(results, name, SPLIT, metric)) != NONE
    ]
    beside = f"; {', '.join(references)}" if references else ""
    only = "is the only model" if len(results.models) == 1 else "is the only model that can be compared"
    how = only if len(results.comparable) == 1 else "is the best model, chosen on validation rows"
    result = f"{results.label(metric)} {format_metric(results, model, SPLIT, metric)}"
    yield f"On {where}: {model} {how}, with {result}{beside}."
    if not_learned := results.models[model].failures.get(NOT_LEARNED):
        seeds = format_quantity(len(results.models[model].seeds), "seed")
        yield f"Warning: {model} did not learn from {not_learned} of {seeds}: a constant answer has a lower loss."
    yield from comparisons.describe_model(results, model)
    yield from _cheaper(results, model)
    yield from _beaten(results)


def _cheaper(results: Results, model: str) -> Iterator[str]:
    """Yield the smallest model that does not differ significantly from the best, if it is smaller."""
    sizes = {name: results.models[name].parameters for name in (model, *comparisons.similar_models(results, model))}
    smallest = min(sizes, key=sizes.__getitem__)
    if sizes[smallest] < sizes[model]:
        yield (
            f"{smallest}, which does not differ significantly from it, has fewer parameters: "
            f"{format_count(sizes[smallest])} instead of {format_count(sizes[model])}."
        )


def _beaten(results: Results) -> Iterator[str]:
    """Yield where baselines are better than models, and whether those differences are significant."""
    every = "every model" if len(results.comparable) > 1 else "the model"
    ahead = list(better_than_all(results, SPLIT))
    for name, metric in ahead:
        is_significant = name == BASELINE and _beside_baseline(results) == "beaten"
        verb = "is significantly better than" if is_significant else "has a better figure than"
        yield f"{_label_baseline(results, name, metric)} {verb} {every} here."
    for name in filter(is_baseline, results.references):
        if name != BASELINE and name not in dict(ahead) and (behind := list(_behind(results, name))):
            metric = behind[0][1]
            models = comparisons.join_some([model for model, _ in behind])
            yield f"{_label_baseline(results, name, metric)} has a better figure than {models}."


def _label_baseline(results: Results, name: str, metric: str) -> str:
    """Return a baseline's name, method and result, for the start of a sentence."""
    method = results.about.references[name].short_name
    result = f"{results.label(metric)} {format_metric(results, name, SPLIT, metric)}"
    return f"{comparisons.label_model_at_start(name)}, {method} ({result}),"


def _behind(results: Results, name: str) -> Iterator[tuple[str, str]]:
    """Yield the models whose figures are worse than a baseline's, best first, and the metric compared."""
    for model in ranked(results):
        yield from ((model, metric) for each, metric in better_baselines(results, model, SPLIT) if each == name)
