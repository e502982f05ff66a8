"""Which model of a data set is best."""

from collections.abc import Mapping, Sequence

from pipeline.evaluation.about import Metric
from pipeline.evaluation.results import Evaluations

SPLIT = "validation"  # test rows choose nothing


def rank_models(
    evaluations: Evaluations, metric: Metric, parameters: Mapping[str, int], excluded: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the models, best first: by the metric of their ensembles on validation rows, and ties by size.

    Args:
        evaluations: All evaluations of the data set.
        metric: The primary metric on validation rows.
        parameters: The number of each model's parameters.
        excluded: Models to leave out, such as those that leak their target.

    Returns:
        The models that have this metric: none where no rows are held out, as nothing tells then which is best.
    """
    found = {name: evaluations[name].metrics.get(SPLIT, {}) for name in evaluations.models if name not in excluded}
    values = {name: metrics[metric.name] for name, metrics in found.items() if metric.name in metrics}
    sign = -1 if metric.higher_is_better else 1
    return tuple(sorted(values, key=lambda name: (sign * values[name], parameters[name], name)))
