"""The view in which MLflow's page of a data set opens: best model first, and the charts in the order of reading.

The page keeps a view that is shared as a tag of the experiment, under a key that is part of its link. The tag's form is
that of MLflow 3.17: what of it another version does not know, that version leaves out.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from pipeline import paths
from pipeline.evaluation import about
from pipeline.tracking import identity, metric_names
from pipeline.tracking.records import Record

if TYPE_CHECKING:
    from mlflow import MlflowClient

KEY = "results"
TAG = f"mlflow.sharedViewState.{KEY}"
HAS_VIEW = f"tags.`{TAG}` LIKE '%'"  # finds the experiments that have it
NOTE = "mlflow.note.content"  # the description
MORE = "[Figure, differences and reasons]"  # a part of each of ours, and of none that a user writes
TOP_LEVEL = "Model metrics"  # what the page calls the charts of metrics without a slash
FILTER = "tags.state = 'current' and tags.kind != 'seed'"
RUNS = 20  # in charts, of those that the page offers; by default it shows 10
PARAMS = 4  # columns
# The page's names of the columns that it always shows.
SELECT, RUN, DURATION, CREATED = "0", "attributes.`Run Name`", "duration", "runDateAndNestInfo"
# In pixels, of the columns whose content needs more or less room than the page gives them.
WIDTHS = {RUN: 230, "tags.`kind`": 90, DURATION: 80}
METRIC_WIDTH = 150
LINK = {"viewStateShareKey": KEY, "workflowType": "machine_learning"}


X_AXIS = {"xAxisKey": "step", "lineSmoothness": 0, "selectedXAxisMetricKey": ""}
LINE = X_AXIS | {  # what the page does not fill in by itself: without, it smooths the line
    "xAxisScaleType": "linear",
    "scaleType": "linear",
    "yAxisKey": "metric",
    "yAxisExpressions": [],
    "range": {},
    "useGlobalXaxisKey": True,
    "useGlobalLineSmoothing": True,
}
CURVES = (metric_names.CURVES, metric_names.RATES)  # groups whose charts are lines, in this order


@dataclass(frozen=True)
class View:
    """What the page of a data set shows."""

    headline: str  # name of the metric by which the runs are sorted
    higher_is_better: bool
    params: Sequence[str] = ()  # in which the models differ
    curves: Sequence[str] = ()  # names of metrics, as `metric_names.name_curve` gives them


def of_dataset(dataset: str, records: Sequence[Record]) -> View:
    """Return the view of a data set.

    Args:
        dataset: Its name.
        records: Its models, baselines and bound.

    Raises:
        DataError: if results/DATASET/about.json is missing, or of another version.
    """
    described = about.read(paths.results(dataset))
    headline = metric_names.headline(described.primary_metrics)
    metric = described.metrics[headline.partition(".")[2]]
    models = [record for record in records if record.kind == "model"]
    curves = {name for model in models for name in model.curves}
    return View(headline, metric.higher_is_better, _differing([model.params for model in models]), _in_order(curves))


def _differing(models: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """Return the first params in which models differ, in the order of the first model that has each."""
    names = dict.fromkeys(name for params in models for name in params)
    return tuple(name for name in names if len({params.get(name) for params in models}) > 1)[:PARAMS]


def _in_order(curves: Iterable[str]) -> tuple[str, ...]:
    """Return the losses, those of a fit to all rows after the others, and then the learning rates."""
    return tuple(sorted(curves, key=lambda name: (CURVES.index(name.partition("/")[0]), "." in name, name)))


def save(client: "MlflowClient", experiment: str, view: View) -> None:
    """Make it the view of a data set's experiment, unless it is that already, or a DVC experiment runs."""
    state = json.dumps(describe(view), sort_keys=True)
    present = client.get_experiment(experiment).tags.get(TAG)
    if present != state and not (present and identity.experiment_tags()):
        client.set_experiment_tag(experiment, TAG, state)


def save_answer(client: "MlflowClient", experiment: str, answer: str, run: str) -> None:
    """Show which model to use above an experiment's runs.

    A description that a user has written is left, and so is ours while a DVC experiment runs: it tries something.

    Args:
        client: Of the store.
        experiment: The id of the experiment.
        answer: A paragraph of Markdown.
        run: The id of the run that compares the models.
    """
    shown = client.get_experiment(experiment).tags.get(NOTE, "")
    text = f"{answer} {MORE}(#/experiments/{experiment}/runs/{run})"
    may_change = not shown or (MORE in shown and not identity.experiment_tags())
    if shown != text and may_change:
        client.set_experiment_tag(experiment, NOTE, text)


def link(address: str, experiment: str, *, shared: bool = True) -> str:
    """Return the link to an experiment's view.

    Args:
        address: Of the server.
        experiment: The id of the experiment.
        shared: Whether the link names the view: not where the page opens in it anyway.
    """
    page = f"{address.rstrip('/')}/#/experiments/{experiment}/runs"
    return f"{page}?{urlencode(LINK)}" if shared else page


def describe(view: View) -> dict[str, Any]:
    """Return a view in the form in which MLflow's page keeps it."""
    metrics = [_column("metrics", name) for name in (view.headline, *metric_names.interval_ends(view.headline))]
    others = [_column("tags", "kind"), *(_column("params", name) for name in view.params)]
    return {
        "searchFilter": FILTER,
        "orderByKey": metrics[0],
        "orderByAsc": not view.higher_is_better,
        "selectedColumns": [*metrics, *others],
        "columnOrder": [SELECT, RUN, *metrics, *others, DURATION, CREATED],
        "columnWidths": WIDTHS | dict.fromkeys(metrics, METRIC_WIDTH),
        "runsHiddenMode": f"FIRST_{RUNS}_RUNS",
        "compareRunCharts": list(_charts(view)),
        "compareRunSections": list(_sections()),
        "isAccordionReordered": True,  # otherwise the page sorts the sections by name
        "hideEmptyCharts": True,
        "globalLineChartConfig": X_AXIS,
    }


def _column(kind: str, name: str) -> str:
    return f"{kind}.`{name}`"


def _charts(view: View) -> Iterator[dict[str, Any]]:
    """Yield the charts whose order matters; the page adds the others to their sections."""
    yield from (_chart("BAR", name) for name in (view.headline, metric_names.SECONDS))
    yield from (_chart("LINE", name) | LINE for name in view.curves)


def _chart(kind: str, name: str) -> dict[str, Any]:
    group, _, title = name.rpartition("/")
    return {
        "uuid": f"chart-{name}",
        "type": kind,
        "metricKey": name,
        "displayName": title,
        "metricSectionId": _section_id(group or TOP_LEVEL),
        "runsCountToCompare": RUNS,
        "isGenerated": True,
        "deleted": False,
    }


def _sections() -> Iterator[dict[str, Any]]:
    """Yield the groups of charts in the order of reading; those that few need are closed."""
    for name in (TOP_LEVEL, *metric_names.GROUPS):
        yield {
            "uuid": _section_id(name),
            "name": name,
            "display": name in (TOP_LEVEL, metric_names.CURVES, metric_names.RATES),
            "isReordered": True,  # so that charts that the page adds come after ours
            "isGenerated": True,
            "deleted": False,
        }


def _section_id(name: str) -> str:
    return f"section-{name}"
