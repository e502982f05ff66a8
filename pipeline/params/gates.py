"""Section `gates` of params.yaml: bounds on test metrics that a data set's best model meets to become its champion."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field

from pipeline.params.datasets import DatasetParams
from pipeline.params.schema import Name
from pipeline.params.wording import format_names, format_text

Bound = Annotated[float, Field(ge=0, le=10**12)]  # the lowest value, or the largest where lower is better
Gates = Mapping[Name, Mapping[str, Bound]]  # data set -> metric -> bound

# The metrics of each task. Packages below `evaluation` cannot ask it; a test compares the two.
METRICS: Mapping[str, tuple[str, ...]] = {
    "next-symbol": (
        "letter_accuracy",
        "final_letter_accuracy",
        "perplexity",
        "perplexity_known",
        "bits_per_symbol",
        "loss",
        "accuracy",
    ),
    "classify": ("accuracy", "macro_f1", "loss"),
    "regress": ("exact", "mse", "mae"),
    "forecast": ("mase", "mae", "rmse"),
}


def gate_errors(gates: Gates, datasets: Mapping[str, DatasetParams]) -> Iterator[str]:
    """Yield a line for each gate that names no data set or metric, or a data set that has no champion."""
    for name, bounds in gates.items():
        if (dataset := datasets.get(name)) is None:
            yield f"gates.{name}: no such data set; known: {format_names(datasets)}"
        elif dataset.test == 0:
            yield f"gates.{name}: its data set holds out no test rows, so it has no champion; remove this gate"
        else:
            known = METRICS.get(dataset.task, tuple(bounds))  # whoever adds a task need not add its metrics here
            for metric in bounds:
                if metric not in known:
                    where = f"gates.{name}.{format_text(metric)}"
                    yield f"{where}: no metric of task {dataset.task}; known: {', '.join(known)}"
