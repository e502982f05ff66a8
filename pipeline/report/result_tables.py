"""The results of a data set's models: its rows of the summary, and its tables of metrics."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipeline.data.prepared import ALL_ROWS
from pipeline.data.wording import join_names
from pipeline.determinism import DESCRIPTIONS, Reproducibility
from pipeline.models.storage import DIVERGED, FINISHED, NOT_LEARNED
from pipeline.params.schema import BASELINE, BOUND, is_baseline
from pipeline.report.format import NONE, format_count, format_number, format_numbers, format_spread
from pipeline.report.load import Results
from pipeline.report.parts import Link, Part, Table
from pipeline.report.ranking import (
    best,
    describe_rows,
    distorted_perplexity,
    format_metric,
    headline_metric,
    ranked,
)

EVALUATED = {
    DIVERGED: "the ensemble is of the networks whose fit finished",
    NOT_LEARNED: "it is part of the ensemble all the same",
}
SPREAD = "mean ± standard deviation"
MEMORISATION = (
    "Here the models are trained on all rows and evaluated on the same ones, so this shows what a model can store, not "
    "how it performs on new rows. Nothing is ranked or compared by it."
)
FITTED_TO_ALL = "Here the methods are fitted to all rows and evaluated on the same ones. Nothing is ranked by it."
CHOSEN = " Of the methods without a network that predict each item, it is the best on validation rows."
SUMMARY = ("data set", "evaluated on", "best model", "metric", "result", "baseline", "bound", "parameters")
NO_CHOICE = "none: no rows are held out"
FEW = 3  # models that the summary lists where none is best
NO_MODEL = "none: no model is trained"


def summary(results: Results) -> tuple[str, ...]:
    """Return the row of a data set in the summary: the best model beside baseline and bound."""
    split, model = results.headline_split, best(results)
    metric = headline_metric(results, split)
    result = format_metric(results, model or "", split, metric)
    if "test" not in results.splits:
        result = _range_of(results, split, metric)
    return (
        results.dataset,
        describe_rows(results, split),
        Link.to_card(model) if model else _no_best_model(results),
        results.about.metrics[metric].label_with_arrow,
        result or NONE,
        *(format_metric(results, name, split, metric) for name in (BASELINE, BOUND)),
        _parameters(results, model or ""),
    )


def _no_best_model(results: Results) -> str:
    """Return why no model is the best."""
    if not results.models:
        return NO_MODEL
    return "none" if "test" in results.splits else NO_CHOICE


def _range_of(results: Results, split: str, metric: str) -> str:
    """Return the results of all models where nothing chooses one, or of many the smallest and the largest."""
    found = {name: value for name in results.comparable if (value := results.value(name, split, metric)) is not None}
    if len(found) <= FEW:
        return ", ".join(f"{name} {format_number(value)}" for name, value in found.items())
    ends = [
        f"{name} {format_number(found[name])}"
        for name in (choose(found, key=found.__getitem__) for choose in (min, max))
    ]
    return f"{len(found)} models: {' to '.join(ends)}"


def part(results: Results) -> Part | None:
    """Give every metric on test rows of every model that can be compared, of the baselines and of the bound."""
    if "test" not in results.splits:
        return None
    points = (
        *describe_failures(results),
        *_distortions(results),
        *describe_training_reproducibility(results),
        *describe_evaluation_reproducibility(results),
        *_references(results, "test"),
    )
    return Part("Results", tables=(_metrics_table(results, "test"),), points=points)


def memorisation(results: Results) -> Part | None:
    """Give every metric of the fits to all rows, on these same rows."""
    if ALL_ROWS not in results.splits:
        return None
    alone = "test" not in results.splits
    points = (
        *describe_failures(results),
        *describe_training_reproducibility(results),
        *describe_evaluation_reproducibility(results),
    )
    described = () if alone else results.references_on("test")
    references = _references(results, ALL_ROWS, described)
    table = _metrics_table(results, ALL_ROWS)
    return Part(
        "Memorisation",
        (MEMORISATION if results.models else FITTED_TO_ALL,),
        tables=(table,),
        points=(*(points if alone else ()), *references),
    )


def seeds(results: Results) -> Part:
    """Give the headline metric of each seed's network alone, and explain the metrics."""
    return Part(
        "Results by seed, and what the metrics mean" if results.models else "What the metrics mean",
        tables=tuple(_seeds_tables(results)),
        points=(*_explanations(results),),
    )


def _metrics_table(results: Results, split: str) -> Table:
    """Return the metrics of a split; on test rows, beside the headline metric on the validation rows."""
    metrics, headline = results.measured(split), headline_metric(results, split)
    chosen = (headline,) if results.about.ranking and split == "test" else ()
    rows = [
        (
            Link.to_card(name) if name in results.models else name,
            *(format_metric(results, name, "validation", metric) for metric in chosen),
            *(format_metric(results, name, split, metric) for metric in metrics),
            _parameters(results, name),
        )
        for name in (*ranked(results), *results.references_on(split))
    ]
    of_choice = (f"validation: {results.about.metrics[metric].label_with_arrow}" for metric in chosen)
    labels = (results.about.metrics[metric].label_with_arrow for metric in metrics)
    columns = ("model", *of_choice, *labels, "parameters")
    what = "Figures with 95 % intervals" if _has_intervals(results, split) else "Figures"
    order = f"; models ranked by {results.label(headline)} on validation rows" if chosen else ""
    return Table(f"{what} on {describe_rows(results, split)}{order}", columns, tuple(rows))


