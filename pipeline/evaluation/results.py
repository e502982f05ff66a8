"""Jobs of evaluation and their results, metrics and predictions; light to import."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from pipeline.data.prepared import ALL_ROWS
from pipeline.determinism import Reproducibility
from pipeline.params.schema import BASELINE, is_baseline, is_reference

if TYPE_CHECKING:
    from pipeline.tasks.base import Predictions


SplitMetrics: TypeAlias = Mapping[str, Mapping[str, float]]  # split, metric -> value


@dataclass(frozen=True)
class EvaluationJob:
    """A trained model to evaluate, with all its seeds."""

    prepared: Path  # folder of the prepared data set
    model: str
    folder: Path  # of the trained model


@dataclass(frozen=True)
class Sample:
    """A text that a model generated."""

    temperature: float
    prefix: str
    text: str


@dataclass(frozen=True)
class Evaluation:
    """Metrics and predictions by split: those of the ensemble of a model's seeds, of a baseline, or of the bound.

    A split that no seed finished is missing. A bound or a compressor has metrics, but no predictions.
    """

    model: str
    metrics: SplitMetrics = field(default_factory=dict)
    predictions: "Mapping[str, Predictions]" = field(default_factory=dict)
    seeds: Mapping[int, SplitMetrics] = field(default_factory=dict)  # of each network of a model alone
    samples: tuple[Sample, ...] = ()
    reproducibility: Reproducibility = "portable"


@dataclass(frozen=True)
class Evaluations:
    """All evaluations of a data set: first the models, then the baselines, the strong one first, and the bound."""

    all: tuple[Evaluation, ...]

    def __getitem__(self, name: str) -> Evaluation:
        """Return the evaluation of a model, a baseline or the bound."""
        return next(evaluation for evaluation in self.all if evaluation.model == name)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the models, of the baselines and of the bound."""
        return tuple(evaluation.model for evaluation in self.all)

    @property
    def models(self) -> tuple[str, ...]:
        """Return the names of the models alone."""
        return tuple(name for name in self.names if not is_reference(name))

    @property
    def baselines(self) -> tuple[str, ...]:
        """Return the names of the baselines, the strong one first."""
        return tuple(name for name in self.names if is_baseline(name))

    @property
    def named_columns(self) -> tuple[str, ...]:
        """Return the names of all that may have predictions, in the order of a table's columns."""
        return (*self.baselines, *self.models)

    def with_baseline(self, strong: str) -> "Evaluations":
        """Return the same with the strong baseline renamed to `baseline` and before the others."""
        chosen = [replace(each, model=BASELINE) for each in self.all if each.model == strong]
        others = [each for each in self.all if is_reference(each.model) and each.model != strong]
        return Evaluations((*(each for each in self.all if not is_reference(each.model)), *chosen, *others))

    @property
    def reproducibility(self) -> Reproducibility:
        """Return how far these results can be reproduced: the level of the first that is not portable, if any."""
        levels = (evaluation.reproducibility for evaluation in self.all)
        return next((level for level in levels if level != "portable"), "portable")

    @property
    def headline_split(self) -> str:
        """Return the split that tables and figures of predictions show: test rows, or all rows if none are held out."""
        return "test" if self.predictions("test") else ALL_ROWS

    def predictions(self, split: str) -> "dict[str, Predictions]":
        """Return the predictions of a split by the names of the models and baselines that have any."""
        found = {evaluation.model: evaluation.predictions.get(split) for evaluation in self.all}
        return {name: predictions for name, predictions in found.items() if predictions is not None}
