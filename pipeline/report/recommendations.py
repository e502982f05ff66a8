"""Which model of a data set to use, in sentences."""

from collections.abc import Iterator, Sequence

from pipeline.data.wording import join_names
from pipeline.determinism import DESCRIPTIONS
from pipeline.models.storage import NOT_LEARNED
from pipeline.params.schema import BASELINE, BOUND, is_baseline
from pipeline.report import comparisons, ensemble
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
    selection_split,
)


def part(results: Results) -> Part:
    """Name the best model of each split, with its comparisons and with smaller models that are as good."""
    sentences = [sentence for split in results.splits for sentence in _of_split(results, split)]
    return Part("Which model to use", points=tuple(sentences))


def describe_overall(found: Sequence[Results]) -> Iterator[str]:
    """Yield on which data sets networks are better than the baseline, over the whole report."""
    groups: dict[str, list[str]] = {}
    for results in found:
        groups.setdefault(_beside_baseline(results), []).append(results.dataset)
    for outcome, sentence in BESIDE_BASELINE.items():
        if names := groups.get(outcome):
            yield f"{sentence} {join_names(names)}."
    if names := [results.dataset for results in found if ensemble.is_better_than_baseline(results)]:
        yield (
            "At least one model's ensemble of the seeds, which is what a loaded model answers with, is significantly "
            f"better (Holm, alpha = 0.05) than the baseline on {join_names(names)}."
        )
    held_out = [results.dataset for results in found if "test" in results.splits]
    if names := [name for name in groups.get("unknown", []) if name in held_out]:
        yield f"No network could be compared with the baseline on {join_names(names)}."
    if names := [results.dataset for results in found if "test" not in results.splits]:
        yield f"No rows of {join_names(names)} are held out: it shows memorisation, not performance on new rows."
    not_portable = [each for each in found if not each.is_portable]
    if names := [results.dataset for results in not_portable]:
        yield (
            f"Not all results of {join_names(names)} are portable ({DESCRIPTIONS['portable']}): "
            "another machine may give slightly different figures; the results of the data set say why."
        )


NOTHING = "no result, as every seed of every model diverged"
ALL_LEAK = "no result that can be compared, as every model leaks its target"
BESIDE_BASELINE = {
    "ahead": "The best network is significantly better (Holm, alpha = 0.05) than the baseline on",
    "open": "The best network does not differ significantly (Holm, alpha = 0.05) from the baseline on",
    "behind": "The baseline is significantly better (Holm, alpha = 0.05) than the best network, but not than every "
    "network, on",
    "beaten": "The baseline is significantly better (Holm, alpha = 0.05) than every network on",
}


def _beside_baseline(results: Results) -> str:
    """Return how the best network of a data set compares with the baseline on the test rows."""
    rows = [row for row in results.tables.get("comparisons", []) if BASELINE in (row["better"], row["worse"])]
    model = best(results, "test") if rows else None
    if model is None:
        return "unknown"
    lost = [row["worse"] for row in rows if row["better"] == BASELINE and row["significant"] == "yes"]
    if model in lost:
        return "beaten" if len(lost) == len(rows) else "behind"
    return "ahead" if any(row["better"] == model and row["significant"] == "yes" for row in rows) else "open"


def _of_split(results: Results, split: str) -> Iterator[str]:
    metric, model = headline_metric(results, split), best(results, split)
    where = describe_rows(results, split)
    if model is None:
        yield f"On {where}: {NOTHING if results.comparable else ALL_LEAK}."
        return
    references = [
        f"{name} {figure}"
        for name in (BASELINE, BOUND)
        if (figure := format_metric(results, name, split, metric)) != NONE
    ]
    beside = f"; {', '.join(references)}" if references else ""
    rows = "validation rows" if selection_split(results, split) == "validation" else "these same rows"
    alone = len(results.comparable) == 1
    only = "is the only model" if len(results.models) == 1 else "is the only model that can be compared"
    how = only if alone else f"is the best model, chosen on {rows}"
    result = f"{results.label(metric)} {format_metric(results, model, split, metric)}"
    yield f"On {where}: {model} {how}, with {result}{beside}."
    if not_learned := results.models[model].failures.get(NOT_LEARNED):
        seeds = format_quantity(len(results.models[model].seeds), "seed")
        yield f"Warning: {model} did not learn from {not_learned} of {seeds}: a constant answer has a lower loss."
    if split == "test":
        yield from comparisons.describe_model(results, model)
        yield from _cheaper(results, model)
        yield from _beaten(results, split)


def _cheaper(results: Results, model: str) -> Iterator[str]:
    """Yield the smallest model that does not differ significantly from the best, if it is smaller."""
    sizes = {name: results.models[name].parameters for name in (model, *comparisons.similar_models(results, model))}
    smallest = min(sizes, key=sizes.__getitem__)
    if sizes[smallest] < sizes[model]:
        yield (
            f"{smallest}, which does not differ significantly from it, has fewer parameters: "
            f"{format_count(sizes[smallest])} instead of {format_count(sizes[model])}."
        )


def _beaten(results: Results, split: str) -> Iterator[str]:
    """Yield where baselines are better than networks, and whether those differences are significant."""
    every = "every network" if len(results.comparable) > 1 else "the network"
    ahead = list(better_than_all(results, split))
    for name, metric in ahead:
        is_significant = name == BASELINE and _beside_baseline(results) == "beaten"
        verb = "is significantly better than" if is_significant else "has a better mean than"
        yield f"{_label_baseline(results, name, split, metric)} {verb} {every} here."
    for name in filter(is_baseline, results.references):
        if name != BASELINE and name not in dict(ahead) and (behind := list(_behind(results, name, split))):
            metric = behind[0][1]
            networks = join_names([model for model, _ in behind])
            yield f"{_label_baseline(results, name, split, metric)} has a better mean than {networks}."


def _label_baseline(results: Results, name: str, split: str, metric: str) -> str:
    """Return a baseline's name, method and result, for the start of a sentence."""
    method = results.about.references[name].short_name
    result = f"{results.label(metric)} {format_metric(results, name, split, metric)}"
    return f"{comparisons.label_model_at_start(name)}, {method} ({result}),"


def _behind(results: Results, name: str, split: str) -> Iterator[tuple[str, str]]:
    """Yield the networks whose means are worse than a baseline's, best first, and the metric compared."""
    for model in ranked(results, split):
        yield from ((model, metric) for each, metric in better_baselines(results, model, split) if each == name)