def _has_intervals(results: Results, split: str) -> bool:
    return any("low" in values for of in results.metrics.values() for values in of.get(split, {}).values())


def _parameters(results: Results, name: str) -> str:
    """Return the number of a network's parameters."""
    return format_count(results.models[name].parameters) if name in results.models else NONE


def _seeds_tables(results: Results) -> Iterator[Table]:
    for split in results.splits if results.models else ():
        metric = headline_metric(results, split)
        values = {name: results.of_seeds(name, split, metric) for name in ranked(results)}
        seeds = list(dict.fromkeys(seed for of in results.models.values() for seed in of.seeds))
        spread = any(len(of) > 1 for of in values.values())
        rows = tuple((model, *_by_seed(of, seeds, spread)) for model, of in values.items() if of)
        caption = f"{results.label(metric)} of each seed's network alone, on {describe_rows(results, split)}"
        yield Table(caption[0].upper() + caption[1:], ("model", *_seed_columns(seeds, spread)), rows)


def each_seed(results: Results, model: str, splits: Iterable[str]) -> Table | None:
    """Return every metric of each seed's network; None for one seed, or if the model leaks its target."""
    seeds = list(results.models[model].seeds)
    found = {
        (split, metric): values
        for split in splits
        for metric in results.about.metrics
        if (values := results.of_seeds(model, split, metric))
    }
    if len(seeds) < 2 or model in results.leaking or not found:
        return None
    rows = tuple((split, results.label(metric), *_by_seed(of, seeds, True)) for (split, metric), of in found.items())
    return Table("Each seed's network alone", ("split", "metric", *_seed_columns(seeds, True)), rows)


def _seed_columns(seeds: Sequence[str], spread: bool) -> tuple[str, ...]:
    return (*(f"seed {seed}" for seed in seeds), *([SPREAD] if spread else []))


def _by_seed(values: Mapping[str, float], seeds: Sequence[str], spread: bool) -> Iterator[str]:
    """Yield the value of each seed, and if wanted the mean and standard deviation of several."""
    formatted = dict(zip(values, format_numbers(list(values.values())), strict=True))
    yield from (formatted.get(seed, NONE) for seed in seeds)
    if spread:
        yield format_spread(list(values.values())) if len(values) > 1 else NONE


def describe_failures(results: Results) -> Iterator[str]:
    """Yield how seeds ended that diverged or did not learn."""
    for model, of in results.models.items():
        for seed, record in of.seeds.items():
            if (status := record["status"]) != FINISHED:
                evaluated = EVALUATED[NOT_LEARNED if NOT_LEARNED in status else DIVERGED]
                yield f"{model}, seed {seed}: {status}; {evaluated if results.metrics[model] else 'no seed finished'}."


def _distortions(results: Results) -> Iterator[str]:
    """Yield of which models symbols that no training row has distort the perplexity."""
    for split in results.splits:
        pairs = {model: distorted_perplexity(results, model, split) for model in results.comparable}
        if found := [f"{model} {pair[0]}, of known symbols alone {pair[1]}" for model, pair in pairs.items() if pair]:
            rows = describe_rows(results, split)
            yield f"Warning: symbols that no training row has distort the perplexity on {rows}: {'; '.join(found)}."


def describe_training_reproducibility(results: Results, model: str | None = None) -> Iterator[str]:
    """Yield which models, or whether one of them, were not trained portably, and how far they can be reproduced."""
    groups: dict[Reproducibility, list[str]] = {}
    for name, of in results.models.items():
        if of.reproducibility != "portable" and model in (None, name):
            groups.setdefault(of.reproducibility, []).append(name)
    for level, names in groups.items():
        yield (
            f"The training of {join_names(names)} is not portable: it gives {DESCRIPTIONS[level]}. "
            "Another machine comes close to these figures, but perhaps not to the same ones."
        )


def describe_evaluation_reproducibility(results: Results) -> Iterator[str]:
    """Yield how far the evaluation can be reproduced, if it is not portable."""
    if results.about.reproducibility != "portable":
        yield (
            f"The evaluation is not portable: it gives {DESCRIPTIONS[results.about.reproducibility]}. "
            "Another machine comes close to these figures, but perhaps not to the same ones."
        )


def _references(results: Results, split: str, described: Sequence[str] = ()) -> Iterator[str]:
    """Yield a description of each baseline and of the bound that has figures on a split, and is not described yet."""
    for name in results.references_on(split):
        if name in described:
            continue
        chosen = CHOSEN if name == BASELINE and _has_choice(results) else ""
        yield f"{name}: {results.about.references[name].description}{chosen}"


def _has_choice(results: Results) -> bool:
    """Return whether the baseline was chosen among several."""
    baselines = [name for name in results.references if is_baseline(name)]
    return len(baselines) > 1 and "validation" in results.metrics[BASELINE]


def _explanations(results: Results) -> Iterator[str]:
    measured = {metric for split in results.splits for metric in results.measured(split)}
    for name, metric in results.about.metrics.items():
        if name in measured:
            direction = "higher is better" if metric.higher_is_better else "lower is better"
            yield f"{metric.label}: {metric.explanation}; {direction}."
