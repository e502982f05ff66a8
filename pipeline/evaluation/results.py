"""Jobs of evaluation and their results, metrics and predictions; light to import."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from pipeline.determinism import Reproducibility
from pipeline.params.schema import BASELINE, is_baseline, is_reference

if TYPE_CHECKING:
    from pipeline.tasks.base import Predictions


@dataclass(frozen=True)
class MetricsOnly:
    """The metrics of a split without predictions of its items: all that a bound or a compressor has."""

    metrics: Mapping[str, float]


SplitResult: TypeAlias = "Predictions | MetricsOnly"


@dataclass(frozen=True)
class EvaluationJob:
    """What to evaluate: one network of a model, a baseline, or the bound."""

    prepared: Path  # folder of the prepared data set
    model: str
    seed: int  # 0 for a baseline and the bound
    folder: Path | None  # of the trained model; baselines and the bound have none
    window: int | None = None  # for a baseline: that of the models


@dataclass(frozen=True)
class Sample:
    """A text that a network generated."""

    temperature: float
    prefix: str
    text: str


@dataclass(frozen=True)
class Evaluation:
    """Metrics and predictions by split.

    A network that diverged has no splits. A split of `MetricsOnly` has metrics, but no predictions.
    """

    model: str
    seed: int  # 0 for a baseline and the bound
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    predictions: "Mapping[str, Predictions]" = field(default_factory=dict)
    samples: tuple[Sample, ...] = ()
    reproducibility: Reproducibility = "portable"


@dataclass(frozen=True)
class Evaluations:
    """All evaluations of a data set: a model's seeds follow each other, baselines and the bound come last."""

    all: tuple[Evaluation, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the models, of the baselines and of the bound."""
        return tuple(dict.fromkeys(evaluation.model for evaluation in self.all))

    @property
    def models(self) -> tuple[str, ...]:
        """Return the names of the models alone."""
        return tuple(name for name in self.names if not is_reference(name))

    @property
    def baselines(self) -> tuple[str, ...]:
        """Return the names of the baselines, the strong one first."""
        return tuple(name for name in self.names if is_baseline(name))

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

    def metrics(self, model: str) -> dict[str, dict[str, dict[int, float]]]:
        """Return a model's values by split, metric and seed."""
        by_split: dict[str, dict[str, dict[int, float]]] = {}
        for evaluation in self.all:
            for split, metrics in evaluation.metrics.items() if evaluation.model == model else ():
                for metric, value in metrics.items():
                    by_split.setdefault(split, {}).setdefault(metric, {})[evaluation.seed] = value
        return by_split

    def predictions(self, model: str, split: str) -> "dict[int, Predictions]":
        """Return a model's predictions of a split by seed; seeds that diverged are missing."""
        return {
            evaluation.seed: evaluation.predictions[split]
            for evaluation in self.all
            if evaluation.model == model and split in evaluation.predictions
        }
