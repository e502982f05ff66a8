"""Whether a model meets the gates of its data set: bounds on test metrics, which can only block."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.evaluation.about import About

Metrics = Mapping[str, Mapping[str, Any]]  # metric -> value, low, high, ...


def failed_gates(dataset: str, bounds: Mapping[str, float], metrics: Metrics, about: About) -> Iterator[str]:
    """Yield a phrase for each gate that a model's metrics of test rows do not meet.

    Args:
        dataset: The name of the data set.
        bounds: Its gates in params.yaml.
        metrics: The model's metrics of test rows.
        about: What the results are, which says in which direction a metric is better.
    """
    for name, bound in bounds.items():
        where = f"gates.{dataset}.{name}"
        if name not in metrics:
            yield f"{where}: test rows have no such metric, but {', '.join(metrics)}"
            continue
        value, higher = metrics[name]["value"], about.metrics[name].higher_is_better
        if not (value >= bound if higher else value <= bound):
            yield f"{where}: found {value:.4g}; wanted at {'least' if higher else 'most'} {bound:g}"
