"""The metrics of a data set's models in numbers: values, intervals, the spread over seeds, and what is significant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.data.prepared import DataCard
from pipeline.evaluation.bootstrap import Bootstrap, count_resamples, interval, item_blocks
from pipeline.evaluation.results import Evaluation, Evaluations
from pipeline.evaluation.significance import Comparison, Resampled, compare
from pipeline.evaluation.tasks.base import TaskEvaluation
from pipeline.params.schema import BASELINE

SPLIT = "test"  # whose figures have intervals, and are compared


@dataclass(frozen=True)
class Summary:
    """Metrics by model, split and metric, and the comparisons of models on the test items.

    Each metric has its `value`, on test rows the `low` and `high` end of its interval, and of several seeds the `mean`
    and the `std` of their networks alone.
    """

    metrics: Mapping[str, Mapping[str, Mapping[str, Mapping[str, Any]]]]
    comparisons: Sequence[Comparison]


def summarise(
    task: TaskEvaluation, evaluations: Evaluations, card: DataCard, block_size: int, excluded: Sequence[str] = ()
) -> Summary:
    """Return all metrics, and the comparisons of each two models and of each with the strong baseline.

    Args:
        task: The task of the data set.
        evaluations: All evaluations of the data set.
        card: Its data card.
        block_size: Neighbouring items that are correlated.
        excluded: Models to compare with nothing, such as those that leak their target.
    """
    found = {name: task.scores(of, card) for name, of in evaluations.predictions(SPLIT).items()}
    compared = [name for name in (*evaluations.models, BASELINE) if name in found and name not in excluded]
    metric, pairs = task.compared.metric, len(compared) * (len(compared) - 1) // 2
    blocks = [item_blocks(of, block_size) for of in evaluations.predictions(SPLIT).values()]
    bootstrap = Bootstrap(blocks[0], count_resamples(pairs)) if blocks else None
    if bootstrap is None or not bootstrap.has_variance:
        return Summary({each.model: _metrics(each, {}) for each in evaluations.all}, [])
    highest = {each.name: each.at_most for each in task.metrics if each.at_most is not None}
    intervals: dict[str, dict[str, dict[str, float]]] = {}
    resampled: dict[str, Resampled] = {}
    for name, scores in found.items():
        values = {key: bootstrap.resample(score) for key, score in scores.items()}
        ends = {key: interval(score, values[key], highest.get(key, np.inf)) for key, score in scores.items()}
        intervals[name] = {key: {"low": low, "high": high} for key, (low, high) in ends.items()}
        resampled[name] = Resampled(scores[metric.name].plain, values[metric.name])
    metrics = {each.model: _metrics(each, intervals.get(each.model, {})) for each in evaluations.all}
    return Summary(metrics, compare(metric, {name: resampled[name] for name in compared}))


def _metrics(evaluation: Evaluation, intervals: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the numbers of each metric of each split."""
    return {
        split: {
            metric: {
                "value": value,
                **(intervals.get(metric, {}) if split == SPLIT else {}),
                **_spread([of[split][metric] for of in evaluation.seeds.values() if metric in of.get(split, {})]),
            }
            for metric, value in metrics.items()
        }
        for split, metrics in evaluation.metrics.items()
    }


def _spread(values: Sequence[float]) -> dict[str, dict[str, float]]:
    """Return the mean and standard deviation over seeds; a single one has no spread."""
    if len(values) < 2:
        return {}
    return {"seeds": {"mean": float(np.mean(values)), "std": float(np.std(values, ddof=1))}}
