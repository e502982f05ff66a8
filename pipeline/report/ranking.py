"""The ranking of a data set's models, and the format of their results."""

import math
from collections.abc import Iterator

from pipeline.evaluation import intervals
from pipeline.models.storage import HELD_OUT
from pipeline.params.schema import BOUND, is_baseline
from pipeline.report import data_card
from pipeline.report.format import format_count, format_interval
from pipeline.report.load import Results

PERPLEXITIES = ("perplexity", "perplexity_known")
DISTORTION = 0.1  # of the perplexity, by symbols that no training row has, from which on there is a warning
LARGEST = 700.0  # nats; exp of more overflows


def headline_metric(results: Results, split: str) -> str:
    """Return the metric by which the models of a data set are ranked on a split."""
    return results.about.primary_metrics[split]


def selection_split(results: Results, split: str) -> str:
    """Return the split on which the best model is chosen: validation rows instead of test rows, where there are any."""
    others = any("validation" in of for of in results.metrics.values())
    return "validation" if split == "test" and others else split


def ranked(results: Results, split: str) -> tuple[str, ...]:
    """Return the models that can be compared, best first: ties by size, those that diverged last."""
    metric, chosen_on = headline_metric(results, split), selection_split(results, split)
    sign = -1 if results.about.metrics[metric].higher_is_better else 1

    def place(model: str) -> tuple[bool, float, int]:
        mean = results.mean(model, chosen_on, metric)
        return mean is None, 0.0 if mean is None else sign * mean, results.models[model].parameters

    return tuple(sorted(results.comparable, key=place))


def best(results: Results, split: str) -> str | None:
    """Return the best model, or None if all diverged."""
    metric = headline_metric(results, split)
    return next((model for model in ranked(results, split) if results.mean(model, split, metric) is not None), None)


def better_than_all(results: Results, split: str) -> Iterator[tuple[str, str]]:
    """Yield each baseline whose mean is better than that of every network, and the metric compared."""
    for name in filter(is_baseline, results.references):
        metric = _measured_of(results, name, split)
        theirs = results.mean(name, split, metric)
        means = [mean for model in results.comparable if (mean := results.mean(model, split, metric)) is not None]
        if theirs is not None and means and all(_better(results, metric, theirs, mean) for mean in means):
            yield name, metric


def better_baselines(results: Results, model: str, split: str) -> Iterator[tuple[str, str]]:
    """Yield each baseline whose mean is better than a model's, and the metric compared."""
    for name in filter(is_baseline, results.references if split in results.splits else ()):
        metric = _measured_of(results, name, split)
        theirs, ours = (results.mean(each, split, metric) for each in (name, model))
        if theirs is not None and ours is not None and _better(results, metric, theirs, ours):
            yield name, metric


def format_metric(results: Results, name: str, split: str, metric: str) -> str:
    """Return a mean with its interval; a bound has four digits, as models come close to it."""
    values = results.metrics.get(name, {}).get(split, {}).get(metric)
    if name == BOUND and values:
        return f"{values['mean']:.4g}"
    return format_interval(values)


def training_perplexity(results: Results, model: str) -> str:
    """Return exp(training loss) in the epoch whose weights are kept, over the seeds whose held-out fit finished."""
    of = results.models[model]
    kept = {seed: str(of.seeds[seed]["best_epoch"]) for seed in results.seeds_on(model, "test")}
    found = [
        math.exp(min(float(row["train_loss"]), LARGEST))
        for row in of.history
        if row["fit"] == HELD_OUT and kept.get(row["seed"]) == row["epoch"]
    ]
    return format_interval(intervals.interval(found, 0.0)) if found else format_interval(None)


def distorted_perplexity(results: Results, model: str, split: str) -> tuple[str, str] | None:
    """Return the perplexity and that of known symbols, if symbols that no training row has make them so different."""
    total, known = (results.mean(model, split, metric) for metric in PERPLEXITIES)
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
    return next((metric for metric in metrics if results.mean(name, split, metric) is not None), metrics[0])


def _better(results: Results, metric: str, one: float, other: float) -> bool:
    return one > other if results.about.metrics[metric].higher_is_better else one < other
