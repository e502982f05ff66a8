"""What the results of a data set are, in words: `evaluate` writes it beside the figures, and the report shows it.

So a new task, metric or baseline reaches the report through its results.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from pipeline import files
from pipeline.determinism import Reproducibility
from pipeline.errors import DataError
from pipeline.params.schema import Block

FILE = "about.json"
Names = Annotated[tuple[str, ...], Field(strict=False)]


class Metric(Block):
    """A metric in words, and which way is better."""

    name: str
    label: str
    explanation: str
    higher_is_better: bool = False
    at_most: float | None = None  # the largest value that is possible, if there is one

    @property
    def label_with_arrow(self) -> str:
        """Return the label with an arrow: up where higher is better, down where lower is."""
        return f"{self.label} {'↑' if self.higher_is_better else '↓'}"


class Reference(Block):
    """A baseline or the bound: described in sentences, and its short name within a sentence."""

    short_name: str
    description: str


class Difference(Block):
    """How a difference of the compared metric is written: times a factor, with a unit, of a metric named so."""

    name: str
    unit: str
    factor: float = 1.0


class About(Block):
    """What the results of a data set are."""

    goal: str  # of its task, within a sentence
    primary_metrics: Mapping[str, str]  # by split: the metric that comes first
    ranking: Names  # of the models that can be compared, best first by validation rows; none without such rows
    metrics: Mapping[str, Metric]
    difference: Difference
    references: Mapping[str, Reference]  # the baselines, the strong one first, and the bound if there is one
    table_headings: Mapping[str, str]  # of each table of predictions, by the stem of its file
    leaks_target: Names  # models whose input contains what they predict
    leak: str  # what that means for such a model, after its name
    reproducibility: Reproducibility  # of the evaluation


def write(about: About, folder: Path) -> None:
    """Write it into the folder of the results."""
    files.write_json(folder / FILE, about.model_dump(mode="json"))


def read(folder: Path) -> About:
    """Read it from the folder of the results.

    Raises:
        DataError: if it is missing, or of another version.
    """
    content = files.read_json(folder / FILE)
    try:
        return About.model_validate(content)
    except ValidationError:
        raise DataError(f"{folder / FILE}: not of this version; run `dvc repro`") from None
