"""The order of a data set's models, and the format of their results."""

import math
from collections.abc import Iterator

from pipeline.data.prepared import ALL_ROWS, TRAIN
from pipeline.params.schema import BOUND, is_baseline
from pipeline.report import data_card
from pipeline.report.format import format_count, format_interval, format_spread
from pipeline.report.load import Results

PERPLEXITIES = ("perplexity", "perplexity_known")
DISTORTION = 0.1  # of the perplexity, by symbols that no training row has, from which on there is a warning
LARGEST = 700.0  # nats; exp of more overflows


def headline_metric(results: Results, split: str) -> str:
    """Return the metric of a split that comes first, by which models are ranked where rows are held out."""
    return results.about.primary_metrics[split]


def ranked(results: Results) -> tuple[str, ...]:
    """Return the models that can be compared, best first; those without a result on validation rows come last."""
    ranking = results.about.ranking
    return (*ranking, *(name for name in results.comparable if name not in ranking))


def best(results: Results) -> str | None:
    """Return the model that is best on validation rows; None without such rows, or if all diverged."""
    return next(iter(results.about.ranking), None)


def better_than_all(results: Results, split: str) -> Iterator[tuple[str, str]]:
    """Yield each baseline that is better than every model, and the metric compared."""
    for name in filter(is_baseline, results.references):
        metric = _measured_of(results, name, split)
        theirs = results.value(name, split, metric)
        ours = [value for model in results.comparable if (value := results.value(model, split, metric)) is not None]
        if theirs is not None and ours and all(_better(results, metric, theirs, value) for value in ours):
            yield name, metric


def better_baselines(results: Results, model: str, split: str) -> Iterator[tuple[str, str]]:
    """Yield each baseline that is better than a model, and the metric compared."""
    for name in filter(is_baseline, results.references if split in results.splits else ()):
        metric = _measured_of(results, name, split)
        theirs, ours = (results.value(each, split, metric) for each in (name, model))
        if theirs is not None and ours is not None and _better(results, metric, theirs, ours):
            yield name, metric


def format_metric(results: Results, name: str, split: str, metric: str) -> str:
    """Return a value with its interval; a bound has four digits, as models come close to it."""
    values = results.metrics.get(name, {}).get(split, {}).get(metric)
    if name == BOUND and values:
        return f"{values['value']:.4g}"
    return format_interval(values)


def training_perplexity(results: Results, model: str) -> str:
    """Return exp(training loss) in the epoch whose weights are kept: mean and standard deviation over seeds."""
    of, fit = results.models[model], TRAIN if "test" in results.splits else ALL_ROWS
    kept = {seed: str(of.seeds[seed]["best_epoch"]) for seed in results.loadable_seeds(model)}
    found = [
        math.exp(min(float(row["train_loss"]), LARGEST))
        for row in of.history
        if row["fit"] == fit and kept.get(row["seed"]) == row["epoch"]
    ]
    return format_spread(found)


def distorted_perplexity(results: Results, model: str, split: str) -> tuple[str, str] | None:
    """Return the perplexity and that of known symbols, if symbols that no training row has make them so different."""
    total, known = (results.value(model, split, metric) for metric in PERPLEXITIES)
    if total is None or known is None or total <= known * (1 + DISTORTION):
        return None
    return format_metric(results, model, split, PERPLEXITIES[0]), format_metric(results, model, split, PERPLEXITIES[1])


def describe_rows(results: Results, split: str) -> str:
    """Return which rows a split has."""
    card = results.card
    if split == "all_rows":
        rows = data_card.count_rows(card)
        every = f"all {format_count(rows)} {card.unit}" if rows > 1 else "the only row"
        return f"{every} (memorisation)"
    return f"{format_count(card.rows[split])} held-out {card.unit}"


def _measured_of(results: Results, name: str, split: str) -> str:
    """Return the headline metric, or the first that a baseline has: a compressor gives bits per symbol only."""
    metrics = (headline_metric(results, split), *results.measured(split))
    return next((metric for metric in metrics if results.value(name, split, metric) is not None), metrics[0])


def _better(results: Results, metric: str, one: float, other: float) -> bool:
    return one > other if results.about.metrics[metric].higher_is_better else one < other
