"""What MLflow's pages say of a registered model and of its versions, in Markdown."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline import files, paths
from pipeline.data.prepared import CARD
from pipeline.evaluation.about import About
from pipeline.params.schema import is_reference

NUMERICS = (
    "The last digits of its answers may differ from those of `pipeline.load`: MLflow imports NumPy before the "
    "pipeline can choose the kernels."
)
CALLS = {  # by task: the columns of a call, and what comes back
    "classify": ("a text in each row", "the most likely class, its probability, and that of each class"),
    "next-symbol": ("a prompt in each row", "the prompt with its continuation, and the continuation alone"),
    "regress": ("a sequence in each row, written as in the data set's file", "a number for each row"),
    "forecast": (
        "the past days, a row for each day, or for each store and item on a day",
        "one row: the last day, the forecast of the day after it, and the ends of a 90 % interval from the errors on "
        "the validation days",
    ),
}


def describe_registered(dataset: str, about: About) -> str:
    """Return what the registered model of a data set is, and how it is called."""
    card = files.read_json(paths.prepared(dataset) / CARD)
    takes, returns = CALLS.get(card["task"], ("the columns of its signature", "those of its signature"))
    return f"""The best model of data set **{dataset}**, made to {about.goal}.

Each version is the ensemble of a model's seeds, fitted to the training rows. The alias `champion` is the best by its
metric on validation rows that meets the gates in params.yaml.

```python
import mlflow

model = mlflow.pyfunc.load_model("models:/{dataset}@champion")
model.predict(model.input_example)
```

It takes {takes}. It returns {returns}.

Over HTTP: `mlflow models serve -m models:/{dataset}@champion --env-manager local`, then POST the version's
`serving_input_example.json` to `/invocations`.

{NUMERICS}
"""


def describe_version(dataset: str, model: str, about: About) -> str:
    """Return which model a version is, and how good it is beside baselines and the bound."""
    metrics = files.read_json(paths.results(dataset) / "metrics.json")
    chosen = about.metrics[about.primary_metrics["validation"]]
    value = metrics[model]["validation"][chosen.name]["value"]
    best = f"the best of {len(about.ranking)} models" if len(about.ranking) > 1 else "the only model"
    lines = "\n".join(_rows(model, metrics, about))
    headings = ["test rows", *(about.metrics[name].label_with_arrow for name in metrics[model].get("test", {}))]
    return f"""{model}, {best} of data set {dataset} by {chosen.label} on validation rows: {value:.4g}.

| {" | ".join(headings)} |
|{" --- |" * len(headings)}
{lines}

In brackets: 95 % intervals over the test rows.
"""


def _rows(model: str, metrics: Mapping[str, Mapping[str, Any]], about: About) -> Iterator[str]:
    """Yield a row of the table for the model, then for each baseline and the bound."""
    names = list(metrics[model].get("test", {}))
    for name in (model, *filter(is_reference, metrics)):
        label = about.references[name].short_name if name in about.references else name
        found = metrics[name].get("test", {})
        if cells := [_cell(found.get(metric)) for metric in names] if found else []:
            yield f"| {label} | {' | '.join(cells)} |"


def _cell(found: Mapping[str, float] | None) -> str:
    if found is None:
        return ""
    return f"{found['value']:.4g}" + (f" ({found['low']:.4g}, {found['high']:.4g})" if "low" in found else "")
