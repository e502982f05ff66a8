"""The results of a data set's models: its rows of the summary, and its tables of metrics."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipeline.data.wording import join_names
from pipeline.determinism import DESCRIPTIONS, Reproducibility
from pipeline.models.storage import DIVERGED, FINISHED, NOT_LEARNED
from pipeline.params.schema import BASELINE, BOUND, is_baseline
from pipeline.report.format import NONE, format_count, format_numbers
from pipeline.report.load import Results
from pipeline.report.parts import Link, Part, Table
from pipeline.report.published import Published
from pipeline.report.published_figures import beside_others
from pipeline.report.ranking import (
    best,
    describe_rows,
    distorted_perplexity,
    format_metric,
    headline_metric,
    ranked,
    selection_split,
)

EVALUATED = {
    DIVERGED: "the figures are those of the fits that finished",
    NOT_LEARNED: "it is evaluated all the same",
}
CHOSEN = " Of the methods without a network that predict each item, it is the best on validation rows."
SUMMARY = (
    "data set",
    "evaluated on",
    "best model",
    "metric",
    "result",
    "baseline",
    "bound",
    "published",
    "parameters",
)


def summary(results: Results, published: Published) -> Iterator[tuple[str, ...]]:
    """Yield a row of the summary for each split: the best model beside baseline, bound and published figures."""
    for split in results.splits:
        metric, model = headline_metric(results, split), best(results, split)
        yield (
            results.dataset,
            describe_rows(results, split),
            Link.to_card(model) if model else "none",
            results.about.metrics[metric].label_with_arrow,
            *(format_metric(results, name, split, metric) for name in (model or "", BASELINE, BOUND)),
            beside_others(results, published, model, split),
            _parameters(results, model or ""),
        )


def part(results: Results) -> Part:
    """Give every metric of every model that can be compared, of the baselines and of the bound."""
    return Part(
        "Results",
        tables=tuple(_metrics_table(results, split) for split in results.splits),
        points=(
            *describe_failures(results),
            *_distortions(results),
            *describe_training_reproducibility(results),
            *describe_evaluation_reproducibility(results),
            *_references(results),
        ),
    )


def seeds(results: Results) -> Part:
    """Give each seed's value of the headline metric, and explain the metrics."""
    return Part(
        "Results by seed, and what the metrics mean",
        tables=tuple(_seeds_tables(results)),
        points=(*_explanations(results),),
    )


def _metrics_table(results: Results, split: str) -> Table:
    """Return the metrics of a split; models ranked on validation rows have their result there as well."""
    metrics, headline = results.measured(split), headline_metric(results, split)
    chosen_on = selection_split(results, split)
    chosen = (headline,) if chosen_on != split else ()
    rows = [
        (
            Link.to_card(name) if name in results.models else name,
            *(format_metric(results, name, chosen_on, metric) for metric in chosen),
            *(format_metric(results, name, split, metric) for metric in metrics),
            _parameters(results, name),
        )
        for name in (*ranked(results, split), *results.references)
        if name in results.models or results.metrics[name].get(split)
    ]
    of_choice = (f"{chosen_on}: {results.about.metrics[metric].label_with_arrow}" for metric in chosen)
    labels = (results.about.metrics[metric].label_with_arrow for metric in metrics)
    columns = ("model", *of_choice, *labels, "parameters")
    order = f"ranked by {results.label(headline)}{f' on {chosen_on} rows' if chosen else ''}"
    what = "Figures" if results.one_seed else "Mean and 95 % interval"
    return Table(f"{what} on {describe_rows(results, split)}; models {order}", columns, tuple(rows))


def _parameters(results: Results, name: str) -> str:
    """Return the number of a network's parameters."""
    return format_count(results.models[name].parameters) if name in results.models else NONE


def _seeds_tables(results: Results) -> Iterator[Table]:
    for split in results.splits:
        metric = headline_metric(results, split)
        values: dict[str, dict[str, float]] = {name: {} for name in ranked(results, split)}
        for row in results.values:
            if (row["split"], row["metric"]) == (split, metric) and row["model"] in values:
                values[row["model"]][row["seed"]] = float(row["value"])
        seeds = list(dict.fromkeys(seed for of in results.models.values() for seed in of.seeds))
        rows = tuple((model, *_by_seed(of, seeds)) for model, of in values.items() if of)
        caption = f"Each seed's {results.label(metric)} on {describe_rows(results, split)}"
        yield Table(caption, ("model", *(f"seed {seed}" for seed in seeds)), rows)


def each_seed(results: Results, model: str, splits: Iterable[str]) -> Table | None:
    """Return each seed's value of every metric of a model; None for one seed, or if the model leaks its target."""
    found: dict[tuple[str, str], dict[str, float]] = {
        (split, metric): {} for split in splits for metric in results.about.metrics
    }
    for row in results.values:
        if row["model"] == model:
            found.setdefault((row["split"], row["metric"]), {})[row["seed"]] = float(row["value"])
    seeds = list(results.models[model].seeds)
    if len(seeds) < 2 or model in results.leaking or not any(found.values()):
        return None
    rows = tuple((split, results.label(metric), *_by_seed(of, seeds)) for (split, metric), of in found.items() if of)
    return Table("Results by seed", ("split", "metric", *(f"seed {seed}" for seed in seeds)), rows)


def _by_seed(values: Mapping[str, float], seeds: Sequence[str]) -> Iterator[str]:
    formatted = dict(zip(values, format_numbers(list(values.values())), strict=True))
    return (formatted.get(seed, NONE) for seed in seeds)


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


def _references(results: Results) -> Iterator[str]:
    """Yield a description of each baseline and of the bound."""
    for name in results.references:
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
