"""Which model of a data set is the best, and what each figure looks like."""

import math
from collections.abc import Iterator

from pipeline import statistics
from pipeline.history import HELD_OUT
from pipeline.references import LIMIT, is_baseline
from pipeline.report import data
from pipeline.report.reading import Results
from pipeline.report.wording import METRICS, count, headline, spread

LARGEST = 700.0  # nats; exp of more is no number


def headline_of(results: Results, split: str) -> str:
    """Return the metric by which the models of a data set are ranked on a split."""
    return headline(results.card["task"], split, results.measured(split))


def judge_of(results: Results, split: str) -> str:
    """Return the split on which the best is chosen: never the test rows, where others are held out."""
    others = any("validation" in of for of in results.metrics.values())
    return "validation" if split == "test" and others else split


def ranked(results: Results, split: str) -> tuple[str, ...]:
    """Return the models that can be compared, the best first; of equals the smaller; last those that diverged."""
    metric, judge = headline_of(results, split), judge_of(results, split)
    sign = -1 if _higher_is_better(metric) else 1

    def place(model: str) -> tuple[bool, float, int]:
        mean = results.mean(model, judge, metric)
        return mean is None, 0.0 if mean is None else sign * mean, results.models[model].parameters

    return tuple(sorted(results.contestants, key=place))


def best(results: Results, split: str) -> str | None:
    """Return the best model, or nothing where all diverged."""
    metric = headline_of(results, split)
    return next((model for model in ranked(results, split) if results.mean(model, split, metric) is not None), None)


def beaten_by(results: Results, split: str) -> Iterator[tuple[str, str]]:
    """Yield each baseline that does better than every network, and the metric by which it does."""
    for name in filter(is_baseline, results.references):
        metric = _measured_of(results, name, split)
        theirs = results.mean(name, split, metric)
        means = [mean for model in results.contestants if (mean := results.mean(model, split, metric)) is not None]
        if theirs is not None and means and all(_better(metric, theirs, mean) for mean in means):
            yield name, metric


def better_than(results: Results, model: str, split: str) -> Iterator[tuple[str, str]]:
    """Yield each baseline whose mean is better than a model's own, and the metric by which it is."""
    for name in filter(is_baseline, results.references if split in results.splits else ()):
        metric = _measured_of(results, name, split)
        theirs, ours = (results.mean(each, split, metric) for each in (name, model))
        if theirs is not None and ours is not None and _better(metric, theirs, ours):
            yield name, metric


def shown(results: Results, name: str, split: str, metric: str) -> str:
    """Show a mean with its interval; models come so near to a limit that three digits would not part them."""
    values = results.metrics.get(name, {}).get(split, {}).get(metric)
    if name == LIMIT and values:
        return f"{values['mean']:.4g}"
    return spread(values)


def training_perplexity(results: Results, model: str) -> str:
    """Show exp(training loss) in the epoch whose weights are kept, over the seeds whose held-out fit finished."""
    of = results.models[model]
    kept = {seed: str(of.seeds[seed]["best_epoch"]) for seed in results.seeds_on(model, "test")}
    found = [
        math.exp(min(float(row["train_loss"]), LARGEST))
        for row in of.history
        if row["fit"] == HELD_OUT and kept.get(row["seed"]) == row["epoch"]
    ]
    return spread(statistics.metric_interval(found, "perplexity")) if found else spread(None)


def judged_on(results: Results, split: str) -> str:
    """Say which rows a split has."""
    card = results.card
    if split == "train":
        rows = data.total(card)
        every = f"all {count(rows)} {card['unit']}" if rows > 1 else "the only row"
        return f"{every}, learnt by heart"
    return f"{count(card['rows'][split])} held-out {card['unit']}"


def _measured_of(results: Results, name: str, split: str) -> str:
    """Return the headline metric, or the first that a baseline has: a compressor gives bits alone."""
    metrics = (headline_of(results, split), *results.measured(split))
    return next((metric for metric in metrics if results.mean(name, split, metric) is not None), metrics[0])


def _better(metric: str, one: float, other: float) -> bool:
    return one > other if _higher_is_better(metric) else one < other


def _higher_is_better(metric: str) -> bool:
    return metric in METRICS and METRICS[metric].higher_is_better
